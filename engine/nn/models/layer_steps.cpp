// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/layer_steps.h"

#include "engine/nn/layers/containers.h"
#include "engine/nn/models/plan_builder.h"
#include "engine/nn/models/settings.h"

namespace dsw {

std::string example_words(const Shape& shape) {
  Shape example;
  for (int axis = 1; axis < shape.rank(); ++axis) example.push_back(shape[axis]);
  return shape_words(example);
}

std::unique_ptr<Module> chain_module(std::vector<LayerStep> steps) {
  auto chain = std::make_unique<Sequential>();
  for (LayerStep& step : steps) chain->add(std::move(step.module), std::move(step.name));
  return chain;
}

Result<NetworkPlan> chain_plan(const std::vector<LayerStep>& steps, const InputSpec& input, std::int64_t batch) {
  PlanBuilder plan;
  Shape shape = input.input_shape(batch);
  std::vector<Joined> chain;
  try {
    for (const LayerStep& step : steps) {
      shape = step.module->output_shape(shape);
      chain.push_back({step.module.get(), {chain.empty() ? kNetworkInput : chain.size() - 1}, shape});
    }
  } catch (const Error& error) {
    return fail(error.code, fmt::format("{}: {}", steps[chain.size()].name, error.message), error.hint, "/model");
  }
  const std::vector<double> outputs = kept_outputs(chain, chain.size() - 1);
  shape = input.input_shape(batch);
  std::string from = plan.node("input", "input", example_words(shape), "input", "", shape, {});
  for (std::size_t i = 0; i < steps.size();) {
    const LayerStep& head = steps[i];
    std::string title = head.title;
    Cost cost;
    do {
      if (&steps[i] != &head) title += ", " + steps[i].title;
      cost += steps[i].module->cost(shape);
      cost.activation_bytes += outputs[i];
      shape = chain[i].output;
      ++i;
    } while (i < steps.size() && steps[i].joins);
    plan.node(head.name, title, head.detail.empty() ? example_words(shape) : head.detail, head.kind, head.field, shape, cost, head.part);
    plan.edge(from, head.name);
    from = head.name;
  }
  return plan.finish();
}

}  // namespace dsw
