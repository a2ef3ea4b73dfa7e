// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/block_list.h"
#include "kernels/philox.h"
#include "kernels/view.h"

/// Scaled dot-product attention, one query row at a time. Sources: Vaswani et al. 2017; Dao 2022 for the gradient from lse; Kwon et al.
/// 2023 for the pages.
namespace dsw::kernels::reference {

struct AttentionSizes {
  std::int64_t B, Hq, Hkv, Tq, S, D;
};
inline AttentionSizes attention_sizes(const DswView& q, const DswView& k) {
  return {q.shape[0], q.shape[1], k.shape[1], q.shape[2], k.shape[2], q.shape[3]};
}

/// Keys [first, last) that query t may see, before the key mask.
struct KeyRange {
  std::int64_t first, last;
};
inline KeyRange visible_keys(const DswAttention& p, std::int64_t t, std::int64_t Tq, std::int64_t S) {
  std::int64_t last = p.causal ? t + S - Tq + 1 : S;
  last = last < 0 ? 0 : last > S ? S : last;
  const std::int64_t first = p.window > 0 && last > p.window ? last - p.window : 0;
  return {first, last};
}
inline bool masked_out(const DswView& mask, std::int64_t b, std::int64_t s) {
  return given(mask) && data<std::uint8_t>(mask)[b * mask.stride[0] + s * mask.stride[1]] == 0;
}

/// What dropout multiplies the probability of (b, h, t, s) by: 0 or 1 / (1 - p).
inline double kept_factor(const DswAttention& p, std::int64_t row, std::int64_t keys, std::int64_t s) {
  if (!(p.dropout > 0)) return 1;
  return attention_word(p.dropout_key, row, keys, s) < drop_threshold(p.dropout) ? 0 : 1 / (1 - p.dropout);
}

template <class T>
const T* at(const DswView& x, std::int64_t b, std::int64_t h, std::int64_t t) {
  return data<T>(x) + b * x.stride[0] + h * x.stride[1] + t * x.stride[2];
}

template <class T>
double dot(const T* a, std::int64_t as, const T* b, std::int64_t bs, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i * as]) * b[i * bs];
  return sum;
}

template <class T>
int attention_fwd(const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& mask, const DswView& o,
                  const DswView& lse, const DswView& probabilities, const BlockList& list = {}) {
  const auto [B, Hq, Hkv, Tq, S, D] = attention_sizes(q, k);
  std::vector<double> score(static_cast<std::size_t>(S)), out(static_cast<std::size_t>(D));
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t h = 0; h < Hq; ++h)
      for (std::int64_t t = 0; t < Tq; ++t) {
        const std::int64_t hk = h / (Hq / Hkv);
        const KeyRange range = visible_keys(p, t, Tq, S);
        double maximum = -std::numeric_limits<double>::infinity();
        for (std::int64_t s = 0; s < S; ++s) {
          double& value = score[static_cast<std::size_t>(s)];
          value = -std::numeric_limits<double>::infinity();
          if (s < range.first || s >= range.last || masked_out(mask, b, s) || !list.lists(b, h, t, s)) continue;
          value = p.scale * dot(at<T>(q, b, h, t), q.stride[3], at<T>(k, b, hk, s), k.stride[3], D);
          if (p.soft_cap > 0) value = p.soft_cap * std::tanh(value / p.soft_cap);
          if (!std::isnan(maximum) && (value > maximum || std::isnan(value))) maximum = value;
        }
        double sum = 0;
        out.assign(static_cast<std::size_t>(D), 0.0);
        const bool sees_nothing = maximum == -std::numeric_limits<double>::infinity();
        for (std::int64_t s = 0; s < S && !sees_nothing; ++s) sum += std::exp(score[static_cast<std::size_t>(s)] - maximum);
        for (std::int64_t s = 0; s < S; ++s) {
          double weight = sees_nothing ? 0 : std::exp(score[static_cast<std::size_t>(s)] - maximum) / sum;
          if (given(probabilities))
            data<T>(probabilities)[b * probabilities.stride[0] + h * probabilities.stride[1] + t * probabilities.stride[2] +
                                   s * probabilities.stride[3]] = static_cast<T>(weight);
          if (score[static_cast<std::size_t>(s)] == -std::numeric_limits<double>::infinity()) continue;
          if (p.dropout > 0) weight *= kept_factor(p, (b * Hq + h) * Tq + t, S, s);
          for (std::int64_t d = 0; d < D; ++d) out[static_cast<std::size_t>(d)] += weight * at<T>(v, b, hk, s)[d * v.stride[3]];
        }
        for (std::int64_t d = 0; d < D; ++d)
          const_cast<T*>(at<T>(o, b, h, t))[d * o.stride[3]] = static_cast<T>(out[static_cast<std::size_t>(d)]);
        *const_cast<T*>(at<T>(lse, b, h, t)) = static_cast<T>(maximum + std::log(sees_nothing ? 1 : sum));
      }
  return DSW_OK;
}

