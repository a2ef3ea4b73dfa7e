// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_step.h"

#include <algorithm>
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

/// The gradient of the whole batch's mean loss, from as many examples at once as fit.
struct Sums {
  double loss = 0;
  Gradients gradients;
};

Result<Sums> sum_of_micro_batches(TrainState& state, RunContext& context, const Batch& batch) {
  const std::uint64_t seed = context.experiment().seed;
  const std::int64_t examples = batch.input.size(0);
  Rng dropout = dropout_stream(seed, state.step);
  Sums sums;
  for (std::int64_t begin = 0; begin < examples;) {
    const std::int64_t end = std::min(examples, begin + state.memory.micro_batch());
    const bool whole = end - begin == examples;
    const Batch part = whole ? batch : Batch{batch.input.view_slice(0, begin, end), batch.target.view_slice(0, begin, end), {}};
    Forward pass = state.model->new_pass();
    pass.training = true;
    pass.dropout_rng = &dropout;
    state.memory.prepare(pass);
    Tensor loss = cross_entropy(state.model->forward(part.input, pass), part.target, state.settings.label_smoothing);
    const double value = loss.item(), share = static_cast<double>(end - begin) / static_cast<double>(examples);
    if (!std::isfinite(value)) {
      loss = Tensor();
      return fail(not_a_number(context, state.step + 1, "train/loss", value, where_not_finite(*state.model, part, seed, state.step, true)));
    }
    sums.loss += share * value;
    if (whole) {
      sums.gradients = backward(loss);
    } else {
      const Gradients part_of = backward(loss, full(loss.shape(), share, loss.dtype(), loss.device()));
      for (const Module::Named& named : state.optimizer->parameters())
        if (Tensor gradient = part_of.of(named.parameter->value)) sums.gradients.add(named.parameter->value, std::move(gradient));
    }
    begin = end;
  }
  return sums;
}

Result<StepResult> step_of(TrainState& state, RunContext& context) {
  Device& device = context.device();
  const std::uint64_t before = device.allocator_stats().live_bytes;
  device.reset_peak();
  StepResult result;
  {
    const Batch batch = state.data->train_batch(context.experiment().seed, state.step, state.settings.batch, device);
    result.items = state.data->input_spec().kind == InputSpec::Kind::Image ? batch.input.size(0) : batch.input.elements();
    DSW_TRY_ASSIGN(const Sums sums, sum_of_micro_batches(state, context, batch));
    result.loss = sums.loss;
    result.norm = gradient_norm(state.optimizer->parameters(), sums.gradients);
    if (!std::isfinite(result.norm))
      return fail(not_a_number(context, state.step + 1, "train/grad-norm", result.norm, first_bad_gradient(state, sums.gradients)));
    const double scale = clip_scale(result.norm, state.settings.clip);
    result.clipped = scale < 1;
    result.lr = state.optimizer->base_lr() * state.schedule->factor(state.step, state.settings.steps);
    state.optimizer->step(sums.gradients, result.lr, scale);
  }
  const std::uint64_t peak = state.memory.peak_bytes(device);
  result.activation_bytes = peak > before ? peak - before : 0;
  ++state.step;
  if (const auto chosen = state.memory.learn(device)) context.emit(MarkBody{state.step, "memory", *chosen});
  return result;
}

}  // namespace

Result<StepResult> train_step(TrainState& state, RunContext& context) {
  for (;;) {
    try {
      return step_of(state, context);
    } catch (const Error& error) {
      if (error.code != ErrorCode::OutOfMemory || !state.memory.shrink()) throw;
      context.emit(
          MarkBody{state.step, "memory", fmt::format("{} {} examples at once from here on.", error.message, state.memory.micro_batch())});
    }
    context.device().release_cache();
  }
}

}  // namespace dsw
