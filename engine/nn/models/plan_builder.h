// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/nn/model_type.h"

namespace dsw {

/// Collects the drawn network of a family and sums its costs.
class PlanBuilder {
 public:
  explicit PlanBuilder(std::string pointer_root = "/model") : root_(std::move(pointer_root)) {}
  /// `field` is relative to the model section ("heads"); empty: the section itself. `part` sums FLOPs ("attention", "mlp", …);
  /// empty: counted under "other" when it costs anything.
  std::string node(const std::string& id, const std::string& title, const std::string& detail, const std::string& kind,
                   const std::string& field, const Shape& output, const Cost& cost, const std::string& part = {});
  void edge(const std::string& from, const std::string& to, bool residual = false) { plan_.edges.push_back({from, to, residual}); }
  /// Nodes added until end_group() belong to it and count `repeat` times.
  void begin_group(const std::string& id, const std::string& title, std::int64_t repeat);
  void end_group() {
    group_.clear();
    repeat_ = 1;
  }
  NetworkPlan finish() { return std::move(plan_); }

 private:
  std::string root_, group_;
  std::int64_t repeat_ = 1;
  NetworkPlan plan_;
};

}  // namespace dsw
