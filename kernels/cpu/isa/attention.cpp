// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/attention_few_queries.h"
#include "kernels/cpu/isa/attention_keys.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

// Blocks of queries against blocks of keys, so that only a block of scores ever exists. The softmax is kept with a running maximum
// and sum; the gradient makes the scores again from the row's log-sum-exp. Source: Dao 2023, "FlashAttention-2", algorithms 1 and 2. One
// thread walks all queries of a key head, so the gradients of keys and values add up in the queries' order, listed or not.
namespace dsw::kernels::DSW_ISA {
namespace {

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

void forward_block(const Problem& a, const ForwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0;
  std::fill(s.out, s.out + M * a.depth, 0.0f);
  std::fill(s.maximum, s.maximum + M, -kInfinity);
  std::fill(s.sum, s.sum + M * kWidth, 0.0f);
  const float unit = a.p.soft_cap > 0 ? kLog2E : 1;  // else the queries carry it
  for (KeyWalk keys(a, b, h, t0, t1); keys.next();) {
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        panel_gemm(Factor<float>{s.q + c.m * a.depth, a.depth, 1}, c.rows, s.kt + c.key * a.depth, a.depth * kPanel, a.D, in_vectors(c.n),
                   s.scores + c.m * kKeys + c.column, kKeys, false);
      });
    for (std::int64_t i = 0; i < M; ++i) {
      float* row = s.scores + i * kKeys;
      for (const KeyRun& run : keys) finish_scores(a, b, t0 + i, run.key, run.padded_n(), row + run.column, 1, unit);
      online_softmax(row, keys.columns(), s.maximum[i], s.sum + i * kWidth, s.out + i * a.depth, a.depth);
      if (a.p.dropout > 0)
        for (const KeyRun& run : keys) drop_row(a, (b * a.Hq + h) * a.Tq + t0 + i, run.key, run.padded_n(), row + run.column);
    }
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        panel_gemm(Factor<float>{s.scores + c.m * kKeys + c.column, kKeys, 1}, c.rows, s.v + c.key * kPanel, a.S * kPanel, c.n, a.depth,
                   s.out + c.m * a.depth, a.depth, true);
      });
  }
}

template <class T>
int forward(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
            const DswView& lse) {
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
      pack_columns(k, head<T>(k, b, hk), a.depth, a.keys, s.kt);
      pack_panels(v, head<T>(v, b, hk), s.v);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = part.begin; t0 < part.end; t0 += kQueries) {
          const std::int64_t t1 = std::min(part.end, t0 + kQueries);
          pack_rows(q, head<T>(q, b, h), t0, t1 - t0, a.depth, s.q);
          scale_all(s.q, (t1 - t0) * a.depth, static_cast<float>(a.p.scale) * (a.p.soft_cap > 0 ? 1 : kLog2E));
          forward_block(a, s, b, h, t0, t1);
          for (std::int64_t i = 0; i < t1 - t0; ++i)
            head<float>(lse, b, h)[(t0 + i) * lse.stride[2]] =
                finish_output(s.out + i * a.depth, a.depth, s.maximum[i], s.sum + i * kWidth);
          unpack_rows(s.out, a.depth, o, head<T>(o, b, h), t0, t1 - t0);
        }
      }
    }
  });
  return DSW_OK;
}

/// Whether all views have one dtype that the blocks can be packed from.
bool one_dtype(std::initializer_list<const DswView*> views) {
  const int dtype = (*views.begin())->dtype;
  return all_narrow(views) && std::all_of(views.begin(), views.end(), [dtype](const DswView* view) { return view->dtype == dtype; });
}

int forward_in(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
               const DswView& lse) {
  if (kPairProducts && q.dtype == DSW_BF16) return forward_pairs(stream, a, q, k, v, o, lse);
  return with_narrow(q.dtype, [&]<class T>(T) { return forward<T>(stream, a, q, k, v, o, lse); });
}

