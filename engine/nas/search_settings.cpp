// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nas/search_algorithm.h"
#include "engine/nas/search_space.h"
#include "engine/train/evaluation.h"
#include "engine/train/train_settings.h"

namespace dsw {
namespace {

Param algorithm_param() {
  std::vector<std::pair<std::string, ParamSchema>> kinds;
  for (const std::string& name : search_algorithms().names()) {
    const auto* entry = search_algorithms().find(name);
    ParamSchema schema = entry->schema;
    schema.summary = entry->summary;
    kinds.emplace_back(name, std::move(schema));
  }
  Param param = variant_param("algorithm", "Algorithm", "beta-darts", std::move(kinds), "How the architecture is learned");
  param.short_form = true;
  return param;
}

ParamSchema cost_schema() {
  ParamSchema schema;
  schema.add(choice_param("metric", "Cost", "flops", {"flops", "parameters", "activation-bytes", "latency"},
                          "Of one example and one forward pass; latency is measured on the device before the search, in ms"));
  Param target = float_param("target", "Target", std::nullopt, 0, 1e18, "What the architecture may cost");
  Param share = float_param("target_share", "Target share", std::nullopt, 0, 1, "The same as a share of the dearest architecture");
  target.low_open = share.low_open = true;
  schema.add(std::move(target));
  schema.add(std::move(share));
  schema.add(choice_param("penalty", "Penalty", "one-sided", {"absolute", "one-sided", "logarithmic"},
                          "f of scale · f(expected cost / target - 1)"));
  schema.add(float_param("scale", "Scale", 1.0, 0, 1e6, "Weight of the penalty; 0: none"));
  schema.add(choice_param("how", "Joined by", "add", {"add", "multiply"}, "The penalty is added to the loss, or multiplies it"));
  schema.add(bool_param("cap", "Cap", true, "What is derived costs the target at most"));
  return schema;
}

ParamSchema guards_schema() {
  ParamSchema schema;
  schema.add(float_param("skip_share", "Skip share", 0.6, 0, 1, "Largest mean probability of candidates that skip; 1: any"));
  schema.add(float_param("eigenvalue", "Eigenvalue", 0.0, 0, 1e9,
                         "Largest dominant eigenvalue of the held-out loss's Hessian by the architecture; 0: any"));
  schema.add(int_param("eigenvalue_every", "Measured every", 0, 0, 1e6, "0: never, unless it has a limit; then each epoch", "epochs"));
  schema.add(choice_param("action", "On a collapse", "restore", {"restore", "tell"},
                          "restore: the last good distribution comes back and the architecture rate is halved; tell: it is only said"));
  return schema;
}

ParamSchema derivation_schema() {
  ParamSchema schema;
  schema.add(choice_param("by", "By", "argmax", {"argmax", "sample", "perturbation"},
                          "argmax: the likeliest candidates; sample: the best of so many drawn ones by validation; perturbation: the "
                          "candidates whose loss is missed most"));
  schema.add(int_param("samples", "Samples", 10, 1, 1e5, "Of sample: how many are drawn besides the likeliest one"));
  return schema;
}

ParamSchema own_schema() {
  ParamSchema schema;
  schema.add(algorithm_param());
  schema.add(float_param("held_out", "Held out", 0.5, 0, 0.95,
                         "Share of the training part from which the architecture learns; 0: both learn from all of it, in one step"));
  schema.add(int_param("warmup", "Warm-up", 0, 0, 1e6, "Epochs at the start in which only weights learn", "epochs"));
  schema.add(object_param("cost", "Cost", cost_schema(), "What the architecture may cost"));
  schema.add(object_param("guards", "Guards", guards_schema(), "Signs of a collapse"));
  schema.add(object_param("derive", "Derivation", derivation_schema(), "How the network is chosen at the end"));
  return schema;
}

ParamSchema training_schema() {
  ParamSchema schema;
  schema.add(int_param("epochs", "Epochs", 50, 1, 1e6, "Length of the search", "epochs"));
  schema.add(int_param("steps_per_epoch", "Steps an epoch", 0, 0, 1e9, "0: as many as the weights' share of the training part has batches",
                       "steps"));
  schema.add(int_param("batch", "Batch", 64, 1, 1e6, "Examples a step"));
  schema.add(int_param("eval_batches", "Evaluation batches", 0, 0, 1e9, "0: the whole val part; else so many batches of it", "batches"));
  schema.add(int_param("checkpoint_every", "Checkpoint every", 1, 1, 1e6, "", "epochs"));
  schema.add(int_param("keep", "Keep", 2, 0, 1000, "Checkpoints kept besides the last", "checkpoints"));
  schema.add(float_param("label_smoothing", "Label smoothing", 0.0, 0, 0.999, "Share of the target spread over all classes"));
  return schema;
}

}  // namespace

ParamSchema search_schema(const Catalog& catalog) {
  const ParamSchema train = train_schema(catalog);
  ParamSchema schema;
  schema.add(*train.find("data"));
  schema.add(required(variant_param("model", "Space", "space", {{"space", space_schema()}}, "The network with what is left open")));
  schema.add(object_param("search", "Search", own_schema(), "How the architecture is found"));
  schema.add(*train.find("optimizer"));
  schema.add(object_param("training", "Training", training_schema(), "Length, batch, checkpoints"));
  return schema;
}

double SearchSettings::progress(std::int64_t step) const {
  const double learning = static_cast<double>(std::max<std::int64_t>(1, epochs - warmup));
  return std::clamp(static_cast<double>(epoch_of(step) - warmup) / learning, 0.0, 1.0);
}

SearchSettings search_settings(const Json& document, const Dataset& data) {
  const Json &training = document.at("training"), &search = document.at("search");
  SearchSettings s;
  s.epochs = training.at("epochs");
  s.batch = training.at("batch");
  s.evaluation_batch = evaluation_batch(data.input_spec(), s.batch);
  s.eval_batches = training.at("eval_batches");
  s.checkpoint_every = training.at("checkpoint_every");
  s.keep = training.at("keep");
  s.label_smoothing = training.at("label_smoothing");
  s.clip = document.at("optimizer").at("clip");
  s.held_out = search.at("held_out");
  s.warmup = search.at("warmup");
  s.algorithm = search.at("algorithm");
  const std::int64_t steps = training.at("steps_per_epoch");
  s.steps_per_epoch = steps > 0 ? steps : data.batches_per_epoch_of(s.weights_share(), s.batch);
  const Json& cost = search.at("cost");
  s.metric = cost_metric_from_name(cost.at("metric"));
  s.target = cost.value("target", 0.0);
  s.target_share = cost.value("target_share", 0.0);
  const std::string form = cost.at("penalty");
  s.penalty.form = form == "absolute"    ? CostPenalty::Form::Absolute
                   : form == "one-sided" ? CostPenalty::Form::OneSided
                                         : CostPenalty::Form::Logarithmic;
  s.penalty.scale = cost.at("scale");
  s.penalty.multiplied = cost.at("how") == "multiply";
  s.cap = cost.at("cap");
  const Json& guards = search.at("guards");
  s.skip_limit = guards.at("skip_share");
  s.eigenvalue_limit = guards.at("eigenvalue");
  s.eigenvalue_every = guards.at("eigenvalue_every");
  if (s.eigenvalue_limit > 0 && s.eigenvalue_every == 0) s.eigenvalue_every = 1;
  s.restores = guards.at("action") == "restore";
  const std::string by = search.at("derive").at("by");
  s.derivation = by == "sample" ? Derivation::Sample : by == "perturbation" ? Derivation::Perturbation : Derivation::Argmax;
  s.samples = search.at("derive").at("samples");
  return s;
}

}  // namespace dsw
