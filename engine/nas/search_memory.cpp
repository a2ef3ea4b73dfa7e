// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_memory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nas/search_algorithm.h"

namespace dsw {
namespace {

double slots_of(const Json& optimizer) { return optimizer.at("type") == "adamw" ? 2 : optimizer.value("momentum", 0.0) > 0 ? 1 : 0; }

std::string gib(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MiB", bytes / 1048576) : fmt::format("{:.1f} GiB", bytes / 1073741824);
}

double in_metric(const Cost& cost, CostMetric metric) {
  return metric == CostMetric::Flops ? cost.flops : metric == CostMetric::Parameters ? cost.parameters : cost.activation_bytes;
}

}  // namespace

SearchMemory search_memory(const SearchSpace& space, std::int64_t batch, double optimizer_slots, const PartialChannels& partial) {
  const PartialChoices choices(space);
  double parameters = 0, activations = 0, largest = 0;
  for (std::size_t i = 0; i < space.nodes.size(); ++i) {
    const SpaceNode& node = space.nodes[i];
    const double share = choices.share(i, partial), output = 4 * static_cast<double>(node.node.output.elements());
    Cost most;
    for (const Cost& cost : node.costs) {
      most.parameters = std::max(most.parameters, cost.parameters);
      most.activation_bytes = std::max(most.activation_bytes, cost.activation_bytes);
    }
    parameters += most.parameters;
    activations += most.activation_bytes * share;
    if (node.choice != SpaceNode::kNone) activations += static_cast<double>(node.node.inputs.size()) * output * share;
    if (choices.choice_of(i, partial) == i) activations += 2 * output;  // put together, and shuffled
    largest = std::max(largest, output);
  }
  const double examples = static_cast<double>(batch);
  SearchMemory memory;
  memory.weights_bytes = 4 * parameters * (2 + optimizer_slots);
  memory.all_bytes = memory.weights_bytes + examples * (activations + 2 * largest);
  memory.path_bytes = memory.weights_bytes + examples * (space.cost(space.dearest()).activation_bytes + 2 * largest);
  return memory;
}

void check_fit(const SearchSpace& space, const Json& document, std::uint64_t memory_bytes, std::vector<Problem>& problems) {
  const Json& search = document.at("search");
  const std::string name = search.at("algorithm").at("type");
  const auto algorithm = (*search_algorithms().get(name))->make(search.at("algorithm"));
  if (!algorithm) return;
  const SearchMemory memory =
      search_memory(space, document.at("training").at("batch"), slots_of(document.at("optimizer")), (*algorithm)->partial(1));
  const auto available = static_cast<double>(memory_bytes);
  const bool one_path = (*algorithm)->one_path(SearchAlgorithm::Phase::Architecture);
  const double needed = one_path ? memory.path_bytes : memory.all_bytes;
  if (memory_bytes > 0 && needed > available) {
    Problem problem{"/search/algorithm",
                    fmt::format("runs {}, which takes about {}, but the device has {}",
                                one_path ? "one path at a time" : "every candidate of the supernet", gib(needed), gib(available)),
                    {},
                    false};
    if (memory.path_bytes < available) {
      problem.message += fmt::format("; gdas runs one path at a time and takes about {}", gib(memory.path_bytes));
      problem.fixes.push_back({"Use gdas", "/search/algorithm", "{\"type\": \"gdas\"}", "", false});
    } else {
      problem.message += "; take a smaller batch";
    }
    problems.push_back(std::move(problem));
  }
  const Json& cost = search.at("cost");
  const CostMetric metric = cost_metric_from_name(cost.at("metric"));
  if (cost.contains("target") && cost.contains("target_share"))
    problems.push_back({"/search/cost/target_share",
                        "is given beside target; one of them says what the architecture may cost",
                        {{"Keep target", "/search/cost/target_share", "", "", true}},
                        false});
  if (metric == CostMetric::Latency || (!cost.contains("target") && !cost.contains("target_share"))) return;
  const double smallest = in_metric(space.cost(space.cheapest()), metric), largest = in_metric(space.cost(space.dearest()), metric);
  const bool share = !cost.contains("target");
  const double target = share ? cost.at("target_share").get<double>() * largest : cost.at("target").get<double>();
  const std::string pointer = share ? "/search/cost/target_share" : "/search/cost/target";
  if (target < smallest) {
    const double wanted = share ? smallest / largest : smallest;
    problems.push_back({pointer,
                        fmt::format("is {:g}{}, but the smallest architecture costs {:g}; architectures lie between {:g} and {:g}",
                                    cost.at(share ? "target_share" : "target").get<double>(), share ? fmt::format(" ({:g})", target) : "",
                                    smallest, smallest, largest),
                        {{fmt::format("Use {:.3g}", wanted * 1.05), pointer, fmt::format("{:.3g}", wanted * 1.05), "", false}},
                        false});
  } else if (target >= largest) {
    problems.push_back({pointer, fmt::format("asks for nothing: the dearest architecture costs {:g}", largest), {}, true});
  }
}

}  // namespace dsw
