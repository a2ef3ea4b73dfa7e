// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/nn/models/layer_steps.h"
#include "engine/nn/models/plan_builder.h"
#include "engine/nn/models/resnet.h"
#include "engine/nn/models/settings.h"

namespace dsw {
namespace {

ResNetConfig resnet_config(const Json& settings, const InputSpec& input) {
  ResNetConfig config;
  config.channels = input.channels;
  config.classes = input.classes;
  config.depth = settings.at("depth");
  config.width = settings.at("width");
  config.projection = settings.at("shortcut") == "B";
  return config;
}

/// Draws one block whose nodes are called `prefix`.conv_1 and so on; gives its last node.
std::string draw_block(PlanBuilder& plan, const std::string& prefix, const ResNetBlock& block, const std::string& shortcut,
                       const Shape& input, const std::string& from) {
  const Shape output = block.output_shape(input);
  const std::string detail = example_words(output);
  plan.node(prefix + ".conv_1", "conv 3×3, batchnorm, relu", detail, "conv", "width", output, block.first_cost(input), "conv");
  plan.node(prefix + ".conv_2", "conv 3×3, batchnorm", detail, "conv", "width", output, block.second_cost(input), "conv");
  plan.node(prefix + ".add", "+, relu", shortcut, "add", "shortcut", output, block.sum_cost(input), "add");
  plan.edge(from, prefix + ".conv_1");
  plan.edge(prefix + ".conv_1", prefix + ".conv_2");
  plan.edge(prefix + ".conv_2", prefix + ".add");
  plan.edge(from, prefix + ".add", true);
  return prefix + ".add";
}

}  // namespace

ParamSchema ResNetType::schema() {
  ParamSchema schema;
  schema.summary = "Residual network of the CIFAR family: three stages, depth 6n + 2.";
  schema.add(int_param("depth", "Depth", 20, 8, 1202,
                       "Layers with weights: 6n + 2, n blocks in each of the three stages. 20, 32, 44, 56 and 110 are published."));
  schema.add(
      int_param("width", "Width", 16, 1, 512, "Channels of the first stage; the second and third have twice and four times as many."));
  schema.add(choice_param("shortcut", "Shortcut", "A", {"A", "B"},
                          "Where the size changes: A takes every second pixel and adds empty channels, B learns a 1×1 conv."));
  return schema;
}

std::vector<Problem> ResNetType::validate(const Json& settings, const InputSpec& input) const {
  if (input.kind != InputSpec::Kind::Image) return {wrong_input("resnet", input)};
  const std::int64_t depth = settings.at("depth"), below = (depth - 2) / 6 * 6 + 2;
  if (depth == below) return {};
  Problem problem{
      "/model/depth", fmt::format("is {}, but depths of this family are 6n + 2: {}, {}, and so on.", depth, below, below + 6), {}, false};
  for (const std::int64_t near : {below, below + 6})
    problem.fixes.push_back({fmt::format("Use {}", near), "/model/depth", std::to_string(near), {}, false});
  return {problem};
}

Result<std::unique_ptr<Module>> ResNetType::build(const Json& settings, const InputSpec& input) const {
  return std::make_unique<ResNet>(resnet_config(settings, input));
}

Result<NetworkPlan> ResNetType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  if (input.kind != InputSpec::Kind::Image) return fail(ErrorCode::InvalidDocument, wrong_input("resnet", input).sentence());
  ResNetConfig config = resnet_config(settings, input);
  const std::int64_t count = std::max<std::int64_t>((config.depth - 2) / 6, 1);
  config.depth = 8;  // stem and head do not depend on it; the blocks count themselves
  const ResNet model(config);
  PlanBuilder plan;
  Shape shape = input.input_shape(batch);
  std::string from = plan.node("input", "input", example_words(shape), "input", "", shape, {});
  const Cost stem = model.stem_cost(shape);
  shape[1] = config.width;
  plan.node("stem", "conv 3×3, batchnorm, relu", example_words(shape), "conv", "width", shape, stem, "conv");
  plan.edge(from, "stem");
  from = "stem";
  for (int stage = 0; stage < 3; ++stage) {
    const std::int64_t out = config.width << stage;
    const std::string name = fmt::format("stage_{}", stage + 1);
    std::int64_t alike = count;
    if (stage > 0) {
      const ResNetBlock down(shape[1], out, 2, config.projection);
      from = draw_block(plan, name + "_first", down, config.projection ? "1×1 conv" : "padded", shape, from);
      shape = down.output_shape(shape);
      --alike;
    }
    if (alike == 0) continue;
    const ResNetBlock block(out, out, 1, config.projection);
    plan.begin_group(name, fmt::format("stage {}, block × {}", stage + 1, alike), alike);
    from = draw_block(plan, name, block, "", shape, from);
    plan.end_group();
  }
  const Shape logits{batch, config.classes};
  plan.node("logits", "average, logits", fmt::format("{}→{}", shape[1], config.classes), "output", "", logits, model.head_cost(shape),
            "logits");
  plan.edge(from, "logits");
  return plan.finish();
}

}  // namespace dsw
