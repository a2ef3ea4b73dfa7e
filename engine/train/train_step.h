// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "engine/run/run_context.h"
#include "engine/train/train_state.h"

namespace dsw {

/// What one step of training did.
struct StepResult {
  double loss = 0, norm = 0, lr = 0;   ///< norm: of all gradients, before clipping
  std::int64_t items = 0;              ///< tokens or images in its batch
  std::uint64_t activation_bytes = 0;  ///< the step's peak above weights and optimizer state
  bool clipped = false;
};

/// One batch forward, backward, and an update of the weights; counts state.step up. Where memory is short, the batch goes through in
/// smaller parts (state.memory), which a mark says. Error{NotANumber} before any weight changed, with the step and the place where the
/// loss or a gradient stopped being finite; state.step stays. Throws Error{OutOfMemory} where not even one example fits.
Result<StepResult> train_step(TrainState& state, RunContext& context);

}  // namespace dsw
