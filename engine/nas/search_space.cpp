// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_space.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

/// Calls f(combination number, probability) for each combination of a node's open sizes.
template <class F>
void each_combination(const SearchSpace& space, const SpaceNode& node, const Distribution& p, F f) {
  for (std::size_t number = 0; number < node.costs.size(); ++number) {
    const std::vector<std::size_t> picks = space.picks(node, number);
    double probability = 1;
    for (std::size_t s = 0; s < picks.size(); ++s) probability *= p[node.sizes[s].choice][picks[s]];
    f(number, probability);
  }
}

Cost scaled(const Cost& cost, double by) { return {cost.flops * by, cost.parameters * by, cost.activation_bytes * by}; }

Distribution certain(const SearchSpace& space, const Architecture& architecture) {
  Distribution p;
  for (std::size_t c = 0; c < space.choices.size(); ++c) {
    p.emplace_back(space.choices[c].candidates.size(), 0.0);
    p.back()[static_cast<std::size_t>(architecture.choices[c])] = 1;
  }
  return p;
}

}  // namespace

std::vector<std::size_t> SearchSpace::picks(const SpaceNode& node, std::size_t combination) const {
  std::vector<std::size_t> picks(node.sizes.size());
  for (std::size_t s = node.sizes.size(); s-- > 0;) {
    const std::size_t count = choices[node.sizes[s].choice].candidates.size();
    picks[s] = combination % count;
    combination /= count;
  }
  return picks;
}

Json SearchSpace::settings(const SpaceNode& node, std::size_t combination) const {
  Json settings = node.settings;
  const std::vector<std::size_t> picked = picks(node, combination);
  for (std::size_t s = 0; s < picked.size(); ++s)
    if (!node.sizes[s].setting.empty()) settings[node.sizes[s].setting] = choices[node.sizes[s].choice].candidates[picked[s]].value;
  return settings;
}

double SearchSpace::architectures() const {
  double count = 1;
  for (const SpaceChoice& choice : choices) count *= static_cast<double>(choice.candidates.size());
  return count;
}

double SearchSpace::activity(const SpaceNode& node, const Distribution& p) const {
  double activity = 1;
  for (const SpaceNode::Condition& condition : node.conditions) {
    double sum = 0;
    for (std::size_t i = 0; i < condition.candidates.size(); ++i) sum += condition.candidates[i] ? p[condition.choice][i] : 0;
    activity *= sum;
  }
  return activity;
}

Cost SearchSpace::expected_cost(const Distribution& p) const {
  Cost sum;
  for (const SpaceNode& node : nodes) {
    const double active = activity(node, p);
    if (active > 0)
      each_combination(*this, node, p,
                       [&](std::size_t number, double probability) { sum += scaled(node.costs[number], active * probability); });
  }
  return sum;
}

Cost SearchSpace::cost(const Architecture& architecture) const { return expected_cost(certain(*this, architecture)); }

namespace {

/// The architecture of least `sign` × FLOPs, one choice after another; inner choices come later in the list, so they are set first. A
/// choice that nothing sees yet is set in the second round.
Architecture extreme(const SearchSpace& space, double sign) {
  Architecture best;
  best.choices.assign(space.choices.size(), 0);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t c = space.choices.size(); c-- > 0;) {
      double least = 0;
      std::int32_t chosen = -1;
      for (std::size_t i = 0; i < space.choices[c].candidates.size(); ++i) {
        best.choices[c] = static_cast<std::int32_t>(i);
        const double flops = sign * space.cost(best).flops;
        if (chosen >= 0 && flops >= least) continue;
        least = flops;
        chosen = best.choices[c];
      }
      best.choices[c] = chosen;
    }
  }
  return best;
}

}  // namespace

Architecture SearchSpace::cheapest() const { return extreme(*this, 1); }
Architecture SearchSpace::dearest() const { return extreme(*this, -1); }

}  // namespace dsw
