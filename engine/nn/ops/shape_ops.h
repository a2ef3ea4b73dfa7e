// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

// Ops that only rearrange. Unless said otherwise the result is a view of x's memory: no copy. Any dtype; gradients for floats.

/// Same elements in row-major order with another shape. One length may be -1: it follows from the others.
/// A view where the strides allow it, else one copy. @throws Error{ShapeMismatch} unless the numbers of elements agree
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> shape);  ///< with one -1 allowed
/// Axis i of the result is axis axes[i] of x.  Gradient: the inverse permutation
Tensor permute(const Tensor& x, const std::vector<int>& axes);
/// Two axes exchanged; negative counts from the end.
Tensor transpose(const Tensor& x, int a = -2, int b = -1);
/// The range [begin, end) of one axis.  Gradient: dy in that range, 0 elsewhere
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);
/// Consecutive slices of these lengths along one axis; they must sum to the axis.
std::vector<Tensor> split(const Tensor& x, int axis, const std::vector<std::int64_t>& lengths);
/// Tensors after one another along one axis; the other lengths are equal. A copy.  Gradient: the slices of dy
Tensor concat(const std::vector<Tensor>& parts, int axis);
/// Axes of length 1 (and added leading axes) repeated without memory.  Gradient: the sum over the repeats
Tensor expand(const Tensor& x, const Shape& shape);
/// x itself when its memory is contiguous, else a copy that is.
Tensor contiguous(const Tensor& x);
/// Converted to another dtype (round to nearest even), x itself when it has it. A copy.
/// Gradient: dy converted back; dy itself where it has x's dtype, as the float32 gradient of a weight's bfloat16 copy
Tensor cast(const Tensor& x, DType dtype);

}  // namespace dsw
