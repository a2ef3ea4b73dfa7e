// SPDX-License-Identifier: GPL-3.0-or-later
// check_params: every way in which a value does not fit its schema, with the fixes that the window offers as buttons.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/param_schema.h"
#include "engine/core/registry.h"

namespace dsw {
namespace {

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

/// JSON text of a value, short enough for a sentence and cut between characters.
std::string shown(const Json& value) {
  if (value.is_object()) return value.empty() ? "an empty object" : "an object";
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  constexpr std::size_t kLongest = 40;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string number_text(double value) {
  if (std::floor(value) == value && std::abs(value) < 1e7) return fmt::format("{}", static_cast<long long>(value));
  return fmt::format("{:.15g}", value);
}

/// "1", "1 or 2", "1, 2 or 3"; past eight the rest is "…".
std::string one_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string out;
  const std::size_t shown_names = std::min(names.size(), kMost);
  for (std::size_t i = 0; i < shown_names; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += "\"" + names[i] + "\"";
  }
  return names.size() > kMost ? out + ", …" : out;
}

class Checker {
 public:
  std::vector<Problem> problems;

  void check_object(const ParamSchema& schema, const Json& value, const std::string& pointer, bool variant) {
    if (!value.is_object()) {
      add(pointer, fmt::format("is {}, but must be an object: {{\"name\": value, …}}.", shown(value)));
      return;
    }
    for (const auto& [key, member] : value.items()) {
      const std::string place = pointer + "/" + escaped(key);
      if (variant && key == "type") continue;
      if (const Param* p = schema.find(key))
        check(*p, member, place);
      else
        unknown_key(schema, value, key, pointer, variant);
    }
    for (const Param& p : schema.params)
      if (p.required && !value.contains(p.name))
        add(pointer + "/" + escaped(p.name), p.help.empty() ? "is missing." : fmt::format("is missing. {}", finished(p.help)));
  }

 private:
  void add(const std::string& pointer, std::string message, std::vector<Fix> fixes = {}) {
    problems.push_back({pointer, std::move(message), std::move(fixes), false});
  }

  static std::string finished(std::string sentence) {
    if (sentence.back() != '.') sentence += '.';
    return sentence;
  }

  static Fix use(const std::string& pointer, const Json& value) {
    return {"Use " + (value.is_string() ? value.get<std::string>() : shown(value)), pointer, value.dump(), {}, false};
  }

  void check(const Param& p, const Json& value, const std::string& pointer) {
    switch (p.type) {
      case ParamType::Bool:
        check_bool(value, pointer);
        break;
      case ParamType::Int:
      case ParamType::Float:
        check_number(p, value, pointer);
        break;
      case ParamType::String:
        if (!value.is_string()) add(pointer, fmt::format("is {}, but must be a text in quotes.", shown(value)), text_fix(value, pointer));
        break;
      case ParamType::Path:
        if (!value.is_string())
          add(pointer, fmt::format("is {}, but must be a path in quotes.", shown(value)));
        else if (value.get_ref<const std::string&>().empty())
          add(pointer, "is empty. Name a file or a folder.");
        else if (value.get_ref<const std::string&>().find('\0') != std::string::npos)
          add(pointer, "holds a NUL character, which no path can have.");
        break;
      case ParamType::Choice:
        check_choice(p, value, pointer);
        break;
      case ParamType::List:
        check_list(p, value, pointer);
        break;
      case ParamType::Object:
        if (p.object) check_object(*p.object, value, pointer, false);
        break;
      case ParamType::Variant:
        check_variant(p, value, pointer);
        break;
      case ParamType::Any:
        break;
    }
  }

  static std::vector<Fix> text_fix(const Json& value, const std::string& pointer) {
    if (!value.is_number() && !value.is_boolean()) return {};
    return {use(pointer, value.dump())};
  }

