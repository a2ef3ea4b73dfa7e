// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "engine/autograd/step_plan.h"
#include "engine/core/json.h"
#include "engine/data/dataset.h"
#include "engine/nn/module.h"
#include "engine/optim/lr_schedule.h"
#include "engine/optim/optimizer.h"
#include "engine/run/checkpoint.h"
#include "engine/run/run_context.h"
#include "engine/train/dynamic_precision.h"
#include "engine/train/step_memory.h"
#include "engine/train/train_settings.h"

namespace dsw {

/// All that a training run knows, and all of it that a checkpoint keeps: weights and buffers ("model.NAME"), optimizer state
/// ("optimizer.NAME"), with early stopping the best weights ("best.NAME"), counters, the best value so far. Batches, dropout and learning
/// rates are pure functions of seed and step, so nothing else is needed to go on to the bit.
class TrainState {
 public:
  /// Loads the data, builds the model, and starts it from the seed or from context.resume_from.
  static Result<std::unique_ptr<TrainState>> make(RunContext& context);

  Json document;  ///< with defaults
  TrainSettings settings;
  std::shared_ptr<const Dataset> data;
  std::unique_ptr<Module> model;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<LrSchedule> schedule;
  StepMemory memory;
  std::unique_ptr<StepPlans> plans;  ///< of the steps' forward and backward passes
  DynamicPrecision precision;

  std::int64_t step = 0;        ///< steps made
  std::int64_t evaluated = -1;  ///< step of the last evaluation
  std::int64_t saved = -1;      ///< step of the last checkpoint
  double best = std::numeric_limits<double>::quiet_NaN();
  std::int64_t best_step = -1;
  std::int64_t without_better = 0;  ///< evaluations since the best one
  double usual_norm = 0;            ///< running mean of the gradient norm
  bool ended_early = false;

  /// The model computes in what `precision` says now.
  void take_precision() { model->compute_in(precision.compute()); }
  /// Keeps the buffers (running statistics) as they are, and puts them back: a step that is computed again counts once.
  void keep_buffers();
  void restore_buffers();

  /// Writes step-N.safetensors into the run's folder and names it in an event. Error{NotANumber} when a weight is not finite.
  Result<void> save(RunContext& context, bool best_so_far);
  /// Notes a new best value; keeps its weights where the run may end with them (early stopping).
  void keep_best(double value);
  /// Ends with the best weights, if they were kept.
  void take_best();

 private:
  Result<void> restore(RunContext& context);
  void remove_old(const std::filesystem::path& folder);
  std::vector<std::pair<Tensor, Tensor>> buffers_;  ///< each with what was kept of it
  std::map<std::string, Tensor> best_weights_;      ///< "best.NAME", only with patience
  std::vector<std::int64_t> kept_;                  ///< steps of the checkpoints of this session
};

/// The data of a run's document; what is loaded already is not read again.
Result<std::shared_ptr<const Dataset>> run_dataset(const RunContext& context, const Json& data);

/// What a document's /optimizer asks for, for the weights of `network`.
struct RunOptimizer {
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<LrSchedule> schedule;
};
Result<RunOptimizer> run_optimizer(const Catalog& catalog, const Json& section, Module& network);

/// The name of a checkpoint's file.
std::string checkpoint_name(std::int64_t step);

}  // namespace dsw
