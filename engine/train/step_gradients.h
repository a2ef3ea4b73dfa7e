// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <span>

#include "engine/autograd/step_plan.h"
#include "engine/train/dynamic_precision.h"
#include "engine/train/train_state.h"

namespace dsw {

struct StepArithmetic {
  Compute compute;
  double loss_scale = 1;  ///< gradients come multiplied by it
  bool again = false;     ///< the batch was seen before: running statistics stay
};

/// Forward and backward over a batch {input, target}, as many examples at once as state.memory allows. Gives the mean loss of each part,
/// then the square sum of the gradients (float64 [1]) of the whole batch's mean loss. Reads nothing by the host, so it can be planned.
StepOutputs losses_and_gradients(TrainState& state, const StepArithmetic& arithmetic, std::span<const Tensor> batch, Rng& dropout);

/// Compares the gradient of the first quarter of a batch in `precision` with float32's; the same dropout, no running statistics.
GradientAudit audit_gradient(TrainState& state, const std::string& precision, double loss_scale, const Batch& batch, const Rng& dropout);

}  // namespace dsw