  void check_bool(const Json& value, const std::string& pointer) {
    if (value.is_boolean()) return;
    std::vector<Fix> fixes;
    if (value == "true" || value == 1) fixes.push_back(use(pointer, true));
    if (value == "false" || value == 0) fixes.push_back(use(pointer, false));
    add(pointer, fmt::format("is {}, but must be true or false.", shown(value)), fixes);
  }

  void check_number(const Param& p, const Json& value, const std::string& pointer) {
    const bool whole = p.type == ParamType::Int;
    const char* wanted = whole ? "a whole number" : "a number";
    if (!value.is_number()) {
      std::vector<Fix> fixes;
      if (value.is_string()) {  // a number in quotes
        const Json inside = Json::parse(value.get_ref<const std::string&>(), nullptr, false);
        if (inside.is_number() && (!whole || inside.is_number_integer()) && in_range(p, inside.get<double>()))
          fixes.push_back(use(pointer, inside));
      }
      add(pointer, fmt::format("is {}, but must be {}{}.", shown(value), wanted, range_text(p)), fixes);
      return;
    }
    const double number = value.get<double>();
    if (!std::isfinite(number)) return add(pointer, fmt::format("is not a finite number, but must be {}{}.", wanted, range_text(p)));
    if (whole && (std::floor(number) != number || std::abs(number) > 9e18)) {
      std::vector<Fix> fixes;
      for (const double near : {std::floor(number), std::ceil(number)})
        if (in_range(p, near) && std::abs(near) < 9e15) fixes.push_back(use(pointer, static_cast<long long>(near)));
      return add(pointer, fmt::format("is {}, but must be a whole number{}.", shown(value), range_text(p)), fixes);
    }
    if (in_range(p, number)) return;
    std::vector<Fix> fixes;
    const bool below = p.low && number <= *p.low;
    if (!(below && p.low_open)) {
      const double limit = below ? *p.low : *p.high;
      fixes.push_back(use(pointer, whole || std::floor(limit) == limit ? Json(static_cast<long long>(limit)) : Json(limit)));
    } else if (!p.default_text.empty()) {
      fixes.push_back(use(pointer, p.default_value()));
    }
    add(pointer, fmt::format("is {}, but must be{}.", shown(value), range_text(p)), fixes);
  }

  static bool in_range(const Param& p, double number) {
    if (p.low && (number < *p.low || (p.low_open && number == *p.low))) return false;
    return !p.high || number <= *p.high;
  }

  static std::string range_text(const Param& p) {
    const std::string unit = p.unit.empty() ? std::string() : " " + p.unit;
    const std::string low = p.low ? number_text(*p.low) : std::string(), high = p.high ? number_text(*p.high) : std::string();
    if (p.low && p.high && p.low_open) return fmt::format(" above {} and at most {}{}", low, high, unit);
    if (p.low && p.high) return fmt::format(" from {} to {}{}", low, high, unit);
    if (p.low) return p.low_open ? fmt::format(" above {}{}", low, unit) : fmt::format(" at least {}{}", low, unit);
    return p.high ? fmt::format(" at most {}{}", high, unit) : std::string();
  }

  void check_choice(const Param& p, const Json& value, const std::string& pointer) {
    if (value.is_string() && std::find(p.choices.begin(), p.choices.end(), value.get_ref<const std::string&>()) != p.choices.end()) return;
    std::vector<Fix> fixes;
    if (value.is_string()) {
      const std::string near = nearest_name(value.get_ref<const std::string&>(), p.choices);
      if (!near.empty()) fixes.push_back(use(pointer, near));
    }
    if (fixes.empty() && p.choices.size() <= 3)
      for (const std::string& choice : p.choices) fixes.push_back(use(pointer, choice));
    add(pointer, fmt::format("is {}, but must be {}.", shown(value), one_of(p.choices)), fixes);
  }

