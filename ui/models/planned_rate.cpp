// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/planned_rate.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/optim/lr_schedule.h"

namespace dsw {

PlannedRate plannedRate(const Catalog& catalog, const std::string& resolved, std::int64_t from, std::int64_t total, int most) {
  PlannedRate plan;
  const Json document = Json::parse(resolved, nullptr, false);
  const Json::json_pointer rate("/optimizer/lr"), type("/optimizer/schedule/type");
  if (!document.is_object() || !document.contains(rate) || !document.at(rate).is_number()) return plan;
  if (!document.contains(type) || !document.at(type).is_string()) return plan;
  const auto* entry = catalog.lr_schedules.find(document.at(type).get<std::string>());
  if (!entry) return plan;
  // A document of another version may lack what this one asks for.
  std::unique_ptr<LrSchedule> schedule;
  try {
    auto made = entry->make(document["optimizer"]["schedule"]);
    if (made) schedule = std::move(*made);
  } catch (const Json::exception&) {
  }
  if (!schedule) return plan;
  const double base = document.at(rate).get<double>();
  const std::int64_t first = std::max<std::int64_t>(1, from);
  if (first >= total) return plan;
  const std::int64_t points = std::min<std::int64_t>(most, total - first + 1);
  for (std::int64_t i = 0; i < points; ++i) {
    const std::int64_t step = first + (total - first) * i / (points - 1);
    plan.step.push_back(static_cast<double>(step));
    plan.value.push_back(base * schedule->factor(step - 1, total));
  }
  return plan;
}

}  // namespace dsw
