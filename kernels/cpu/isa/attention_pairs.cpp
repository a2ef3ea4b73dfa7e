// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/attention_keys.h"

// attention.cpp's algorithms with both factors of every product in bfloat16, two numbers a word along the axis that is summed over.
namespace dsw::kernels::DSW_ISA {
namespace {

std::uint32_t joined(std::uint32_t first, std::uint32_t second) { return first | second << 16; }
std::int64_t pairs(std::int64_t n) { return (n + 1) / 2; }

/// Rows [first, first + n) of one head as [n, depth / 2] pairs along D, zeros behind D.
void pack_rows(const DswView& x, const Bf16* from, std::int64_t first, std::int64_t n, std::int64_t depth, Pair* to) {
  const std::int64_t D = x.shape[3], step = x.stride[3];
  Bf16* row = reinterpret_cast<Bf16*>(to);
  for (std::int64_t t = 0; t < n; ++t, row += depth) {
    const Bf16* of = from + (first + t) * x.stride[2];
    for (std::int64_t d = 0; d < D; ++d) row[d] = of[d * step];
    std::fill(row + D, row + depth, Bf16{0});
  }
}
/// Rows [first, first + n) as [n / 2, depth]: row 2 i and row 2 i + 1 (or zeros) make line i.
void pack_row_pairs(const DswView& x, const Bf16* from, std::int64_t first, std::int64_t n, std::int64_t depth, Pair* to) {
  const std::int64_t D = x.shape[3], step = x.stride[3];
  for (std::int64_t t = 0; t < n; t += 2, to += depth) {
    const Bf16 *one = from + (first + t) * x.stride[2], *two = one + x.stride[2];
    for (std::int64_t d = 0; d < D; ++d) to[d].bits = joined(one[d * step].bits, t + 1 < n ? two[d * step].bits : 0);
    std::fill(to + D, to + depth, Pair{0});
  }
}
/// All rows of one head as the panels of a matrix [depth / 2, keys] of pairs along D, zeros behind D and S.
void pack_columns(const DswView& x, const Bf16* from, std::int64_t depth, std::int64_t keys, Pair* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3], step = x.stride[3];
  for (std::int64_t s0 = 0; s0 < keys; s0 += kPanel, to += depth / 2 * kPanel) {
    const std::int64_t n = std::min(kPanel, S - s0);
    std::fill(to, to + depth / 2 * kPanel, Pair{0});
    for (std::int64_t s = 0; s < n; ++s) {
      const Bf16* row = from + (s0 + s) * x.stride[2];
      for (std::int64_t d = 0; d < D; d += 2)
        to[d / 2 * kPanel + s].bits = joined(row[d * step].bits, d + 1 < D ? row[(d + 1) * step].bits : 0);
    }
  }
}
/// All rows of one head as the panels of a matrix [S / 2, depth] of pairs along S, zeros behind D and S.
void pack_panels(const DswView& x, const Bf16* from, Pair* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3], step = x.stride[3];
  for (std::int64_t d0 = 0; d0 < D; d0 += kPanel) {
    const std::int64_t n = std::min(kPanel, D - d0);
    for (std::int64_t s = 0; s < S; s += 2, to += kPanel) {
      const Bf16 *one = from + s * x.stride[2] + d0 * step, *two = one + x.stride[2];
      for (std::int64_t d = 0; d < n; ++d) to[d].bits = joined(one[d * step].bits, s + 1 < S ? two[d * step].bits : 0);
      std::fill(to + n, to + kPanel, Pair{0});
    }
  }
}
/// n numbers, a multiple of kWidth, as pairs that follow each other.
void narrow_row(const float* from, std::int64_t n, Pair* to) {
  for (std::int64_t i = 0; i < n; i += kWidth) store(reinterpret_cast<Bf16*>(to) + i, load(from + i));
}
/// Rows 2 i and 2 i + 1 (zeros behind `rows`) of a block of scores as line i of pairs.
void narrow_row_pairs(const float* scores, std::int64_t rows, std::int64_t n, Pair* to) {
  for (std::int64_t m = 0; m < rows; m += 2, scores += 2 * kKeys, to += kKeys) {
    for (std::int64_t i = 0; i < n; i += kWidth) {
      const Half one = narrow<Bf16>(load(scores + i)), two = m + 1 < rows ? narrow<Bf16>(load(scores + kKeys + i)) : Half{};
      const Unsigned words = __builtin_convertvector(one, Unsigned) | __builtin_convertvector(two, Unsigned) << 16;
      store(reinterpret_cast<float*>(to) + i, reinterpret_cast<Vec>(words));
    }
  }
}

