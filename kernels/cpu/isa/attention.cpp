// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include "kernels/cpu/isa/few_queries.h"
#include "kernels/cpu/isa/micro_gemm.h"
#include "kernels/cpu/isa/philox_blocks.h"
#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"

// Blocks of queries against blocks of keys, so that only a block of scores ever exists. The softmax is kept with a running maximum
// and sum; the gradient makes the scores again from the row's log-sum-exp. Source: Dao 2023, "FlashAttention-2", algorithms 1 and 2.
namespace dsw::kernels::DSW_ISA {
namespace {

constexpr float kLog2E = 1.44269504088896341f;
constexpr std::int64_t kQueries = 48, kKeys = 512;  // a block of scores is 96 KiB; queries in whole tiles of micro_gemm.h

struct Problem {
  std::int64_t B, Hq, Hkv, Tq, S, D, group;
  std::int64_t depth, keys;                                              // D rounded up to whole lines of a packed copy, S to whole panels
  std::int64_t panels() const { return (depth + kPanel - 1) / kPanel; }  ///< of a matrix [.., depth]
  DswAttention p;
  DswView mask;

  bool seen(std::int64_t b, std::int64_t s) const {
    return !given(mask) || data<std::uint8_t>(mask)[b * mask.stride[0] + s * mask.stride[1]] != 0;
  }
  /// Keys [first, last) of query t, before the key mask.
  Share range(std::int64_t t) const {
    const std::int64_t last = p.causal != 0 ? std::clamp<std::int64_t>(t + S - Tq + 1, 0, S) : S;
    return {p.window > 0 && last > p.window ? last - p.window : 0, last};
  }
};

Problem problem_of(const DswAttention& p, const DswView& q, const DswView& k, const DswView& mask) {
  Problem a{q.shape[0],
            q.shape[1],
            k.shape[1],
            q.shape[2],
            k.shape[2],
            q.shape[3],
            0,
            padded(q.shape[3]),
            (k.shape[2] + kPanel - 1) / kPanel * kPanel,
            p,
            mask};
  a.group = a.Hkv == 0 ? 0 : a.Hq / a.Hkv;
  return a;
}

const float* head(const DswView& x, std::int64_t b, std::int64_t h) { return data<float>(x) + b * x.stride[0] + h * x.stride[1]; }

/// Rows [first, first + n) of one head as [n, depth] with zeros behind D.
void pack_rows(const DswView& x, const float* from, std::int64_t first, std::int64_t n, std::int64_t depth, float* to) {
  const std::int64_t D = x.shape[3];
  for (std::int64_t t = 0; t < n; ++t, to += depth) {
    gather(from + (first + t) * x.stride[2], x.stride[3], to, D);
    std::fill(to + D, to + depth, 0.0f);
  }
}
/// All rows of one head as the panels of a matrix [depth, keys], zeros behind D and S.
void pack_columns(const DswView& x, const float* from, std::int64_t depth, std::int64_t keys, float* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3];
  for (std::int64_t s0 = 0; s0 < keys; s0 += kPanel, to += depth * kPanel) {
    const std::int64_t n = std::min(kPanel, S - s0);
    for (std::int64_t d = 0; d < D; ++d) {
      float* line = to + d * kPanel;
      for (std::int64_t s = 0; s < n; ++s) line[s] = from[(s0 + s) * x.stride[2] + d * x.stride[3]];
      std::fill(line + n, line + kPanel, 0.0f);
    }
    std::fill(to + D * kPanel, to + depth * kPanel, 0.0f);
  }
}
/// All rows of one head as the panels of a matrix [S, depth], zeros behind D.
void pack_panels(const DswView& x, const float* from, float* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3];
  for (std::int64_t d0 = 0; d0 < D; d0 += kPanel) {
    const std::int64_t n = std::min(kPanel, D - d0);
    for (std::int64_t s = 0; s < S; ++s, to += kPanel) {
      gather(from + s * x.stride[2] + d0 * x.stride[3], x.stride[3], to, n);
      std::fill(to + n, to + kPanel, 0.0f);
    }
  }
}
void scale_all(float* x, std::int64_t n, float factor) {
  for (std::int64_t i = 0; i < n; i += kWidth) store(x + i, load(x + i) * factor);
}
void unpack_rows(const float* from, std::int64_t depth, const DswView& y, float* to, std::int64_t first, std::int64_t n) {
  for (std::int64_t t = 0; t < n; ++t, from += depth) scatter(from, to + (first + t) * y.stride[2], y.stride[3], y.shape[3]);
}

