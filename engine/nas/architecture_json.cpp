// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/architecture_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dsw {

Json architecture_to_json(const Architecture& architecture) {
  Json json = architecture.choices;
  if (std::all_of(architecture.edges.begin(), architecture.edges.end(), [](const auto& edges) { return edges.empty(); })) return json;
  return {{"choices", json}, {"edges", architecture.edges}};
}

Architecture architecture_from_json(const Json& json) {
  Architecture architecture;
  architecture.choices = (json.is_array() ? json : json.at("choices")).get<std::vector<std::int32_t>>();
  if (json.is_object()) architecture.edges = json.at("edges").get<std::vector<std::vector<bool>>>();
  return architecture;
}

}  // namespace dsw
