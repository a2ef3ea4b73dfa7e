// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nn/models/graph.h"
#include "engine/nn/models/layer_steps.h"
#include "engine/nn/models/plan_builder.h"

namespace dsw {
namespace {

tl::unexpected<Error> first_problem(const GraphAnalysis& analysis) {
  const Problem& problem = analysis.problems.front();
  return fail(ErrorCode::InvalidDocument, problem.sentence(), {}, problem.pointer);
}

}  // namespace

ParamSchema GraphType::schema() {
  ParamSchema schema;
  schema.summary = "Any network as a list of layers that name their inputs.";
  Param node = any_param("", "Node", "A layer: {\"id\": \"a\", \"op\": \"conv2d\", \"inputs\": [\"input\"], settings of the layer}.");
  Param nodes =
      required(list_param("nodes", "Nodes", "", node, "Layers with their ids and inputs. Without inputs a node reads the one before it."));
  nodes.min_items = 1;
  schema.add(nodes);
  schema.add(string_param("output", "Output", std::nullopt, "Id of the node whose result is the network's. Default: the last one."));
  schema.add(advanced(
      string_param("origin", "Origin", std::string(), "Where the network came from, as a search writes it; nothing is computed from it")));
  return schema;
}

std::vector<Problem> GraphType::validate(const Json& settings, const InputSpec& input) const {
  return analyse_graph(settings, input, 2, layers).problems;
}

Result<std::unique_ptr<Module>> GraphType::build(const Json& settings, const InputSpec& input) const {
  GraphAnalysis analysis = analyse_graph(settings, input, 2, layers);
  if (!analysis.problems.empty()) return first_problem(analysis);
  return std::make_unique<GraphModule>(std::move(analysis.nodes), analysis.output);
}

Result<NetworkPlan> GraphType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  const GraphAnalysis analysis = analyse_graph(settings, input, batch, layers);
  if (analysis.nodes.empty())
    return analysis.problems.empty() ? fail(ErrorCode::InvalidDocument, "The network has no nodes") : first_problem(analysis);
  PlanBuilder plan;
  const Shape input_shape = input.input_shape(batch);
  plan.node("input", "input", example_words(input_shape), "input", "", input_shape, {});
  std::vector<Joined> network;
  for (const GraphNode& node : analysis.nodes) network.push_back({node.module.get(), node.inputs, node.output});
  const std::vector<Cost> costs = graph_costs(network, input_shape, analysis.output);
  for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
    const GraphNode& node = analysis.nodes[i];
    plan.node(node.id, node.layer->title, example_words(node.output), node.layer->kind, fmt::format("nodes/{}", node.index), node.output,
              costs[i], node.layer->kind);
    // Of a sum's inputs the one that comes straight from the layer before is the main line; the others go around it.
    const bool sum = node.op == "add";
    const auto nearest =
        std::max_element(node.inputs.begin(), node.inputs.end(), [](auto a, auto b) { return a + 1 < b + 1; });  // the input counts as -1
    for (auto from = node.inputs.begin(); from != node.inputs.end(); ++from) {
      plan.edge(*from == kGraphInput ? "input" : analysis.nodes[*from].id, node.id, sum && from != nearest);
    }
  }
  return plan.finish();
}

}  // namespace dsw
