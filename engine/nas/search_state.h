// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/autograd/step_plan.h"
#include "engine/data/dataset.h"
#include "engine/nas/expected_cost.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nas/search_settings.h"
#include "engine/nas/supernet.h"
#include "engine/optim/lr_schedule.h"
#include "engine/optim/optimizer.h"
#include "engine/run/checkpoint.h"
#include "engine/run/run_context.h"

namespace dsw {

/// FLOPs of a step with gradients, in forward passes: backward every product has two. So are counted the steps of trainings and of
/// searches; an architecture step, which leaves out the weights' gradients, is counted as a whole one.
inline constexpr double kPassesOfStep = 3;

/// An architecture that was measured with inherited weights.
struct MeasuredArchitecture {
  Architecture architecture;
  double loss = 0, accuracy = 0;
  Cost cost;
  std::string by;  ///< "derived", "sample", "random", "evolution"
};

/// All that a search knows, and all of it that a checkpoint keeps. Batches, draws and schedules are pure functions of seed and step, so a
/// resume goes on to the bit. Where a target is given as a share, it is worked out here.
class SearchState {
 public:
  /// Loads the data, builds the supernet, and starts it from the seed or from context.resume_from.
  static Result<std::unique_ptr<SearchState>> make(RunContext& context);

  Json document;  ///< with defaults
  SearchSettings settings;
  std::uint64_t seed = 0;
  std::shared_ptr<const Dataset> data;
  SearchSpace space;
  const Registry<LayerType>* layers = nullptr;
  std::unique_ptr<Supernet> supernet;
  std::unique_ptr<ArchitectureParameters> parameters;
  std::unique_ptr<SearchAlgorithm> algorithm;
  std::unique_ptr<Optimizer> optimizer, architecture_optimizer;
  std::unique_ptr<LrSchedule> schedule;
  std::unique_ptr<StepPlans> plans;
  std::unique_ptr<ExpectedCost> cost;             ///< in the target's metric
  std::vector<std::vector<double>> milliseconds;  ///< [node][combination]; empty: latency was not measured

  std::int64_t step = 0;                                     ///< weight steps made
  double flops = 0;                                          ///< spent so far (kPassesOfStep)
  std::int64_t reported = -1;                                ///< step of the last report of an epoch
  std::int64_t saved = -1;                                   ///< step of the last checkpoint
  double rate_factor = 1;                                    ///< of the architecture rate; halved by a collapse
  double baseline = 0;                                       ///< of the score function: a running mean of the architecture's loss
  double eigenvalue = 0;                                     ///< the last one measured
  std::vector<std::vector<bool>> open;                       ///< [choice][candidate]
  PartialChannels partial;                                   ///< of the steps now
  std::vector<MeasuredArchitecture> measured;                ///< by the derivation
  std::vector<std::vector<double>> good_alphas, good_betas;  ///< of the last report without a collapse; empty: none

  double architecture_rate() const { return algorithm->lr * rate_factor; }
  bool learning() const { return algorithm->learns() && settings.epoch_of(step) >= settings.warmup; }
  /// α on the host, closed candidates -inf.
  std::vector<std::vector<double>> alphas() const;
  Distribution distribution() const;
  Distribution edge_distribution() const;
  double cost_of(const Architecture& architecture) const;  ///< in the target's metric; of the derived network, latency from the table
  /// The architecture that would be derived now, within the target where it is a cap.
  Architecture derived() const;
  void set_alphas(const std::vector<std::vector<double>>& alphas, const std::vector<std::vector<double>>& betas);

  Result<void> save(RunContext& context);

 private:
  Result<void> restore(RunContext& context);
  Result<void> restore_table(RunContext& context);
  Result<void> make_optimizers(const Catalog& catalog);
  std::vector<std::int64_t> kept_;  ///< steps of the checkpoints of this session
};

}  // namespace dsw
