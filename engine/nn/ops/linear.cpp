// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/linear.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

/// c = a b (+ bias over the rows); an empty sum is the bias alone.
void product(const Tensor& a, const Tensor& b, const Tensor& bias, const Tensor& c) {
  if (c.elements() == 0) return;
  if (a.size(1) == 0) {
    if (bias)
      copy_into(bias.detach().view_expand(c.shape()), c);
    else
      op::run(c, "fill", &DswKernels::fill, c.view(), 0.0);
    return;
  }
  op::run(a, "matmul", &DswKernels::matmul, a.view(), b.view(), bias.view(), c.view(), 1.0, 0.0);
}

Tensor transposed(const Tensor& x) { return x.view_permute({1, 0}); }

}  // namespace

Shape linear_shape(const Shape& x, const Shape& weight, const char* op) {
  if (x.rank() < 1 || weight.rank() != 2)
    op::shape_error(op, fmt::format("x is {}, weight is {}; they must be [..., I] and [O, I]", x.text(), weight.text()));
  if (x[-1] != weight[1])
    op::shape_error(op, fmt::format("x is {}, weight is {}; x's last axis must equal weight's second", x.text(), weight.text()));
  return op::with_last(x, weight[0]);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  op::check_together("linear", {&x, &weight});
  op::check_same_dtype("linear", x, weight);
  op::check_float("linear", x);
  const Shape shape = linear_shape(x.shape(), weight.shape());
  const std::int64_t outputs = weight.size(0);
  if (bias) {
    op::check_together("linear", {&x, &bias});
    op::check_wide("linear", "bias", bias, x);
    op::check_shape("linear", "bias", bias, {outputs});
  }
  const Tensor rows = op::as_rows(x);
  const Tensor y = empty({rows.size(0), outputs}, x.dtype(), x.device());
  product(rows, transposed(weight), bias, y);
  const auto row_sums = bias.requires_grad() ? std::make_shared<Node::RowSums>() : nullptr;
  Tensor result = with_grad(
      y.view_reshape(shape), {x, weight, bias},
      [rows = op::kept_if(weight.requires_grad(), rows), weight = op::kept_if(x.requires_grad(), weight), row_sums, x_shape = x.shape(),
       weight_shape = weight.shape()](const Tensor& dy) {
        const Tensor d_rows = op::as_rows(dy);
        Tensor dx, dweight, dbias;
        if (weight) {
          const Tensor flat = empty({d_rows.size(0), weight.size(1)}, dy.dtype(), dy.device());
          product(d_rows, weight, {}, flat);
          dx = flat.view_reshape(x_shape);
        }
        if (rows) {
          dweight = empty(weight_shape, op::statistics_dtype(dy), dy.device());
          product(transposed(d_rows), rows, {}, dweight);
        }
        if (const Node::RowSums made = row_sums ? std::exchange(*row_sums, {}) : Node::RowSums();
            made.sums && made.gradient.id() == dy.id())
          dbias = made.sums;
        else if (row_sums)
          dbias = op::sum_to_shape(d_rows, {d_rows.size(1)}, op::statistics_dtype(dy));
        return Grads{dx, dweight, dbias};
      },
      "linear");
  if (result.node()) result.node()->row_sums = row_sums;
  return result;
}

}  // namespace dsw