/// Keys that any query of [t0, t1) may see, widened so that a block starts with a panel.
Share block_keys(const Problem& a, std::int64_t t0, std::int64_t t1) {
  Share all{a.S, 0};
  for (const std::int64_t t : {t0, t1 - 1}) {  // both ends only grow with t
    const Share r = a.range(t);
    if (r.begin >= r.end) continue;
    all = {std::min(all.begin, r.begin), std::max(all.end, r.end)};
  }
  all.begin = all.begin / kPanel * kPanel;
  return all;
}

/// Numbers of the products as the softmax takes them: scaled, capped, then times `unit`; -infinity where query t sees nothing.
void finish_scores(const Problem& a, std::int64_t b, std::int64_t t, std::int64_t k0, std::int64_t n, float* row, float scale,
                   float unit = 1) {
  const float cap = static_cast<float>(a.p.soft_cap);
  const Share seen = a.range(t);
  const std::int64_t begin = std::max<std::int64_t>(0, seen.begin - k0), end = std::min(n, seen.end - k0);
  if (scale == 1 && cap <= 0 && begin == 0 && end == n && !given(a.mask)) return;
  for (std::int64_t i = 0; i < n; i += kWidth) {
    Vec s = load(row + i) * scale;
    if (cap > 0) s = cap * tanh(s / cap) * unit;
    if (i < begin || i + kWidth > end) {
      const Int lane = lane_numbers() + static_cast<std::int32_t>(i);
      s = select((lane >= static_cast<std::int32_t>(begin)) & (lane < static_cast<std::int32_t>(end)), s, splat(-kInfinity));
    }
    store(row + i, s);
  }
  if (!given(a.mask)) return;
  for (std::int64_t i = begin; i < end; ++i) {
    if (!a.seen(b, k0 + i)) row[i] = -kInfinity;
  }
}

/// Dropout over the keys [k0, k0 + n) of one row, k0 a multiple of 4. The words are made again in the gradient.
void drop_row(const Problem& a, std::int64_t row, std::int64_t k0, std::int64_t n, float* x) {
  const std::uint64_t first = static_cast<std::uint64_t>(row) * attention_row_blocks(a.S) + static_cast<std::uint64_t>(k0 / 4);
  const auto threshold = static_cast<std::uint32_t>(drop_threshold(a.p.dropout));
  const float scale = static_cast<float>(1 / (1 - a.p.dropout));
  std::uint32_t words[kKeys];
  philox_blocks<kKeys / 4>(a.p.dropout_key, first, words);
  for (std::int64_t i = 0; i < n; ++i) x[i] = words[i] < threshold ? 0.0f : x[i] * scale;
}

struct ForwardScratch {
  float *kt, *v, *q, *scores, *out, *maximum, *sum;
  static std::int64_t floats(const Problem& a) {
    return a.depth * a.keys + a.S * a.panels() * kPanel + 2 * kQueries * a.depth + kQueries * kKeys + (1 + kWidth) * kQueries;
  }
  ForwardScratch(const Problem& a, float* p)
      : kt(p),
        v(kt + a.depth * a.keys),
        q(v + a.S * a.panels() * kPanel),
        scores(q + kQueries * a.depth),
        out(scores + kQueries * kKeys),
        maximum(out + kQueries * a.depth),
        sum(maximum + kQueries) {}
};

