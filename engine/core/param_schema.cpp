// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/param_schema.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/result.h"

namespace dsw {
namespace {

Param make_param(std::string name, ParamType type, std::string label, std::string help) {
  Param p;
  p.name = std::move(name);
  p.type = type;
  p.label = std::move(label);
  p.help = std::move(help);
  return p;
}

const ParamSchema* alternative(const Param& p, const std::string& type) {
  for (const auto& [name, schema] : p.alternatives)
    if (name == type) return schema.get();
  return nullptr;
}

/// The type of a Variant's value, in either form; empty when it says none and there is no default.
std::string variant_type(const Param& p, const Json& value) {
  if (p.short_form && value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("type") && value["type"].is_string()) return value["type"].get<std::string>();
  return p.default_alternative;
}

Json filled(const Param& p, const Json& value) {
  switch (p.type) {
    case ParamType::Int:
      if (value.is_number_float() && std::abs(value.get<double>()) <= 9e15 && std::floor(value.get<double>()) == value.get<double>())
        return static_cast<long long>(value.get<double>());
      return value;
    case ParamType::List: {
      if (!p.element) return value;
      if (!value.is_array()) return p.short_form ? Json::array({filled(*p.element, value)}) : value;
      Json out = Json::array();
      for (const Json& item : value) out.push_back(filled(*p.element, item));
      return out;
    }
    case ParamType::Object:
      return p.object && value.is_object() ? with_defaults(*p.object, value) : value;
    case ParamType::Variant: {
      const std::string type = variant_type(p, value);
      const ParamSchema* schema = alternative(p, type);
      if (!schema || !(value.is_object() || (p.short_form && value.is_string()))) return value;
      Json rest = value.is_object() ? value : Json::object();
      rest.erase("type");
      Json out = {{"type", type}};
      out.update(with_defaults(*schema, rest));
      return out;
    }
    default:
      return value;
  }
}

const char* type_name(ParamType type) {
  switch (type) {
    case ParamType::Bool:
      return "bool";
    case ParamType::Int:
      return "int";
    case ParamType::Float:
      return "float";
    case ParamType::String:
      return "string";
    case ParamType::Choice:
      return "choice";
    case ParamType::Path:
      return "path";
    case ParamType::List:
      return "list";
    case ParamType::Object:
      return "object";
    case ParamType::Variant:
      return "variant";
    case ParamType::Any:
      break;
  }
  return "any";
}

Json number_to_json(ParamType type, double value) {
  if (type == ParamType::Int && std::abs(value) <= 9e15) return static_cast<long long>(value);
  return value;
}

Json params_to_json(const ParamSchema& schema);

Json param_to_json(const Param& p) {
  Json out = {{"name", p.name}, {"type", type_name(p.type)}};
  if (p.name.empty()) out.erase("name");  // elements of lists
  if (!p.label.empty()) out["label"] = p.label;
  if (!p.help.empty()) out["help"] = p.help;
  if (!p.unit.empty()) out["unit"] = p.unit;
  if (!p.default_text.empty()) out["default"] = p.default_value();
  if (p.required) out["required"] = true;
  if (p.advanced) out["advanced"] = true;
  if (p.log_scale) out["log_scale"] = true;
  if (p.low) out["low"] = number_to_json(p.type, *p.low);
  if (p.high) out["high"] = number_to_json(p.type, *p.high);
  if (p.low_open) out["low_open"] = true;
  if (!p.choices.empty()) out["choices"] = p.choices;
  if (p.min_items) out["min_items"] = *p.min_items;
  if (p.max_items) out["max_items"] = *p.max_items;
  if (p.short_form) out["short_form"] = true;
  if (p.element) out["element"] = param_to_json(*p.element);
  if (p.object) {
    if (!p.object->summary.empty()) out["summary"] = p.object->summary;
    out["params"] = params_to_json(*p.object);
  }
  if (p.type == ParamType::Variant) {
    if (!p.default_alternative.empty()) out["default_type"] = p.default_alternative;
    Json& list = out["alternatives"] = Json::array();
    for (const auto& [type, schema] : p.alternatives)
      list.push_back({{"type", type}, {"summary", schema->summary}, {"params", params_to_json(*schema)}});
  }
  return out;
}

Json params_to_json(const ParamSchema& schema) {
  Json list = Json::array();
  for (const Param& p : schema.params) list.push_back(param_to_json(p));
  return list;
}

/// The next key of a JSON pointer, unescaped, taken off its front.
std::string take_key(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string key;
  for (std::size_t i = 0; i < end; ++i) {
    if (pointer[i] == '~' && i + 1 < end && (pointer[i + 1] == '0' || pointer[i + 1] == '1'))
      key += pointer[++i] == '0' ? '~' : '/';
    else
      key += pointer[i];
  }
  pointer.remove_prefix(end);
  return key;
}

bool is_index(const std::string& key) {
  return !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string Problem::sentence() const { return pointer.empty() ? "The document " + message : "`" + pointer + "` " + message; }

Json Param::default_value() const {
  if (default_text.empty()) return nullptr;
  Json value = Json::parse(default_text, nullptr, /*allow_exceptions=*/false);
  DSW_CHECK(!value.is_discarded(), "the default of a setting is JSON text");
  return value;
}

const Param* ParamSchema::find(const std::string& name) const {
  for (const Param& p : params)
    if (p.name == name) return &p;
  return nullptr;
}

Param bool_param(std::string name, std::string label, bool def, std::string help) {
  Param p = make_param(std::move(name), ParamType::Bool, std::move(label), std::move(help));
  p.default_text = def ? "true" : "false";
  return p;
}

Param int_param(std::string name, std::string label, std::optional<long long> def, double low, double high, std::string help,
                std::string unit) {
  Param p = make_param(std::move(name), ParamType::Int, std::move(label), std::move(help));
  if (def) p.default_text = fmt::format("{}", *def);
  p.low = low;
  p.high = high;
  p.unit = std::move(unit);
  return p;
}

Param float_param(std::string name, std::string label, std::optional<double> def, double low, double high, std::string help,
                  std::string unit) {
  Param p = make_param(std::move(name), ParamType::Float, std::move(label), std::move(help));
  if (def) p.default_text = Json(*def).dump();
  p.low = low;
  p.high = high;
  p.unit = std::move(unit);
  return p;
}

Param string_param(std::string name, std::string label, std::optional<std::string> def, std::string help) {
  Param p = make_param(std::move(name), ParamType::String, std::move(label), std::move(help));
  if (def) p.default_text = Json(*def).dump();
  return p;
}

Param choice_param(std::string name, std::string label, std::string def, std::vector<std::string> choices, std::string help) {
  Param p = make_param(std::move(name), ParamType::Choice, std::move(label), std::move(help));
  if (!def.empty()) p.default_text = Json(def).dump();
  p.choices = std::move(choices);
  return p;
}

Param path_param(std::string name, std::string label, std::string help) {
  return make_param(std::move(name), ParamType::Path, std::move(label), std::move(help));
}

Param list_param(std::string name, std::string label, std::string default_text, Param element, std::string help) {
  Param p = make_param(std::move(name), ParamType::List, std::move(label), std::move(help));
  p.default_text = std::move(default_text);
  p.element = std::make_shared<const Param>(std::move(element));
  return p;
}

Param object_param(std::string name, std::string label, ParamSchema schema, std::string help) {
  Param p = make_param(std::move(name), ParamType::Object, std::move(label), std::move(help));
  bool optional_members = true;
  for (const Param& member : schema.params) optional_members = optional_members && !member.required;
  if (optional_members) p.default_text = "{}";
  p.object = std::make_shared<const ParamSchema>(std::move(schema));
  return p;
}

Param variant_param(std::string name, std::string label, std::string default_alternative,
                    std::vector<std::pair<std::string, ParamSchema>> alternatives, std::string help) {
  Param p = make_param(std::move(name), ParamType::Variant, std::move(label), std::move(help));
  if (!default_alternative.empty()) p.default_text = Json({{"type", default_alternative}}).dump();
  p.default_alternative = std::move(default_alternative);
  for (auto& [type, schema] : alternatives) p.alternatives.emplace_back(type, std::make_shared<const ParamSchema>(std::move(schema)));
  return p;
}

Param any_param(std::string name, std::string label, std::string help) {
  return make_param(std::move(name), ParamType::Any, std::move(label), std::move(help));
}

Param required(Param p) {
  p.required = true;
  return p;
}

Param advanced(Param p) {
  p.advanced = true;
  return p;
}

Json with_defaults(const ParamSchema& schema, const Json& value) {
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const Param& p : schema.params) {
    const auto it = value.find(p.name);
    if (it != value.end())
      out[p.name] = filled(p, *it);
    else if (!p.default_text.empty())
      out[p.name] = filled(p, p.default_value());
  }
  for (const auto& [key, member] : value.items())
    if (!schema.find(key)) out[key] = member;
  return out;
}

Json schema_to_json(const ParamSchema& schema) {
  Json out = Json::object();
  if (!schema.summary.empty()) out["summary"] = schema.summary;
  out["params"] = params_to_json(schema);
  return out;
}

const Param* param_at(const ParamSchema& schema, const Json& document, const std::string& pointer) {
  const ParamSchema* members = &schema;
  const Param* param = nullptr;
  Json none;
  const Json* value = &document;
  std::string_view rest = pointer;
  while (!rest.empty()) {
    if (rest.front() != '/') return nullptr;
    const std::string key = take_key(rest);
    if (param && param->type == ParamType::List) {
      if (!is_index(key) || !param->element) return nullptr;
      const std::size_t index = std::stoul(key);
      value = value->is_array() && index < value->size() ? &(*value)[index] : &none;
      param = param->element.get();
    } else {
      if (!members) return nullptr;
      if (param && param->type == ParamType::Variant && key == "type") return rest.empty() ? param : nullptr;
      param = members->find(key);
      if (!param) return nullptr;
      value = value->is_object() && value->contains(key) ? &(*value)[key] : &none;
    }
    members = param->type == ParamType::Object    ? param->object.get()
              : param->type == ParamType::Variant ? alternative(*param, variant_type(*param, *value))
                                                  : nullptr;
    // An unknown type still has its ".../type".
    if (param->type == ParamType::Variant && rest == "/type") return param;
  }
  return param;
}

}  // namespace dsw
