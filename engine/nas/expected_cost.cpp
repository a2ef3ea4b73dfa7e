// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/expected_cost.h"

#include <algorithm>
#include <map>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

constexpr std::array kMetricNames{"flops", "parameters", "activation-bytes", "latency"};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Σ_i a_i p_i as [1].
Tensor dot(const std::vector<double>& a, const Tensor& p, double scale) {
  std::vector<float> factors;
  for (const double x : a) factors.push_back(static_cast<float>(x * scale));
  return sum(mul(from_host(factors, p.device()), p), {}, true);
}

}  // namespace

CostMetric cost_metric_from_name(const std::string& name) {
  for (std::size_t i = 0; i < kMetricNames.size(); ++i)
    if (name == kMetricNames[i]) return static_cast<CostMetric>(i);
  throw Error(ErrorCode::NotFound, fmt::format("There is no cost \"{}\"", name));
}

const char* cost_metric_name(CostMetric metric) { return kMetricNames[static_cast<std::size_t>(metric)]; }

std::vector<std::vector<double>> node_costs(const SearchSpace& space, CostMetric metric,
                                            const std::vector<std::vector<double>>& milliseconds) {
  if (metric == CostMetric::Latency) return milliseconds;
  std::vector<std::vector<double>> costs;
  for (const SpaceNode& node : space.nodes) {
    costs.emplace_back();
    for (const Cost& cost : node.costs)
      costs.back().push_back(metric == CostMetric::Flops        ? cost.flops
                             : metric == CostMetric::Parameters ? cost.parameters
                                                                : cost.activation_bytes);
  }
  return costs;
}

ExpectedCost::ExpectedCost(const SearchSpace& space, const std::vector<std::vector<double>>& costs) {
  for (const SpaceChoice& choice : space.choices) single_.emplace_back(choice.candidates.size(), 0.0);
  std::map<std::map<std::size_t, std::vector<double>>, double> joint;
  for (std::size_t n = 0; n < space.nodes.size(); ++n) {
    const SpaceNode& node = space.nodes[n];
    for (std::size_t number = 0; number < costs[n].size(); ++number) {
      if (costs[n][number] == 0) continue;
      std::map<std::size_t, std::vector<double>> masks;  // conditions on one choice hold together
      const auto require = [&](std::size_t choice, const auto& holds) {
        auto& mask = masks.try_emplace(choice, space.choices[choice].candidates.size(), 1.0).first->second;
        for (std::size_t i = 0; i < mask.size(); ++i) mask[i] *= holds(i) ? 1 : 0;
      };
      for (const SpaceNode::Condition& condition : node.conditions)
        require(condition.choice, [&](std::size_t i) { return condition.candidates[i]; });
      const std::vector<std::size_t> picks = space.picks(node, number);
      for (std::size_t s = 0; s < picks.size(); ++s) require(node.sizes[s].choice, [&](std::size_t i) { return i == picks[s]; });
      if (masks.empty()) {
        fixed_ += costs[n][number];
      } else if (masks.size() == 1) {
        auto& to = single_[masks.begin()->first];
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += costs[n][number] * masks.begin()->second[i];
      } else {
        joint[masks] += costs[n][number];
      }
    }
  }
  for (const auto& [masks, cost] : joint) joint_.push_back({cost, {masks.begin(), masks.end()}});
}

double ExpectedCost::of(const Distribution& p) const {
  double cost = fixed_;
  for (std::size_t c = 0; c < single_.size(); ++c) cost += dot(single_[c], p[c]);
  for (const Term& term : joint_) {
    double product = term.cost;
    for (const auto& [choice, mask] : term.factors) product *= dot(mask, p[choice]);
    cost += product;
  }
  return cost;
}

Tensor ExpectedCost::of(const std::vector<Tensor>& p, double scale) const {
  Tensor cost = from_host(std::vector<float>{static_cast<float>(fixed_ * scale)}, p.front().device());
  for (std::size_t c = 0; c < single_.size(); ++c)
    if (std::any_of(single_[c].begin(), single_[c].end(), [](double x) { return x != 0; })) cost = add(cost, dot(single_[c], p[c], scale));
  for (const Term& term : joint_) {
    Tensor product;
    for (const auto& [choice, mask] : term.factors) {
      const Tensor part = dot(mask, p[choice], product ? 1 : term.cost * scale);
      product = product ? mul(product, part) : part;
    }
    cost = add(cost, product);
  }
  return cost;
}

Tensor penalised(const Tensor& loss, const Tensor& ratio, const Tensor& strength, const CostPenalty& penalty) {
  const Tensor x = affine(ratio, 1, -1);
  Tensor f = penalty.form == CostPenalty::Form::Absolute ? abs(x) : penalty.form == CostPenalty::Form::OneSided ? relu(x) : log(ratio);
  f = reshape(affine(mul(f, strength), penalty.scale), Shape{});
  return penalty.multiplied ? mul(loss, affine(f, 1, 1)) : add(loss, f);
}

}  // namespace dsw
