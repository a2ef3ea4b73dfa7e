// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nas/guards.h"
#include "engine/nas/search_state.h"
#include "engine/train/evaluation.h"

namespace dsw {

// The JSON of a search's samples, as docs/searches.md has it.

/// Expected under a distribution; `ms` where latency was measured, else null.
Json cost_to_json(const Cost& cost, std::optional<double> ms);

/// Kind "space": what is searched. Once.
Json space_event(const SearchState& state);

/// What is known at the end of an epoch.
struct EpochReport {
  std::int64_t epoch = 0;
  Distribution p, edges;
  Architecture architecture;  ///< that would be derived now
  Cost expected, derived;
  std::optional<double> expected_ms, derived_ms;
  GuardReadings guards;
  std::optional<double> eigenvalue;
  std::optional<Evaluation> val;
};
/// Kind "search": the distribution.
Json epoch_event(const SearchState& state, const EpochReport& report);

/// An entry of kind "architectures".
Json measured_event(const MeasuredArchitecture& one);

/// The summary at the end.
Json search_summary(const SearchState& state, const Architecture& architecture, const std::optional<Evaluation>& val);

}  // namespace dsw
