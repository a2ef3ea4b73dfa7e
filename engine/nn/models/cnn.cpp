// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/cnn.h"

#include <nlohmann/json.hpp>

#include "engine/nn/layers/activation.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/models/layer_steps.h"
#include "engine/nn/models/settings.h"

namespace dsw {
namespace {

using Lengths = std::vector<std::int64_t>;

std::vector<LayerStep> cnn_steps(const Json& settings, const InputSpec& input) {
  const Lengths channels = settings.at("channels"), pools = settings.at("pool"), dense = settings.at("dense");
  const std::int64_t kernel = settings.at("kernel");
  const std::string activation = settings.at("activation");
  const double dropout = settings.at("dropout");
  const bool norm = settings.at("norm") == "batchnorm";
  std::vector<LayerStep> steps;
  const auto activate_step = [&](const std::string& name) {
    steps.push_back(
        {name, std::make_unique<Activation>(activation_from_name(activation)), activation, "", "activation", "activation", "", true});
  };

  Shape shape = input.input_shape(1);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    Conv2dConfig conv;
    conv.in = shape[1];
    conv.out = channels[i];
    conv.kernel = kernel;
    conv.padding = kernel / 2;
    conv.bias = !norm;  // the norm has its own
    steps.push_back({fmt::format("conv.{}", i), std::make_unique<Conv2d>(conv), fmt::format("conv {0}×{0}", kernel), "", "conv",
                     fmt::format("channels/{}", i), "conv", false});
    if (norm)
      steps.push_back({fmt::format("norm.{}", i), std::make_unique<BatchNorm2d>(channels[i]), "batchnorm", "", "norm", "norm", "", true});
    activate_step(fmt::format("activation.{}", i));
    shape[1] = channels[i];
    if (i < pools.size() && pools[i] > 1) {
      const std::int64_t pool = pools[i];
      steps.push_back({fmt::format("pool.{}", i), std::make_unique<Pool2d>(Pool2d::Kind::Max, pool, pool),
                       fmt::format("max pool {0}×{0}", pool), "", "pool", fmt::format("pool/{}", i), "pool", false});
      shape[2] /= pool;
      shape[3] /= pool;
    }
  }
  steps.push_back({"flatten", std::make_unique<Flatten>(), "flatten", "", "flatten", "", "", false});
  if (dropout > 0) steps.push_back({"dropout", std::make_unique<Dropout>(dropout), "dropout", "", "dropout", "dropout", "", true});
  std::int64_t width = shape[1] * shape[2] * shape[3];
  for (std::size_t i = 0; i <= dense.size(); ++i) {
    const bool last = i == dense.size();
    const std::int64_t out = last ? input.classes : dense[i];
    auto layer = std::make_unique<Linear>(width, out, true);
    steps.push_back({fmt::format("dense.{}", i), last ? output_layer(std::move(layer)) : std::move(layer), last ? "logits" : "linear",
                     fmt::format("{}→{}", width, out), last ? "output" : "linear", last ? "" : fmt::format("dense/{}", i),
                     last ? "logits" : "dense", false});
    if (!last) {
      activate_step(fmt::format("dense_activation.{}", i));
      if (dropout > 0)
        steps.push_back(
            {fmt::format("dense_dropout.{}", i), std::make_unique<Dropout>(dropout), "dropout", "", "dropout", "dropout", "", true});
    }
    width = out;
  }
  return steps;
}

}  // namespace

ParamSchema CnnType::schema() {
  ParamSchema schema;
  schema.summary = "Small convolutional network for pictures: conv layers with pools, then linear layers.";
  Param channels =
      list_param("channels", "Channels", "[16, 32, 64]", int_param("", "Channels", std::nullopt, 1, 4096, "Channels of this conv layer."),
                 "Output channels of each conv layer, from the input on.");
  channels.min_items = 1;
  channels.max_items = 32;
  schema.add(channels);
  schema.add(int_param("kernel", "Kernel", 3, 1, 15, "Side of each conv window; odd, so that the size is kept.", "pixels"));
  Param pool = list_param("pool", "Pools", "[2, 2]",
                          int_param("", "Pool", std::nullopt, 1, 8, "Side of the max pool after this conv layer; 1: none."),
                          "Max pool after each conv layer, in their order; 1 is none, and so is what is not listed.");
  pool.max_items = 32;
  schema.add(pool);
  schema.add(choice_param("norm", "Norm", "batchnorm", {"none", "batchnorm"}, "Between each conv layer and its activation."));
  schema.add(choice_param("activation", "Activation", "relu", activation_names(), "After each conv and dense layer."));
  Param dense = list_param("dense", "Dense layers", "[]", int_param("", "Width", std::nullopt, 1, 65536, "Numbers in this layer."),
                           "Width of each linear layer before the classifier.");
  dense.max_items = 16;
  schema.add(dense);
  schema.add(float_param("dropout", "Dropout", 0.0, 0, 0.95, "Share of numbers set to zero while training, before the linear layers."));
  return schema;
}

std::vector<Problem> CnnType::validate(const Json& settings, const InputSpec& input) const {
  std::vector<Problem> problems;
  if (input.kind != InputSpec::Kind::Image) return {wrong_input("cnn", input)};
  const Lengths channels = settings.at("channels"), pools = settings.at("pool");
  const std::int64_t kernel = settings.at("kernel");
  if (kernel % 2 == 0) {
    problems.push_back({"/model/kernel",
                        fmt::format("is {}, but only an odd window keeps the size of a picture.", kernel),
                        {{fmt::format("Use {}", kernel - 1), "/model/kernel", std::to_string(kernel - 1), {}, false},
                         {fmt::format("Use {}", kernel + 1), "/model/kernel", std::to_string(kernel + 1), {}, false}},
                        false});
  }
  if (pools.size() > channels.size()) {
    problems.push_back({fmt::format("/model/pool/{}", channels.size()),
                        fmt::format("is a pool too many: there are {} conv layers.", channels.size()),
                        {},
                        false});
  }
  std::int64_t height = input.height, width = input.width;
  for (std::size_t i = 0; i < std::min(pools.size(), channels.size()); ++i) {
    const std::int64_t pool = pools[i];
    if (pool > std::min(height, width)) {
      problems.push_back(
          {fmt::format("/model/pool/{}", i),
           fmt::format("is {}, but only {} × {} of the {} × {} picture are left there.", pool, height, width, input.height, input.width),
           {{"Use 1", fmt::format("/model/pool/{}", i), "1", {}, false}},
           false});
      break;
    }
    height /= pool;
    width /= pool;
  }
  return problems;
}

Result<std::unique_ptr<Module>> CnnType::build(const Json& settings, const InputSpec& input) const {
  return chain_module(cnn_steps(settings, input));
}

Result<NetworkPlan> CnnType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  if (input.kind != InputSpec::Kind::Image) return fail(ErrorCode::InvalidDocument, wrong_input("cnn", input).sentence());
  return chain_plan(cnn_steps(settings, input), input, batch);
}

}  // namespace dsw
