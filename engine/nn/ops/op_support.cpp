// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/op_support.h"

namespace dsw::op {

void shape_error(const char* op, const std::string& sentence) {
  throw Error(ErrorCode::ShapeMismatch, fmt::format("{}: {}", op, sentence));
}

void check_together(const char* op, std::initializer_list<const Tensor*> tensors) {
  const Tensor* first = nullptr;
  for (const Tensor* tensor : tensors) {
    if (!tensor->defined()) throw Error(ErrorCode::InvalidArgument, fmt::format("{}: an input is not given", op));
    if (!first) first = tensor;
    if (&tensor->device() != &first->device()) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{}: inputs are on {} and {}", op, first->device().info().name, tensor->device().info().name),
                  "Copy one of them to the other's device.");
    }
  }
}

void check_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    shape_error(op, fmt::format("inputs are {} and {}; one dtype is needed", dtype_name(a.dtype()), dtype_name(b.dtype())));
}

void check_wide(const char* op, const char* name, const Tensor& parameter, const Tensor& x) {
  const DType wanted = wide_dtype(x.dtype());
  if (parameter.dtype() == wanted) return;
  shape_error(
      op, fmt::format("x is {}, {} is {}; it must be {}", dtype_name(x.dtype()), name, dtype_name(parameter.dtype()), dtype_name(wanted)));
}

void check_dtype(const char* op, const char* name, const Tensor& x, DType dtype) {
  if (x.dtype() != dtype) shape_error(op, fmt::format("{} is {}; it must be {}", name, dtype_name(x.dtype()), dtype_name(dtype)));
}

void check_float(const char* op, const Tensor& x) {
  if (!x) throw Error(ErrorCode::InvalidArgument, fmt::format("{}: an input is not given", op));
  if (!dtype_is_float(x.dtype())) shape_error(op, fmt::format("the input is {}; a float dtype is needed", dtype_name(x.dtype())));
}

void check_rank_at_least(const char* op, const Tensor& x, int rank) {
  if (x.rank() < rank)
    shape_error(op, fmt::format("the input is {}; it needs at least {} {}", x.shape().text(), rank, rank == 1 ? "axis" : "axes"));
}

void check_rank(const char* op, const char* name, const Tensor& x, int rank) {
  if (x.rank() != rank)
    shape_error(op, fmt::format("{} is {}; it must have {} {}", name, x.shape().text(), rank, rank == 1 ? "axis" : "axes"));
}

void check_shape(const char* op, const char* name, const Tensor& x, const Shape& shape) {
  if (!(x.shape() == shape)) shape_error(op, fmt::format("{} is {}; it must be {}", name, x.shape().text(), shape.text()));
}

DswView broadcast_view(const Tensor& x, const Shape& shape) {
  DswView view = x.view();
  const int added = shape.rank() - x.rank();
  if (shape.rank() == 0) return view;
  DswView wide{};
  wide.data = view.data;
  wide.dtype = view.dtype;
  wide.rank = shape.rank();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    wide.shape[axis] = shape[axis];
    if (axis >= added && view.shape[axis - added] == shape[axis]) wide.stride[axis] = view.stride[axis - added];
  }
  return wide;
}

Tensor sum_to_shape(const Tensor& x, const Shape& shape) { return sum_to_shape(x, shape, x.dtype()); }

Tensor sum_to_shape(const Tensor& x, const Shape& shape, DType dtype) {
  if (x.shape() == shape) return x.dtype() == dtype ? x : to_dtype_copy(x, dtype);
  const int added = x.rank() - shape.rank();
  Shape kept = x.shape();
  for (int axis = 0; axis < x.rank(); ++axis) kept[axis] = axis < added ? 1 : shape[axis - added];
  const Tensor y = empty(kept, dtype, x.device());
  if (y.elements() > 0) run(x, "reduce", &DswKernels::reduce, DSW_SUM, x.view(), y.view());
  return y.view_reshape(shape);
}

Shape without_last(const Shape& shape) {
  Shape result;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) result.push_back(shape[axis]);
  return result;
}

Tensor as_contiguous(const Tensor& x) { return x.is_contiguous() ? x : x.contiguous_copy(); }

Tensor as_rows(const Tensor& x) {
  const std::int64_t last = x.size(-1);
  std::int64_t rows = 1;
  for (int axis = 0; axis + 1 < x.rank(); ++axis) rows *= x.size(axis);
  const Shape flat{rows, last};
  if (x.shape() == flat) return x.detach();
  return x.can_view_as(flat) ? x.view_reshape(flat) : x.contiguous_copy().view_reshape(flat);
}

}  // namespace dsw::op