int attention_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse,
                  DswView probabilities) {
  // Probabilities are for a person's eyes: the plain loops write them.
  if (!one_dtype({&q, &k, &v, &o}) || !all_float32({&lse}) || given(probabilities)) {
    return dsw_reference_kernels()->attention_fwd(stream, p, q, k, v, key_mask, o, lse, probabilities);
  }
  if (has_few_queries(*p, q, k, v, o)) return few_queries_attention(stream, *p, q, k, v, key_mask, o, lse);
  return forward_in(stream, problem_of(*p, q, k, key_mask, {}), q, k, v, o, lse);
}

int attention_blocks_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView begin,
                         DswView block, DswView o, DswView lse) {
  if (!one_dtype({&q, &k, &v, &o}) || !all_float32({&lse})) {
    return dsw_reference_kernels()->attention_blocks_fwd(stream, p, q, k, v, key_mask, begin, block, o, lse);
  }
  const BlockList list{begin, block};
  if (const int status = check_block_list(list, k.shape[2]); status != DSW_OK) return status;
  return forward_in(stream, problem_of(*p, q, k, key_mask, list), q, k, v, o, lse);
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

void backward_block(const Problem& a, const BackwardScratch& s, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1) {
  const std::int64_t M = t1 - t0;
  std::fill(s.dq, s.dq + M * a.depth, 0.0f);
  for (KeyWalk keys(a, b, h, t0, t1); keys.next();) {
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        const std::int64_t n = in_vectors(c.n), at = c.m * kKeys + c.column;
        panel_gemm(Factor<float>{s.q + c.m * a.depth, a.depth, 1}, c.rows, s.kt + c.key * a.depth, a.depth * kPanel, a.D, n, s.scores + at,
                   kKeys, false);
        panel_gemm(Factor<float>{s.dout + c.m * a.depth, a.depth, 1}, c.rows, s.vt + c.key * a.depth, a.depth * kPanel, a.D, n,
                   s.dscores + at, kKeys, false);
      });
    for (std::int64_t i = 0; i < M; ++i) {
      float *scores = s.scores + i * kKeys, *dscores = s.dscores + i * kKeys;
      const std::int64_t row = (b * a.Hq + h) * a.Tq + t0 + i;
      for (const KeyRun& run : keys) {
        finish_scores(a, b, t0 + i, run.key, run.padded_n(), scores + run.column, static_cast<float>(a.p.scale));
        if (a.p.dropout > 0) drop_row(a, row, run.key, run.padded_n(), dscores + run.column);
      }
      gradient_row(a, keys.columns(), s.lse[i], s.delta[i], scores, dscores);
      if (a.p.dropout > 0)
        for (const KeyRun& run : keys) drop_row(a, row, run.key, run.padded_n(), scores + run.column);
    }
    for (const KeyRun& run : keys)
      for_each_part(a, run, t0, M, [&](const Part& c) {
        const float *scores = s.scores + c.m * kKeys + c.column, *dscores = s.dscores + c.m * kKeys + c.column;
        const std::int64_t from = c.m * a.depth, to = c.key * a.depth;
        small_gemm(Factor<float>{scores, 1, kKeys}, c.n, s.dout + from, a.depth, c.rows, a.depth, s.dv + to, a.depth, true);
        small_gemm(Factor<float>{dscores, 1, kKeys}, c.n, s.q + from, a.depth, c.rows, a.depth, s.dk + to, a.depth, true);
        panel_gemm(Factor<float>{dscores, kKeys, 1}, c.rows, s.k + c.key * kPanel, a.S * kPanel, c.n, a.depth, s.dq + from, a.depth, true);
      });
  }
}

