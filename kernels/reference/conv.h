// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/view.h"

/// Convolution (cross-correlation, as the field says) and pooling over [B, C, H, W].
namespace dsw::kernels::reference {

inline std::int64_t offset4(const DswView& x, std::int64_t b, std::int64_t c, std::int64_t h, std::int64_t w) {
  return b * x.stride[0] + c * x.stride[1] + h * x.stride[2] + w * x.stride[3];
}

/// Calls f(b, o, i, j, c, r, s, h, w) for every product x[b, group's c, h, w] w[o, c, r, s] of y[b, o, i, j] that lies inside x.
template <class F>
void for_each_product(const DswConv& p, const DswView& x, const DswView& w, const DswView& y, F&& f) {
  const std::int64_t outputs_per_group = w.shape[0] / p.groups, C = w.shape[1];
  for (std::int64_t b = 0; b < y.shape[0]; ++b)
    for (std::int64_t o = 0; o < y.shape[1]; ++o) {
      const std::int64_t first = o / outputs_per_group * C;
      for (std::int64_t i = 0; i < y.shape[2]; ++i)
        for (std::int64_t j = 0; j < y.shape[3]; ++j) {
          for (std::int64_t c = 0; c < C; ++c)
            for (std::int64_t r = 0; r < w.shape[2]; ++r)
              for (std::int64_t s = 0; s < w.shape[3]; ++s) {
                const std::int64_t h = i * p.stride_h - p.pad_h + r * p.dilation_h, v = j * p.stride_w - p.pad_w + s * p.dilation_w;
                if (h < 0 || h >= x.shape[2] || v < 0 || v >= x.shape[3]) continue;
                f(offset4(x, b, first + c, h, v), offset4(w, o, c, r, s), ((b * y.shape[1] + o) * y.shape[2] + i) * y.shape[3] + j);
              }
        }
    }
}

/// Adds up in double over a dense numbering and stores to a view of T.
template <class T>
void store_all(const std::vector<double>& sums, const DswView& y) {
  for (std::size_t i = 0; i < sums.size(); ++i) data<T>(y)[element_offset(y, static_cast<std::int64_t>(i))] = static_cast<T>(sums[i]);
}
inline DswView dense_like(const DswView& x) {
  DswView dense = x;
  std::int64_t step = 1;
  for (int a = x.rank - 1; a >= 0; --a) {
    dense.stride[a] = step;
    step *= x.shape[a];
  }
  return dense;
}

template <class T>
int conv2d_fwd(const DswConv& p, const DswView& x, const DswView& w, const DswView& bias, const DswView& y) {
  std::vector<double> sums(static_cast<std::size_t>(elements(y)));
  const std::int64_t area = y.shape[2] * y.shape[3];
  for (std::size_t i = 0; given(bias) && i < sums.size(); ++i)
    sums[i] = data<T>(bias)[static_cast<std::int64_t>(i) / area % y.shape[1] * bias.stride[0]];
  for_each_product(p, x, w, y, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) {
    sums[static_cast<std::size_t>(yi)] += static_cast<double>(data<T>(x)[xi]) * data<T>(w)[wi];
  });
  store_all<T>(sums, y);
  return DSW_OK;
}

template <class T>
int conv2d_bwd_data(const DswConv& p, const DswView& w, const DswView& dy, const DswView& dx) {
  std::vector<double> sums(static_cast<std::size_t>(elements(dx)));
  for_each_product(p, dense_like(dx), w, dy, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) {
    sums[static_cast<std::size_t>(xi)] += static_cast<double>(data<T>(w)[wi]) * data<T>(dy)[element_offset(dy, yi)];
  });
  store_all<T>(sums, dx);
  return DSW_OK;
}

