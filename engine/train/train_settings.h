// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"

namespace dsw {

/// The keys of a `train` document beside the common ones: data, model, optimizer, training. Made from what the catalog holds by then.
ParamSchema train_schema(const Catalog& catalog);

/// How a step keeps the activations of a network's blocks: all; none but each block's input; √n runs of blocks; or what a limit asks for.
enum class Checkpointing { None, EveryBlock, Sqrt, Auto };

/// The training section, with what "0: by itself" means worked out.
struct TrainSettings {
  std::int64_t steps = 0;  ///< of the whole run
  std::int64_t steps_per_epoch = 1;
  std::int64_t batch = 0, evaluation_batch = 0;
  std::int64_t eval_every = 0, eval_batches = 0, checkpoint_every = 0, sample_every = 0;
  std::int64_t keep = 2, patience = 0;
  std::string monitor;  ///< "val/loss"
  std::int64_t sample_tokens = 0;
  double sample_temperature = 0;
  std::string sample_prompt;
  double label_smoothing = 0, clip = 0;
  Checkpointing checkpointing = Checkpointing::None;
  std::uint64_t memory_limit = 0;  ///< bytes; 0: most of what is free
  std::int64_t micro_batch = 0;    ///< examples computed at once, at most batch
};

/// @param document  with defaults, without problems
TrainSettings train_settings(const Json& document, const Dataset& data);
/// Steps of a run: /training/steps, or epochs times the batches an epoch.
std::int64_t total_steps(const Json& training, std::int64_t batches_per_epoch);

}  // namespace dsw