  void check_list(const Param& p, const Json& value, const std::string& pointer) {
    Param element = p.element ? *p.element : Param();
    if (!element.low) element.low = p.low;
    if (!element.high) element.high = p.high;
    if (!value.is_array()) {
      if (p.short_form) return check(element, value, pointer);
      add(pointer, fmt::format("is {}, but must be a list: [value, …].", shown(value)),
          {{"Make it a list", pointer, Json::array({value}).dump(), {}, false}});
      return;
    }
    const std::size_t n = value.size();
    if ((p.min_items && n < *p.min_items) || (p.max_items && n > *p.max_items)) {
      const std::string wanted = p.min_items && p.max_items && *p.min_items == *p.max_items ? fmt::format("{}", *p.min_items)
                                 : p.min_items && p.max_items ? fmt::format("{} to {}", *p.min_items, *p.max_items)
                                 : p.min_items                ? fmt::format("at least {}", *p.min_items)
                                                              : fmt::format("at most {}", *p.max_items);
      add(pointer, fmt::format("has {} {}, but must have {}.", n, n == 1 ? "item" : "items", wanted));
    }
    for (std::size_t i = 0; i < n; ++i) check(element, value[i], fmt::format("{}/{}", pointer, i));
  }

  void check_variant(const Param& p, const Json& value, const std::string& pointer) {
    std::vector<std::string> types;
    for (const auto& alternative : p.alternatives) types.push_back(alternative.first);
    const bool short_value = p.short_form && value.is_string();
    if (!short_value && !value.is_object()) {
      add(pointer, fmt::format("is {}, but must be {}.", shown(value),
                               p.short_form ? "one of " + one_of(types) : "an object with a \"type\": " + one_of(types)));
      return;
    }
    const std::string type_pointer = short_value ? pointer : pointer + "/type";
    Json type = short_value ? value : value.contains("type") ? value["type"] : Json();
    if (type.is_null() && !value.contains("type")) {
      if (p.default_alternative.empty()) {
        add(type_pointer, fmt::format("is missing. It is one of {}.", one_of(types)));
        return;
      }
      type = p.default_alternative;
    }
    const auto found = std::find_if(p.alternatives.begin(), p.alternatives.end(), [&](const auto& a) { return type == a.first; });
    if (found == p.alternatives.end()) {
      std::vector<Fix> fixes;
      const std::string near = type.is_string() ? nearest_name(type.get_ref<const std::string&>(), types) : std::string();
      if (!near.empty()) fixes.push_back(use(type_pointer, near));
      add(type_pointer, fmt::format("is {}, but must be {}.", shown(type), one_of(types)), fixes);
      return;
    }
    check_object(*found->second, short_value ? Json::object() : value, pointer, true);
  }

  void unknown_key(const ParamSchema& schema, const Json& value, const std::string& key, const std::string& pointer, bool variant) {
    std::vector<std::string> names, labels;
    for (const Param& p : schema.params) {
      names.push_back(p.name);
      labels.push_back(p.label);
    }
    if (variant) names.push_back("type");
    std::string near = nearest_name(key, names);
    if (near.empty()) {  // what the form calls it: "learning_rate" is "lr"
      const std::string label = nearest_name(key, labels);
      if (!label.empty()) near = names[static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin())];
    }
    const std::string place = pointer + "/" + escaped(key);
    std::vector<Fix> fixes;
    if (!near.empty() && !value.contains(near)) fixes.push_back({"Rename", place, {}, near, false});
    fixes.push_back({"Remove", place, {}, {}, true});
    const std::string parent = pointer.empty() ? "the document" : "`" + pointer + "`";
    add(place, fmt::format("is not known in {}.{}", parent, near.empty() ? std::string() : fmt::format(" Nearest name: `{}`.", near)),
        fixes);
  }
};

}  // namespace

std::vector<Problem> check_params(const ParamSchema& schema, const Json& value, const std::string& pointer) {
  Checker checker;
  checker.check_object(schema, value, pointer, false);
  return std::move(checker.problems);
}

}  // namespace dsw
