// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/linear_cross_entropy.h"

#include <algorithm>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/op_support.h"
#include "engine/nn/ops/reduce.h"

namespace dsw {
namespace {

void product(const Tensor& a, const Tensor& b, const Tensor& c) {
  op::run(a, "matmul", &DswKernels::matmul, a.view(), b.view(), DswView{}, c.view(), 1.0, 0.0);
}

/// 1 where a target counts, 0 where it is left out; in `dtype`.
Tensor counted(const Tensor& target, DType dtype) {
  const Tensor one = full({1}, 1, dtype, target.device()), none = full({1}, 0, dtype, target.device());
  return minimum(maximum(affine(to_dtype_copy(target, dtype), 1, 1), none), one);
}

struct Parts {
  Tensor loss, dx, dweight;
};

/// Loss, and the gradients for dy = 1 where they are wanted.
Parts in_chunks(const Tensor& rows, const Tensor& weight, const Tensor& target, double smoothing, std::int64_t chunk_rows, bool wants_x,
                bool wants_weight) {
  const NoGradScope no_grad;
  const std::int64_t count = rows.size(0), classes = weight.size(0);
  const DType wide = op::statistics_dtype(rows);
  Device& device = rows.device();
  const Tensor kept = counted(target, wide);
  const Tensor total = maximum(sum(kept), full({}, 1, wide, device));
  const Tensor transposed = weight.detach().view_permute({1, 0});
  Parts parts{zeros({}, wide, device), {}, {}};
  if (wants_x) parts.dx = empty(rows.shape(), rows.dtype(), device);
  for (std::int64_t begin = 0; begin < count; begin += chunk_rows) {
    const std::int64_t end = std::min(count, begin + chunk_rows);
    const Tensor part = rows.view_slice(0, begin, end), goal = target.view_slice(0, begin, end);
    const Tensor logits = empty({end - begin, classes}, rows.dtype(), device), lse = empty({end - begin}, wide, device);
    const Tensor loss = empty({1}, wide, device), counts = empty({1}, DType::I64, device);
    product(part, transposed, logits);
    op::run(logits, "cross_entropy_fwd", &DswKernels::cross_entropy_fwd, logits.view(), goal.view(), smoothing, loss.view(), lse.view(),
            counts.view());
    const Tensor share = div(sum(kept.view_slice(0, begin, end)), total);  // of the chunk's mean in the whole one
    parts.loss = add(parts.loss, mul(loss.view_reshape({}), share));
    if (!wants_x && !wants_weight) continue;
    const Tensor slope = empty_like(logits);
    op::run(logits, "cross_entropy_bwd", &DswKernels::cross_entropy_bwd, logits.view(), goal.view(), smoothing, lse.view(), counts.view(),
            share.view(), slope.view());
    if (wants_x) product(slope, weight, parts.dx.view_slice(0, begin, end));
    if (!wants_weight) continue;
    const Tensor addend = empty(weight.shape(), wide, device);
    product(slope.view_permute({1, 0}), part, addend);
    if (parts.dweight)
      op::run(addend, "binary", &DswKernels::binary, DSW_ADD, parts.dweight.view(), addend.view(), parts.dweight.view());
    else
      parts.dweight = addend;
  }
  return parts;
}

Tensor scaled(const Tensor& gradient, const Tensor& dy) {
  if (!gradient) return gradient;
  const Tensor result = empty_like(gradient);
  op::run(gradient, "binary", &DswKernels::binary, DSW_MUL, gradient.view(), op::broadcast_view(dy.view_reshape({1}), gradient.shape()),
          result.view());
  return result;
}

}  // namespace

Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const Tensor& target, double smoothing, std::int64_t chunk_rows) {
  op::check_together("linear-cross-entropy", {&x, &weight, &target});
  op::check_same_dtype("linear-cross-entropy", x, weight);
  op::check_float("linear-cross-entropy", x);
  op::check_dtype("linear-cross-entropy", "target", target, DType::I32);
  linear_shape(x.shape(), weight.shape());
  op::check_shape("linear-cross-entropy", "target", target, op::without_last(x.shape()));
  if (x.elements() == 0 || weight.elements() == 0)
    op::shape_error("linear-cross-entropy",
                    fmt::format("x is {}, weight is {}; neither may be empty", x.shape().text(), weight.shape().text()));
  if (!(smoothing >= 0 && smoothing <= 1))
    throw Error(ErrorCode::InvalidArgument, fmt::format("linear-cross-entropy: smoothing is {}; it must be 0 to 1", smoothing));
  if (chunk_rows < 1)
    throw Error(ErrorCode::InvalidArgument, fmt::format("linear-cross-entropy: chunk_rows is {}; it must be at least 1", chunk_rows));

  const bool recording = recording_gradients();
  const Tensor rows = op::as_rows(x), goals = op::as_contiguous(target).view_reshape({rows.size(0)});
  const Parts parts =
      in_chunks(rows, weight, goals, smoothing, chunk_rows, recording && x.requires_grad(), recording && weight.requires_grad());
  return with_grad(
      parts.loss, {x, weight},
      [dx = parts.dx, dweight = parts.dweight, shape = x.shape()](const Tensor& dy) {
        const Tensor to_x = scaled(dx, dy);
        return Grads{to_x ? to_x.view_reshape(shape) : to_x, scaled(dweight, dy)};
      },
      "linear-cross-entropy");
}

}  // namespace dsw
