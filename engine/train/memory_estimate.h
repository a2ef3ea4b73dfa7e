// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "engine/nn/model_type.h"
#include "engine/train/train_settings.h"

namespace dsw {

/// What a training step takes, from shapes alone.
struct MemoryEstimate {
  double activation_bytes = 0;   ///< kept from the forward for the backward pass
  double peak_bytes = 0;         ///< most at once: weights, gradients, optimizer state, activations and their gradients
  double again_flops = 0;        ///< a step's forward passes of blocks that are computed again
  std::int64_t micro_batch = 0;  ///< examples at once: those asked for, or fewer under a limit
};

/// @param optimizer_slots  numbers that the optimizer keeps for each weight
/// @param compute  dtype of activations; in a narrow one they take half (statistics of rows stay float32), and products read copies of
///                 the weights
MemoryEstimate estimate_memory(Module& model, const InputSpec& input, const TrainSettings& settings, double optimizer_slots, DType compute);

}  // namespace dsw
