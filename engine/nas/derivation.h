// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <optional>

#include "engine/nas/search_state.h"
#include "engine/train/evaluation.h"

namespace dsw {

/// One architecture with inherited weights on the val part, or where there is none on held-out examples; its cost is added to state.flops.
/// Error{Stopped} between batches.
Result<Evaluation> measure(SearchState& state, const Architecture& architecture, Device& device, std::stop_token stop);
/// The same of any way through the supernet, with as many channels passing as in the search's steps now.
Result<Evaluation> measure(SearchState& state, Mixing mixing, Device& device, std::stop_token stop);

/// The architecture that a finished search ends with, by its settings; the baselines compare theirs, whatever the settings. What is
/// measured goes to state.measured and to `told` one by one; what is there already (a resume) is not measured again.
/// Error{Stopped} between measurements.
Result<Architecture> derive(SearchState& state, Device& device, std::stop_token stop,
                            const std::function<void(const MeasuredArchitecture&)>& told);

}  // namespace dsw
