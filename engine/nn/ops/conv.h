// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"
#include "kernels/kernel_table.h"

namespace dsw {

/// Steps, zero padding, spacing of the kernel's elements (each in pixels, of rows and columns) and channel groups.
struct Conv2dOptions {
  std::int32_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dilation_h = 1, dilation_w = 1, groups = 1;
};

/// Convolution as networks mean it (correlation):
/// y[b, o, i, j] = bias[o] + sum over c, r, s of x[b, c, i stride + r dilation - pad, j stride + s dilation - pad] w[o, c, r, s].
/// @param x  [B, C, H, W]   @param weight  [O, C / groups, R, S], x's dtype   @param bias  [O] or not given
/// Dtypes of bias, result and gradients: as linear (nn/ops/linear.h).
/// @return   [B, O, H', W'], H' = (H + 2 pad - dilation (R - 1) - 1) / stride + 1 (rounded down).
/// @throws Error{ShapeMismatch} if channels, groups or dtypes do not fit or the kernel is larger than the padded picture
/// Source: Dumoulin & Visin 2016 (arithmetic of shapes)
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv2dOptions& options = {});
/// Its shape rule alone.
Shape conv2d_shape(const Shape& x, const Shape& weight, const Conv2dOptions& options);

}  // namespace dsw
