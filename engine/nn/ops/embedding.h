// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// Rows of a table: y[..., :] = weight[index[...], :].
/// @param weight  [V, C], a float dtype   @param index  [...], int32, each 0 … V-1
/// @return        [..., C].   Gradient: dweight[v] = sum of dy over the places where index is v, in order
/// @throws Error{ShapeMismatch} if weight is not a matrix or index not int32; Error{InvalidArgument} if an index is out of range
Tensor embedding(const Tensor& weight, const Tensor& index);

}  // namespace dsw