template <class T>
int backward(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
             const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk, const DswView& dv) {
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(BackwardScratch::floats(a)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  // One thread takes all queries of a key head: its key and value gradients need no other thread's sums.
  const double cost = 0.12 * static_cast<double>(a.group * a.Tq * a.S * (a.D + 8));
  parallel_for(stream, heads, cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    const BackwardScratch s(a, static_cast<float*>(stream->scratch(thread, 0)));
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t b = task / a.Hkv, hk = task % a.Hkv;
      pack_panels(k, head<T>(k, b, hk), s.k);
      pack_columns(k, head<T>(k, b, hk), a.depth, a.keys, s.kt);
      pack_columns(v, head<T>(v, b, hk), a.depth, a.keys, s.vt);
      std::fill(s.dk, s.dk + 2 * a.S * a.depth, 0.0f);
      for (std::int64_t h = hk * a.group; h < (hk + 1) * a.group; ++h) {
        for (std::int64_t t0 = 0; t0 < a.Tq; t0 += kQueries) {
          const std::int64_t t1 = std::min(a.Tq, t0 + kQueries);
          pack_rows(q, head<T>(q, b, h), t0, t1 - t0, a.depth, s.q);
          pack_rows(d_o, head<T>(d_o, b, h), t0, t1 - t0, a.depth, s.dout);
          pack_rows(o, head<T>(o, b, h), t0, t1 - t0, a.depth, s.dq);  // only for delta; the block starts dq at 0
          for (std::int64_t i = 0; i < t1 - t0; ++i) {
            s.lse[i] = head<float>(lse, b, h)[(t0 + i) * lse.stride[2]];
            Vec sum{};
            for (std::int64_t d = 0; d < a.depth; d += kWidth) sum += load(s.dout + i * a.depth + d) * load(s.dq + i * a.depth + d);
            s.delta[i] = sum_lanes(sum);
          }
          backward_block(a, s, b, h, t0, t1);
          unpack_rows(s.dq, a.depth, dq, head<T>(dq, b, h), t0, t1 - t0);
        }
      }
      unpack_rows(s.dk, a.depth, dk, head<T>(dk, b, hk), 0, a.S);
      unpack_rows(s.dv, a.depth, dv, head<T>(dv, b, hk), 0, a.S);
    }
  });
  return DSW_OK;
}

int backward_in(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
                const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk, const DswView& dv) {
  if (kPairProducts && q.dtype == DSW_BF16) return backward_pairs(stream, a, q, k, v, o, lse, d_o, dq, dk, dv);
  return with_narrow(q.dtype, [&]<class T>(T) { return backward<T>(stream, a, q, k, v, o, lse, d_o, dq, dk, dv); });
}

int attention_bwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView o, DswView lse,
                  DswView d_o, DswView dq, DswView dk, DswView dv) {
  if (!one_dtype({&q, &k, &v, &o, &d_o, &dq, &dk, &dv}) || !all_float32({&lse})) {
    return dsw_reference_kernels()->attention_bwd(stream, p, q, k, v, key_mask, o, lse, d_o, dq, dk, dv);
  }
  return backward_in(stream, problem_of(*p, q, k, key_mask, {}), q, k, v, o, lse, d_o, dq, dk, dv);
}

int attention_blocks_bwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView key_mask, DswView begin,
                         DswView block, DswView o, DswView lse, DswView d_o, DswView dq, DswView dk, DswView dv) {
  if (!one_dtype({&q, &k, &v, &o, &d_o, &dq, &dk, &dv}) || !all_float32({&lse})) {
    return dsw_reference_kernels()->attention_blocks_bwd(stream, p, q, k, v, key_mask, begin, block, o, lse, d_o, dq, dk, dv);
  }
  const BlockList list{begin, block};
  if (const int status = check_block_list(list, k.shape[2]); status != DSW_OK) return status;
  return backward_in(stream, problem_of(*p, q, k, key_mask, list), q, k, v, o, lse, d_o, dq, dk, dv);
}

}  // namespace

void add_attention(DswKernels& table) {
  table.attention_fwd = attention_fwd;
  table.attention_bwd = attention_bwd;
  table.attention_blocks_fwd = attention_blocks_fwd;
  table.attention_blocks_bwd = attention_blocks_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
