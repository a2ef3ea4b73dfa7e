// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/elementwise.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

/// One binary kernel over inputs already broadcast to `shape`.
Tensor raw_binary(DswBinary kind, const Tensor& a, const Tensor& b, const Shape& shape) {
  Tensor y = empty(shape, a.dtype(), a.device());
  if (y.elements() > 0)
    op::run(a, "binary", &DswKernels::binary, kind, op::broadcast_view(a, shape), op::broadcast_view(b, shape), y.view());
  return y;
}

Tensor raw_unary(DswUnary kind, double alpha, double beta, const Tensor& x) {
  Tensor y = empty_like(x);
  if (y.elements() > 0) op::run(x, "unary", &DswKernels::unary, kind, alpha, beta, x.view(), y.view());
  return y;
}

Tensor forward_binary(DswBinary kind, const char* name, const Tensor& a, const Tensor& b) {
  op::check_together(name, {&a, &b});
  op::check_same_dtype(name, a, b);
  op::check_float(name, a);
  return raw_binary(kind, a, b, a.shape() == b.shape() ? a.shape() : broadcast(name, a.shape(), b.shape()));
}

Tensor select(DswBinary kind, const char* name, const Tensor& a, const Tensor& b) {
  return with_grad(
      forward_binary(kind, name, a, b), {a, b},
      [kind, a, b](const Tensor& dy) {
        const Shape& shape = dy.shape();
        const Tensor da = empty(shape, dy.dtype(), dy.device());
        if (da.elements() > 0) {
          op::run(dy, "compare_select_bwd", &DswKernels::compare_select_bwd, kind, op::broadcast_view(a, shape),
                  op::broadcast_view(b, shape), dy.view(), da.view());
        }
        Tensor db;
        if (b.requires_grad()) db = op::sum_to_shape(raw_binary(DSW_SUB, dy, da, shape), b.shape());
        return Grads{op::sum_to_shape(da, a.shape()), db};
      },
      name);
}

/// Whether unary_bwd reads y (else x), as kernel_table.h says: only that one is kept.
bool reads_y(DswUnary kind) {
  return kind == DSW_EXP || kind == DSW_SQRT || kind == DSW_RSQRT || kind == DSW_RECIPROCAL || kind == DSW_RELU || kind == DSW_TANH ||
         kind == DSW_SIGMOID;
}

Tensor unary(DswUnary kind, const char* name, const Tensor& x) {
  op::check_float(name, x);
  Tensor y = raw_unary(kind, 0, 0, x);
  if (!x.requires_grad()) return with_grad(std::move(y), {x}, {}, name);
  const Tensor kept = reads_y(kind) ? y.detach() : x;
  // A product with a bias below wants the sum of dx over the rows too.
  const auto row_sums = x.node() && x.device().kernels().unary_bias_bwd ? x.node()->row_sums : nullptr;
  return with_grad(
      std::move(y), {x},
      [kind, kept, row_sums](const Tensor& dy) {
        Tensor dx = empty_like(dy);
        const DswView x_view = reads_y(kind) ? DswView{} : kept.view(), y_view = reads_y(kind) ? kept.view() : DswView{};
        if (row_sums && dx.elements() > 0) {
          const Tensor sums = empty({dx.size(-1)}, op::statistics_dtype(dx), dx.device());
          op::run(dy, "unary_bias_bwd", &DswKernels::unary_bias_bwd, kind, 0.0, 0.0, x_view, y_view, dy.view(), dx.view(), sums.view());
          *row_sums = {dx, sums};
          return Grads{dx};
        }
        if (dx.elements() > 0) op::run(dy, "unary_bwd", &DswKernels::unary_bwd, kind, 0.0, 0.0, x_view, y_view, dy.view(), dx.view());
        return Grads{dx};
      },
      name);
}

