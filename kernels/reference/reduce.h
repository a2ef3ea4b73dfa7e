// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/view.h"

/// Reductions in double, in row-major order of x.
namespace dsw::kernels::reference {

/// The larger one, and NaN once there was one.
inline bool replaces_maximum(double candidate, double maximum) { return candidate > maximum || std::isnan(candidate); }

/// y[...] = sum, mean or maximum of x over the axes where y has length 1 and x has not.
/// Empty sums are 0, an empty mean is NaN, an empty maximum -infinity.
template <class T>
int reduce(DswReduce op, const DswView& x, const DswView& y) {
  const std::int64_t outputs = elements(y);
  if (outputs == 0) return DSW_OK;
  DswView target = y;  // y seen with x's shape and a dense numbering of its elements
  std::int64_t dense = 1;
  for (int a = y.rank - 1; a >= 0; --a) {
    target.stride[a] = y.shape[a] == 1 ? 0 : dense;
    dense *= y.shape[a];
  }
  std::vector<double> sum(static_cast<std::size_t>(outputs), op == DSW_MAX ? -std::numeric_limits<double>::infinity() : 0.0);
  for_each_element(x, {&x, &target}, [&](const std::int64_t* at) {
    const double value = data<T>(x)[at[0]];
    double& s = sum[static_cast<std::size_t>(at[1])];
    if (op != DSW_MAX)
      s += value;
    else if (!std::isnan(s) && replaces_maximum(value, s))
      s = value;
  });
  const double divisor = op == DSW_MEAN ? static_cast<double>(elements(x)) / static_cast<double>(outputs) : 1;
  for (std::int64_t i = 0; i < outputs; ++i) data<T>(y)[element_offset(y, i)] = static_cast<T>(sum[static_cast<std::size_t>(i)] / divisor);
  return DSW_OK;
}

template <class T>
int argmax(const DswView& x, const DswView& index) {
  const std::int64_t rows = row_count(x), length = last_length(x), step = last_stride(x);
  if (length == 0) return rows == 0 ? DSW_OK : DSW_BAD_ARGUMENT;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* row = data<T>(x) + row_offset(x, r);
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < length && !std::isnan(row[best * step]); ++i) {
      if (replaces_maximum(row[i * step], row[best * step])) best = i;
    }
    data<std::int32_t>(index)[element_offset(index, r)] = static_cast<std::int32_t>(best);
  }
  return DSW_OK;
}

template <class T>
int square_sum(const DswView& x, const DswView& y) {
  double sum = 0;
  for_each_element(x, {&x}, [&](const std::int64_t* at) { sum += static_cast<double>(data<T>(x)[at[0]]) * data<T>(x)[at[0]]; });
  data<double>(y)[0] += sum;
  return DSW_OK;
}

template <class T>
int count_not_finite(const DswView& x, const DswView& y) {
  std::int64_t count = 0;
  for_each_element(x, {&x}, [&](const std::int64_t* at) { count += !std::isfinite(data<T>(x)[at[0]]); });
  data<std::int64_t>(y)[0] += count;
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
