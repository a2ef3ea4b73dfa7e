// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// y[..., o] = sum_i x[..., i] weight[o, i] + bias[o]. Bias is added in the product.
/// @param x  [..., I]   @param weight  [O, I], x's dtype   @param bias  [O] or not given, float32 (float64 beside a float64 x)
/// @return   [..., O], x's dtype.   Gradient: dx = dy weight; dweight = dyᵀ x and dbias = sum of dy over the rows, in the bias' dtype
/// @throws Error{ShapeMismatch} if I or O differ, or a dtype does not fit
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// Its shape rule alone; refusals begin with the name `op`.
Shape linear_shape(const Shape& x, const Shape& weight, const char* op = "linear");

}  // namespace dsw
