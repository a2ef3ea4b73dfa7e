// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <cstring>

#include "kernels/block_list.h"
#include "kernels/cpu/isa/micro_gemm.h"
#include "kernels/cpu/isa/philox_blocks.h"
#include "kernels/cpu/isa/rows.h"
#include "kernels/philox.h"

/// What attention's blocks are made of, whatever their products multiply.
namespace dsw::kernels::DSW_ISA {

inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr std::int64_t kQueries = DSW_BLOCK, kKeys = 512;  // a block of scores is 128 KiB

struct Problem {
  std::int64_t B, Hq, Hkv, Tq, S, D, group;
  std::int64_t depth, keys;                                              // D rounded up to whole lines of a packed copy, S to whole panels
  std::int64_t panels() const { return (depth + kPanel - 1) / kPanel; }  ///< of a matrix [.., depth]
  DswAttention p;
  DswView mask;
  BlockList list;

  bool seen(std::int64_t b, std::int64_t s) const {
    return !given(mask) || data<std::uint8_t>(mask)[b * mask.stride[0] + s * mask.stride[1]] != 0;
  }
  /// Keys [first, last) of query t, before the key mask.
  Share range(std::int64_t t) const {
    const std::int64_t last = p.causal != 0 ? std::clamp<std::int64_t>(t + S - Tq + 1, 0, S) : S;
    return {p.window > 0 && last > p.window ? last - p.window : 0, last};
  }
};

inline Problem problem_of(const DswAttention& p, const DswView& q, const DswView& k, const DswView& mask, const BlockList& list) {
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
            mask,
            list};
  a.group = a.Hkv == 0 ? 0 : a.Hq / a.Hkv;
  return a;
}

/// T is what q, k, v and their gradients lie in memory as; packed copies and scores are float32.
template <class T>
T* head(const DswView& x, std::int64_t b, std::int64_t h) {
  return data<T>(x) + b * x.stride[0] + h * x.stride[1];
}

/// Rows [first, first + n) of one head as [n, depth] with zeros behind D.
template <class T>
void pack_rows(const DswView& x, const T* from, std::int64_t first, std::int64_t n, std::int64_t depth, float* to) {
  const std::int64_t D = x.shape[3];
  for (std::int64_t t = 0; t < n; ++t, to += depth) {
    gather(from + (first + t) * x.stride[2], x.stride[3], to, D);
    std::fill(to + D, to + depth, 0.0f);
  }
}
/// All rows of one head as the panels of a matrix [depth, keys], zeros behind D and S.
template <class T>
void pack_columns(const DswView& x, const T* from, std::int64_t depth, std::int64_t keys, float* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3];
  for (std::int64_t s0 = 0; s0 < keys; s0 += kPanel, to += depth * kPanel) {
    const std::int64_t n = std::min(kPanel, S - s0);
    for (std::int64_t d = 0; d < D; ++d) {
      float* line = to + d * kPanel;
      for (std::int64_t s = 0; s < n; ++s) line[s] = to_float(from[(s0 + s) * x.stride[2] + d * x.stride[3]]);
      std::fill(line + n, line + kPanel, 0.0f);
    }
    std::fill(to + D * kPanel, to + depth * kPanel, 0.0f);
  }
}
/// All rows of one head as the panels of a matrix [S, depth], zeros behind D.
template <class T>
void pack_panels(const DswView& x, const T* from, float* to) {
  const std::int64_t S = x.shape[2], D = x.shape[3];
  for (std::int64_t d0 = 0; d0 < D; d0 += kPanel) {
    const std::int64_t n = std::min(kPanel, D - d0);
    for (std::int64_t s = 0; s < S; ++s, to += kPanel) {
      gather(from + s * x.stride[2] + d0 * x.stride[3], x.stride[3], to, n);
      std::fill(to + n, to + kPanel, 0.0f);
    }
  }
}
inline void scale_all(float* x, std::int64_t n, float factor) {
  for (std::int64_t i = 0; i < n; i += kWidth) store(x + i, load(x + i) * factor);
}
template <class T>
void unpack_rows(const float* from, std::int64_t depth, const DswView& y, T* to, std::int64_t first, std::int64_t n) {
  for (std::int64_t t = 0; t < n; ++t, from += depth) scatter(from, to + (first + t) * y.stride[2], y.stride[3], y.shape[3]);
}

/// Keys that any query of [t0, t1) may see, widened so that a block starts with a panel.
inline Share block_keys(const Problem& a, std::int64_t t0, std::int64_t t1) {
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
inline void finish_scores(const Problem& a, std::int64_t b, std::int64_t t, std::int64_t k0, std::int64_t n, float* row, float scale,
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
inline void drop_row(const Problem& a, std::int64_t row, std::int64_t k0, std::int64_t n, float* x) {
  const std::uint64_t first = static_cast<std::uint64_t>(row) * attention_row_blocks(a.S) + static_cast<std::uint64_t>(k0 / 4);
  const auto threshold = static_cast<std::uint32_t>(drop_threshold(a.p.dropout));
  const float scale = static_cast<float>(1 / (1 - a.p.dropout));
  std::uint32_t words[DSW_BLOCK];
  for (std::int64_t i = 0; i < n; i += DSW_BLOCK, x += DSW_BLOCK) {
    philox_blocks<DSW_BLOCK / 4>(a.p.dropout_key, first + static_cast<std::uint64_t>(i / 4), words);
    const std::int64_t width = std::min<std::int64_t>(DSW_BLOCK, n - i);
    for (std::int64_t j = 0; j < width; ++j) x[j] = words[j] < threshold ? 0.0f : x[j] * scale;
  }
}

/// One row of a block of scores, in units of ln 2, becomes probabilities relative to the running maximum; the row's earlier sums are
/// scaled to match. A NaN among the scores reaches the sum through exp, so the maximum need not look for it.
inline void online_softmax(float* row, std::int64_t n, float& running_maximum, float* running_sum, float* out, std::int64_t depth) {
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

/// Divides a row's sum of values by its sum of probabilities; returns the row's log-sum-exp. 0 and -infinity where it saw nothing.
inline float finish_output(float* out, std::int64_t depth, float maximum, const float* sums) {
  const float sum = sum_lanes(load(sums)), scale = sum == 0.0f ? 0.0f : 1.0f / sum;
  for (std::int64_t d = 0; d < depth; d += kWidth) store(out + d, load(out + d) * scale);
  return sum == 0.0f ? -kInfinity : maximum / kLog2E + std::log(sum);
}

/// scores becomes P = exp(scores - lse), dscores (holding dO V') becomes the gradient of q k': P (dP - delta) scale (1 - tanh^2).
inline void gradient_row(const Problem& a, std::int64_t n, float lse, float delta, float* scores, float* dscores) {
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

/// attention_fwd and attention_bwd for bfloat16, their products over pairs of bfloat16: probabilities and their gradients are rounded to
/// bfloat16 before they meet v, q and k; statistics stay float32. What kPairProducts chooses.
int forward_pairs(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
                  const DswView& lse);
int backward_pairs(DswStream* stream, const Problem& a, const DswView& q, const DswView& k, const DswView& v, const DswView& o,
                   const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk, const DswView& dv);

}  // namespace dsw::kernels::DSW_ISA
