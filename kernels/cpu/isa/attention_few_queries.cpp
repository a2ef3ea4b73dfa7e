// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/attention_few_queries.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu/isa/attention_rows.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr std::int64_t kFewQueries = 4;
constexpr float kLog2E = 1.44269504088896341f;

template <class T>
const T* row_of(const DswView& x, std::int64_t b, std::int64_t h, std::int64_t t) {
  return data<T>(x) + b * x.stride[0] + h * x.stride[1] + t * x.stride[2];
}

struct Keys {
  std::int64_t begin, end;  ///< that the query may see, before the mask
};
Keys keys_of(const DswAttention& p, std::int64_t t, std::int64_t T, std::int64_t S) {
  const std::int64_t last = p.causal != 0 ? std::clamp<std::int64_t>(t + S - T + 1, 0, S) : S;
  return {p.window > 0 && last > p.window ? last - p.window : 0, last};
}

/// In place, in units of ln 2: scaled, capped, masked scores become exp(score - maximum). Gives the maximum and the sum.
struct Softmax {
  float maximum, sum;
};
Softmax softmax(const DswAttention& p, const DswView& mask, std::int64_t b, const Keys& keys, float* scores) {
  const std::int64_t n = keys.end - keys.begin;
  const float scale = static_cast<float>(p.scale), cap = static_cast<float>(p.soft_cap);
  for (std::int64_t i = 0; i < n; i += kWidth) {
    Vec s = load_first(scores + i, n - i) * scale;
    if (cap > 0) s = cap * tanh(s / cap);
    store_first(scores + i, s * kLog2E, n - i);
  }
  if (given(mask)) {
    for (std::int64_t i = 0; i < n; ++i)
      if (data<std::uint8_t>(mask)[b * mask.stride[0] + (keys.begin + i) * mask.stride[1]] == 0) scores[i] = -kInfinity;
  }
  Vec most = splat(-kInfinity);
  for (std::int64_t i = 0; i < n; i += kWidth) most = greater(keep_first(load_first(scores + i, n - i), n - i, -kInfinity), most);
  const float maximum = maximum_lane(most), shift = maximum == -kInfinity ? 0.0f : maximum;
  Vec total = {};
  for (std::int64_t i = 0; i < n; i += kWidth) {
    const Vec e = exp2_of_negative(keep_first(load_first(scores + i, n - i) - shift, n - i, -kInfinity));
    store_first(scores + i, e, n - i);
    total += e;
  }
  return {maximum, sum_lanes(total)};
}

}  // namespace

bool has_few_queries(const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& o) {
  return q.shape[2] <= kFewQueries && p.dropout <= 0 && dense_rows(q) && dense_rows(k) && dense_rows(v) && dense_rows(o);
}

namespace {

template <class T>
int attention_of(DswStream* stream, const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& key_mask,
                 const DswView& o, const DswView& lse) {
  const std::int64_t B = q.shape[0], H = q.shape[1], Tq = q.shape[2], S = k.shape[2], D = q.shape[3];
  if (B * H * Tq == 0 || k.shape[1] == 0) return DSW_OK;
  const std::int64_t group = H / k.shape[1];
  if (!stream->reserve(static_cast<std::size_t>(padded(S) + kWidth) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const double cost = 0.1 * static_cast<double>(S * D) + 100;
  parallel_for(stream, B * H * Tq, cost, 1, [&](std::int64_t first, std::int64_t last, int thread) {
    float* scores = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t b = row / (H * Tq), h = row / Tq % H, t = row % Tq;
      const Keys keys = keys_of(p, t, Tq, S);
      const T* query = row_of<T>(q, b, h, t);
      const T* key = row_of<T>(k, b, h / group, 0);
      std::int64_t s = keys.begin;
      for (; s + kTogether <= keys.end; s += kTogether)
        dot_keys<kTogether>(query, key + s * k.stride[2], k.stride[2], D, scores + s - keys.begin);
      for (; s < keys.end; ++s) dot_keys<1>(query, key + s * k.stride[2], k.stride[2], D, scores + s - keys.begin);
      const Softmax result = softmax(p, key_mask, b, keys, scores);
      const float factor = result.sum == 0.0f ? 0.0f : 1.0f / result.sum;
      T* out = const_cast<T*>(row_of<T>(o, b, h, t));
      sum_values(
          scores, std::max<std::int64_t>(0, keys.end - keys.begin), row_of<T>(v, b, h / group, keys.begin), v.stride[2], D,
          [](std::int64_t, std::int64_t) { return Vec{}; },
          [&](std::int64_t d, std::int64_t width, Vec sum) { store_first(out + d, sum * factor, width); });
      data<float>(lse)[b * lse.stride[0] + h * lse.stride[1] + t * lse.stride[2]] =
          result.sum == 0.0f ? -kInfinity : result.maximum / kLog2E + std::log(result.sum);
    }
  });
  return DSW_OK;
}

}  // namespace

int few_queries_attention(DswStream* stream, const DswAttention& p, const DswView& q, const DswView& k, const DswView& v,
                          const DswView& key_mask, const DswView& o, const DswView& lse) {
  return with_narrow(q.dtype, [&]<class T>(T) { return attention_of<T>(stream, p, q, k, v, key_mask, o, lse); });
}

}  // namespace dsw::kernels::DSW_ISA
