// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/nn/model_type.h"

namespace dsw {

/// One layer of a network that is a chain: what runs and how it is drawn, said once.
struct LayerStep {
  std::string name;  ///< of the module: "conv.0"
  std::unique_ptr<Module> module;
  std::string title, detail;      ///< detail empty: the output's shape without the batch
  std::string kind, field, part;  ///< see PlanBuilder::node
  bool joins = false;             ///< drawn as part of the node before it: "conv 3×3, relu"
};

/// The chain as a module: a Sequential of the steps.
std::unique_ptr<Module> chain_module(std::vector<LayerStep> steps);
/// The chain as it is drawn, from an input node on. Shapes that do not fit become an Error with the layer's name.
Result<NetworkPlan> chain_plan(const std::vector<LayerStep>& steps, const InputSpec& input, std::int64_t batch);
/// "1×28×28": without the batch.
std::string example_words(const Shape& shape);

}  // namespace dsw
