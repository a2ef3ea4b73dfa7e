// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// What the op families share: calls into the kernel table, checks with sentences, and sums that undo a broadcast.
#include <initializer_list>
#include <utility>

#include "engine/autograd/node.h"
#include "engine/core/result.h"
#include "engine/tensor/precision.h"
#include "engine/tensor/tensor.h"

namespace dsw::op {

/// Calls a kernel on x's device and throws by its status: run(x, "softmax_fwd", &DswKernels::softmax_fwd, x.view(), y.view()).
/// A null entry is Error{Unsupported}.
template <class... Parameters, class... Arguments>
void run(const Tensor& on, const char* name, int (*DswKernels::*kernel)(DswStream*, Parameters...), Arguments&&... arguments) {
  Device& device = on.device();
  const auto function = device.kernels().*kernel;
  check_status(function ? function(device.stream(), std::forward<Arguments>(arguments)...) : DSW_UNSUPPORTED, name, device);
}

[[noreturn]] void shape_error(const char* op, const std::string& sentence);
/// All given tensors are defined, and on one device.
void check_together(const char* op, std::initializer_list<const Tensor*> tensors);
void check_same_dtype(const char* op, const Tensor& a, const Tensor& b);
/// A bias or a norm's weight is kept in wide_dtype of its data x: float32 beside bfloat16.
void check_wide(const char* op, const char* name, const Tensor& parameter, const Tensor& x);
void check_dtype(const char* op, const char* name, const Tensor& x, DType dtype);
void check_float(const char* op, const Tensor& x);
void check_rank_at_least(const char* op, const Tensor& x, int rank);
void check_rank(const char* op, const char* name, const Tensor& x, int rank);
void check_shape(const char* op, const char* name, const Tensor& x, const Shape& shape);

/// x as a kernel argument that shows with this shape by zero strides; shape fits by broadcasting.
DswView broadcast_view(const Tensor& x, const Shape& shape);
/// Sums x over the axes by which `shape` was broadcast to x's shape. x itself when the shapes are equal.
Tensor sum_to_shape(const Tensor& x, const Shape& shape);
/// The same rounded to `dtype` only: for gradients of what is kept wider than x.
Tensor sum_to_shape(const Tensor& x, const Shape& shape, DType dtype);
/// All axes but the last joined: [N, C]. A copy only where the strides do not allow a view. Outside the graph.
Tensor as_rows(const Tensor& x);
/// x, or a contiguous copy of it. Outside the graph.
Tensor as_contiguous(const Tensor& x);
/// What a gradient's closure keeps of x: x where its formula will be asked for, else nothing.
inline Tensor kept_if(bool asked, const Tensor& x) { return asked ? x : Tensor(); }
/// What statistics of x, and the gradients of weights that it met, are kept in.
inline DType statistics_dtype(const Tensor& x) { return wide_dtype(x.dtype()); }
/// `shape` without its last axis.
Shape without_last(const Shape& shape);
/// An uninitialised gradient for x where x wants one, else undefined (kernels skip it).
inline Tensor wanted_like(const Tensor& x, const Shape& shape) {
  return x.requires_grad() ? empty(shape, x.dtype(), x.device()) : Tensor();
}
/// `shape` with another last length.
inline Shape with_last(Shape shape, std::int64_t length) {
  shape[-1] = length;
  return shape;
}

}  // namespace dsw::op
