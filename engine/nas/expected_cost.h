// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/nas/search_space.h"

namespace dsw {

enum class CostMetric { Flops, Parameters, ActivationBytes, Latency };
CostMetric cost_metric_from_name(const std::string& name);  ///< "flops", "parameters", "activation-bytes", "latency"
const char* cost_metric_name(CostMetric metric);

/// The expected cost of a space under a distribution as a sum of products: fixed + Σ_c costs_c · p_c + Σ of terms over several choices.
/// One of a metric; latency in ms from a table [node][combination].
class ExpectedCost {
 public:
  ExpectedCost(const SearchSpace& space, const std::vector<std::vector<double>>& node_costs);
  double of(const Distribution& p) const;
  /// The same on the device, [1], differentiable, times `scale`. @param p  [choice]: [n], float32
  Tensor of(const std::vector<Tensor>& p, double scale) const;

 private:
  struct Term {
    double cost;
    std::vector<std::pair<std::size_t, std::vector<double>>> factors;  ///< product of Σ_i mask_i p_i
  };
  double fixed_ = 0;
  std::vector<std::vector<double>> single_;  ///< [choice][candidate]
  std::vector<Term> joint_;
};

/// Of each node and combination of sizes.
std::vector<std::vector<double>> node_costs(const SearchSpace& space, CostMetric metric,
                                            const std::vector<std::vector<double>>& milliseconds);

/// scale · f(cost / target - 1): f(x) = |x|, max(x, 0), or log(1 + x).
struct CostPenalty {
  enum class Form { Absolute, OneSided, Logarithmic } form = Form::OneSided;
  double scale = 1;
  bool multiplied = false;  ///< loss · (1 + penalty) instead of loss + penalty
};
/// The penalised loss. @param loss  rank 0   @param ratio  cost / target, [1]   @param strength  [1], multiplies the penalty (schedules)
Tensor penalised(const Tensor& loss, const Tensor& ratio, const Tensor& strength, const CostPenalty& penalty);

}  // namespace dsw