/// One row of a block of scores, in units of ln 2, becomes probabilities relative to the running maximum; the row's earlier sums are
/// scaled to match. A NaN among the scores reaches the sum through exp, so the maximum need not look for it.
void online_softmax(float* row, std::int64_t n, float& running_maximum, float* running_sum, float* out, std::int64_t depth) {
  Vec even = splat(-kInfinity), odd = even;
  std::int64_t i = 0;
  for (; i + 2 * kWidth <= n; i += 2 * kWidth) {
    even = greater(load(row + i), even);
    odd = greater(load(row + i + kWidth), odd);
  }
  if (i < n) even = greater(load(row + i), even);
  const float before = running_maximum, now = std::max(before, maximum_lane(greater(even, odd)));
  const float shift = now == -kInfinity ? 0.0f : now;  // a row that sees nothing yet: exp(-infinity) = 0
  Vec total = load(running_sum);
  if (now != before) {
    const float factor = std::exp2(before - shift);
    total *= factor;
    for (std::int64_t d = 0; d < depth; d += kWidth) store(out + d, load(out + d) * factor);
  }
  for (i = 0; i < n; i += kWidth) {
    const Vec e = exp2_of_negative(load(row + i) - shift);
    store(row + i, e);
    total += e;
  }
  store(running_sum, total);
  running_maximum = now;
}

void forward_block(const Problem& a, const ForwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0;
  std::fill(s.out, s.out + M * a.depth, 0.0f);
  std::fill(s.maximum, s.maximum + M, -kInfinity);
  std::fill(s.sum, s.sum + M * kWidth, 0.0f);
  const Share keys = block_keys(a, t0, t1);
  const float unit = a.p.soft_cap > 0 ? kLog2E : 1;  // else the queries carry it
  for (std::int64_t k0 = keys.begin; k0 < keys.end; k0 += kKeys) {
    const std::int64_t width = std::min(kKeys, keys.end - k0), n = (width + kWidth - 1) / kWidth * kWidth;
    panel_gemm({s.q, a.depth, 1}, M, s.kt + k0 * a.depth, a.depth * kPanel, a.D, n, s.scores, kKeys, false);
    for (std::int64_t i = 0; i < M; ++i) {
      finish_scores(a, b, t0 + i, k0, n, s.scores + i * kKeys, 1, unit);
      online_softmax(s.scores + i * kKeys, n, s.maximum[i], s.sum + i * kWidth, s.out + i * a.depth, a.depth);
      if (a.p.dropout > 0) drop_row(a, (b * a.Hq + h) * a.Tq + t0 + i, k0, n, s.scores + i * kKeys);
    }
    panel_gemm({s.scores, kKeys, 1}, M, s.v + k0 * kPanel, a.S * kPanel, width, a.depth, s.out, a.depth, true);
  }
}