/// Hands out parts of a thread's scratch memory; a word and a float are as long.
struct Parts {
  float* next;
  float* floats(std::int64_t n) {
    float* part = next;
    next += padded(n);
    return part;
  }
  Pair* words(std::int64_t n) { return reinterpret_cast<Pair*>(floats(n)); }
};

struct ForwardScratch {
  Pair *kt, *v, *q, *weights;
  float *scores, *out, *maximum, *sum;
  static std::int64_t floats(const Problem& a) {
    return a.depth / 2 * a.keys + pairs(a.S) * a.panels() * kPanel + kQueries * (a.depth / 2 + kKeys / 2 + kKeys + a.depth + 1 + kWidth) +
           8 * padded(1);
  }
  ForwardScratch(const Problem& a, Parts p)
      : kt(p.words(a.depth / 2 * a.keys)),
        v(p.words(pairs(a.S) * a.panels() * kPanel)),
        q(p.words(kQueries * a.depth / 2)),
        weights(p.words(kQueries * kKeys / 2)),
        scores(p.floats(kQueries * kKeys)),
        out(p.floats(kQueries * a.depth)),
        maximum(p.floats(kQueries)),
        sum(p.floats(kQueries * kWidth)) {}
};

void forward_block(const Problem& a, const ForwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0, words = a.depth / 2;
  std::fill(s.out, s.out + M * a.depth, 0.0f);
  std::fill(s.maximum, s.maximum + M, -kInfinity);
  std::fill(s.sum, s.sum + M * kWidth, 0.0f);
  const float unit = a.p.soft_cap > 0 ? kLog2E : 1, scale = static_cast<float>(a.p.scale) * (a.p.soft_cap > 0 ? 1 : kLog2E);
  for (KeyWalk keys(a, b, h, t0, t1); keys.next();) {
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        panel_gemm(Factor<Pair>{s.q + c.m * words, words, 1}, c.rows, s.kt + c.key * words, words * kPanel, pairs(a.D), in_vectors(c.n),
                   s.scores + c.m * kKeys + c.column, kKeys, false);
      });
    for (std::int64_t i = 0; i < M; ++i) {
      float* row = s.scores + i * kKeys;
      for (const KeyRun& run : keys) finish_scores(a, b, t0 + i, run.key, run.padded_n(), row + run.column, scale, unit);
      online_softmax(row, keys.columns(), s.maximum[i], s.sum + i * kWidth, s.out + i * a.depth, a.depth);
      if (a.p.dropout > 0)
        for (const KeyRun& run : keys) drop_row(a, (b * a.Hq + h) * a.Tq + t0 + i, run.key, run.padded_n(), row + run.column);
      narrow_row(row, keys.columns(), s.weights + i * kKeys / 2);
    }
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        panel_gemm(Factor<Pair>{s.weights + (c.m * kKeys + c.column) / 2, kKeys / 2, 1}, c.rows, s.v + c.key / 2 * kPanel,
                   pairs(a.S) * kPanel, pairs(c.n), a.depth, s.out + c.m * a.depth, a.depth, true);
      });
  }
}

