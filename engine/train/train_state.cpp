// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_state.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/tensor/precision.h"
#include "engine/train/nan_search.h"
#include "engine/train/run_model.h"

namespace dsw {
namespace {

constexpr const char* kOptimizerPrefix = "optimizer.";
constexpr const char* kBestPrefix = "best.";

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Error bad_checkpoint(const std::filesystem::path& path, const std::string& what) {
  return Error(ErrorCode::BadFormat, "The checkpoint " + what, "Another checkpoint of the run may be whole.", path.string());
}

}  // namespace

std::string checkpoint_name(std::int64_t step) { return fmt::format("step-{}.safetensors", step); }

Result<std::shared_ptr<const Dataset>> run_dataset(const RunContext& context, const Json& data) {
  const Experiment& experiment = context.experiment();
  if (context.data) return context.data->get(data, experiment.base, experiment.seed, context.stop_token());
  DSW_TRY_ASSIGN(std::shared_ptr<const Dataset> loaded,
                 load_dataset(context.catalog(), data, experiment.base, experiment.seed, context.stop_token()));
  return loaded;
}

Result<RunOptimizer> run_optimizer(const Catalog& catalog, const Json& section, Module& network) {
  RunOptimizer made;
  DSW_TRY_ASSIGN(const auto* entry, catalog.optimizers.get(section.at("type").get<std::string>()));
  DSW_TRY_ASSIGN(made.optimizer, entry->make(section));
  made.optimizer->attach(network.parameters());
  const Json& schedule = section.at("schedule");
  DSW_TRY_ASSIGN(const auto* schedule_entry, catalog.lr_schedules.get(schedule.at("type").get<std::string>()));
  DSW_TRY_ASSIGN(made.schedule, schedule_entry->make(schedule));
  return made;
}

Result<std::unique_ptr<TrainState>> TrainState::make(RunContext& context) {
  const Experiment& experiment = context.experiment();
  auto state = std::make_unique<TrainState>();
  state->document = Json::parse(experiment.resolved);
  const Json& document = state->document;
  DSW_TRY_ASSIGN(state->data, run_dataset(context, document.at("data")));
  state->settings = train_settings(document, *state->data);
  state->memory = StepMemory(state->settings);
  state->plans = std::make_unique<StepPlans>(context.device());

  const Json& model = document.at("model");
  DSW_TRY_ASSIGN(const auto* model_entry, context.catalog().models.get(model.at("type").get<std::string>()));
  DSW_TRY_ASSIGN(const auto model_type, model_entry->make(model));
  DSW_TRY_ASSIGN(state->model, model_type->build(model, state->data->input_spec()));
  state->model->materialize(context.device(), experiment.seed);
  state->precision = DynamicPrecision(precisions_of_run(context.device().info(), experiment.precision));
  state->take_precision();

  DSW_TRY_ASSIGN(RunOptimizer made, run_optimizer(context.catalog(), document.at("optimizer"), *state->model));
  state->optimizer = std::move(made.optimizer);
  state->schedule = std::move(made.schedule);

  if (!context.resume_from.empty()) DSW_TRY(state->restore(context));
  return state;
}

void TrainState::keep_buffers() {
  if (buffers_.empty())
    for (const Module::Named& named : model->parameters())
      if (!named.parameter->trainable) buffers_.emplace_back(named.parameter->value, empty_like(named.parameter->value));
  for (const auto& [buffer, kept] : buffers_) copy_into(buffer, kept);
}

void TrainState::restore_buffers() {
  for (const auto& [buffer, kept] : buffers_) copy_into(kept, buffer);
}

void TrainState::keep_best(double value) {
  best = value;
  best_step = step;
  without_better = 0;
  if (settings.patience == 0) return;
  for (const Module::Named& named : model->parameters())
    best_weights_[kBestPrefix + named.name] = named.parameter->value.detach().contiguous_copy();
}

void TrainState::take_best() {
  for (const Module::Named& named : model->parameters())
    if (const auto kept = best_weights_.find(kBestPrefix + named.name); kept != best_weights_.end())
      copy_into(kept->second, named.parameter->value.detach());
}

Result<void> TrainState::restore(RunContext& context) {
  DSW_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(context.resume_from, context.device()));
  DSW_TRY(load_weights(*model, checkpoint, context.resume_from));
  std::map<std::string, Tensor> of_optimizer;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name.starts_with(kBestPrefix)) best_weights_.emplace(name, tensor);
    if (name.starts_with(kOptimizerPrefix)) of_optimizer.emplace(name.substr(std::string(kOptimizerPrefix).size()), tensor);
  }
  try {
    const Json meta = Json::parse(checkpoint.meta);
    step = meta.at("step").get<std::int64_t>();
    evaluated = meta.at("evaluated").get<std::int64_t>();
    saved = step;
    if (!meta.at("best").is_null()) best = meta.at("best").get<double>();
    best_step = meta.at("best_step").get<std::int64_t>();
    without_better = meta.at("without_better").get<std::int64_t>();
    usual_norm = meta.at("usual_norm").get<double>();
    ended_early = meta.at("ended_early").get<bool>();
    memory.set_micro_batch(meta.value("micro_batch", settings.micro_batch));
    precision.restore(meta.value("dynamic_precision", Json()));
    take_precision();
    return optimizer->restore(meta.at("optimizer_steps").get<std::int64_t>(), of_optimizer);
  } catch (const Json::exception&) {
    return fail(bad_checkpoint(context.resume_from, "does not say where the run stood"));
  }
}

Result<void> TrainState::save(RunContext& context, bool best_so_far) {
  for (const Module::Named& named : model->parameters())
    if (!all_finite(named.parameter->value))
      return fail(ErrorCode::NotANumber, fmt::format("The weight {} is no longer finite at step {}", named.name, step));
  Checkpoint checkpoint;
  for (const Module::Named& named : model->parameters())
    checkpoint.tensors.emplace(kModelTensorPrefix + named.name, named.parameter->value.detach());
  for (const auto& [name, tensor] : optimizer->state()) checkpoint.tensors.emplace(kOptimizerPrefix + name, tensor);
  checkpoint.tensors.insert(best_weights_.begin(), best_weights_.end());
  Json meta = run_model_description(document, *data, precision.name());
  meta["step"] = step;
  meta["seq"] = context.last_seq();
  meta["evaluated"] = evaluated;
  meta["monitor"] = settings.monitor;
  meta["best"] = number_or_null(best);
  meta["best_step"] = best_step;
  meta["without_better"] = without_better;
  meta["usual_norm"] = usual_norm;
  meta["ended_early"] = ended_early;
  meta["micro_batch"] = memory.micro_batch();
  meta["dynamic_precision"] = precision.to_json();
  meta["optimizer_steps"] = optimizer->steps();
  checkpoint.meta = meta.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string file = checkpoint_name(step);
  DSW_TRY_ASSIGN(const WrittenFile written, write_checkpoint(context.folder() / file, checkpoint));
  saved = step;
  context.emit(CheckpointBody{step, file, written.sha256, written.bytes, best_so_far});
  kept_.push_back(step);
  remove_old(context.folder());
  return {};
}

void TrainState::remove_old(const std::filesystem::path& folder) {
  // Two more than asked for: whoever stores the events takes the files over a little later.
  const auto allowed = static_cast<std::size_t>(settings.keep) + 3;
  for (auto place = kept_.begin(); kept_.size() > allowed && place + 1 < kept_.end();) {
    if (*place == best_step) {
      ++place;
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove(folder / checkpoint_name(*place), ignored);
    place = kept_.erase(place);
  }
}

}  // namespace dsw