/// P = exp(scores - lse); M what dropout multiplies by (1 without); dV = (P M)' dO; dP = M (dO V'); dscore = P (dP - sum_d dO O);
/// through the cap: times 1 - (score / cap)^2.
template <class T>
int attention_bwd(const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& mask, const DswView& o,
                  const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk, const DswView& dv,
                  const BlockList& list = {}) {
  const auto [B, Hq, Hkv, Tq, S, D] = attention_sizes(q, k);
  const std::size_t size_k = static_cast<std::size_t>(S * D);
  std::vector<double> sum_q(static_cast<std::size_t>(D)), sum_k, sum_v;
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t hk = 0; hk < Hkv; ++hk) {
      sum_k.assign(size_k, 0.0);
      sum_v.assign(size_k, 0.0);
      for (std::int64_t h = hk * (Hq / Hkv); h < (hk + 1) * (Hq / Hkv); ++h)
        for (std::int64_t t = 0; t < Tq; ++t) {
          const T* qt = at<T>(q, b, h, t);
          const T* gt = at<T>(d_o, b, h, t);
          const double delta = dot(gt, d_o.stride[3], at<T>(o, b, h, t), o.stride[3], D), row_lse = *at<T>(lse, b, h, t);
          const KeyRange range = visible_keys(p, t, Tq, S);
          sum_q.assign(static_cast<std::size_t>(D), 0.0);
          for (std::int64_t s = range.first; s < range.last; ++s) {
            if (masked_out(mask, b, s) || !list.lists(b, h, t, s)) continue;
            const T* ks = at<T>(k, b, hk, s);
            double score = p.scale * dot(qt, q.stride[3], ks, k.stride[3], D), slope = p.scale;
            if (p.soft_cap > 0) {
              const double t_cap = std::tanh(score / p.soft_cap);
              score = p.soft_cap * t_cap;
              slope *= 1 - t_cap * t_cap;
            }
            const double weight = std::exp(score - row_lse);
            const double kept = kept_factor(p, (b * Hq + h) * Tq + t, S, s);
            const double dscore = slope * weight * (kept * dot(gt, d_o.stride[3], at<T>(v, b, hk, s), v.stride[3], D) - delta);
            for (std::int64_t d = 0; d < D; ++d) {
              sum_q[static_cast<std::size_t>(d)] += dscore * ks[d * k.stride[3]];
              sum_k[static_cast<std::size_t>(s * D + d)] += dscore * qt[d * q.stride[3]];
              sum_v[static_cast<std::size_t>(s * D + d)] += weight * kept * gt[d * d_o.stride[3]];
            }
          }
          for (std::int64_t d = 0; d < D; ++d)
            const_cast<T*>(at<T>(dq, b, h, t))[d * dq.stride[3]] = static_cast<T>(sum_q[static_cast<std::size_t>(d)]);
        }
      for (std::int64_t s = 0; s < S; ++s)
        for (std::int64_t d = 0; d < D; ++d) {
          const_cast<T*>(at<T>(dk, b, hk, s))[d * dk.stride[3]] = static_cast<T>(sum_k[static_cast<std::size_t>(s * D + d)]);
          const_cast<T*>(at<T>(dv, b, hk, s))[d * dv.stride[3]] = static_cast<T>(sum_v[static_cast<std::size_t>(s * D + d)]);
        }
    }
  return DSW_OK;
}

/// attention_fwd over copies of each text's pages in a row.
template <class T>
int attention_paged_fwd(DswAttention p, const DswView& q, const DswView& k_pages, const DswView& v_pages, const DswView& table,
                        const DswView& lengths, const DswView& o, const DswView& lse) {
  const std::int64_t H = k_pages.shape[1], D = k_pages.shape[3];
  p.causal = 1;
  p.dropout = 0;
  for (std::int64_t b = 0; b < q.shape[0]; ++b) {
    const std::int64_t S = data<std::int32_t>(lengths)[b * lengths.stride[0]];
    std::vector<T> k(static_cast<std::size_t>(H * S * D) + 1), v(k);
    const auto row_of = [&](std::vector<T>& memory) {
      return DswView{memory.data(), {1, H, S, D}, {H * S * D, S * D, D, 1}, 4, k_pages.dtype};
    };
    const DswView keys = row_of(k), values = row_of(v);
    for (std::int64_t h = 0; h < H; ++h)
      for (std::int64_t s = 0; s < S; ++s) {
        const std::int64_t page = data<std::int32_t>(table)[b * table.stride[0] + s / DSW_BLOCK * table.stride[1]];
        for (std::int64_t d = 0; d < D; ++d) {
          const auto place = static_cast<std::size_t>((h * S + s) * D + d);
          k[place] = at<T>(k_pages, page, h, s % DSW_BLOCK)[d * k_pages.stride[3]];
          v[place] = at<T>(v_pages, page, h, s % DSW_BLOCK)[d * v_pages.stride[3]];
        }
      }
    const auto text = [b](DswView x) {
      x.data = data<T>(x) + b * x.stride[0];
      x.shape[0] = 1;
      return x;
    };
    attention_fwd<T>(p, text(q), keys, values, DswView{}, text(o), text(lse), DswView{});
  }
  return DSW_OK;
}

template <class T>
int append_paged(const DswView& x, const DswView& pages, const DswView& table, const DswView& lengths) {
  for (std::int64_t b = 0; b < x.shape[0]; ++b) {
    const std::int64_t first = data<std::int32_t>(lengths)[b * lengths.stride[0]] - x.shape[2];
    for (std::int64_t h = 0; h < x.shape[1]; ++h)
      for (std::int64_t t = 0; t < x.shape[2]; ++t) {
        const std::int64_t s = first + t, page = data<std::int32_t>(table)[b * table.stride[0] + s / DSW_BLOCK * table.stride[1]];
        T* to = const_cast<T*>(at<T>(pages, page, h, s % DSW_BLOCK));
        for (std::int64_t d = 0; d < x.shape[3]; ++d) to[d * pages.stride[3]] = at<T>(x, b, h, t)[d * x.stride[3]];
      }
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
