// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>

#include "engine/nas/search_events.h"
#include "engine/nas/search_state.h"
#include "engine/nas/search_step.h"

namespace dsw {

/// One session of a search: epochs of steps, each ended by a report, then the derivation.
class SearchRun {
 public:
  SearchRun(RunContext& context, SearchState& state) : context_(context), state_(state) {}
  /// Error{Stopped} after a checkpoint.
  Result<void> run();

 private:
  bool at_end() const { return state_.step >= state_.settings.steps(); }
  Result<void> loop();
  Result<void> report();
  Result<void> finish();
  void enter_stage();
  void look_for_collapse(const EpochReport& report);
  void emit_report(const EpochReport& report);
  void emit_step(const SearchStepResult& result);
  void emit_progress(bool now);
  void emit_plan();

  RunContext& context_;
  SearchState& state_;
  using Clock = std::chrono::steady_clock;
  Clock::time_point session_start_{}, last_progress_{};
  std::int64_t session_first_step_ = 0, items_ = 0, window_items_ = 0;
  double window_seconds_ = 0;  ///< of steps alone, since the last rate
};

}  // namespace dsw