int attention_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse,
                  DswView probabilities) {
  // Probabilities are for a person's eyes: the plain loops write them.
  if (!all_float32({&q, &k, &v, &o, &lse}) || given(probabilities)) {
    return dsw_reference_kernels()->attention_fwd(stream, p, q, k, v, key_mask, o, lse, probabilities);
  }
  if (has_few_queries(*p, q, k, v, o)) return few_queries_attention(stream, *p, q, k, v, key_mask, o, lse);
  const Problem a = problem_of(*p, q, k, key_mask);
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0 || a.Tq == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(ForwardScratch::floats(a)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  // With fewer heads than threads the blocks of queries are shared out too.
  const std::int64_t blocks = (a.Tq + kQueries - 1) / kQueries;
  const std::int64_t parts = std::min(blocks, (stream->threads() + heads - 1) / heads);
  const double cost = 0.05 * static_cast<double>(a.group * a.Tq * a.S * (a.D + 8)) / static_cast<double>(parts);
  parallel_for(stream, heads * parts, cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    const ForwardScratch s(a, static_cast<float*>(stream->scratch(thread, 0)));
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t b = task / parts / a.Hkv, hk = task / parts % a.Hkv;
      const Share part = share_of(a.Tq, static_cast<int>(task % parts), static_cast<int>(parts), kQueries);
      pack_columns(k, head(k, b, hk), a.depth, a.keys, s.kt);
      pack_panels(v, head(v, b, hk), s.v);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = part.begin; t0 < part.end; t0 += kQueries) {
          const std::int64_t t1 = std::min(part.end, t0 + kQueries);
          pack_rows(q, head(q, b, h), t0, t1 - t0, a.depth, s.q);
          scale_all(s.q, (t1 - t0) * a.depth, static_cast<float>(a.p.scale) * (a.p.soft_cap > 0 ? 1 : kLog2E));
          forward_block(a, s, b, h, t0, t1);
          for (std::int64_t i = 0; i < t1 - t0; ++i) {
            const float sum = sum_lanes(load(s.sum + i * kWidth)), scale = sum == 0.0f ? 0.0f : 1.0f / sum;
            for (std::int64_t d = 0; d < a.depth; d += kWidth) store(s.out + i * a.depth + d, load(s.out + i * a.depth + d) * scale);
            const_cast<float*>(head(lse, b, h))[(t0 + i) * lse.stride[2]] =
                sum == 0.0f ? -kInfinity : s.maximum[i] / kLog2E + std::log(sum);
          }
          unpack_rows(s.out, a.depth, o, const_cast<float*>(head(o, b, h)), t0, t1 - t0);
        }
      }
    }
  });
  return DSW_OK;
}

struct BackwardScratch {
  float *k, *kt, *vt, *dk, *dv, *q, *dout, *dq, *scores, *dscores, *lse, *delta;
  static std::int64_t floats(const Problem& a) {
    return 2 * a.S * a.depth + a.S * a.panels() * kPanel + 2 * a.depth * a.keys + 3 * kQueries * a.depth + 2 * kQueries * kKeys +
           2 * kQueries;
  }
  BackwardScratch(const Problem& a, float* p)
      : k(p),
        kt(k + a.S * a.panels() * kPanel),
        vt(kt + a.depth * a.keys),
        dk(vt + a.depth * a.keys),
        dv(dk + a.S * a.depth),
        q(dv + a.S * a.depth),
        dout(q + kQueries * a.depth),
        dq(dout + kQueries * a.depth),
        scores(dq + kQueries * a.depth),
        dscores(scores + kQueries * kKeys),
        lse(dscores + kQueries * kKeys),
        delta(lse + kQueries) {}
};

/// scores becomes P = exp(scores - lse), dscores (holding dO V') becomes the gradient of q k': P (dP - delta) scale (1 - tanh^2).
void gradient_row(const Problem& a, std::int64_t n, float lse, float delta, float* scores, float* dscores) {
  const float scale = static_cast<float>(a.p.scale), cap = static_cast<float>(a.p.soft_cap);
  const float shift = lse == -kInfinity ? 0.0f : lse;
  for (std::int64_t i = 0; i < n; i += kWidth) {
    const Vec s = load(scores + i), weight = exp(s - shift);
    Vec d = weight * (load(dscores + i) - delta) * scale;
    if (cap > 0) d *= select(s == -kInfinity, Vec{}, 1.0f - (s / cap) * (s / cap));
    store(scores + i, weight);
    store(dscores + i, select(weight == 0.0f, Vec{}, d));
  }
}

