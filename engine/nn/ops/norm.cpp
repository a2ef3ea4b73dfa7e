// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/norm.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

void check_channels(const char* op, const char* name, const Tensor& x, const Tensor& channels, std::int64_t count) {
  if (!channels) return;
  op::check_together(op, {&x, &channels});
  if (channels.rank() != 1 || channels.size(0) != count)
    op::shape_error(op, fmt::format("x is {}, {} is {}; it must be [{}]", x.shape().text(), name, channels.shape().text(), count));
  op::check_wide(op, name, channels, x);
}

void check_eps(const char* op, double eps) {
  if (!(eps > 0)) throw Error(ErrorCode::InvalidArgument, fmt::format("{}: eps is {}; it must be above 0", op, eps));
}

std::int64_t rows_of(const Tensor& x) { return op::without_last(x.shape()).elements(); }

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  op::check_float("layer-norm", x);
  op::check_rank_at_least("layer-norm", x, 1);
  check_channels("layer-norm", "weight", x, weight, x.size(-1));
  check_channels("layer-norm", "bias", x, bias, x.size(-1));
  check_eps("layer-norm", eps);
  Tensor y = empty_like(x);
  const Shape rows{rows_of(x)};
  const Tensor mean = empty(rows, op::statistics_dtype(x), x.device()), rstd = empty_like(mean);
  if (y.elements() > 0)
    op::run(x, "layer_norm_fwd", &DswKernels::layer_norm_fwd, x.view(), weight.view(), bias.view(), eps, y.view(), mean.view(),
            rstd.view());
  return with_grad(y, {x, weight, bias},
                   [x, weight, bias, mean, rstd](const Tensor& dy) {
                     const Tensor dx = op::wanted_like(x, x.shape());
                     const Tensor dweight = op::wanted_like(weight, {x.size(-1)}), dbias = op::wanted_like(bias, {x.size(-1)});
                     op::run(x, "layer_norm_bwd", &DswKernels::layer_norm_bwd, x.view(), weight.view(), mean.view(), rstd.view(), dy.view(),
                             dx.view(), dweight.view(), dbias.view());
                     return Grads{dx, dweight, dbias};
                   },
                   "layer-norm", {{"eps", eps}});
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  op::check_float("rms-norm", x);
  op::check_rank_at_least("rms-norm", x, 1);
  check_channels("rms-norm", "weight", x, weight, x.size(-1));
  check_eps("rms-norm", eps);
  Tensor y = empty_like(x);
  const Tensor rstd = empty({rows_of(x)}, op::statistics_dtype(x), x.device());
  if (y.elements() > 0) op::run(x, "rms_norm_fwd", &DswKernels::rms_norm_fwd, x.view(), weight.view(), eps, y.view(), rstd.view());
  return with_grad(y, {x, weight},
                   [x, weight, rstd](const Tensor& dy) {
                     const Tensor dx = op::wanted_like(x, x.shape()), dweight = op::wanted_like(weight, {x.size(-1)});
                     op::run(x, "rms_norm_bwd", &DswKernels::rms_norm_bwd, x.view(), weight.view(), rstd.view(), dy.view(), dx.view(),
                             dweight.view());
                     return Grads{dx, dweight};
                   },
                   "rms-norm", {{"eps", eps}});
}

Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var,
                  bool training, double momentum, double eps) {
  op::check_float("batch-norm", x);
  op::check_rank_at_least("batch-norm", x, 2);
  const std::int64_t channels = x.size(1);
  check_channels("batch-norm", "weight", x, weight, channels);
  check_channels("batch-norm", "bias", x, bias, channels);
  check_channels("batch-norm", "running mean", x, running_mean, channels);
  check_channels("batch-norm", "running variance", x, running_var, channels);
  check_eps("batch-norm", eps);
  if (!training && (!running_mean || !running_var))
    throw Error(ErrorCode::InvalidArgument, "batch-norm: outside training the running mean and variance must be given");
  if (running_mean.requires_grad() || running_var.requires_grad())
    throw Error(ErrorCode::InvalidArgument, "batch-norm: running statistics take no gradient");
  Tensor y = empty_like(x);
  const Tensor mean = empty({channels}, op::statistics_dtype(x), x.device()), rstd = empty_like(mean);
  if (y.elements() > 0) {
    op::run(x, "batch_norm_fwd", &DswKernels::batch_norm_fwd, x.view(), weight.view(), bias.view(), running_mean.view(), running_var.view(),
            momentum, eps, training ? 1 : 0, y.view(), mean.view(), rstd.view());
    if (training && running_mean) mark_written(running_mean);
    if (training && running_var) mark_written(running_var);
  }
  std::vector<Tensor> inputs{x, weight, bias};
  if (!training) inputs.insert(inputs.end(), {running_mean, running_var});  // training writes them, so they are no input then
  return with_grad(y, inputs,
                   [x, weight, bias, mean, rstd, training](const Tensor& dy) {
                     const Tensor dx = op::wanted_like(x, x.shape());
                     const Tensor dweight = op::wanted_like(weight, {x.size(1)}), dbias = op::wanted_like(bias, {x.size(1)});
                     op::run(x, "batch_norm_bwd", &DswKernels::batch_norm_bwd, x.view(), weight.view(), mean.view(), rstd.view(),
                             training ? 1 : 0, dy.view(), dx.view(), dweight.view(), dbias.view());
                     return training ? Grads{dx, dweight, dbias} : Grads{dx, dweight, dbias, Tensor(), Tensor()};
                   },
                   "batch-norm", {{"eps", eps}, {"training", training ? 1.0 : 0.0}});
}

}  // namespace dsw
