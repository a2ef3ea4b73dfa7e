// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <vector>

#include "kernels/view.h"

/// Layer, root-mean-square and batch normalisation. Weight and bias may be not given (1 and 0), and so may each gradient.
/// Gradients of weight and bias are summed over all rows in order.
/// Sources: Ba et al. 2016; Zhang & Sennrich 2019; Ioffe & Szegedy 2015.
namespace dsw::kernels::reference {

template <class T>
double value_or(const DswView& x, std::int64_t i, double otherwise) {
  return given(x) ? static_cast<double>(data<T>(x)[i * x.stride[0]]) : otherwise;
}
template <class T>
void store(const DswView& x, std::int64_t i, double value) {
  if (given(x)) data<T>(x)[element_offset(x, i)] = static_cast<T>(value);
}

template <class T>
int layer_norm_fwd(const DswView& x, const DswView& weight, const DswView& bias, double eps, const DswView& y, const DswView& mean,
                   const DswView& rstd) {
  const std::int64_t N = row_count(x), C = last_length(x), xs = last_stride(x), ys = last_stride(y);
  for (std::int64_t n = 0; C > 0 && n < N; ++n) {
    const T* xr = data<T>(x) + row_offset(x, n);
    T* yr = data<T>(y) + row_offset(y, n);
    double m = 0, variance = 0;
    for (std::int64_t c = 0; c < C; ++c) m += xr[c * xs];
    m /= static_cast<double>(C);
    for (std::int64_t c = 0; c < C; ++c) variance += (xr[c * xs] - m) * (xr[c * xs] - m);
    const double r = 1 / std::sqrt(variance / static_cast<double>(C) + eps);
    for (std::int64_t c = 0; c < C; ++c)
      yr[c * ys] = static_cast<T>((xr[c * xs] - m) * r * value_or<T>(weight, c, 1) + value_or<T>(bias, c, 0));
    store<T>(mean, n, m);
    store<T>(rstd, n, r);
  }
  return DSW_OK;
}

/// With h = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - h mean(g h)). Root mean square: mean is 0 and not differentiated.
/// `added`, where given, is added to dx.
template <class T>
int row_norm_bwd(const DswView& x, const DswView& weight, const DswView* mean, const DswView& rstd, const DswView& dy, const DswView& dx,
                 const DswView& dweight, const DswView& dbias, const DswView& added = {}) {
  const std::int64_t N = row_count(x), C = last_length(x), xs = last_stride(x), gs = last_stride(dy), os = last_stride(dx);
  std::vector<double> weight_sum(static_cast<std::size_t>(C)), bias_sum(static_cast<std::size_t>(C));
  for (std::int64_t n = 0; C > 0 && n < N; ++n) {
    const T* xr = data<T>(x) + row_offset(x, n);
    const T* gr = data<T>(dy) + row_offset(dy, n);
    const double m = mean != nullptr ? data<T>(*mean)[element_offset(*mean, n)] : 0, r = data<T>(rstd)[element_offset(rstd, n)];
    double g_mean = 0, gh_mean = 0;
    for (std::int64_t c = 0; c < C; ++c) {
      const double h = (xr[c * xs] - m) * r, g = gr[c * gs] * value_or<T>(weight, c, 1);
      g_mean += g;
      gh_mean += g * h;
      weight_sum[static_cast<std::size_t>(c)] += gr[c * gs] * h;
      bias_sum[static_cast<std::size_t>(c)] += gr[c * gs];
    }
    g_mean = mean != nullptr ? g_mean / static_cast<double>(C) : 0;
    gh_mean /= static_cast<double>(C);
    if (!given(dx)) continue;
    T* out = data<T>(dx) + row_offset(dx, n);
    const T* more = given(added) ? data<T>(added) + row_offset(added, n) : nullptr;
    for (std::int64_t c = 0; c < C; ++c) {
      const double h = (xr[c * xs] - m) * r, g = gr[c * gs] * value_or<T>(weight, c, 1);
      out[c * os] = static_cast<T>(r * (g - g_mean - h * gh_mean) + (more ? more[c * last_stride(added)] : 0));
    }
  }
  for (std::int64_t c = 0; c < C; ++c) {
    store<T>(dweight, c, weight_sum[static_cast<std::size_t>(c)]);
    store<T>(dbias, c, bias_sum[static_cast<std::size_t>(c)]);
  }
  return DSW_OK;
}

template <class T>
int rms_norm_fwd(const DswView& x, const DswView& weight, double eps, const DswView& y, const DswView& rstd) {
  const std::int64_t N = row_count(x), C = last_length(x), xs = last_stride(x), ys = last_stride(y);
  for (std::int64_t n = 0; C > 0 && n < N; ++n) {
    const T* xr = data<T>(x) + row_offset(x, n);
    T* yr = data<T>(y) + row_offset(y, n);
    double square = 0;
    for (std::int64_t c = 0; c < C; ++c) square += static_cast<double>(xr[c * xs]) * xr[c * xs];
    const double r = 1 / std::sqrt(square / static_cast<double>(C) + eps);
    for (std::int64_t c = 0; c < C; ++c) yr[c * ys] = static_cast<T>(xr[c * xs] * r * value_or<T>(weight, c, 1));
    store<T>(rstd, n, r);
  }
  return DSW_OK;
}

/// The elements of channel c of [B, C, ...] in order: f(offset in x, offset in the second, offset in the third).
template <class F>
void for_each_of_channel(const DswView& x, const DswView& second, const DswView& third, std::int64_t c, F&& f) {
  DswView part = x;
  part.shape[1] = 1;
  const DswView* views[] = {&x, &second, &third};
  std::int64_t base[3];
  for (int i = 0; i < 3; ++i) base[i] = given(*views[i]) ? c * views[i]->stride[1] : 0;
  for_each_element(part, {&x, &second, &third}, [&](const std::int64_t* at) { f(at[0] + base[0], at[1] + base[1], at[2] + base[2]); });
}

template <class T>
int batch_norm_fwd(const DswView& x, const DswView& weight, const DswView& bias, const DswView& running_mean, const DswView& running_var,
                   double momentum, double eps, bool training, const DswView& y, const DswView& mean, const DswView& rstd) {
  const std::int64_t C = x.shape[1], n = C == 0 ? 0 : elements(x) / C;
  for (std::int64_t c = 0; n > 0 && c < C; ++c) {
    double m = 0, variance = 0;
    if (training) {
      for_each_of_channel(x, x, x, c, [&](std::int64_t at, std::int64_t, std::int64_t) { m += data<T>(x)[at]; });
      m /= static_cast<double>(n);
      for_each_of_channel(x, x, x, c,
                          [&](std::int64_t at, std::int64_t, std::int64_t) { variance += (data<T>(x)[at] - m) * (data<T>(x)[at] - m); });
      const double unbiased = variance / static_cast<double>(n > 1 ? n - 1 : 1);
      variance /= static_cast<double>(n);
      store<T>(running_mean, c, (1 - momentum) * value_or<T>(running_mean, c, 0) + momentum * m);
      store<T>(running_var, c, (1 - momentum) * value_or<T>(running_var, c, 0) + momentum * unbiased);
    } else {
      m = value_or<T>(running_mean, c, 0);
      variance = value_or<T>(running_var, c, 1);
    }
    const double r = 1 / std::sqrt(variance + eps), w = value_or<T>(weight, c, 1), b = value_or<T>(bias, c, 0);
    store<T>(mean, c, m);
    store<T>(rstd, c, r);
    for_each_of_channel(x, y, y, c, [&](std::int64_t from, std::int64_t to, std::int64_t) {
      data<T>(y)[to] = static_cast<T>((data<T>(x)[from] - m) * r * w + b);
    });
  }
  return DSW_OK;
}

template <class T>
int batch_norm_bwd(const DswView& x, const DswView& weight, const DswView& mean, const DswView& rstd, bool training, const DswView& dy,
                   const DswView& dx, const DswView& dweight, const DswView& dbias) {
  const std::int64_t C = x.shape[1], n = C == 0 ? 0 : elements(x) / C;
  for (std::int64_t c = 0; c < C; ++c) {
    double g_sum = 0, gh_sum = 0;
    const double m = value_or<T>(mean, c, 0), r = value_or<T>(rstd, c, 1), w = value_or<T>(weight, c, 1);
    for_each_of_channel(x, dy, dy, c, [&](std::int64_t at, std::int64_t from, std::int64_t) {
      g_sum += data<T>(dy)[from];
      gh_sum += data<T>(dy)[from] * (data<T>(x)[at] - m) * r;
    });
    store<T>(dweight, c, gh_sum);
    store<T>(dbias, c, g_sum);
    if (!given(dx)) continue;
    const double g_mean = training ? g_sum / static_cast<double>(n) : 0, gh_mean = training ? gh_sum / static_cast<double>(n) : 0;
    for_each_of_channel(x, dy, dx, c, [&](std::int64_t at, std::int64_t from, std::int64_t to) {
      data<T>(dx)[to] = static_cast<T>(w * r * (data<T>(dy)[from] - g_mean - (data<T>(x)[at] - m) * r * gh_mean));
    });
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
