// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/step_gradients.h"

#include <algorithm>
#include <cmath>

#include "engine/nn/network_loss.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/tensor/precision.h"

namespace dsw {
namespace {

/// Zeros among the numbers, as those whose reciprocal is not finite.
std::int64_t add_zeros(const Tensor& x, const Tensor& count) {
  const Tensor inverse = reciprocal(x.detach());
  Device& device = x.device();
  check_status(device.kernels().count_not_finite(device.stream(), inverse.view(), count.view()), "count_not_finite", device);
  return x.elements();
}

}  // namespace

StepOutputs losses_and_gradients(TrainState& state, const StepArithmetic& arithmetic, std::span<const Tensor> batch, Rng& dropout) {
  const Tensor &input = batch[0], &target = batch[1];
  const std::int64_t examples = input.size(0);
  StepOutputs outputs;
  for (std::int64_t begin = 0; begin < examples;) {
    const std::int64_t end = std::min(examples, begin + state.memory.micro_batch());
    const bool whole = end - begin == examples;
    Forward pass;
    pass.compute = arithmetic.compute;
    pass.training = true;
    pass.again = arithmetic.again;
    pass.dropout_rng = &dropout;
    state.memory.prepare(pass);
    const Tensor loss = network_loss(*state.model, whole ? input : input.view_slice(0, begin, end),
                                     whole ? target : target.view_slice(0, begin, end), state.settings.label_smoothing, pass);
    outputs.values.push_back(loss.detach());
    const double weight = arithmetic.loss_scale * (static_cast<double>(end - begin) / static_cast<double>(examples));
    Gradients part = weight == 1 ? backward(loss) : backward(loss, full(loss.shape(), weight, loss.dtype(), loss.device()));
    if (whole) {
      outputs.gradients = std::move(part);
    } else {
      for (const Module::Named& named : state.optimizer->parameters())
        if (Tensor gradient = part.of(named.parameter->value)) outputs.gradients.add(named.parameter->value, std::move(gradient));
    }
    begin = end;
  }
  outputs.values.push_back(gradient_square_sum(state.optimizer->parameters(), outputs.gradients));
  return outputs;
}

GradientAudit audit_gradient(TrainState& state, const std::string& precision, double loss_scale, const Batch& batch, const Rng& dropout) {
  const std::int64_t examples = std::max<std::int64_t>(1, batch.input.size(0) / 4);
  const Tensor part[] = {batch.input.view_slice(0, 0, examples).contiguous_copy(),
                         batch.target.view_slice(0, 0, examples).contiguous_copy()};
  const auto gradients_in = [&](const Compute& compute, double scale) {
    Rng same = dropout;
    return losses_and_gradients(state, {compute, scale, true}, part, same);
  };
  GradientAudit audit;
  const StepOutputs narrow = gradients_in(compute_of_precision(precision), loss_scale), wide = gradients_in(DType::F32, 1);
  for (const Tensor& value : narrow.values) audit.finite = audit.finite && (!value || std::isfinite(value.item()));
  const Tensor& length = wide.values.back();
  if (!audit.finite || !length || !(length.item() > 0)) return audit;

  const NoGradScope no_grad;
  Device& device = length.device();
  const Tensor difference = zeros({1}, DType::F64, device), vanished = zeros({1}, DType::I64, device),
               zero = zeros({1}, DType::I64, device);
  std::int64_t elements = 0;
  for (const Module::Named& named : state.optimizer->parameters()) {
    const Tensor right = wide.gradients.of(named.parameter->value), ours = narrow.gradients.of(named.parameter->value);
    if (!right || !ours || right.elements() == 0) continue;
    const Tensor apart = sub(affine(ours, 1 / loss_scale), right);
    check_status(device.kernels().square_sum(device.stream(), apart.view(), difference.view()), "square_sum", device);
    elements += add_zeros(ours, vanished);
    add_zeros(right, zero);
  }
  audit.difference = std::sqrt(difference.item() / length.item());
  audit.underflow = std::max(0.0, vanished.item() - zero.item()) / static_cast<double>(std::max<std::int64_t>(1, elements));
  return audit;
}

}  // namespace dsw
