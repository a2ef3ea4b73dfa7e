// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_settings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/train/evaluation.h"

namespace dsw {
namespace {

/// Every entry of a registry as an alternative.
template <class R>
std::vector<std::pair<std::string, ParamSchema>> alternatives(const R& registry) {
  std::vector<std::pair<std::string, ParamSchema>> list;
  for (const std::string& name : registry.names()) {
    const auto* entry = registry.find(name);
    ParamSchema schema = entry->schema;
    schema.summary = entry->summary;
    list.emplace_back(name, std::move(schema));
  }
  return list;
}

template <class R>
std::string name_if_there(const R& registry, const char* name) {
  return registry.find(name) ? name : "";
}

Param optimizer_param(const Catalog& catalog) {
  auto kinds = alternatives(catalog.optimizers);
  for (auto& [name, schema] : kinds) {
    schema.add(float_param("clip", "Clip", 1.0, 0, 1e9, "Gradients are scaled down to this norm; 0: never"));
    schema.add(variant_param("schedule", "Schedule", name_if_there(catalog.lr_schedules, "cosine"), alternatives(catalog.lr_schedules),
                             "The learning rate over the run"));
  }
  return variant_param("optimizer", "Optimizer", name_if_there(catalog.optimizers, "adamw"), std::move(kinds),
                       "How weights follow their gradients");
}

ParamSchema training_schema() {
  constexpr double kMany = 1e12;
  ParamSchema schema;
  schema.add(int_param("steps", "Steps", std::nullopt, 1, kMany, "Length of the run; or give epochs", "steps"));
  schema.add(float_param("epochs", "Epochs", std::nullopt, 1e-6, 1e6, "Length of the run as passes over the training part; or give steps",
                         "epochs"));
  schema.add(int_param("batch", "Batch", 32, 1, 1e6, "Examples a step"));
  schema.add(int_param("eval_every", "Evaluate every", 0, 0, kMany, "0: ten times a run", "steps"));
  schema.add(int_param("eval_batches", "Evaluation batches", 0, 0, kMany,
                       "0: the whole val part; else so many batches of it during the run, and all of it at the end", "batches"));
  schema.add(int_param("checkpoint_every", "Checkpoint every", 0, 0, kMany, "0: with every evaluation", "steps"));
  schema.add(int_param("keep", "Keep", 2, 0, 1000, "Checkpoints kept besides the best and the last", "checkpoints"));
  schema.add(int_param("patience", "Patience", 0, 0, 1e6,
                       "Ends the run after so many evaluations without a better one, and takes the best weights; 0: never", "evaluations"));
  schema.add(choice_param("monitor", "Best by", "val/loss", {"val/loss", "val/accuracy"}, "What makes a checkpoint the best"));
  schema.add(float_param("label_smoothing", "Label smoothing", 0.0, 0, 0.999, "Share of the target spread over all classes"));
  schema.add(advanced(choice_param("activation_checkpointing", "Activation checkpointing", "none", {"none", "every-block", "sqrt", "auto"},
                                   "Activations that are computed again in the backward pass; auto: as few as memory allows")));
  schema.add(advanced(int_param("memory_limit", "Memory limit", 0, 0, 1e15,
                                "For weights, optimizer and activations under auto; 0: most of what is free", "bytes")));
  schema.add(advanced(int_param("micro_batch", "Micro-batch", 0, 0, 1e6,
                                "Examples computed at once; a step adds up their gradients. 0: the batch, or less when memory is short",
                                "examples")));
  schema.add(advanced(int_param("sample_every", "Sample every", 0, 0, kMany, "Sample outputs; 0: with every evaluation", "steps")));
  schema.add(advanced(int_param("sample_tokens", "Sample length", 200, 0, 100000, "Length of a text sample; 0: none", "tokens")));
  schema.add(advanced(float_param("sample_temperature", "Sample temperature", 0.8, 0, 100, "0: always the likeliest token")));
  schema.add(advanced(
      string_param("sample_prompt", "Sample prompt", std::string(), "What a text sample goes on from; empty: the start of a text")));
  return schema;
}

}  // namespace

ParamSchema train_schema(const Catalog& catalog) {
  ParamSchema schema;
  schema.add(required(variant_param("data", "Data", "", alternatives(catalog.datasets), "What is learned from")));
  schema.add(required(variant_param("model", "Model", "", alternatives(catalog.models), "The network")));
  schema.add(optimizer_param(catalog));
  schema.add(object_param("training", "Training", training_schema(), "Length, batch, evaluation, checkpoints"));
  return schema;
}

std::int64_t total_steps(const Json& training, std::int64_t batches_per_epoch) {
  const auto steps = training.find("steps");
  if (steps != training.end() && steps->is_number()) return steps->get<std::int64_t>();
  const double epochs = training.at("epochs").get<double>();
  return std::max<std::int64_t>(1, std::llround(std::ceil(epochs * static_cast<double>(batches_per_epoch) - 1e-9)));
}

TrainSettings train_settings(const Json& document, const Dataset& data) {
  const Json& training = document.at("training");
  TrainSettings s;
  s.batch = training.at("batch").get<std::int64_t>();
  s.evaluation_batch = evaluation_batch(data.input_spec(), s.batch);
  s.steps_per_epoch = data.batches_per_epoch(s.batch);
  s.steps = total_steps(training, s.steps_per_epoch);
  const auto or_else = [&](const char* key, std::int64_t otherwise) {
    const auto given = training.at(key).get<std::int64_t>();
    return given > 0 ? given : otherwise;
  };
  s.eval_every = or_else("eval_every", (s.steps + 9) / 10);
  s.eval_batches = training.at("eval_batches").get<std::int64_t>();
  s.checkpoint_every = or_else("checkpoint_every", s.eval_every);
  s.sample_every = or_else("sample_every", s.eval_every);
  s.keep = training.at("keep").get<std::int64_t>();
  s.patience = training.at("patience").get<std::int64_t>();
  s.monitor = training.at("monitor").get<std::string>();
  s.label_smoothing = training.at("label_smoothing").get<double>();
  s.sample_tokens = training.at("sample_tokens").get<std::int64_t>();
  s.sample_temperature = training.at("sample_temperature").get<double>();
  s.sample_prompt = training.at("sample_prompt").get<std::string>();
  const std::string checkpointing = training.at("activation_checkpointing").get<std::string>();
  s.checkpointing = checkpointing == "every-block" ? Checkpointing::EveryBlock
                    : checkpointing == "sqrt"      ? Checkpointing::Sqrt
                    : checkpointing == "auto"      ? Checkpointing::Auto
                                                   : Checkpointing::None;
  s.memory_limit = training.at("memory_limit").get<std::uint64_t>();
  s.micro_batch = std::min(or_else("micro_batch", s.batch), s.batch);
  s.clip = document.at("optimizer").at("clip").get<double>();
  return s;
}

}  // namespace dsw
