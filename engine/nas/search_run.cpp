// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_run.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/architecture_json.h"
#include "engine/nas/derivation.h"
#include "engine/nas/derive.h"

namespace dsw {
namespace {

constexpr auto kBetweenProgress = std::chrono::milliseconds(100);
constexpr std::int64_t kRateEvery = 10;  // steps

}  // namespace

Result<void> SearchRun::run() {
  session_start_ = last_progress_ = Clock::now();
  session_first_step_ = state_.step;
  if (!context_.resume_from.empty()) context_.emit(MarkBody{state_.step, "resume", fmt::format("Goes on from step {}", state_.step)});
  emit_plan();
  if (context_.resume_from.empty()) context_.emit(SampleBody{0, "space", space_event(state_).dump(), {}});
  emit_progress(true);
  Result<void> result = loop();
  if (result) result = finish();
  if (!result && result.error().code == ErrorCode::Stopped) {
    if (state_.saved != state_.step || !state_.measured.empty()) DSW_TRY(state_.save(context_));
    context_.emit(MarkBody{state_.step, "stop", fmt::format("Stopped at step {}", state_.step)});
    return fail(ErrorCode::Stopped, fmt::format("Stopped at step {} of {}", state_.step, state_.settings.steps()),
                fmt::format("Resume goes on from step {}.", state_.step));
  }
  if (!result && result.error().code == ErrorCode::NotANumber) context_.emit(MarkBody{state_.step, "nan", result.error().message});
  return result;
}

Result<void> SearchRun::loop() {
  const SearchSettings& settings = state_.settings;
  for (;;) {
    if (state_.step % settings.steps_per_epoch == 0 && state_.reported != state_.step) {
      DSW_TRY(report());
      if (state_.step > 0 && (settings.epoch_of(state_.step) % settings.checkpoint_every == 0 || at_end())) DSW_TRY(state_.save(context_));
    }
    if (at_end()) return {};
    if (context_.stop_requested()) return fail(ErrorCode::Stopped, "Stopped");
    const auto begin = Clock::now();
    DSW_TRY_ASSIGN(const SearchStepResult step, search_step(state_, context_.device()));
    window_seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
    window_items_ += step.items;
    emit_step(step);
    emit_progress(false);
  }
}

/// Weak candidates go where the algorithm narrows its choices, and more channels pass through the others.
void SearchRun::enter_stage() {
  if (at_end() || (!state_.learning() && state_.step > 0)) return;
  const double progress = state_.settings.progress(state_.step);
  std::size_t closed = 0;
  const Distribution p = state_.distribution();
  for (std::size_t c = 0; c < p.size(); ++c) {
    const std::size_t keep = state_.algorithm->open_candidates(progress, p[c].size());
    for (auto left = static_cast<std::size_t>(std::count(state_.open[c].begin(), state_.open[c].end(), true)); left > keep;
         --left, ++closed) {
      std::size_t weakest = p[c].size();
      for (std::size_t i = 0; i < p[c].size(); ++i)
        if (state_.open[c][i] && (weakest == p[c].size() || p[c][i] < p[c][weakest])) weakest = i;
      state_.open[c][weakest] = false;
    }
  }
  std::vector<std::string> what;
  if (closed > 0) what.push_back(fmt::format("{} weak candidates were dropped", closed));
  const PartialChannels next = state_.algorithm->partial(progress);
  if (const std::size_t widened = state_.supernet->widen(state_.partial, next); widened > 0)
    what.push_back(fmt::format("channels were widened in {} choices: K = {} instead of {}", widened, next.now, state_.partial.now));
  state_.partial = next;
  if (!what.empty()) context_.emit(MarkBody{state_.step, "stage", fmt::format("{}", fmt::join(what, "; "))});
}

Result<void> SearchRun::report() {
  enter_stage();
  EpochReport report;
  report.epoch = state_.settings.epoch_of(state_.step);
  report.p = state_.distribution();
  report.edges = state_.edge_distribution();
  report.architecture = state_.derived();
  report.expected = state_.space.expected_cost(report.p);
  report.derived = derived_cost(state_.space, report.architecture, *state_.layers);
  if (state_.settings.metric == CostMetric::Latency) {
    report.expected_ms = state_.cost->of(report.p);
    report.derived_ms = state_.cost_of(report.architecture);
  }
  report.guards = read_guards(state_.space, report.p);
  const std::int64_t every = state_.settings.eigenvalue_every;
  if (every > 0 && report.epoch % every == 0 && state_.learning())
    report.eigenvalue = state_.eigenvalue = hessian_eigenvalue(state_, context_.device());
  DSW_TRY_ASSIGN(report.val, measure(state_, report.architecture, context_.device(), context_.stop_token()));
  state_.reported = state_.step;
  emit_report(report);
  look_for_collapse(report);
  return {};
}

void SearchRun::look_for_collapse(const EpochReport& report) {
  if (!state_.learning()) return;
  const std::string what = collapse(state_.settings, report.guards, report.eigenvalue.value_or(0));
  if (what.empty()) {
    state_.good_alphas = state_.parameters->alphas();
    state_.good_betas = state_.parameters->betas();
    return;
  }
  std::string text = fmt::format("Epoch {}: {}.", report.epoch, what);
  if (state_.settings.restores && !state_.good_alphas.empty()) {
    state_.set_alphas(state_.good_alphas, state_.good_betas);
    state_.rate_factor /= 2;
    text += fmt::format(" The last good distribution was restored and the architecture rate halved to {:.2g}.", state_.architecture_rate());
  }
  context_.emit(MarkBody{state_.step, "collapse", text});
}

void SearchRun::emit_report(const EpochReport& report) {
  const std::int64_t step = state_.step;
  const auto metric = [&](const char* key, double value) { context_.emit(MetricBody{key, step, value}); };
  metric("search/entropy", report.guards.entropy);
  metric("search/margin", report.guards.margin);
  metric("search/skip-share", report.guards.skip_share);
  metric("search/expected-flops", report.expected.flops);
  metric("search/derived-flops", report.derived.flops);
  metric("search/expected-parameters", report.expected.parameters);
  metric("search/derived-parameters", report.derived.parameters);
  if (report.expected_ms) metric("search/expected-ms", *report.expected_ms);
  if (report.derived_ms) metric("search/derived-ms", *report.derived_ms);
  if (report.eigenvalue) metric("search/eigenvalue", *report.eigenvalue);
  if (state_.algorithm->learns()) metric("search/architecture-lr", state_.architecture_rate());
  const std::int64_t epoch = std::max<std::int64_t>(0, report.epoch - state_.settings.warmup);
  metric("search/temperature", state_.algorithm->temperature(state_.settings.progress(step), epoch));
  for (const auto& [name, value] :
       evaluation_metrics(*report.val, state_.data->input_spec().kind, state_.data->characters_per_token(Split::Val)))
    metric(("val/" + name).c_str(), value);
  context_.emit(SampleBody{step, "search", epoch_event(state_, report).dump(), {}});
  const MeasuredArchitecture derived{report.architecture, report.val->loss(), report.val->accuracy(), report.derived, "derived"};
  context_.emit(SampleBody{step, "architectures", Json{{"items", Json::array({measured_event(derived)})}}.dump(), {}});
}

void SearchRun::emit_step(const SearchStepResult& result) {
  items_ += result.items;
  context_.emit(MetricBody{"train/loss", state_.step, result.loss});
  context_.emit(MetricBody{"train/grad-norm", state_.step, result.norm});
  context_.emit(MetricBody{"train/lr", state_.step, result.lr});
  if (std::isfinite(result.held_out_loss)) context_.emit(MetricBody{"search/loss", state_.step, result.held_out_loss});
  if (state_.step % kRateEvery != 0) return;
  const bool images = state_.data->input_spec().kind == InputSpec::Kind::Image;
  context_.emit(MetricBody{images ? "sys/images-per-s" : "sys/tokens-per-s", state_.step,
                           static_cast<double>(window_items_) / std::max(window_seconds_, 1e-9)});
  window_items_ = 0;
  window_seconds_ = 0;
}

void SearchRun::emit_progress(bool now) {
  const auto time = Clock::now();
  if (!now && time - last_progress_ < kBetweenProgress) return;
  last_progress_ = time;
  const auto made = static_cast<double>(state_.step - session_first_step_);
  const double seconds = std::chrono::duration<double>(time - session_start_).count();
  const double left = made > 0 ? seconds / made * static_cast<double>(state_.settings.steps() - state_.step) : 0;
  const bool images = state_.data->input_spec().kind == InputSpec::Kind::Image;
  context_.emit(ProgressBody{state_.step, state_.settings.steps(), static_cast<double>(items_) / std::max(seconds, 1e-9),
                             images ? "images/s" : "tokens/s", left});
}

void SearchRun::emit_plan() {
  const SearchSettings& settings = state_.settings;
  const Json plan{{"parameters", state_.supernet->trainable_elements()},
                  {"steps", settings.steps()},
                  {"steps_per_epoch", settings.steps_per_epoch},
                  {"train_examples", state_.data->size(Split::Train)},
                  {"forward_flops", state_.supernet->cost(state_.data->input_spec().input_shape(settings.batch)).flops},
                  {"clip", settings.clip}};
  context_.emit(SummaryBody{plan.dump()});
}

Result<void> SearchRun::finish() {
  DSW_TRY_ASSIGN(const Architecture architecture,
                 derive(state_, context_.device(), context_.stop_token(), [&](const MeasuredArchitecture& one) {
                   context_.emit(SampleBody{state_.step, "architectures", Json{{"items", Json::array({measured_event(one)})}}.dump(), {}});
                 }));
  DSW_TRY_ASSIGN(const Evaluation val, measure(state_, architecture, context_.device(), context_.stop_token()));
  const Json summary = search_summary(state_, architecture, val);
  Json derived{{"model", summary.at("architecture")},
               {"architecture", architecture_to_json(architecture)},
               {"by", state_.document.at("search").at("derive").at("by")}};
  for (const char* key : {"flops", "parameters", "activation_bytes", "ms"}) derived[key] = summary.at(key);
  context_.emit(SampleBody{state_.step, "derived", derived.dump(), {}});
  context_.emit(SummaryBody{summary.dump()});
  emit_progress(true);
  return {};
}

}  // namespace dsw
