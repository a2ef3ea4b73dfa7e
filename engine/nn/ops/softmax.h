// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// Softmax over the last axis: y[i] = exp(x[i] - max x) / sum_j exp(x[j] - max x).
/// @param x  [..., C], a float dtype; sums are kept in float32 at least
/// @return   [..., C], dtype of x; each row sums to 1.   Gradient: dx = y (dy - sum_j dy[j] y[j])
/// @throws Error{ShapeMismatch} if x has rank 0.   Source: Goodfellow et al. 2016, sec. 4.1 (shift by the maximum)
Tensor softmax(const Tensor& x);

/// Logarithm of the softmax over the last axis: y[i] = x[i] - log sum_j exp(x[j]).
/// @param x  [..., C], a float dtype      @return  the same.   Gradient: dx = dy - exp(y) sum_j dy[j]
/// @throws Error{ShapeMismatch} if x has rank 0
Tensor log_softmax(const Tensor& x);

}  // namespace dsw