void backward_block(const Problem& a, const BackwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0;
  std::fill(s.dq, s.dq + M * a.depth, 0.0f);
  const Share keys = block_keys(a, t0, t1);
  for (std::int64_t k0 = keys.begin; k0 < keys.end; k0 += kKeys) {
    const std::int64_t width = std::min(kKeys, keys.end - k0), n = (width + kWidth - 1) / kWidth * kWidth;
    panel_gemm({s.q, a.depth, 1}, M, s.kt + k0 * a.depth, a.depth * kPanel, a.D, n, s.scores, kKeys, false);
    panel_gemm({s.dout, a.depth, 1}, M, s.vt + k0 * a.depth, a.depth * kPanel, a.D, n, s.dscores, kKeys, false);
    for (std::int64_t i = 0; i < M; ++i) {
      finish_scores(a, b, t0 + i, k0, n, s.scores + i * kKeys, static_cast<float>(a.p.scale));
      const std::int64_t row = (b * a.Hq + h) * a.Tq + t0 + i;
      if (a.p.dropout > 0) drop_row(a, row, k0, n, s.dscores + i * kKeys);
      gradient_row(a, n, s.lse[i], s.delta[i], s.scores + i * kKeys, s.dscores + i * kKeys);
      if (a.p.dropout > 0) drop_row(a, row, k0, n, s.scores + i * kKeys);
    }
    small_gemm({s.scores, 1, kKeys}, width, s.dout, a.depth, M, a.depth, s.dv + k0 * a.depth, a.depth, true);
    small_gemm({s.dscores, 1, kKeys}, width, s.q, a.depth, M, a.depth, s.dk + k0 * a.depth, a.depth, true);
    panel_gemm({s.dscores, kKeys, 1}, M, s.k + k0 * kPanel, a.S * kPanel, width, a.depth, s.dq, a.depth, true);
  }
}

int attention_bwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse,
                  DswView d_o, DswView dq, DswView dk, DswView dv) {
  if (!all_float32({&q, &k, &v, &o, &lse, &d_o, &dq, &dk, &dv})) {
    return dsw_reference_kernels()->attention_bwd(stream, p, q, k, v, key_mask, o, lse, d_o, dq, dk, dv);
  }
  const Problem a = problem_of(*p, q, k, key_mask);
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(BackwardScratch::floats(a)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  // One thread takes all queries of a key head: its key and value gradients need no other thread's sums.
  const double cost = 0.12 * static_cast<double>(a.group * a.Tq * a.S * (a.D + 8));
  parallel_for(stream, heads, cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    const BackwardScratch s(a, static_cast<float*>(stream->scratch(thread, 0)));
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t b = task / a.Hkv, hk = task % a.Hkv;
      pack_panels(k, head(k, b, hk), s.k);
      pack_columns(k, head(k, b, hk), a.depth, a.keys, s.kt);
      pack_columns(v, head(v, b, hk), a.depth, a.keys, s.vt);
      std::fill(s.dk, s.dk + 2 * a.S * a.depth, 0.0f);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = 0; t0 < a.Tq; t0 += kQueries) {
          const std::int64_t t1 = std::min(a.Tq, t0 + kQueries);
          pack_rows(q, head(q, b, h), t0, t1 - t0, a.depth, s.q);
          pack_rows(d_o, head(d_o, b, h), t0, t1 - t0, a.depth, s.dout);
          pack_rows(o, head(o, b, h), t0, t1 - t0, a.depth, s.dq);  // only for delta; the block starts dq at 0
          for (std::int64_t i = 0; i < t1 - t0; ++i) {
            s.lse[i] = head(lse, b, h)[(t0 + i) * lse.stride[2]];
            Vec sum{};
            for (std::int64_t d = 0; d < a.depth; d += kWidth) sum += load(s.dout + i * a.depth + d) * load(s.dq + i * a.depth + d);
            s.delta[i] = sum_lanes(sum);
          }
          backward_block(a, s, b, h, t0, t1);
          unpack_rows(s.dq, a.depth, dq, const_cast<float*>(head(dq, b, h)), t0, t1 - t0);
        }
      }
      unpack_rows(s.dk, a.depth, dk, const_cast<float*>(head(dk, b, hk)), 0, a.S);
      unpack_rows(s.dv, a.depth, dv, const_cast<float*>(head(dv, b, hk)), 0, a.S);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_attention(DswKernels& table) {
  table.attention_fwd = attention_fwd;
  table.attention_bwd = attention_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