struct BackwardScratch {
  Pair *k, *kt, *vt, *q, *dout, *q_pairs, *dout_pairs, *weights, *dweights, *dweights_rows;
  float *dk, *dv, *dq, *dout_row, *scores, *dscores, *lse, *delta;
  static std::int64_t floats(const Problem& a) {
    return pairs(a.S) * a.panels() * kPanel + a.depth * a.keys + 2 * a.S * a.depth +
           kQueries * (a.depth + a.depth + kKeys + kKeys / 2 + a.depth + 2 * kKeys + 2) + a.depth + 18 * padded(1);
  }
  BackwardScratch(const Problem& a, Parts p)
      : k(p.words(pairs(a.S) * a.panels() * kPanel)),
        kt(p.words(a.depth / 2 * a.keys)),
        vt(p.words(a.depth / 2 * a.keys)),
        q(p.words(kQueries * a.depth / 2)),
        dout(p.words(kQueries * a.depth / 2)),
        q_pairs(p.words(kQueries / 2 * a.depth)),
        dout_pairs(p.words(kQueries / 2 * a.depth)),
        weights(p.words(kQueries / 2 * kKeys)),
        dweights(p.words(kQueries / 2 * kKeys)),
        dweights_rows(p.words(kQueries * kKeys / 2)),
        dk(p.floats(a.S * a.depth)),
        dv(p.floats(a.S * a.depth)),
        dq(p.floats(kQueries * a.depth)),
        dout_row(p.floats(a.depth)),
        scores(p.floats(kQueries * kKeys)),
        dscores(p.floats(kQueries * kKeys)),
        lse(p.floats(kQueries)),
        delta(p.floats(kQueries)) {}
};

void backward_block(const Problem& a, const BackwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0, words = a.depth / 2;
  std::fill(s.dq, s.dq + M * a.depth, 0.0f);
  for (KeyWalk keys(a, b, h, t0, t1); keys.next();) {
    const std::int64_t columns = keys.columns();
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        const std::int64_t n = in_vectors(c.n), at = c.m * kKeys + c.column;
        panel_gemm(Factor<Pair>{s.q + c.m * words, words, 1}, c.rows, s.kt + c.key * words, words * kPanel, pairs(a.D), n, s.scores + at,
                   kKeys, false);
        panel_gemm(Factor<Pair>{s.dout + c.m * words, words, 1}, c.rows, s.vt + c.key * words, words * kPanel, pairs(a.D), n,
                   s.dscores + at, kKeys, false);
      });
    for (std::int64_t i = 0; i < M; ++i) {
      float *scores = s.scores + i * kKeys, *dscores = s.dscores + i * kKeys;
      const std::int64_t row = (b * a.Hq + h) * a.Tq + t0 + i;
      for (const KeyRun& run : keys) {
        finish_scores(a, b, t0 + i, run.key, run.padded_n(), scores + run.column, static_cast<float>(a.p.scale));
        if (a.p.dropout > 0) drop_row(a, row, run.key, run.padded_n(), dscores + run.column);
      }
      gradient_row(a, columns, s.lse[i], s.delta[i], scores, dscores);
      if (a.p.dropout > 0)
        for (const KeyRun& run : keys) drop_row(a, row, run.key, run.padded_n(), scores + run.column);
      narrow_row(dscores, columns, s.dweights_rows + i * kKeys / 2);
    }
    narrow_row_pairs(s.scores, M, columns, s.weights);
    narrow_row_pairs(s.dscores, M, columns, s.dweights);
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        const std::int64_t line = c.m / 2 * kKeys + c.column, from = c.m / 2 * a.depth, to = c.key * a.depth;
        const Factor<Pair> rows{s.dweights_rows + (c.m * kKeys + c.column) / 2, kKeys / 2, 1};
        small_gemm(Factor<Pair>{s.weights + line, 1, kKeys}, c.n, s.dout_pairs + from, a.depth, pairs(c.rows), a.depth, s.dv + to, a.depth,
                   true);
        small_gemm(Factor<Pair>{s.dweights + line, 1, kKeys}, c.n, s.q_pairs + from, a.depth, pairs(c.rows), a.depth, s.dk + to, a.depth,
                   true);
        panel_gemm(rows, c.rows, s.k + c.key / 2 * kPanel, pairs(a.S) * kPanel, pairs(c.n), a.depth, s.dq + c.m * a.depth, a.depth, true);
      });
  }
}

}  // namespace

