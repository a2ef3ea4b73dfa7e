// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

// Reductions over the named axes (negative counts from the end; no axes named: all of them).
// `keep` leaves each as length 1, else it is gone; all gone gives a tensor of rank 0. Sums are in fixed order.
// @throws Error{ShapeMismatch} if an axis is not there or named twice

/// Sum of the elements; 0 over an empty axis.   Gradient: dx = dy for each element
Tensor sum(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Sum divided by the number of elements; NaN over an empty axis.   Gradient: dx = dy / n
Tensor mean(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Largest element; minus infinity over an empty axis.   Gradient: dy shared equally by the elements that are the largest
Tensor max(const Tensor& x, const std::vector<int>& axes = {}, bool keep = false);
/// Index of the largest element of each row (last axis), int32, the first of equals; x [..., C] gives [...]. No gradient.
Tensor argmax(const Tensor& x);

}  // namespace dsw
