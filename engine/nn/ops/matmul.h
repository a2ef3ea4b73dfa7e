// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// y[..., m, n] = sum_k a[..., m, k] b[..., k, n]. Transposed and sliced views are read in place.
/// @param a  [..., M, K]   @param b  [..., K, N]; leading axes broadcast as NumPy does
/// @return   [..., M, N]   Gradient: da = dy bᵀ, db = aᵀ dy, summed over broadcast axes
/// @throws Error{ShapeMismatch} if the ranks are below 2, K differs, or the leading axes do not fit
Tensor matmul(const Tensor& a, const Tensor& b);
/// Its shape rule alone.
Shape matmul_shape(const Shape& a, const Shape& b);

}  // namespace dsw