/// Unary ops with a constant slope need neither x nor y.
Tensor linear_unary(const char* name, const Tensor& x, double alpha, double beta) {
  op::check_float(name, x);
  return with_grad(raw_unary(DSW_AFFINE, alpha, beta, x), {x},
                   [alpha](const Tensor& dy) { return Grads{raw_unary(DSW_AFFINE, alpha, 0, dy)}; }, name,
                   {{"alpha", alpha}, {"beta", beta}});
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return with_grad(
      forward_binary(DSW_ADD, "add", a, b), {a, b},
      [a_shape = a.shape(), b_shape = b.shape(), a_wants = a.requires_grad(), b_wants = b.requires_grad()](const Tensor& dy) {
        return Grads{a_wants ? op::sum_to_shape(dy, a_shape) : Tensor(), b_wants ? op::sum_to_shape(dy, b_shape) : Tensor()};
      },
      "add");
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return with_grad(
      forward_binary(DSW_SUB, "sub", a, b), {a, b},
      [a_shape = a.shape(), b_shape = b.shape(), a_wants = a.requires_grad(), b_wants = b.requires_grad()](const Tensor& dy) {
        return Grads{a_wants ? op::sum_to_shape(dy, a_shape) : Tensor(),
                     b_wants ? raw_unary(DSW_NEG, 0, 0, op::sum_to_shape(dy, b_shape)) : Tensor()};
      },
      "sub");
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return with_grad(
      forward_binary(DSW_MUL, "mul", a, b), {a, b},
      [a = op::kept_if(b.requires_grad(), a), b = op::kept_if(a.requires_grad(), b), a_shape = a.shape(),
       b_shape = b.shape()](const Tensor& dy) {
        Tensor da, db;
        if (b) da = op::sum_to_shape(raw_binary(DSW_MUL, dy, b, dy.shape()), a_shape);
        if (a) db = op::sum_to_shape(raw_binary(DSW_MUL, dy, a, dy.shape()), b_shape);
        return Grads{da, db};
      },
      "mul");
}

Tensor div(const Tensor& a, const Tensor& b) {
  Tensor y = forward_binary(DSW_DIV, "div", a, b);
  return with_grad(
      y, {a, b},
      [a_shape = a.shape(), a_wants = a.requires_grad(), b, y = op::kept_if(b.requires_grad(), y.detach())](const Tensor& dy) {
        const Tensor per_b = raw_binary(DSW_DIV, dy, b, dy.shape());
        Tensor da, db;
        if (y) db = raw_unary(DSW_NEG, 0, 0, op::sum_to_shape(raw_binary(DSW_MUL, per_b, y, dy.shape()), b.shape()));
        if (a_wants) da = op::sum_to_shape(per_b, a_shape);
        return Grads{da, db};
      },
      "div");
}

Tensor maximum(const Tensor& a, const Tensor& b) { return select(DSW_MAXIMUM, "maximum", a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return select(DSW_MINIMUM, "minimum", a, b); }

Tensor neg(const Tensor& x) { return linear_unary("neg", x, -1, 0); }
Tensor exp(const Tensor& x) { return unary(DSW_EXP, "exp", x); }
Tensor log(const Tensor& x) { return unary(DSW_LOG, "log", x); }
Tensor sqrt(const Tensor& x) { return unary(DSW_SQRT, "sqrt", x); }
Tensor rsqrt(const Tensor& x) { return unary(DSW_RSQRT, "rsqrt", x); }
Tensor square(const Tensor& x) { return unary(DSW_SQUARE, "square", x); }
Tensor abs(const Tensor& x) { return unary(DSW_ABS, "abs", x); }
Tensor reciprocal(const Tensor& x) { return unary(DSW_RECIPROCAL, "reciprocal", x); }
Tensor relu(const Tensor& x) { return unary(DSW_RELU, "relu", x); }
Tensor gelu(const Tensor& x) { return unary(DSW_GELU_ERF, "gelu", x); }
Tensor gelu_tanh(const Tensor& x) { return unary(DSW_GELU_TANH, "gelu-tanh", x); }
Tensor silu(const Tensor& x) { return unary(DSW_SILU, "silu", x); }
Tensor tanh(const Tensor& x) { return unary(DSW_TANH, "tanh", x); }
Tensor sigmoid(const Tensor& x) { return unary(DSW_SIGMOID, "sigmoid", x); }
Tensor affine(const Tensor& x, double alpha, double beta) { return linear_unary("affine", x, alpha, beta); }

}  // namespace dsw
