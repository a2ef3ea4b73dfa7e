// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/param_paths.h"

#include <nlohmann/json.hpp>

namespace dsw {
namespace {

Json absolute(const Param& p, const Json& value, const std::filesystem::path& base) {
  if (p.type == ParamType::Path && value.is_string()) {
    const auto& name = value.get_ref<const std::string&>();
    return name.empty() || name.rfind("builtin:", 0) == 0 ? value : Json((base / name).lexically_normal().string());
  }
  if (p.type == ParamType::List && p.element) {
    if (!value.is_array()) return p.short_form ? absolute(*p.element, value, base) : value;
    Json out = Json::array();
    for (const Json& item : value) out.push_back(absolute(*p.element, item, base));
    return out;
  }
  const auto variant = [&]() -> const ParamSchema* {
    const std::string type =
        value.is_object() && value.contains("type") && value["type"].is_string() ? value["type"].get<std::string>() : p.default_alternative;
    for (const auto& [name, schema] : p.alternatives)
      if (name == type) return schema.get();
    return nullptr;
  };
  const ParamSchema* members = p.type == ParamType::Object ? p.object.get() : p.type == ParamType::Variant ? variant() : nullptr;
  return members && value.is_object() ? with_absolute_paths(*members, value, base) : value;
}

}  // namespace

Json with_absolute_paths(const ParamSchema& schema, const Json& value, const std::filesystem::path& base) {
  if (!value.is_object()) return value;
  const std::filesystem::path place = std::filesystem::absolute(base.empty() ? std::filesystem::path(".") : base);
  Json out = value;
  for (const Param& p : schema.params)
    if (const auto it = out.find(p.name); it != out.end()) *it = absolute(p, *it, place);
  return out;
}

}  // namespace dsw
