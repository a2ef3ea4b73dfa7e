// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

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

/// Forward and backward over a batch {input, target}, as many examples at once as fit. Gives the mean loss of each part, then the square
/// sum of the gradients of the whole batch's mean loss.
StepOutputs losses_and_gradients(TrainState& state, std::span<const Tensor> batch, Rng& dropout) {
  const Tensor &input = batch[0], &target = batch[1];
  const std::int64_t examples = input.size(0);
  StepOutputs outputs;
  for (std::int64_t begin = 0; begin < examples;) {
    const std::int64_t end = std::min(examples, begin + state.memory.micro_batch());
    const bool whole = end - begin == examples;
    Forward pass = state.model->new_pass();
    pass.training = true;
    pass.dropout_rng = &dropout;
    state.memory.prepare(pass);
    const Tensor logits = state.model->forward(whole ? input : input.view_slice(0, begin, end), pass);
    const Tensor loss = cross_entropy(logits, whole ? target : target.view_slice(0, begin, end), state.settings.label_smoothing);
    outputs.values.push_back(loss.detach());
    if (whole) {
      outputs.gradients = backward(loss);
    } else {
      const double share = static_cast<double>(end - begin) / static_cast<double>(examples);
      const Gradients part_of = backward(loss, full(loss.shape(), share, loss.dtype(), loss.device()));
      for (const Module::Named& named : state.optimizer->parameters())
        if (Tensor gradient = part_of.of(named.parameter->value)) outputs.gradients.add(named.parameter->value, std::move(gradient));
    }
    begin = end;
  }
  outputs.values.push_back(gradient_square_sum(state.optimizer->parameters(), outputs.gradients));
  return outputs;
}

/// What the recorded form of a step depends on.
std::array<std::int64_t, 4> plan_key(const TrainState& state, const Batch& batch) {
  return {batch.input.size(0), batch.input.elements(), state.memory.micro_batch(), static_cast<std::int64_t>(state.model->compute())};
}

/// The batch's mean loss, or an error that says which part of the batch spoilt it.
Result<double> mean_loss(TrainState& state, RunContext& context, const Batch& batch, const StepOutputs& outputs) {
  const std::int64_t examples = batch.input.size(0), part = state.memory.micro_batch();
  double sum = 0;
  for (std::int64_t i = 0; i * part < examples; ++i) {
    const std::int64_t begin = i * part, end = std::min(examples, begin + part);
    const double value = outputs.values[static_cast<std::size_t>(i)].item();
    if (!std::isfinite(value)) {
      const Batch spoilt{batch.input.view_slice(0, begin, end), batch.target.view_slice(0, begin, end), {}};
      return fail(not_a_number(context, state.step + 1, "train/loss", value,
                               where_not_finite(*state.model, spoilt, context.experiment().seed, state.step, true)));
    }
    sum += value * (static_cast<double>(end - begin) / static_cast<double>(examples));
  }
  return sum;
}

Result<StepResult> step_of(TrainState& state, RunContext& context) {
  Device& device = context.device();
  if (state.memory.measuring()) state.plans->release_memory();
  const std::uint64_t before = device.allocator_stats().live_bytes;
  device.reset_peak();
  StepResult result;
  {
    const Batch batch = state.data->train_batch(context.experiment().seed, state.step, state.settings.batch, device);
    result.items = state.data->input_spec().kind == InputSpec::Kind::Image ? batch.input.size(0) : batch.input.elements();
    const std::array<Tensor, 2> inputs{batch.input, batch.target};
    Rng dropout = dropout_stream(context.experiment().seed, state.step);
    const auto step = [&state](std::span<const Tensor> from, Rng& random) { return losses_and_gradients(state, from, random); };
    StepOutputs measured;
    if (state.memory.measuring()) measured = step(inputs, dropout);
    const StepOutputs& outputs = state.memory.measuring() ? measured : state.plans->run(plan_key(state, batch), inputs, dropout, step);
    DSW_TRY_ASSIGN(result.loss, mean_loss(state, context, batch, outputs));
    const Tensor& square_sum = outputs.values.back();
    result.norm = square_sum ? std::sqrt(square_sum.item()) : 0;
    if (!std::isfinite(result.norm))
      return fail(not_a_number(context, state.step + 1, "train/grad-norm", result.norm, first_bad_gradient(state, outputs.gradients)));
    const double scale = clip_scale(result.norm, state.settings.clip);
    result.clipped = scale < 1;
    result.lr = state.optimizer->base_lr() * state.schedule->factor(state.step, state.settings.steps);
    state.optimizer->step(outputs.gradients, result.lr, scale);
    result.activation_bytes = state.plans->plan_bytes() + batch.input.bytes() + batch.target.bytes();
  }
  if (state.memory.measuring() || state.plans->plan_bytes() == 0) {
    const std::uint64_t peak = state.memory.peak_bytes(device);
    result.activation_bytes = peak > before ? peak - before : 0;
  }
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
    state.plans->clear();
    context.device().release_cache();
  }
}

}  // namespace dsw