template <class T>
int conv2d_bwd_weights(const DswConv& p, const DswView& x, const DswView& dy, const DswView& dw, const DswView& dbias) {
  std::vector<double> sums(static_cast<std::size_t>(elements(dw)));
  for_each_product(p, x, dense_like(dw), dy, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) {
    sums[static_cast<std::size_t>(wi)] += static_cast<double>(data<T>(x)[xi]) * data<T>(dy)[element_offset(dy, yi)];
  });
  store_all<T>(sums, dw);
  if (!given(dbias)) return DSW_OK;
  std::vector<double> bias_sums(static_cast<std::size_t>(dy.shape[1]));
  const std::int64_t n = elements(dy), area = dy.shape[2] * dy.shape[3];
  for (std::int64_t i = 0; i < n; ++i) bias_sums[static_cast<std::size_t>(i / area % dy.shape[1])] += data<T>(dy)[element_offset(dy, i)];
  store_all<T>(bias_sums, dbias);
  return DSW_OK;
}

/// The part of x under one output of a pool: rows [h0, h1), columns [w0, w1), inside the picture.
struct PoolWindow {
  std::int64_t h0, h1, w0, w1;
};
inline PoolWindow pool_window(const DswPool& p, std::int64_t i, std::int64_t j, std::int64_t H, std::int64_t W) {
  const std::int64_t h = i * p.stride_h - p.pad_h, w = j * p.stride_w - p.pad_w;
  return {h < 0 ? 0 : h, h + p.kernel_h > H ? H : h + p.kernel_h, w < 0 ? 0 : w, w + p.kernel_w > W ? W : w + p.kernel_w};
}

template <class T>
int pool2d_fwd(const DswPool& p, const DswView& x, const DswView& y, const DswView& index) {
  const std::int64_t H = x.shape[2], W = x.shape[3];
  for (std::int64_t b = 0; b < y.shape[0]; ++b)
    for (std::int64_t c = 0; c < y.shape[1]; ++c) {
      for (std::int64_t i = 0; i < y.shape[2]; ++i)
        for (std::int64_t j = 0; j < y.shape[3]; ++j) {
          const PoolWindow window = pool_window(p, i, j, H, W);
          double sum = 0;
          T maximum = -std::numeric_limits<T>::infinity();
          std::int64_t best = window.h0 * W + window.w0;
          for (std::int64_t h = window.h0; h < window.h1; ++h)
            for (std::int64_t w = window.w0; w < window.w1; ++w) {
              const T value = data<T>(x)[offset4(x, b, c, h, w)];
              sum += value;
              if (!std::isnan(maximum) && (value > maximum || std::isnan(value))) {
                maximum = value;
                best = h * W + w;
              }
            }
          const double counted = static_cast<double>((window.h1 - window.h0) * (window.w1 - window.w0));
          data<T>(y)[offset4(y, b, c, i, j)] = p.average ? static_cast<T>(sum / counted) : maximum;
          if (given(index)) data<std::int32_t>(index)[offset4(index, b, c, i, j)] = static_cast<std::int32_t>(best);
        }
    }
  return DSW_OK;
}

template <class T>
int pool2d_bwd(const DswPool& p, const DswView& dy, const DswView& index, const DswView& dx) {
  const std::int64_t H = dx.shape[2], W = dx.shape[3];
  for_each_element(dx, {&dx}, [&](const std::int64_t* at) { data<T>(dx)[at[0]] = 0; });
  for (std::int64_t b = 0; b < dy.shape[0]; ++b)
    for (std::int64_t c = 0; c < dy.shape[1]; ++c) {
      for (std::int64_t i = 0; i < dy.shape[2]; ++i)
        for (std::int64_t j = 0; j < dy.shape[3]; ++j) {
          const T g = data<T>(dy)[offset4(dy, b, c, i, j)];
          if (!p.average) {
            const std::int64_t best = data<std::int32_t>(index)[offset4(index, b, c, i, j)];
            data<T>(dx)[offset4(dx, b, c, best / W, best % W)] += g;
            continue;
          }
          const PoolWindow window = pool_window(p, i, j, H, W);
          const T share = g / static_cast<T>((window.h1 - window.h0) * (window.w1 - window.w0));
          for (std::int64_t h = window.h0; h < window.h1; ++h)
            for (std::int64_t w = window.w0; w < window.w1; ++w) data<T>(dx)[offset4(dx, b, c, h, w)] += share;
        }
    }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
