// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/matmul.h"

#include "engine/nn/ops/op_support.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

Shape leading(const Shape& shape) {
  Shape result;
  for (int axis = 0; axis + 2 < shape.rank(); ++axis) result.push_back(shape[axis]);
  return result;
}

Shape matrices(Shape shape, std::int64_t rows, std::int64_t columns) {
  shape.push_back(rows);
  shape.push_back(columns);
  return shape;
}

Tensor raw_transpose(const Tensor& x) {
  std::vector<int> axes(static_cast<std::size_t>(x.rank()));
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>(i);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return x.view_permute(axes);
}

/// The product over broadcast leading axes `lead`.
Tensor raw_matmul(const Tensor& a, const Tensor& b, const Shape& lead) {
  Tensor y = empty(matrices(lead, a.size(-2), b.size(-1)), a.dtype(), a.device());
  if (y.elements() == 0) return y;
  if (a.size(-1) == 0) return zeros_like(y);
  op::run(a, "matmul", &DswKernels::matmul, op::broadcast_view(a, matrices(lead, a.size(-2), a.size(-1))),
          op::broadcast_view(b, matrices(lead, b.size(-2), b.size(-1))), DswView{}, y.view(), 1.0, 0.0);
  return y;
}

}  // namespace

Shape matmul_shape(const Shape& a, const Shape& b) {
  if (a.rank() < 2 || b.rank() < 2)
    op::shape_error("matmul", fmt::format("a is {}, b is {}; both need at least 2 axes", a.text(), b.text()));
  if (a[-1] != b[-2]) {
    op::shape_error("matmul", fmt::format("a is {}, b is {}; a's last axis must equal b's {}", a.text(), b.text(),
                                          b.rank() == 2 ? "first" : "last but one"));
  }
  Shape lead = leading(a);
  if (!(lead == leading(b))) {
    try {
      lead = broadcast("matmul", lead, leading(b));
    } catch (const Error&) {
      op::shape_error("matmul", fmt::format("a is {}, b is {}; leading axes must be equal or 1", a.text(), b.text()));
    }
  }
  return matrices(lead, a[-2], b[-1]);
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  op::check_together("matmul", {&a, &b});
  op::check_same_dtype("matmul", a, b);
  op::check_float("matmul", a);
  const Shape shape = matmul_shape(a.shape(), b.shape());
  if (b.rank() == 2 && a.rank() > 2)
    return reshape(matmul(reshape(a, Shape{op::without_last(a.shape()).elements(), a.size(-1)}), b), shape);  // one large product
  const Shape lead = leading(shape);
  return with_grad(
      raw_matmul(a, b, lead), {a, b},
      [a = op::kept_if(b.requires_grad(), a), b = op::kept_if(a.requires_grad(), b), a_shape = a.shape(), b_shape = b.shape(),
       lead](const Tensor& dy) {
        Tensor da, db;
        if (b) da = op::sum_to_shape(raw_matmul(dy, raw_transpose(b), lead), a_shape);
        if (a) db = op::sum_to_shape(raw_matmul(raw_transpose(a), dy, lead), b_shape);
        return Grads{da, db};
      },
      "matmul");
}

}  // namespace dsw
