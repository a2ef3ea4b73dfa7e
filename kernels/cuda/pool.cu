// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/stream.h"

/// Pooling over [B, C, H, W]: a thread an output forward, a thread an input backward, which looks at the windows above it in order.
namespace dsw::cuda {
namespace {

DSW_DEVICE std::int64_t offset4(const DswView& x, std::int64_t b, std::int64_t c, std::int64_t h, std::int64_t w) {
  return b * x.stride[0] + c * x.stride[1] + h * x.stride[2] + w * x.stride[3];
}
struct Place {
  std::int64_t b, c, h, w;
};
DSW_DEVICE Place place_of(const DswView& x, std::int64_t i) {
  const std::int64_t W = x.shape[3], H = x.shape[2], C = x.shape[1];
  return {i / W / H / C, i / W / H % C, i / W % H, i % W};
}

/// The part of x under one output: rows [h0, h1), columns [w0, w1), inside the picture.
struct Window {
  std::int64_t h0, h1, w0, w1;
};
DSW_DEVICE Window window_of(const DswPool& p, std::int64_t i, std::int64_t j, std::int64_t H, std::int64_t W) {
  const std::int64_t h = i * p.stride_h - p.pad_h, w = j * p.stride_w - p.pad_w;
  return {h < 0 ? 0 : h, h + p.kernel_h > H ? H : h + p.kernel_h, w < 0 ? 0 : w, w + p.kernel_w > W ? W : w + p.kernel_w};
}

__global__ void pool2d_fwd_kernel(std::int64_t count, DswPool p, DswView x, DswView y, DswView index) {
  const std::int64_t H = x.shape[2], W = x.shape[3];
  for_each_of_grid(count, [&](std::int64_t i) {
    const Place at = place_of(y, i);
    const Window window = window_of(p, at.h, at.w, H, W);
    float sum = 0, maximum = -INFINITY;
    std::int64_t best = window.h0 * W + window.w0;
    for (std::int64_t h = window.h0; h < window.h1; ++h)
      for (std::int64_t w = window.w0; w < window.w1; ++w) {
        const float value = read<float>(x, offset4(x, at.b, at.c, h, w));
        sum += value;
        if (isnan(maximum) || !(value > maximum || isnan(value))) continue;
        maximum = value;
        best = h * W + w;
      }
    const auto counted = static_cast<float>((window.h1 - window.h0) * (window.w1 - window.w0));
    write(y, offset4(y, at.b, at.c, at.h, at.w), p.average != 0 ? sum / counted : maximum);
    if (index.data != nullptr) store(data<std::int32_t>(index) + offset4(index, at.b, at.c, at.h, at.w), static_cast<std::int32_t>(best));
  });
}
int pool2d_fwd(DswStream* stream, const DswPool* p, DswView x, DswView y, DswView index) {
  if (!computable({&x, &y}) || (given(index) && index.dtype != DSW_I32)) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(y);
  return launch(stream, "pool2d_fwd", pool2d_fwd_kernel, element_grid(count), kElementThreads, 0, count, *p, x, y, index);
}

/// The first output along an axis whose window of `kernel` reaches input `at`.
DSW_DEVICE std::int64_t first_window(std::int64_t at, std::int64_t pad, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t begin = at + pad - kernel + 1;
  return begin <= 0 ? 0 : (begin + stride - 1) / stride;
}
__global__ void pool2d_bwd_kernel(std::int64_t count, DswPool p, DswView dy, DswView index, DswView dx) {
  const std::int64_t H = dx.shape[2], W = dx.shape[3];
  for_each_of_grid(count, [&](std::int64_t n) {
    const Place at = place_of(dx, n);
    float sum = 0;
    for (std::int64_t i = first_window(at.h, p.pad_h, p.kernel_h, p.stride_h); i < dy.shape[2] && i * p.stride_h - p.pad_h <= at.h; ++i)
      for (std::int64_t j = first_window(at.w, p.pad_w, p.kernel_w, p.stride_w); j < dy.shape[3] && j * p.stride_w - p.pad_w <= at.w; ++j) {
        float share = 1;
        if (p.average != 0) {
          const Window window = window_of(p, i, j, H, W);
          share = static_cast<float>((window.h1 - window.h0) * (window.w1 - window.w0));
        } else if (load(data<const std::int32_t>(index) + offset4(index, at.b, at.c, i, j)) != at.h * W + at.w) {
          continue;
        }
        sum += read<float>(dy, offset4(dy, at.b, at.c, i, j)) / share;
      }
    write(dx, offset4(dx, at.b, at.c, at.h, at.w), sum);
  });
}
int pool2d_bwd(DswStream* stream, const DswPool* p, DswView dy, DswView index, DswView dx) {
  if (!computable({&dy, &dx}) || (p->average == 0 && index.dtype != DSW_I32)) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(dx);
  return launch(stream, "pool2d_bwd", pool2d_bwd_kernel, element_grid(count), kElementThreads, 0, count, *p, dy, index, dx);
}

}  // namespace

void add_pool(DswKernels& table) {
  table.pool2d_fwd = pool2d_fwd;
  table.pool2d_bwd = pool2d_bwd;
}

}  // namespace dsw::cuda
