// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <limits>

#include "kernels/reference/reduce.h"

/// Softmax, its logarithm and cross entropy; a row is the last axis. A row with a NaN becomes NaN throughout.
namespace dsw::kernels::reference {

template <class T>
double row_maximum(const T* x, std::int64_t length, std::int64_t step) {
  double maximum = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < length && !std::isnan(maximum); ++i) {
    if (replaces_maximum(x[i * step], maximum)) maximum = x[i * step];
  }
  return maximum;
}

/// log sum exp = maximum + log_sum. Kept apart, because a large maximum would swallow log_sum.
struct LogSumExp {
  double maximum, log_sum;
  double value() const { return maximum + log_sum; }
  /// log of the softmax of x
  double log_probability(double x) const { return (x - maximum) - log_sum; }
};
template <class T>
LogSumExp row_log_sum_exp(const T* x, std::int64_t length, std::int64_t step) {
  const double maximum = row_maximum(x, length, step);
  double sum = 0;
  for (std::int64_t i = 0; i < length; ++i) sum += std::exp(x[i * step] - maximum);
  return {maximum, std::log(sum)};
}

template <class T>
int softmax_fwd(const DswView& x, const DswView& y, bool logarithm) {
  const std::int64_t rows = row_count(x), length = last_length(x), xs = last_stride(x), ys = last_stride(y);
  for (std::int64_t r = 0; length > 0 && r < rows; ++r) {
    const T* xr = data<T>(x) + row_offset(x, r);
    T* yr = data<T>(y) + row_offset(y, r);
    const LogSumExp lse = row_log_sum_exp(xr, length, xs);
    for (std::int64_t i = 0; i < length; ++i) {
      const double value = lse.log_probability(xr[i * xs]);
      yr[i * ys] = static_cast<T>(logarithm ? value : std::exp(value));
    }
  }
  return DSW_OK;
}

/// softmax: dx = y (dy - sum y dy); log-softmax: dx = dy - exp(y) sum dy.
template <class T>
int softmax_bwd(const DswView& y, const DswView& dy, const DswView& dx, bool logarithm) {
  const std::int64_t rows = row_count(y), length = last_length(y), ys = last_stride(y), gs = last_stride(dy), xs = last_stride(dx);
  for (std::int64_t r = 0; length > 0 && r < rows; ++r) {
    const T* yr = data<T>(y) + row_offset(y, r);
    const T* gr = data<T>(dy) + row_offset(dy, r);
    T* xr = data<T>(dx) + row_offset(dx, r);
    double sum = 0;
    for (std::int64_t i = 0; i < length; ++i) sum += static_cast<double>(gr[i * gs]) * (logarithm ? 1.0 : yr[i * ys]);
    for (std::int64_t i = 0; i < length; ++i) {
      const double yi = yr[i * ys], gi = gr[i * gs];
      xr[i * xs] = static_cast<T>(logarithm ? gi - std::exp(yi) * sum : yi * (gi - sum));
    }
  }
  return DSW_OK;
}

template <class T>
int cross_entropy_fwd(const DswView& x, const DswView& target, double smoothing, const DswView& loss, const DswView& row_lse,
                      const DswView& count) {
  const std::int64_t N = x.shape[0], K = x.shape[1];
  double total = 0;
  std::int64_t counted = 0;
  for (std::int64_t n = 0; n < N; ++n) {
    const T* row = data<T>(x) + n * x.stride[0];
    const std::int64_t t = data<std::int32_t>(target)[n * target.stride[0]];
    if (t >= K) return DSW_BAD_ARGUMENT;
    const LogSumExp lse = row_log_sum_exp(row, K, x.stride[1]);
    data<T>(row_lse)[n * row_lse.stride[0]] = static_cast<T>(lse.value());
    if (t < 0) continue;
    double mean = 0;
    if (smoothing != 0) {
      for (std::int64_t k = 0; k < K; ++k) mean += row[k * x.stride[1]];
      mean /= static_cast<double>(K);
    }
    total -= (1 - smoothing) * lse.log_probability(row[t * x.stride[1]]) + (smoothing != 0 ? smoothing * lse.log_probability(mean) : 0);
    ++counted;
  }
  data<T>(loss)[0] = static_cast<T>(counted == 0 ? 0 : total / static_cast<double>(counted));
  data<std::int64_t>(count)[0] = counted;
  return DSW_OK;
}

/// dx[n, k] = dloss / count (p[k] - (1 - s) [k = target] - s / K); 0 for rows left out.
template <class T>
int cross_entropy_bwd(const DswView& x, const DswView& target, double smoothing, const DswView& row_lse, const DswView& count,
                      const DswView& dloss, const DswView& dx) {
  const std::int64_t N = x.shape[0], K = x.shape[1], counted = data<std::int64_t>(count)[0];
  const double scale = counted == 0 ? 0 : static_cast<double>(data<T>(dloss)[0]) / static_cast<double>(counted);
  for (std::int64_t n = 0; n < N; ++n) {
    const T* row = data<T>(x) + n * x.stride[0];
    T* out = data<T>(dx) + n * dx.stride[0];
    const std::int64_t t = data<std::int32_t>(target)[n * target.stride[0]];
    const double lse = data<T>(row_lse)[n * row_lse.stride[0]];
    for (std::int64_t k = 0; k < K; ++k) {
      const double p = std::exp(row[k * x.stride[1]] - lse);
      out[k * dx.stride[1]] = static_cast<T>(t < 0 ? 0 : scale * (p - (k == t ? 1 - smoothing : 0) - smoothing / static_cast<double>(K)));
    }
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
