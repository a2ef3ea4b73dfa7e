// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// Window, step and padding in pixels, of rows and columns. Padding is at most half the window.
struct Pool2dOptions {
  std::int32_t kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2, pad_h = 0, pad_w = 0;
};

// x [B, C, H, W] gives [B, C, H', W'], H' = (H + 2 pad - kernel) / stride + 1 (rounded down).
// @throws Error{ShapeMismatch} if x is no picture or the window is larger than the padded picture

/// Largest element of each window; padding never wins.   Gradient: dy to the first of the largest
Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options = {});
/// Mean of each window; padding does not count.   Gradient: dy shared equally by the window's elements
Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options = {});
/// Mean of each channel: [B, C, H, W] gives [B, C].
Tensor global_avg_pool2d(const Tensor& x);
/// The shape rule of the first two.
Shape pool2d_shape(const Shape& x, const Pool2dOptions& options);

}  // namespace dsw
