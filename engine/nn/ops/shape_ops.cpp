// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/shape_ops.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

int axis_from_front(const char* name, const Tensor& x, int axis) {
  const int from_front = axis < 0 ? axis + x.rank() : axis;
  if (from_front < 0 || from_front >= x.rank()) op::shape_error(name, fmt::format("axis {} is not an axis of {}", axis, x.shape().text()));
  return from_front;
}

Tensor view_or_copy(const Tensor& x, const Shape& shape) {
  return x.can_view_as(shape) ? x.view_reshape(shape) : x.contiguous_copy().view_reshape(shape);
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  op::check_together("reshape", {&x});
  if (x.elements() != shape.elements()) {
    op::shape_error("reshape",
                    fmt::format("{} has {} elements, {} has {}", x.shape().text(), x.elements(), shape.text(), shape.elements()));
  }
  return with_grad(
      view_or_copy(x, shape), {x}, [before = x.shape()](const Tensor& dy) { return Grads{view_or_copy(dy, before)}; }, "reshape");
}

Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> lengths) {
  std::int64_t known = 1;
  for (const std::int64_t length : lengths) known *= length < 0 ? 1 : length;
  Shape shape;
  for (const std::int64_t length : lengths) shape.push_back(length < 0 ? (known == 0 ? 0 : x.elements() / known) : length);
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const std::vector<int>& axes) {
  op::check_together("permute", {&x});
  Tensor y = x.view_permute(axes);
  if (!x.requires_grad()) return with_grad(std::move(y), {x}, {}, "permute", {{"axes", 0, &axes}});
  std::vector<int> inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) inverse[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  return with_grad(std::move(y), {x}, [inverse = std::move(inverse)](const Tensor& dy) { return Grads{dy.view_permute(inverse)}; },
                   "permute", {{"axes", 0, &axes}});
}

Tensor transpose(const Tensor& x, int a, int b) {
  op::check_together("transpose", {&x});
  std::vector<int> axes(static_cast<std::size_t>(x.rank()));
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>(i);
  std::swap(axes[static_cast<std::size_t>(axis_from_front("transpose", x, a))],
            axes[static_cast<std::size_t>(axis_from_front("transpose", x, b))]);
  return permute(x, axes);
}

Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
  op::check_together("slice", {&x});
  axis = axis_from_front("slice", x, axis);
  return with_slice_grad(x.view_slice(axis, begin, end), x, {axis, begin, end});
}

std::vector<Tensor> split(const Tensor& x, int axis, const std::vector<std::int64_t>& lengths) {
  op::check_together("split", {&x});
  axis = axis_from_front("split", x, axis);
  std::int64_t total = 0;
  for (const std::int64_t length : lengths) total += length;
  if (total != x.size(axis))
    op::shape_error("split", fmt::format("the lengths sum to {}; axis {} of {} needs {}", total, axis, x.shape().text(), x.size(axis)));
  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (const std::int64_t length : lengths) {
    parts.push_back(slice(x, axis, begin, begin + length));
    begin += length;
  }
  return parts;
}

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  if (parts.empty()) throw Error(ErrorCode::InvalidArgument, "concat: no tensors are given");
  op::check_together("concat", {&parts.front()});
  const Tensor& first = parts.front();
  axis = axis_from_front("concat", first, axis);
  Shape shape = first.shape();
  shape[axis] = 0;
  for (const Tensor& part : parts) {
    op::check_together("concat", {&first, &part});
    op::check_same_dtype("concat", first, part);
    bool fits = part.rank() == first.rank();
    for (int i = 0; fits && i < shape.rank(); ++i) fits = i == axis || part.size(i) == shape[i];
    if (!fits)
      op::shape_error("concat",
                      fmt::format("parts are {} and {}; only axis {} may differ", first.shape().text(), part.shape().text(), axis));
    shape[axis] += part.size(axis);
  }
  Tensor y = empty(shape, first.dtype(), first.device());
  std::vector<std::int64_t> ends;
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    ends.push_back(begin + part.size(axis));
    if (part.elements() > 0) op::run(part, "copy", &DswKernels::copy, part.view(), y.view_slice(axis, begin, ends.back()).view());
    begin = ends.back();
  }
  return with_grad(std::move(y), parts,
                   [ends = std::move(ends), axis](const Tensor& dy) {
                     Grads grads;
                     std::int64_t from = 0;
                     for (const std::int64_t end : ends) {
                       grads.push_back(dy.view_slice(axis, from, end));
                       from = end;
                     }
                     return grads;
                   },
                   "concat", {{"axis", static_cast<double>(axis)}});
}

Tensor expand(const Tensor& x, const Shape& shape) {
  op::check_together("expand", {&x});
  return with_grad(
      x.view_expand(shape), {x}, [before = x.shape()](const Tensor& dy) { return Grads{op::sum_to_shape(dy, before)}; }, "expand");
}

Tensor contiguous(const Tensor& x) {
  op::check_together("contiguous", {&x});
  if (x.is_contiguous()) return x;
  return with_grad(
      x.contiguous_copy(), {x}, [](const Tensor& dy) { return Grads{dy}; }, "contiguous");
}

Tensor cast(const Tensor& x, DType dtype) {
  op::check_together("cast", {&x});
  if (x.dtype() == dtype) return x;
  Tensor y = to_dtype_copy(x, dtype);
  if (!dtype_is_float(dtype) || !dtype_is_float(x.dtype())) return y;
  return with_grad(
      std::move(y), {x}, [before = x.dtype()](const Tensor& dy) { return Grads{dy.dtype() == before ? dy : to_dtype_copy(dy, before)}; },
      "cast");
}

}  // namespace dsw
