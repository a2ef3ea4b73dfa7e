// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/reduce.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

struct Reduced {
  Shape kept;             ///< x's rank, 1 in the reduced axes
  Shape result;           ///< what the caller sees
  std::vector<int> axes;  ///< the reduced ones, counted from the front
};

Reduced reduced_shapes(const char* name, const Tensor& x, const std::vector<int>& axes, bool keep) {
  op::check_float(name, x);
  unsigned chosen = axes.empty() ? ~0u : 0;
  for (const int axis : axes) {
    const int from_front = axis < 0 ? axis + x.rank() : axis;
    if (from_front < 0 || from_front >= x.rank())
      op::shape_error(name, fmt::format("axis {} is not an axis of {}", axis, x.shape().text()));
    if ((chosen >> from_front) & 1u) op::shape_error(name, fmt::format("axis {} is named twice", axis));
    chosen |= 1u << from_front;
  }
  Reduced shapes{x.shape(), {}, {}};
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool gone = (chosen >> axis) & 1u;
    if (gone) {
      shapes.kept[axis] = 1;
      shapes.axes.push_back(axis);
    }
    if (keep || !gone) shapes.result.push_back(shapes.kept[axis]);
  }
  return shapes;
}

Tensor raw_reduce(DswReduce kind, const Tensor& x, const Shape& kept) {
  Tensor y = empty(kept, x.dtype(), x.device());
  if (y.elements() > 0) op::run(x, "reduce", &DswKernels::reduce, kind, x.view(), y.view());
  return y;
}

Tensor scaled(const Tensor& x, double factor) {
  Tensor y = empty_like(x);
  if (y.elements() > 0) op::run(x, "unary", &DswKernels::unary, DSW_AFFINE, factor, 0.0, x.view(), y.view());
  return y;
}

}  // namespace

Tensor sum(const Tensor& x, const std::vector<int>& axes, bool keep) {
  const Reduced shapes = reduced_shapes("sum", x, axes, keep);
  return with_grad(raw_reduce(DSW_SUM, x, shapes.kept).view_reshape(shapes.result), {x},
                   [kept = shapes.kept, shape = x.shape()](const Tensor& dy) { return Grads{dy.view_reshape(kept).view_expand(shape)}; },
                   "sum", {{"axes", 0, &shapes.axes}, {"keep", keep ? 1.0 : 0.0}});
}

Tensor mean(const Tensor& x, const std::vector<int>& axes, bool keep) {
  const Reduced shapes = reduced_shapes("mean", x, axes, keep);
  return with_grad(raw_reduce(DSW_MEAN, x, shapes.kept).view_reshape(shapes.result), {x},
                   [kept = shapes.kept, shape = x.shape()](const Tensor& dy) {
                     const double share = static_cast<double>(kept.elements()) / static_cast<double>(shape.elements());
                     return Grads{scaled(dy, share).view_reshape(kept).view_expand(shape)};
                   },
                   "mean", {{"axes", 0, &shapes.axes}, {"keep", keep ? 1.0 : 0.0}});
}

Tensor max(const Tensor& x, const std::vector<int>& axes, bool keep) {
  const Reduced shapes = reduced_shapes("max", x, axes, keep);
  const Tensor y = raw_reduce(DSW_MAX, x, shapes.kept);
  return with_grad(y.view_reshape(shapes.result), {x},
                   [x, y](const Tensor& dy) {
                     const Shape& shape = x.shape();
                     const Tensor is_largest = empty(shape, x.dtype(), x.device()), dx = empty_like(is_largest), share = empty_like(y);
                     if (dx.elements() == 0) return Grads{dx};
                     const Tensor one = full({1}, 1, x.dtype(), x.device());
                     op::run(x, "compare_select_bwd", &DswKernels::compare_select_bwd, DSW_MAXIMUM, x.view(), op::broadcast_view(y, shape),
                             op::broadcast_view(one, shape), is_largest.view());
                     const Tensor count = raw_reduce(DSW_SUM, is_largest, y.shape());
                     op::run(x, "binary", &DswKernels::binary, DSW_DIV, dy.view_reshape(y.shape()).view(), count.view(), share.view());
                     op::run(x, "binary", &DswKernels::binary, DSW_MUL, is_largest.view(), op::broadcast_view(share, shape), dx.view());
                     return Grads{dx};
                   },
                   "max", {{"axes", 0, &shapes.axes}, {"keep", keep ? 1.0 : 0.0}});
}

Tensor argmax(const Tensor& x) {
  op::check_float("argmax", x);
  op::check_rank_at_least("argmax", x, 1);
  if (x.size(-1) == 0) op::shape_error("argmax", fmt::format("the input is {}; its last axis is empty", x.shape().text()));
  Tensor index = empty(op::without_last(x.shape()), DType::I32, x.device());
  if (index.elements() > 0) op::run(x, "argmax", &DswKernels::argmax, x.view(), index.view());
  return index;
}

}  // namespace dsw
