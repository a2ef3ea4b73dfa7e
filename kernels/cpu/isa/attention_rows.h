// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>

#include "kernels/cpu/isa/rows.h"

/// One query against keys and values that are read where they lie: for few queries, where packing blocks would cost more than it saves.
namespace dsw::kernels::DSW_ISA {

inline constexpr int kTogether = 4;  ///< keys, and vectors of a value, side by side

/// scores[j] = q k_j for `Keys` keys, `step` apart.
template <int Keys, class Q, class T>
inline void dot_keys(const Q* q, const T* k, std::int64_t step, std::int64_t D, float* scores) {
  Vec sums[Keys] = {};
  std::int64_t d = 0;
  for (; d + kWidth <= D; d += kWidth) {
    const Vec left = load(q + d);
    for (int j = 0; j < Keys; ++j) sums[j] += left * load(k + j * step + d);
  }
  if (d < D) {
    const Vec left = load_first(q + d, D - d);
    for (int j = 0; j < Keys; ++j) sums[j] += left * load_first(k + j * step + d, D - d);
  }
  for (int j = 0; j < Keys; ++j) scores[j] = sum_lanes(sums[j]);
}

/// sum of probabilities[i] v_i over n values, `step` apart, a vector of the axis D at a time: from start(d, width) to finish(d, width,
/// sum), width being what is left of D, at least 1.
template <class T, class Start, class Finish>
inline void sum_values(const float* probabilities, std::int64_t n, const T* v, std::int64_t step, std::int64_t D, Start&& start,
                       Finish&& finish) {
  for (std::int64_t d = 0; d < D; d += kTogether * kWidth) {
    const std::int64_t width = D - d;
    Vec sums[kTogether] = {};
    for (int j = 0; j < kTogether && j * kWidth < width; ++j) sums[j] = start(d + j * kWidth, width - j * kWidth);
    if (width >= kTogether * kWidth) {
      for (std::int64_t i = 0; i < n; ++i) {
        const Vec p = splat(probabilities[i]);
        for (int j = 0; j < kTogether; ++j) sums[j] += p * load(v + i * step + d + j * kWidth);
      }
    } else {
      for (std::int64_t i = 0; i < n; ++i) {
        const Vec p = splat(probabilities[i]);
        for (int j = 0; j * kWidth < width; ++j) sums[j] += p * load_first(v + i * step + d + j * kWidth, width - j * kWidth);
      }
    }
    for (int j = 0; j < kTogether && j * kWidth < width; ++j) finish(d + j * kWidth, width - j * kWidth, sums[j]);
  }
}

}  // namespace dsw::kernels::DSW_ISA
