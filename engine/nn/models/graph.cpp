// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/graph.h"

namespace dsw {
namespace {

Shape node_shape(const Module& module, const std::vector<Shape>& inputs) {
  if (const auto* join = dynamic_cast<const JoinModule*>(&module)) return join->join_shape(inputs);
  return module.output_shape(inputs.front());
}

}  // namespace

Cost graph_node_cost(const Module& module, const std::vector<Shape>& inputs) {
  if (const auto* join = dynamic_cast<const JoinModule*>(&module)) return join->join_cost(inputs);
  return module.cost(inputs.front());
}

GraphModule::GraphModule(std::vector<GraphNode> nodes, std::size_t output) : output_(output) {
  std::vector<std::size_t> last_reader(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    last_reader[i] = i;
    for (const std::size_t from : nodes[i].inputs) {
      if (from != kGraphInput) last_reader[from] = i;
    }
  }
  for (GraphNode& node : nodes) steps_.push_back({node.id, &adopt(node.id, std::move(node.module)), node.inputs, {}});
  for (std::size_t i = 0; i < last_reader.size(); ++i) {
    if (i != output_) steps_[last_reader[i]].last_used.push_back(i);
  }
}

Tensor GraphModule::forward(const Tensor& x, Forward& pass) {
  std::vector<Tensor> values(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    std::vector<Tensor> inputs;
    for (const std::size_t from : step.inputs) inputs.push_back(from == kGraphInput ? x : values[from]);
    if (auto* join = dynamic_cast<JoinModule*>(step.module)) {
      ForwardScope scope(pass, step.id);
      values[i] = join->join(inputs, pass);
      if (pass.observe) pass.observe(pass.scope, values[i]);
    } else {
      values[i] = call(step.id, *step.module, inputs.front(), pass);
    }
    for (const std::size_t done : step.last_used) values[done] = Tensor();  // gives its memory back when no gradient needs it
  }
  return values[output_];
}

std::vector<Shape> GraphModule::shapes(const Shape& input) const {
  std::vector<Shape> shapes;
  for (const Step& step : steps_) {
    std::vector<Shape> inputs;
    for (const std::size_t from : step.inputs) inputs.push_back(from == kGraphInput ? input : shapes[from]);
    shapes.push_back(node_shape(*step.module, inputs));
  }
  return shapes;
}

Shape GraphModule::output_shape(const Shape& input) const { return shapes(input)[output_]; }

Cost GraphModule::cost(const Shape& input) const {
  const std::vector<Shape> all = shapes(input);
  Cost sum;
  for (const Step& step : steps_) {
    std::vector<Shape> inputs;
    for (const std::size_t from : step.inputs) inputs.push_back(from == kGraphInput ? input : all[from]);
    sum += graph_node_cost(*step.module, inputs);
  }
  return sum;
}

}  // namespace dsw
