// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/graph.h"

namespace dsw {
namespace {

Shape node_shape(const Module& module, const std::vector<Shape>& inputs) {
  if (const auto* join = dynamic_cast<const JoinModule*>(&module)) return join->join_shape(inputs);
  return module.output_shape(inputs.front());
}

}  // namespace

std::vector<Cost> graph_costs(const std::vector<Joined>& network, const Shape& input, std::size_t output) {
  const std::vector<double> outputs = kept_outputs(network, output);
  std::vector<Cost> costs;
  for (std::size_t i = 0; i < network.size(); ++i) {
    std::vector<Shape> inputs;
    for (const std::size_t from : network[i].inputs) inputs.push_back(from == kGraphInput ? input : network[from].output);
    const auto* join = dynamic_cast<const JoinModule*>(network[i].module);
    costs.push_back(join ? join->join_cost(inputs) : network[i].module->cost(inputs.front()));
    costs.back().activation_bytes += outputs[i];
  }
  return costs;
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

Tensor GraphModule::forward(const Tensor& data, Forward& pass) {
  const Tensor x = pass.activation(data);
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

std::vector<Joined> GraphModule::joined(const Shape& input) const {
  std::vector<Joined> network;
  for (const Step& step : steps_) {
    std::vector<Shape> inputs;
    for (const std::size_t from : step.inputs) inputs.push_back(from == kGraphInput ? input : network[from].output);
    network.push_back({step.module, step.inputs, node_shape(*step.module, inputs)});
  }
  return network;
}

Shape GraphModule::output_shape(const Shape& input) const { return joined(input)[output_].output; }

Cost GraphModule::cost(const Shape& input) const {
  Cost sum;
  for (const Cost& cost : graph_costs(joined(input), input, output_)) sum += cost;
  return sum;
}

}  // namespace dsw
