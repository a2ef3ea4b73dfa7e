// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// y[..., o] = sum_i x[..., i] weight[o, i] + bias[o]. Bias is added in the product.
/// @param x  [..., I]   @param weight  [O, I]   @param bias  [O] or not given
/// @return   [..., O].   Gradient: dx = dy weight, dweight = dyᵀ x, dbias = sum of dy over the rows
/// @throws Error{ShapeMismatch} if I or O differ
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// Its shape rule alone.
Shape linear_shape(const Shape& x, const Shape& weight);

}  // namespace dsw
