// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/norm.h"

#include <utility>

#include "engine/nn/ops/elementwise.h"
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

/// What else flows into a norm's input, where the device adds it in the norm's own pass; null: it does not.
std::shared_ptr<Tensor> others_of(const Tensor& x, bool device_adds) {
  return device_adds && x.requires_grad() ? std::make_shared<Tensor>() : nullptr;
}

/// Where the sum of a norm's gradient and `others` goes: their memory where nobody else sees it.
Tensor place_of_sum(const Tensor& others, const Tensor& x) {
  return exclusive(others) && others.dtype() == x.dtype() ? others : empty_like(x);
}

void check_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  op::check_float("layer-norm", x);
  op::check_rank_at_least("layer-norm", x, 1);
  check_channels("layer-norm", "weight", x, weight, x.size(-1));
  check_channels("layer-norm", "bias", x, bias, x.size(-1));
  check_eps("layer-norm", eps);
}

void check_rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  op::check_float("rms-norm", x);
  op::check_rank_at_least("rms-norm", x, 1);
  check_channels("rms-norm", "weight", x, weight, x.size(-1));
  check_eps("rms-norm", eps);
}

/// y, which is already made, in its place in the graph.
Tensor record_layer_norm(Tensor y, const Tensor& x, const Tensor& weight, const Tensor& bias, double eps, const Tensor& mean,
                         const Tensor& rstd) {
  const auto others = others_of(x, x.device().kernels().add_layer_norm_bwd != nullptr);
  y = with_grad(std::move(y), {x, weight, bias},
                [x, weight, bias, mean, rstd, others](const Tensor& dy) {
                  const Tensor dweight = op::wanted_like(weight, {x.size(-1)}), dbias = op::wanted_like(bias, {x.size(-1)});
                  if (const Tensor added = others ? std::exchange(*others, {}) : Tensor()) {
                    const Tensor dx = place_of_sum(added, x);
                    op::run(x, "add_layer_norm_bwd", &DswKernels::add_layer_norm_bwd, x.view(), weight.view(), mean.view(), rstd.view(),
                            dy.view(), added.view(), dx.view(), dweight.view(), dbias.view());
                    return Grads{dx, dweight, dbias};
                  }
                  const Tensor dx = op::wanted_like(x, x.shape());
                  op::run(x, "layer_norm_bwd", &DswKernels::layer_norm_bwd, x.view(), weight.view(), mean.view(), rstd.view(), dy.view(),
                          dx.view(), dweight.view(), dbias.view());
                  return Grads{dx, dweight, dbias};
                },
                "layer-norm", {{"eps", eps}});
  if (y.node()) y.node()->others = others;
  return y;
}

Tensor record_rms_norm(Tensor y, const Tensor& x, const Tensor& weight, double eps, const Tensor& rstd) {
  const auto others = others_of(x, x.device().kernels().add_rms_norm_bwd != nullptr);
  y = with_grad(std::move(y), {x, weight},
                [x, weight, rstd, others](const Tensor& dy) {
                  const Tensor dweight = op::wanted_like(weight, {x.size(-1)});
                  if (const Tensor added = others ? std::exchange(*others, {}) : Tensor()) {
                    const Tensor dx = place_of_sum(added, x);
                    op::run(x, "add_rms_norm_bwd", &DswKernels::add_rms_norm_bwd, x.view(), weight.view(), rstd.view(), dy.view(),
                            added.view(), dx.view(), dweight.view());
                    return Grads{dx, dweight};
                  }
                  const Tensor dx = op::wanted_like(x, x.shape());
                  op::run(x, "rms_norm_bwd", &DswKernels::rms_norm_bwd, x.view(), weight.view(), rstd.view(), dy.view(), dx.view(),
                          dweight.view());
                  return Grads{dx, dweight};
                },
                "rms-norm", {{"eps", eps}});
  if (y.node()) y.node()->others = others;
  return y;
}

/// x + r, which is already made, in its place in the graph: as add records it for equal shapes.
Tensor record_sum(Tensor sum, const Tensor& x, const Tensor& r) {
  return with_grad(
      std::move(sum), {x, r},
      [x_wants = x.requires_grad(), r_wants = r.requires_grad()](const Tensor& dy) {
        return Grads{x_wants ? dy : Tensor(), r_wants ? dy : Tensor()};
      },
      "add");
}

/// Whether a fused kernel fits: what does not takes the two ops, which say what is wrong.
bool sums_in_one(const Tensor& x, const Tensor& r, bool device_can) {
  return device_can && x && r && x.shape() == r.shape() && x.dtype() == r.dtype() && &x.device() == &r.device() && x.elements() > 0;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_layer_norm(x, weight, bias, eps);
  Tensor y = empty_like(x);
  const Tensor mean = empty({rows_of(x)}, op::statistics_dtype(x), x.device()), rstd = empty_like(mean);
  if (y.elements() > 0)
    op::run(x, "layer_norm_fwd", &DswKernels::layer_norm_fwd, x.view(), weight.view(), bias.view(), eps, y.view(), mean.view(),
            rstd.view());
  return record_layer_norm(std::move(y), x, weight, bias, eps, mean, rstd);
}

SumAndNorm add_layer_norm(const Tensor& x, const Tensor& r, const Tensor& weight, const Tensor& bias, double eps) {
  if (!sums_in_one(x, r, x && x.device().kernels().add_layer_norm_fwd)) {
    const Tensor sum = add(x, r);
    return {sum, layer_norm(sum, weight, bias, eps)};
  }
  check_layer_norm(x, weight, bias, eps);
  Tensor sum = empty_like(x), y = empty_like(x);
  const Tensor mean = empty({rows_of(x)}, op::statistics_dtype(x), x.device()), rstd = empty_like(mean);
  op::run(x, "add_layer_norm_fwd", &DswKernels::add_layer_norm_fwd, x.view(), r.view(), weight.view(), bias.view(), eps, sum.view(),
          y.view(), mean.view(), rstd.view());
  sum = record_sum(std::move(sum), x, r);
  return {sum, record_layer_norm(std::move(y), sum, weight, bias, eps, mean, rstd)};
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  check_rms_norm(x, weight, eps);
  Tensor y = empty_like(x);
  const Tensor rstd = empty({rows_of(x)}, op::statistics_dtype(x), x.device());
  if (y.elements() > 0) op::run(x, "rms_norm_fwd", &DswKernels::rms_norm_fwd, x.view(), weight.view(), eps, y.view(), rstd.view());
  return record_rms_norm(std::move(y), x, weight, eps, rstd);
}

SumAndNorm add_rms_norm(const Tensor& x, const Tensor& r, const Tensor& weight, double eps) {
  if (!sums_in_one(x, r, x && x.device().kernels().add_rms_norm_fwd)) {
    const Tensor sum = add(x, r);
    return {sum, rms_norm(sum, weight, eps)};
  }
  check_rms_norm(x, weight, eps);
  Tensor sum = empty_like(x), y = empty_like(x);
  const Tensor rstd = empty({rows_of(x)}, op::statistics_dtype(x), x.device());
  op::run(x, "add_rms_norm_fwd", &DswKernels::add_rms_norm_fwd, x.view(), r.view(), weight.view(), eps, sum.view(), y.view(), rstd.view());
  sum = record_sum(std::move(sum), x, r);
  return {sum, record_rms_norm(std::move(y), sum, weight, eps, rstd)};
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
