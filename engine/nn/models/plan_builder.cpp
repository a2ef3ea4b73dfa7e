// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/plan_builder.h"

#include <algorithm>

namespace dsw {

std::string PlanBuilder::node(const std::string& id, const std::string& title, const std::string& detail, const std::string& kind,
                              const std::string& field, const Shape& output, const Cost& cost, const std::string& part) {
  plan_.nodes.push_back({id, title, detail, kind, field.empty() ? root_ : root_ + "/" + field, group_, output, cost});
  const double times = static_cast<double>(repeat_);
  plan_.total += {cost.flops * times, cost.parameters * times, cost.activation_bytes * times};
  if (cost.flops > 0) {
    const std::string name = part.empty() ? "other" : part;
    auto& parts = plan_.flops_by_part;
    auto at = std::find_if(parts.begin(), parts.end(), [&](const auto& entry) { return entry.first == name; });
    if (at == parts.end()) at = parts.insert(parts.end(), {name, 0.0});
    at->second += cost.flops * times;
  }
  return id;
}

void PlanBuilder::begin_group(const std::string& id, const std::string& title, std::int64_t repeat) {
  group_ = id;
  repeat_ = repeat;
  plan_.groups.push_back({id, title, repeat});
}

}  // namespace dsw
