// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_step.h"

#include <cmath>

#include "engine/nn/ops/loss.h"
#include "engine/train/nan_search.h"

namespace dsw {
namespace {

std::string what_it_became(double value) { return std::isnan(value) ? "NaN" : "infinite"; }

/// The curve gets its gap; the sentence says where it came from.
Error not_a_number(RunContext& context, std::int64_t step, const char* key, double value, const std::string& place) {
  context.emit(MetricBody{key, step, value});
  return Error(ErrorCode::NotANumber,
               fmt::format("{} became {} at step {}{}", key, what_it_became(value), step, place.empty() ? "" : ", first in " + place));
}

std::string first_bad_gradient(TrainState& state, const Gradients& gradients) {
  for (const Module::Named& named : state.optimizer->parameters())
    if (!std::isfinite(gradient_norm({named}, gradients)))
      return fmt::format("{} (the gradient of {})", place_in_words(named.name), named.name);
  return {};
}

}  // namespace

Result<StepResult> train_step(TrainState& state, RunContext& context) {
  Device& device = context.device();
  const std::uint64_t seed = context.experiment().seed;
  const std::uint64_t before = device.allocator_stats().live_bytes;
  device.reset_peak();
  StepResult result;
  {
    const Batch batch = state.data->train_batch(seed, state.step, state.settings.batch, device);
    Rng dropout = dropout_stream(seed, state.step);
    Forward pass;
    pass.training = true;
    pass.dropout_rng = &dropout;
    Tensor loss = cross_entropy(state.model->forward(batch.input, pass), batch.target, state.settings.label_smoothing);
    result.loss = loss.item();
    result.items = state.data->input_spec().kind == InputSpec::Kind::Image ? batch.input.size(0) : batch.input.elements();
    if (!std::isfinite(result.loss)) {
      loss = Tensor();
      return fail(
          not_a_number(context, state.step + 1, "train/loss", result.loss, where_not_finite(*state.model, batch, seed, state.step, true)));
    }
    const Gradients gradients = backward(loss);
    result.norm = gradient_norm(state.optimizer->parameters(), gradients);
    if (!std::isfinite(result.norm))
      return fail(not_a_number(context, state.step + 1, "train/grad-norm", result.norm, first_bad_gradient(state, gradients)));
    const double scale = clip_scale(result.norm, state.settings.clip);
    result.clipped = scale < 1;
    result.lr = state.optimizer->base_lr() * state.schedule->factor(state.step, state.settings.steps);
    state.optimizer->step(gradients, result.lr, scale);
  }
  const std::uint64_t peak = device.allocator_stats().peak_bytes;
  result.activation_bytes = peak > before ? peak - before : 0;
  ++state.step;
  return result;
}

}  // namespace dsw
