// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "engine/train/nan_search.h"
#include "engine/train/step_gradients.h"

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

/// What the recorded form of a step depends on.
std::array<std::int64_t, 6> plan_key(const TrainState& state, const StepArithmetic& arithmetic, const Batch& batch) {
  return {batch.input.size(0),
          batch.input.elements(),
          state.memory.micro_batch(),
          static_cast<std::int64_t>(arithmetic.compute.dtype),
          arithmetic.compute.fp8_products,
          static_cast<std::int64_t>(arithmetic.loss_scale)};
}

/// What came out of a step's passes, in numbers.
struct Numbers {
  double loss = 0, norm = 0;
  std::optional<std::int64_t> bad_part;  ///< the first part of the batch whose loss is not finite; then `loss` is its loss
  bool finite() const { return !bad_part && std::isfinite(norm); }
};

Numbers read_numbers(const TrainState& state, const Batch& batch, const StepOutputs& outputs, double loss_scale) {
  const std::int64_t examples = batch.input.size(0), part = state.memory.micro_batch();
  Numbers numbers;
  for (std::int64_t i = 0; i * part < examples; ++i) {
    const double value = outputs.values[static_cast<std::size_t>(i)].item();
    if (!std::isfinite(value)) return {value, 0, i};
    numbers.loss += value * (static_cast<double>(std::min(examples, (i + 1) * part) - i * part) / static_cast<double>(examples));
  }
  const Tensor& square_sum = outputs.values.back();
  numbers.norm = square_sum ? std::sqrt(square_sum.item()) / loss_scale : 0;
  return numbers;
}

/// Where the first number that is not finite came from, in words.
std::string place_of(TrainState& state, RunContext& context, const Batch& batch, const StepOutputs& outputs, const Numbers& numbers) {
  if (!numbers.bad_part) return first_bad_gradient(state, outputs.gradients);
  const std::int64_t part = state.memory.micro_batch(), begin = *numbers.bad_part * part, end = std::min(batch.input.size(0), begin + part);
  const Batch spoilt{batch.input.view_slice(0, begin, end), batch.target.view_slice(0, begin, end), {}};
  return where_not_finite(*state.model, spoilt, context.experiment().seed, state.step, true);
}

void tell(TrainState& state, RunContext& context, const DynamicPrecision::Decision& decision) {
  if (decision.event.empty()) return;
  context.emit(MarkBody{state.step, "precision", decision.event});
  state.take_precision();
}

void audit(TrainState& state, RunContext& context, const Batch& batch) {
  const auto due = state.precision.audit_due(state.step);
  if (!due || state.memory.measuring()) return;
  const GradientAudit found =
      audit_gradient(state, *due, state.precision.audit_scale(*due), batch, dropout_stream(context.experiment().seed, state.step));
  tell(state, context, state.precision.audited(state.step, *due, found));
}

/// Forward and backward, in other precisions or with a smaller loss scale until the numbers are finite.
Result<Numbers> passes(TrainState& state, RunContext& context, const Batch& batch, StepOutputs& measured, const StepOutputs*& outputs) {
  const std::array<Tensor, 2> inputs{batch.input, batch.target};
  if (state.precision.compute().dtype != DType::F32) state.keep_buffers();
  for (;;) {
    const StepArithmetic arithmetic{state.precision.compute(), state.precision.loss_scale(), false};
    const auto step = [&](std::span<const Tensor> from, Rng& random) { return losses_and_gradients(state, arithmetic, from, random); };
    Rng dropout = dropout_stream(context.experiment().seed, state.step);
    if (state.memory.measuring()) {
      measured = step(inputs, dropout);
      outputs = &measured;
    } else {
      outputs = &state.plans->run(plan_key(state, arithmetic, batch), inputs, dropout, step);
    }
    const Numbers numbers = read_numbers(state, batch, *outputs, arithmetic.loss_scale);
    if (numbers.finite()) {
      state.precision.succeeded();
      return numbers;
    }
    const char* const key = numbers.bad_part ? "train/loss" : "train/grad-norm";
    const double value = numbers.bad_part ? numbers.loss : numbers.norm;
    const std::string place = place_of(state, context, batch, *outputs, numbers);
    if (state.precision.compute().dtype != DType::F32) state.restore_buffers();  // the search for the place wrote to them too
    const auto decision =
        state.precision.overflowed(state.step, numbers.bad_part.has_value(),
                                   fmt::format("{} became {}{}", key, what_it_became(value), place.empty() ? "" : ", first in " + place));
    if (!decision.again) return fail(not_a_number(context, state.step + 1, key, value, place));
    tell(state, context, decision);
  }
}

Result<StepResult> step_of(TrainState& state, RunContext& context) {
  Device& device = context.device();
  if (state.memory.measuring()) state.plans->release_memory();
  const std::uint64_t before = device.allocator_stats().live_bytes;
  StepResult result;
  {
    const Batch batch = state.data->train_batch(context.experiment().seed, state.step, state.settings.batch, device);
    result.items = state.data->input_spec().kind == InputSpec::Kind::Image ? batch.input.size(0) : batch.input.elements();
    audit(state, context, batch);
    device.reset_peak();
    StepOutputs measured;
    const StepOutputs* outputs = nullptr;
    DSW_TRY_ASSIGN(const Numbers numbers, passes(state, context, batch, measured, outputs));
    result.loss = numbers.loss;
    result.norm = numbers.norm;
    const double scale = clip_scale(result.norm, state.settings.clip);
    result.clipped = scale < 1;
    result.lr = state.optimizer->base_lr() * state.schedule->factor(state.step, state.settings.steps);
    state.optimizer->step(outputs->gradients, result.lr, scale / state.precision.loss_scale());
    result.activation_bytes = state.plans->plan_bytes() + batch.input.bytes() + batch.target.bytes();
  }
  if (state.memory.measuring() || state.plans->plan_bytes() == 0) {
    const std::uint64_t peak = state.memory.peak_bytes(device);
    result.activation_bytes = peak > before ? peak - before : 0;
  }
  ++state.step;
  if (state.plans->repeated()) {
    if (const auto fewer = state.memory.fit(device)) {
      context.emit(MarkBody{state.step, "memory", *fewer});
      state.plans->clear();
    }
  }
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