int forward_pairs(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
                  const DswView& lse) {
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0 || a.Tq == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(ForwardScratch::floats(a)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const std::int64_t blocks = (a.Tq + kQueries - 1) / kQueries;
  const std::int64_t parts = std::min(blocks, (stream->threads() + heads - 1) / heads);
  const double cost = 0.03 * static_cast<double>(a.group * a.Tq * a.S * (a.D + 16)) / static_cast<double>(parts);
  parallel_for(stream, heads * parts, cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    const ForwardScratch s(a, Parts{static_cast<float*>(stream->scratch(thread, 0))});
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t b = task / parts / a.Hkv, hk = task / parts % a.Hkv;
      const Share part = share_of(a.Tq, static_cast<int>(task % parts), static_cast<int>(parts), kQueries);
      pack_columns(k, head<Bf16>(k, b, hk), a.depth, a.keys, s.kt);
      pack_panels(v, head<Bf16>(v, b, hk), s.v);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = part.begin; t0 < part.end; t0 += kQueries) {
          const std::int64_t t1 = std::min(part.end, t0 + kQueries);
          pack_rows(q, head<Bf16>(q, b, h), t0, t1 - t0, a.depth, s.q);
          forward_block(a, s, b, h, t0, t1);
          for (std::int64_t i = 0; i < t1 - t0; ++i)
            head<float>(lse, b, h)[(t0 + i) * lse.stride[2]] =
                finish_output(s.out + i * a.depth, a.depth, s.maximum[i], s.sum + i * kWidth);
          unpack_rows(s.out, a.depth, o, head<Bf16>(o, b, h), t0, t1 - t0);
        }
      }
    }
  });
  return DSW_OK;
}

int backward_pairs(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
                   const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk, const DswView& dv) {
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(BackwardScratch::floats(a)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const double cost = 0.07 * static_cast<double>(a.group * a.Tq * a.S * (a.D + 16));
  parallel_for(stream, heads, cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    const BackwardScratch s(a, Parts{static_cast<float*>(stream->scratch(thread, 0))});
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t b = task / a.Hkv, hk = task % a.Hkv;
      pack_panels(k, head<Bf16>(k, b, hk), s.k);
      pack_columns(k, head<Bf16>(k, b, hk), a.depth, a.keys, s.kt);
      pack_columns(v, head<Bf16>(v, b, hk), a.depth, a.keys, s.vt);
      std::fill(s.dk, s.dk + a.S * a.depth, 0.0f);
      std::fill(s.dv, s.dv + a.S * a.depth, 0.0f);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = 0; t0 < a.Tq; t0 += kQueries) {
          const std::int64_t t1 = std::min(a.Tq, t0 + kQueries), M = t1 - t0;
          const Bf16 *queries = head<Bf16>(q, b, h), *gradients = head<Bf16>(d_o, b, h);
          pack_rows(q, queries, t0, M, a.depth, s.q);
          pack_row_pairs(q, queries, t0, M, a.depth, s.q_pairs);
          pack_rows(d_o, gradients, t0, M, a.depth, s.dout);
          pack_row_pairs(d_o, gradients, t0, M, a.depth, s.dout_pairs);
          pack_rows(o, head<Bf16>(o, b, h), t0, M, a.depth, s.dq);  // only for delta; the block starts dq at 0
          for (std::int64_t i = 0; i < M; ++i) {
            s.lse[i] = head<float>(lse, b, h)[(t0 + i) * lse.stride[2]];
            gather(gradients + (t0 + i) * d_o.stride[2], d_o.stride[3], s.dout_row, a.D);
            std::fill(s.dout_row + a.D, s.dout_row + a.depth, 0.0f);
            Vec sum{};
            for (std::int64_t d = 0; d < a.depth; d += kWidth) sum += load(s.dout_row + d) * load(s.dq + i * a.depth + d);
            s.delta[i] = sum_lanes(sum);
          }
          backward_block(a, s, b, h, t0, t1);
          unpack_rows(s.dq, a.depth, dq, head<Bf16>(dq, b, h), t0, M);
        }
      }
      unpack_rows(s.dk, a.depth, dk, head<Bf16>(dk, b, hk), 0, a.S);
      unpack_rows(s.dv, a.depth, dv, head<Bf16>(dv, b, hk), 0, a.S);
    }
  });
  return DSW_OK;
}

}  // namespace dsw::kernels::DSW_ISA
