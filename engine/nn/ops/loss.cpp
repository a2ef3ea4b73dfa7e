// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/loss.h"

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/op_support.h"
#include "engine/nn/ops/reduce.h"

namespace dsw {

Tensor cross_entropy(const Tensor& logits, const Tensor& target, double smoothing) {
  op::check_together("cross-entropy", {&logits, &target});
  op::check_float("cross-entropy", logits);
  op::check_rank_at_least("cross-entropy", logits, 1);
  op::check_dtype("cross-entropy", "target", target, DType::I32);
  if (!(target.shape() == op::without_last(logits.shape()))) {
    op::shape_error("cross-entropy", fmt::format("logits are {}, target is {}; target must have logits' shape without the last axis",
                                                 logits.shape().text(), target.shape().text()));
  }
  if (logits.size(-1) == 0)
    op::shape_error("cross-entropy", fmt::format("logits are {}; at least one class is needed", logits.shape().text()));
  if (!(smoothing >= 0 && smoothing <= 1))
    throw Error(ErrorCode::InvalidArgument, fmt::format("cross-entropy: smoothing is {}; it must be 0 to 1", smoothing));

  const Tensor rows = op::as_rows(logits), flat_target = op::as_contiguous(target).view_reshape({rows.size(0)});
  Tensor loss = empty({1}, op::statistics_dtype(logits), logits.device());
  const Tensor row_lse = empty({rows.size(0)}, op::statistics_dtype(logits), logits.device()),
               count = empty({1}, DType::I64, logits.device());
  op::run(logits, "cross_entropy_fwd", &DswKernels::cross_entropy_fwd, rows.view(), flat_target.view(), smoothing, loss.view(),
          row_lse.view(), count.view());
  return with_grad(
      loss.view_reshape({}), {logits},
      [rows, flat_target, smoothing, row_lse, count, shape = logits.shape()](const Tensor& dy) {
        const Tensor dx = empty(rows.shape(), rows.dtype(), rows.device());
        if (dx.elements() > 0) {
          op::run(rows, "cross_entropy_bwd", &DswKernels::cross_entropy_bwd, rows.view(), flat_target.view(), smoothing, row_lse.view(),
                  count.view(), dy.view(), dx.view());
        }
        return Grads{dx.view_reshape(shape)};
      },
      "cross-entropy");
}

Tensor mse_loss(const Tensor& x, const Tensor& y) {
  op::check_together("mse-loss", {&x, &y});
  op::check_shape("mse-loss", "y", y, x.shape());
  return mean(square(sub(x, y)));
}

}  // namespace dsw
