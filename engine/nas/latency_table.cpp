// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/latency_table.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"

namespace dsw {
namespace {

constexpr int kFirst = 3, kPasses = 15;  // the first ones fill caches

double median_ms(Module& module, const std::vector<Tensor>& inputs) {
  std::vector<double> times;
  for (int i = 0; i < kFirst + kPasses; ++i) {
    Forward pass;
    const auto begin = std::chrono::steady_clock::now();
    auto* join = dynamic_cast<JoinModule*>(&module);
    const Tensor y = join ? join->join(inputs, pass) : module.forward(inputs.front(), pass);
    y.view_reshape(Shape{y.elements()}).view_slice(0, 0, 1).contiguous_copy().item();  // waits for the device
    if (i >= kFirst) times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + kPasses / 2, times.end());
  return times[kPasses / 2];
}

}  // namespace

std::vector<std::vector<double>> measure_latencies(const SearchSpace& space, const Registry<LayerType>& layers, Device& device) {
  const NoGradScope no_graph;
  std::vector<std::vector<double>> table;
  for (const SpaceNode& node : space.nodes) {
    table.emplace_back(node.costs.size(), 0.0);
    if (node.choice != SpaceNode::kNone || node.edges != SpaceNode::kNone) continue;
    const auto* entry = layers.find(node.node.op);
    for (std::size_t number = 0; number < node.costs.size(); ++number) {
      const std::vector<Shape>& shapes = node.input_shapes[number];
      std::vector<Tensor> inputs;
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        const bool ids = node.node.inputs[i] == kGraphInput && space.input.kind != InputSpec::Kind::Image;
        inputs.push_back(full(shapes[i], 1, ids ? DType::I32 : DType::F32, device));
      }
      auto type = entry->make(with_defaults(entry->schema, space.settings(node, number)));
      if (!type) throw type.error();
      const auto module = (*type)->make(shapes, space.input);
      module->materialize(device, 1);
      table.back()[number] = median_ms(*module, inputs);
    }
  }
  return table;
}

}  // namespace dsw
