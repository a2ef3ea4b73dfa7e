// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/mlp.h"

#include <nlohmann/json.hpp>

#include "engine/nn/layers/activation.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/models/layer_steps.h"
#include "engine/nn/models/settings.h"

namespace dsw {
namespace {

std::vector<LayerStep> mlp_steps(const Json& settings, const InputSpec& input) {
  const std::string activation = settings.at("activation");
  const double dropout = settings.at("dropout");
  std::vector<LayerStep> steps;
  steps.push_back({"flatten", std::make_unique<Flatten>(), "flatten", "", "flatten", "", "", false});
  std::int64_t width = input.channels * input.height * input.width;
  std::size_t layer = 0;
  for (const std::int64_t hidden : settings.at("hidden").get<std::vector<std::int64_t>>()) {
    const std::string field = fmt::format("hidden/{}", layer);
    steps.push_back({fmt::format("layers.{}", layer), std::make_unique<Linear>(width, hidden, true), "linear",
                     fmt::format("{}→{}", width, hidden), "linear", field, "mlp", false});
    if (settings.at("norm") == "layernorm") {
      steps.push_back(
          {fmt::format("norms.{}", layer), std::make_unique<LayerNorm>(hidden, true), "layernorm", "", "norm", "norm", "", true});
    }
    steps.push_back({fmt::format("activations.{}", layer), std::make_unique<Activation>(activation_from_name(activation)), activation, "",
                     "activation", "activation", "", true});
    if (dropout > 0)
      steps.push_back(
          {fmt::format("dropouts.{}", layer), std::make_unique<Dropout>(dropout), "dropout", "", "dropout", "dropout", "", true});
    width = hidden;
    ++layer;
  }
  steps.push_back({fmt::format("layers.{}", layer), output_layer(std::make_unique<Linear>(width, input.classes, true)), "logits",
                   fmt::format("{}→{}", width, input.classes), "output", "", "logits", false});
  return steps;
}

}  // namespace

ParamSchema MlpType::schema() {
  ParamSchema schema;
  schema.summary = "Fully connected network: quick to train and a baseline for pictures.";
  Param hidden =
      list_param("hidden", "Hidden layers", "[256, 128]", int_param("", "Width", std::nullopt, 1, 65536, "Numbers in this layer."),
                 "Width of each hidden layer, from the input on.");
  hidden.max_items = 64;
  schema.add(hidden);
  schema.add(choice_param("activation", "Activation", "relu", activation_names(), "After each hidden layer."));
  schema.add(choice_param("norm", "Norm", "none", {"none", "layernorm"}, "Between each hidden layer and its activation."));
  schema.add(float_param("dropout", "Dropout", 0.0, 0, 0.95, "Share of numbers set to zero while training, after each hidden layer."));
  return schema;
}

std::vector<Problem> MlpType::validate(const Json&, const InputSpec& input) const {
  if (input.kind != InputSpec::Kind::Image) return {wrong_input("mlp", input)};
  return {};
}

Result<std::unique_ptr<Module>> MlpType::build(const Json& settings, const InputSpec& input) const {
  return chain_module(mlp_steps(settings, input));
}

Result<NetworkPlan> MlpType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  if (input.kind != InputSpec::Kind::Image) return fail(ErrorCode::InvalidDocument, wrong_input("mlp", input).sentence());
  return chain_plan(mlp_steps(settings, input), input, batch);
}

}  // namespace dsw
