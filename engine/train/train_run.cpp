// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_run.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/run/machine_speed.h"
#include "engine/run/metric_direction.h"
#include "engine/train/nan_search.h"
#include "engine/train/samples.h"

namespace dsw {
namespace {

constexpr std::int64_t kRateEvery = 10;  // steps
constexpr auto kBetweenProgress = std::chrono::milliseconds(100);
constexpr auto kBetweenTries = std::chrono::seconds(1);  // of a checkpoint on a full disk
constexpr double kSpike = 3;                             // times the usual gradient norm

const char* rate_unit(const InputSpec& input) { return input.kind == InputSpec::Kind::Image ? "images/s" : "tokens/s"; }
const char* rate_key(const InputSpec& input) { return input.kind == InputSpec::Kind::Image ? "sys/images-per-s" : "sys/tokens-per-s"; }

std::string metric_key(Split split, const std::string& name) { return std::string(split_name(split)) + "/" + name; }

}  // namespace

Result<void> TrainRun::run() {
  session_start_ = last_progress_ = Clock::now();
  session_first_step_ = state_.step;
  if (!context_.resume_from.empty()) context_.emit(MarkBody{state_.step, "resume", fmt::format("Goes on from step {}", state_.step)});
  emit_plan();
  emit_progress(true);
  Result<void> result = loop();
  if (result) result = finish();
  if (!result && result.error().code == ErrorCode::Stopped) return stop_here();
  if (!result && result.error().code == ErrorCode::NotANumber) {
    context_.emit(MarkBody{state_.step, "nan", result.error().message});
    return fail(with_checkpoint(result.error()));
  }
  return result;
}

Result<void> TrainRun::loop() {
  for (;;) {
    if (evaluation_due()) DSW_TRY(evaluate_now());
    if (state_.step > 0 && state_.saved != state_.step && (at_end() || due(state_.settings.checkpoint_every)))
      DSW_TRY(save(state_.best_step == state_.step));
    if (at_end()) return {};
    if (context_.stop_requested()) return fail(ErrorCode::Stopped, "Stopped");
    const auto begin = Clock::now();
    const auto step = state_.step % kRateEvery == kRateEvery - 1 ? watched_step() : train_step(state_, context_);
    if (!step) return fail(step.error());
    window_seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
    window_items_ += step->items;
    emit_step(*step);
    emit_progress(false);
  }
}

Result<StepResult> TrainRun::watched_step() {
  Device& device = context_.device();
  struct Watch {
    Device& device;
    Watch(Device& on, KernelWatcher& watcher) : device(on) { device.watch(&watcher); }
    ~Watch() { device.watch(nullptr); }
  };
  const auto begin = Clock::now();
  const Watch watch(device, profile_);
  auto step = train_step(state_, context_);
  ++profiled_steps_;
  profiled_seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
  return step;
}

/// Where a step's time went since the last evaluation, as a sample of the kind "profile".
void TrainRun::emit_profile() {
  if (profiled_steps_ == 0) return;
  const double steps = static_cast<double>(profiled_steps_);
  Json kernels = Json::array();
  for (const KernelShare& share : profile_.shares())
    kernels.push_back({{"kernel", share.kernel},
                       {"dtype", share.dtype},
                       {"calls", static_cast<double>(share.calls) / steps},
                       {"seconds", share.seconds / steps},
                       {"flops", share.flops / steps},
                       {"bytes", share.bytes / steps}});
  const Json profile{{"steps", profiled_steps_},
                     {"step_seconds", profiled_seconds_ / steps},
                     {"peak_flops", processor_flops_per_second()},
                     {"kernels", kernels}};
  context_.emit(SampleBody{state_.step, "profile", profile.dump(), {}});
  profile_.clear();
  profiled_steps_ = 0;
  profiled_seconds_ = 0;
}

void TrainRun::emit_step(const StepResult& result) {
  const std::int64_t step = state_.step;
  context_.emit(MetricBody{"train/loss", step, result.loss});
  context_.emit(MetricBody{"train/grad-norm", step, result.norm});
  context_.emit(MetricBody{"train/lr", step, result.lr});
  if (step % kRateEvery == 0) {
    rate_ = static_cast<double>(window_items_) / std::max(window_seconds_, 1e-9);
    window_items_ = 0;
    window_seconds_ = 0;
    context_.emit(MetricBody{rate_key(state_.data->input_spec()), step, rate_});
    context_.emit(MetricBody{"sys/activation-bytes", step, static_cast<double>(result.activation_bytes)});
    if (state_.precision.compute().dtype == DType::F16) context_.emit(MetricBody{"sys/loss-scale", step, state_.precision.loss_scale()});
  }
  if (result.clipped && step > 20 && result.norm > kSpike * state_.usual_norm)
    context_.emit(MarkBody{step, "clip", fmt::format("gradient norm {:.2g}, clipped", result.norm)});
  state_.usual_norm = step == 1 ? result.norm : 0.98 * state_.usual_norm + 0.02 * result.norm;
}

void TrainRun::emit_progress(bool now) {
  const auto time = Clock::now();
  if (!now && time - last_progress_ < kBetweenProgress) return;
  last_progress_ = time;
  const std::int64_t made = state_.step - session_first_step_;
  const double seconds = std::chrono::duration<double>(time - session_start_).count();
  const double left = made > 0 ? seconds / static_cast<double>(made) * static_cast<double>(state_.settings.steps - state_.step) : 0;
  const double rate = window_seconds_ > 0 ? static_cast<double>(window_items_) / window_seconds_ : rate_;
  context_.emit(ProgressBody{state_.step, state_.settings.steps, rate, rate_unit(state_.data->input_spec()), left});
}

void TrainRun::emit_plan() {
  const InputSpec& input = state_.data->input_spec();
  Json plan;
  plan["parameters"] = state_.model->trainable_elements();
  plan["steps"] = state_.settings.steps;
  plan["steps_per_epoch"] = state_.settings.steps_per_epoch;
  plan["train_examples"] = state_.data->size(Split::Train);
  plan["forward_flops"] = state_.model->cost(input.input_shape(state_.settings.batch)).flops;
  plan["clip"] = state_.settings.clip;
  context_.emit(SummaryBody{plan.dump()});
}

Result<Evaluation> TrainRun::evaluate_part(Split split, std::int64_t batches) {
  EvaluationRequest request;
  request.split = split;
  request.batch = state_.settings.evaluation_batch;
  request.batches = batches;
  state_.plans->release_memory();
  DSW_TRY_ASSIGN(Evaluation evaluation, evaluate(*state_.model, *state_.data, request, context_.device(), context_.stop_token()));
  if (evaluation.bad_batch >= 0) {
    const Batch batch = state_.data->eval_batch(split, evaluation.bad_batch, request.batch, context_.device());
    std::string place = where_not_finite(*state_.model, batch, 0, 0, false);
    if (!place.empty()) place = ", first in " + place;
    const std::string what = metric_key(split, "loss") + " became NaN";
    if (const auto decision = state_.precision.overflowed(state_.step, true, what + place); decision.again) {
      context_.emit(MarkBody{state_.step, "precision", decision.event});
      state_.take_precision();
      return evaluate_part(split, batches);
    }
    context_.emit(MetricBody{metric_key(split, "loss"), state_.step, std::numeric_limits<double>::quiet_NaN()});
    return fail(ErrorCode::NotANumber, fmt::format("{} at step {}{}", what, state_.step, place));
  }
  return evaluation;
}

void TrainRun::emit_evaluation(const Evaluation& evaluation, Split split) {
  for (const auto& [name, value] : evaluation_metrics(evaluation, state_.data->input_spec().kind, state_.data->characters_per_token(split)))
    context_.emit(MetricBody{metric_key(split, name), state_.step, value});
}

Result<void> TrainRun::evaluate_now() {
  if (!state_.data->has(Split::Val)) {
    state_.evaluated = state_.step;
    return {};
  }
  const TrainSettings& settings = state_.settings;
  const bool whole_at_end = state_.step == settings.steps;
  DSW_TRY_ASSIGN(Evaluation evaluation, evaluate_part(Split::Val, whole_at_end ? 0 : settings.eval_batches));
  const auto monitored = [&] { return settings.monitor == "val/accuracy" ? evaluation.accuracy() : evaluation.loss(); };
  const auto worse = [&] { return !is_better(settings.monitor, monitored(), state_.best); };
  const bool ends = settings.patience > 0 && state_.step > 0 && worse() && state_.without_better + 1 >= settings.patience;
  if (ends && settings.eval_batches > 0 && !whole_at_end) {  // the last value of a run is that of the whole part
    DSW_TRY_ASSIGN(evaluation, evaluate_part(Split::Val, 0));
  }
  // Samples are made before anything of this evaluation is told: a stop while they are made leaves it to be done again as a whole.
  std::vector<SampleBody> samples;
  if (state_.step > 0 && !whole_at_end && !ends && due(settings.sample_every)) {
    DSW_TRY_ASSIGN(samples, make_samples(context_, state_, evaluation, Split::Val));
  }
  emit_evaluation(evaluation, Split::Val);
  for (SampleBody& sample : samples) context_.emit(std::move(sample));
  emit_profile();
  state_.evaluated = state_.step;
  if (!worse()) {
    state_.keep_best(monitored());
    if (state_.step > 0) DSW_TRY(save(true));
  } else if (state_.step > 0) {
    ++state_.without_better;
    if (ends && !whole_at_end) {
      state_.ended_early = true;
      context_.emit(MarkBody{state_.step, "early-stop",
                             fmt::format("{} evaluations without a better {}; the best was at step {}", state_.without_better,
                                         settings.monitor, state_.best_step)});
    }
  }
  return {};
}

Result<void> TrainRun::finish() {
  if (state_.settings.patience > 0 && state_.best_step != state_.step) {
    state_.take_best();
    DSW_TRY(save(true));  // what the run ends with is its last checkpoint
  }
  const Split split = state_.data->has(Split::Test) ? Split::Test : Split::Val;
  if (state_.data->has(split)) {
    DSW_TRY_ASSIGN(const Evaluation evaluation, evaluate_part(split, 0));
    DSW_TRY_ASSIGN(std::vector<SampleBody> samples, make_samples(context_, state_, evaluation, split));
    if (split == Split::Test) emit_evaluation(evaluation, split);
    for (SampleBody& sample : samples) context_.emit(std::move(sample));
  }
  emit_profile();  // where no val part asked for it before
  emit_progress(true);
  return {};
}

/// A full disk does not end a run: it waits until there is room, or until it is stopped.
Result<void> TrainRun::save(bool best) {
  Result<void> saved = state_.save(context_, best);
  const auto waits = [](const Result<void>& result) {  // a full disk, or a folder that went away with its disk
    return !result && (result.error().code == ErrorCode::Io || result.error().code == ErrorCode::NotFound);
  };
  if (!waits(saved)) return saved;
  context_.emit(StatusBody{RunStatus::Paused, state_.step, saved.error().where + ": " + saved.error().message,
                           "The run waits and nothing is lost. Make room, and it goes on by itself."});
  while (waits(saved)) {
    for (auto end = Clock::now() + kBetweenTries; Clock::now() < end;) {
      if (context_.stop_requested())
        return fail(ErrorCode::Io, fmt::format("Stopped at step {}, and its checkpoint could not be saved", state_.step),
                    state_.saved > 0 ? fmt::format("Resume goes on from step {}.", state_.saved) : "", saved.error().where);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    saved = state_.save(context_, best);
  }
  if (saved) context_.emit(StatusBody{RunStatus::Running, state_.step, "", ""});
  return saved;
}

Result<void> TrainRun::stop_here() {
  if (state_.saved != state_.step) DSW_TRY(save(state_.best_step == state_.step));
  context_.emit(MarkBody{state_.step, "stop", fmt::format("Stopped at step {}", state_.step)});
  return fail(ErrorCode::Stopped, fmt::format("Stopped at step {} of {}", state_.step, state_.settings.steps),
              fmt::format("Resume goes on from step {}.", state_.step));
}

Error TrainRun::with_checkpoint(const Error& error) const {
  Error full = error;
  full.message += state_.saved > 0 ? fmt::format(". The checkpoint of step {} is kept", state_.saved) : ". There was no checkpoint yet";
  const double smaller = std::stod(fmt::format("{:.1e}", state_.optimizer->base_lr() / 3));  // two digits
  full.hint = fmt::format("Start it again with a smaller learning rate, such as {:g}.", smaller);
  return full;
}

}  // namespace dsw
