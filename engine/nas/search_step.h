// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nas/search_state.h"

namespace dsw {

/// What one step of a search did.
struct SearchStepResult {
  double loss = 0, norm = 0, lr = 0;  ///< of the weights; norm before clipping
  double held_out_loss = 0;           ///< of the architecture's examples, without penalties; NaN where it did not learn
  std::int64_t items = 0;             ///< tokens or images of both batches
};

/// One step of the architecture (where it is learning), then one of the weights; counts state.step up. One-level: both from one pass.
/// Error{NotANumber} before anything changed, where a loss or a gradient is not finite.
Result<SearchStepResult> search_step(SearchState& state, Device& device);

/// Loss and gradients of one pass; `pulls`: penalty, regulariser and L2 pull count in the gradient. Exposed for the Hessian's products,
/// tests and the benchmark.
/// @return  values: the loss (without penalties), the square sum of the weights' gradients, that of the architecture's (undefined where
///          none). Valid until the next pass. Its cost is added to state.flops.
const StepOutputs& search_pass(SearchState& state, SearchAlgorithm::Phase phase, const Batch& batch, Rng draws, bool pulls = true);
/// The stream of a step's draws.
Rng draws_of(const SearchState& state, SearchAlgorithm::Phase phase);
/// The batch from which the architecture learns at this step.
Batch held_out_batch(const SearchState& state, std::int64_t step, Device& device);

}  // namespace dsw
