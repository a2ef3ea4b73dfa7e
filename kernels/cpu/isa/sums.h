// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>

#include "kernels/cpu/isa/vec.h"

/// Sums of float32: short runs in vector lanes, runs added up in double, always in the same order.
namespace dsw::kernels::DSW_ISA {

inline constexpr std::int64_t kRun = 4096;  // elements a run: at most 64 additions a lane in AVX-512

/// sum of f(i) over i in steps of kWidth; f(i, n) gives the vector at i with zeros from lane n on.
template <class F>
double sum_of(std::int64_t n, F&& f) {
  double total = 0;
  for (std::int64_t begin = 0; begin < n; begin += kRun) {
    const std::int64_t end = std::min(n, begin + kRun);
    Vec a[4] = {};
    std::int64_t i = begin;
    for (; i + 4 * kWidth <= end; i += 4 * kWidth) {
      for (int j = 0; j < 4; ++j) a[j] += f(i + j * kWidth, static_cast<std::int64_t>(kWidth));
    }
    for (; i < end; i += kWidth) a[0] += f(i, std::min<std::int64_t>(kWidth, end - i));
    total += static_cast<double>(sum_lanes((a[0] + a[1]) + (a[2] + a[3])));
  }
  return total;
}
template <class T>
double row_sum(const T* x, std::int64_t n) {
  return sum_of(n, [x](std::int64_t i, std::int64_t m) { return load_first(x + i, m); });
}
template <class T>
float row_maximum(const T* x, std::int64_t n) {
  Vec a = splat(-kInfinity);
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) a = maximum(a, load(x + i));
  if (i < n) a = maximum(a, keep_first(load_first(x + i, n - i), n - i, -kInfinity));
  return max_lanes(a);
}

/// sums[c] += sum over rows of x[r * step + c], c < columns.
template <class T>
void add_column_sums(const T* x, std::int64_t rows, std::int64_t step, std::int64_t columns, double* sums) {
  for (std::int64_t c = 0; c < columns; c += 4 * kWidth) {
    const std::int64_t width = std::min<std::int64_t>(4 * kWidth, columns - c);
    for (std::int64_t begin = 0; begin < rows; begin += 64) {
      const std::int64_t end = std::min(rows, begin + 64);
      Vec a[4] = {};
      if (width == 4 * kWidth) {
        for (std::int64_t r = begin; r < end; ++r) {
          for (int j = 0; j < 4; ++j) a[j] += load(x + r * step + c + j * kWidth);
        }
      } else {
        for (std::int64_t r = begin; r < end; ++r) {
          for (std::int64_t j = 0; j * kWidth < width; ++j) a[j] += load_first(x + r * step + c + j * kWidth, width - j * kWidth);
        }
      }
      float lanes[4 * kWidth];
      for (int j = 0; j < 4; ++j) store(lanes + j * kWidth, a[j]);
      for (std::int64_t i = 0; i < width; ++i) sums[c + i] += static_cast<double>(lanes[i]);
    }
  }
}

}  // namespace dsw::kernels::DSW_ISA
