// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"
#include "engine/nas/expected_cost.h"

namespace dsw {

/// The keys of a `search` document beside the common ones: data, model, search, optimizer, training.
ParamSchema search_schema(const Catalog& catalog);

/// How the network is derived at the end.
enum class Derivation { Argmax, Sample, Perturbation };

/// The sections search and training, with what "0: by itself" means worked out.
struct SearchSettings {
  std::int64_t epochs = 0, steps_per_epoch = 1, warmup = 0;  ///< of the search
  std::int64_t batch = 0, evaluation_batch = 0, eval_batches = 0;
  std::int64_t checkpoint_every = 1, keep = 2;  ///< epochs
  double held_out = 0;                          ///< share of the training part that the architecture learns from; 0: one-level
  double label_smoothing = 0, clip = 0;
  Json algorithm;  ///< {"type", settings}

  CostMetric metric = CostMetric::Flops;
  double target = 0;  ///< in the metric's unit; 0: none, or `target_share`
  double target_share = 0;
  CostPenalty penalty;
  bool cap = false;  ///< what is derived costs the target at most

  double skip_limit = 1, eigenvalue_limit = 0;  ///< 1 and 0: off
  std::int64_t eigenvalue_every = 0;            ///< epochs; 0: never
  bool restores = true;

  Derivation derivation = Derivation::Argmax;
  std::int64_t samples = 10;

  std::int64_t steps() const { return epochs * steps_per_epoch; }
  std::int64_t epoch_of(std::int64_t step) const { return step / steps_per_epoch; }
  /// Share of the epochs after warm-up that are over before this step, 0 … 1.
  double progress(std::int64_t step) const;
  TrainShare weights_share() const { return held_out > 0 ? TrainShare{0, 1 - held_out} : TrainShare{}; }
  TrainShare architecture_share() const { return held_out > 0 ? TrainShare{1 - held_out, 1} : TrainShare{}; }
};
/// @param document  with defaults, without problems
SearchSettings search_settings(const Json& document, const Dataset& data);

}  // namespace dsw
