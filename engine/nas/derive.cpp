// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/derive.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/core/rng.h"
#include "engine/nas/lowering.h"
#include "engine/nas/search_algorithm.h"

namespace dsw {
namespace {

std::size_t strongest(const std::vector<double>& p, const SpaceChoice& choice, bool zero_too) {
  std::size_t best = p.size();
  for (std::size_t i = 0; i < p.size(); ++i)
    if ((zero_too || !choice.candidates[i].zero) && (best == p.size() || p[i] > p[best])) best = i;
  return best == p.size() ? 0 : best;
}

/// Where only some edges stay, those are the strongest, each with its likeliest candidate that is not zero.
void keep_edges(const SearchSpace& space, const Distribution& p, const Distribution& weights, Architecture& architecture) {
  for (std::size_t e = 0; e < space.edges.size(); ++e) {
    const SpaceEdges& edges = space.edges[e];
    architecture.edges.emplace_back();
    if (edges.keep == 0 || edges.keep >= edges.choices.size()) continue;
    std::vector<std::pair<double, std::size_t>> strength;
    for (std::size_t k = 0; k < edges.choices.size(); ++k) {
      const std::size_t c = edges.choices[k], best = strongest(p[c], space.choices[c], false);
      strength.emplace_back(-p[c][best] * weights[e][k], k);
    }
    std::sort(strength.begin(), strength.end());
    architecture.edges.back().assign(edges.choices.size(), false);
    for (std::size_t i = 0; i < edges.keep; ++i) {
      const std::size_t k = strength[i].second, c = edges.choices[k];
      architecture.edges.back()[k] = true;
      if (space.choices[c].candidates[static_cast<std::size_t>(architecture.choices[c])].zero)
        architecture.choices[c] = static_cast<std::int32_t>(strongest(p[c], space.choices[c], false));
    }
  }
}

/// What a node gives in the derived network.
struct Given {
  bool zero = false;
  std::string id;
};

}  // namespace

Architecture likeliest(const SearchSpace& space, const Distribution& p, const Distribution& edges) {
  Architecture architecture;
  for (std::size_t c = 0; c < p.size(); ++c)
    architecture.choices.push_back(static_cast<std::int32_t>(strongest(p[c], space.choices[c], true)));
  keep_edges(space, p, edges, architecture);
  return architecture;
}

Architecture drawn(const SearchSpace& space, const Distribution& p, const Distribution& edges, Rng& rng) {
  Architecture architecture;
  for (const std::vector<double>& one : p) architecture.choices.push_back(static_cast<std::int32_t>(draw_index(one, rng)));
  keep_edges(space, p, edges, architecture);
  return architecture;
}

Architecture within(const SearchSpace& space, Architecture now, const Distribution& p, double cap,
                    const std::function<double(const Architecture&)>& cost) {
  double present = cost(now);
  while (present > cap) {
    Architecture best;
    double best_rate = -1, best_cost = present;
    for (std::size_t c = 0; c < space.choices.size(); ++c) {
      const auto chosen = static_cast<std::size_t>(now.choices[c]);
      for (std::size_t i = 0; i < p[c].size(); ++i) {
        if (i == chosen || p[c][i] <= 0) continue;
        Architecture changed = now;
        changed.choices[c] = static_cast<std::int32_t>(i);
        const double price = cost(changed);
        if (price >= present) continue;
        const double lost = std::max(1e-9, std::log(std::max(p[c][chosen], 1e-300)) - std::log(p[c][i]));
        const double rate = (present - std::max(price, cap)) / lost;                  // what lies below the cap is no gain
        if (rate < best_rate || (rate == best_rate && price <= best_cost)) continue;  // of equals the dearer
        best_rate = rate;
        best = std::move(changed);
        best_cost = price;
      }
    }
    if (best_rate < 0) return space.cheapest();
    now = std::move(best);
    present = best_cost;
  }
  return now;
}

Json derived_model(const SearchSpace& space, const Architecture& architecture) {
  const auto kept_edge = [&](const SpaceNode& node, std::size_t k) {
    return architecture.edges.empty() || architecture.edges[node.edges].empty() || architecture.edges[node.edges][k];
  };
  std::vector<Given> given(space.nodes.size());
  std::vector<std::vector<std::string>> inputs(space.nodes.size());  // of those that are written
  const auto of = [&](std::size_t from) { return from == kGraphInput ? Given{false, "input"} : given[from]; };
  for (std::size_t i = 0; i < space.nodes.size(); ++i) {
    const SpaceNode& node = space.nodes[i];
    if (node.choice != SpaceNode::kNone) {
      given[i] = of(node.node.inputs[static_cast<std::size_t>(architecture.choices[node.choice])]);
      continue;
    }
    const bool sum = node.edges != SpaceNode::kNone || node.node.op == "add";
    for (std::size_t k = 0; k < node.node.inputs.size(); ++k) {
      if (node.edges != SpaceNode::kNone && !kept_edge(node, k)) continue;
      const Given from = of(node.node.inputs[k]);
      if (sum && from.zero) continue;
      inputs[i].push_back(from.id);
    }
    given[i].id = node.node.id;
    if (node.node.op == "zero" || (sum && inputs[i].empty())) {
      given[i].zero = true;
      inputs[i] = {of(node.node.inputs.front()).id};
    } else if (sum && inputs[i].size() == 1) {
      given[i].id = inputs[i].front();
    } else if (node.node.op == "identity" && node.settings.value("stride", 1) == 1) {
      given[i] = of(node.node.inputs.front());
    }
  }
  // From the output backwards: what is needed.
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < space.nodes.size(); ++i) place[space.nodes[i].node.id] = i;
  std::set<std::size_t> needed;
  std::vector<std::string> open{of(space.output).id};
  const std::string output = open.front();
  while (!open.empty()) {
    const std::string id = open.back();
    open.pop_back();
    const auto at = place.find(id);
    if (at == place.end() || !needed.insert(at->second).second) continue;
    for (const std::string& from : inputs[at->second]) open.push_back(from);
  }
  Json nodes = Json::array();
  for (std::size_t i = 0; i < space.nodes.size(); ++i) {
    if (!needed.contains(i)) continue;
    const SpaceNode& node = space.nodes[i];
    Json written{{"id", node.node.id},
                 {"op", given[i].zero                    ? "zero"
                        : node.edges != SpaceNode::kNone ? "add"
                                                         : node.node.op},
                 {"inputs", inputs[i]}};
    if (!given[i].zero || node.node.op == "zero")
      for (const auto& [key, value] : node.settings.items()) written[key] = value;
    for (const SpaceNode::Size& size : node.sizes)
      if (!size.setting.empty())
        written[size.setting] = space.choices[size.choice].candidates[static_cast<std::size_t>(architecture.choices[size.choice])].value;
    nodes.push_back(std::move(written));
  }
  if (nodes.empty()) nodes.push_back({{"id", "output"}, {"op", "identity"}, {"inputs", {"input"}}});
  return {{"type", "graph"}, {"nodes", nodes}, {"output", needed.empty() ? "output" : output}};
}

Cost derived_cost(const SearchSpace& space, const Architecture& architecture, const Registry<LayerType>& layers) {
  const GraphAnalysis analysis = analyse_graph(derived_model(space, architecture), space.input, 1, layers);
  if (!analysis.problems.empty())
    throw Error(ErrorCode::Internal, "a derived network does not fit: " + analysis.problems.front().sentence());
  std::vector<Joined> network;
  for (const GraphNode& node : analysis.nodes) network.push_back({node.module.get(), node.inputs, node.output});
  Cost sum;
  for (const Cost& cost : graph_costs(network, space.input.input_shape(1), analysis.output)) sum += cost;
  return sum;
}

}  // namespace dsw
