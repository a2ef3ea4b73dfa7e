// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/nn/kept_memory.h"
#include "engine/nn/layer_type.h"
#include "engine/nn/model_type.h"

namespace dsw {

/// One node of a graph model after analysis, in an order in which inputs come first.
struct GraphNode {
  std::string id, op;
  std::size_t index = 0;            ///< in the document: /model/nodes/INDEX
  std::vector<std::size_t> inputs;  ///< places in GraphAnalysis::nodes; kGraphInput is the network's input
  std::shared_ptr<LayerType> layer;
  std::unique_ptr<Module> module;  ///< made when the inputs' shapes fit
  Shape output;
};
inline constexpr std::size_t kGraphInput = kNetworkInput;

/// What a graph document means: everything wrong with it at its JSON pointer, and what could be made.
struct GraphAnalysis {
  std::vector<Problem> problems;  ///< in document order
  std::vector<GraphNode> nodes;
  std::size_t output = kGraphInput;  ///< place of the output node
};

/// {"nodes": [{"id": "a", "op": "conv2d", "inputs": ["input"], settings…}, …], "output": "b"}. Without "inputs" a node reads the one
/// before it, the first one the network's input; without "output" the last node is the output. Found: names that are missing, taken,
/// unknown or near; wrong settings; too few or many inputs; cycles; nodes that lead nowhere; shapes that do not fit; an output that
/// does not fit the data.
GraphAnalysis analyse_graph(const Json& settings, const InputSpec& input, std::int64_t batch, const Registry<LayerType>& layers);

/// The network of an analysis without problems. Children are called as the nodes.
class GraphModule : public Module {
 public:
  explicit GraphModule(std::vector<GraphNode> nodes, std::size_t output);
  Tensor forward(const Tensor& data, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;

 private:
  struct Step {
    std::string id;
    Module* module;
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> last_used;  ///< steps whose output nobody reads after this one
  };
  std::vector<Joined> joined(const Shape& input) const;

  std::vector<Step> steps_;
  std::size_t output_;
};
/// Cost of each node for an input of this shape, its output included where the backward pass needs it.
std::vector<Cost> graph_costs(const std::vector<Joined>& network, const Shape& input, std::size_t output);

/// Registered as "graph". Keeps a reference to the catalog's layers.
struct GraphType : ModelType {
  explicit GraphType(const Registry<LayerType>& layer_registry) : layers(layer_registry) {}
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;

  const Registry<LayerType>& layers;
};

}  // namespace dsw
