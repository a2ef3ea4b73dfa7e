// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "engine/run/run_context.h"
#include "engine/tensor/kernel_watch.h"
#include "engine/train/evaluation.h"
#include "engine/train/train_state.h"
#include "engine/train/train_step.h"

namespace dsw {

/// One session of a training run: the loop between a start or a resume and an end or a stop.
class TrainRun {
 public:
  TrainRun(RunContext& context, TrainState& state) : context_(context), state_(state) {}
  /// Error{Stopped} after a checkpoint; Error{NotANumber} with the last checkpoint named.
  Result<void> run();

 private:
  bool due(std::int64_t every) const { return state_.step % every == 0 || state_.step == state_.settings.steps; }
  bool evaluation_due() const { return state_.evaluated != state_.step && (state_.step == 0 || due(state_.settings.eval_every)); }
  bool at_end() const { return state_.ended_early || state_.step >= state_.settings.steps; }

  Result<void> loop();
  Result<void> evaluate_now();
  Result<void> finish();
  Result<void> stop_here();
  Result<void> save(bool best);
  Result<Evaluation> evaluate_part(Split split, std::int64_t batches);
  void emit_evaluation(const Evaluation& evaluation, Split split);
  void emit_step(const StepResult& result);
  void emit_progress(bool now);
  void emit_plan();
  Result<StepResult> watched_step();
  void emit_profile();
  Error with_checkpoint(const Error& error) const;

  RunContext& context_;
  TrainState& state_;
  using Clock = std::chrono::steady_clock;
  Clock::time_point session_start_{}, last_progress_{};
  std::int64_t session_first_step_ = 0;
  double window_seconds_ = 0;  ///< of steps alone, since the last rate
  std::int64_t window_items_ = 0;
  double rate_ = 0;        ///< items a second
  KernelProfile profile_;  ///< of every kRateEvery-th step since the last evaluation
  std::int64_t profiled_steps_ = 0;
  double profiled_seconds_ = 0;
};

}  // namespace dsw
