// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/core/result.h"

namespace dsw {

/// The nearest of `names` to `name` by edit distance (case and kind of separator do not count), empty when none is near: more
/// than a third of its letters differ, and neither is a word of the other ("batch_size" is near "batch").
std::string nearest_name(std::string_view name, const std::vector<std::string>& names);

/// Maps a stable kebab-case name to {summary, ParamSchema, make}. Filled by register_builtins and plug-ins, then frozen:
/// afterwards reading needs no lock. `T` is usually an interface; `make` gets the settings with every default filled in.
template <class T, class... Args>
class Registry {
 public:
  using Make = std::function<Result<std::unique_ptr<T>>(const Json& settings, Args... args)>;
  struct Entry {
    std::string name, summary;
    ParamSchema schema;
    Make make;
  };

  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Throws Error{Internal} when the name is taken or the registry is frozen.
  void add(Entry entry) {
    DSW_CHECK(!frozen_, "registries are filled before they are read");
    const std::string name = entry.name;
    DSW_CHECK(entries_.emplace(name, std::move(entry)).second, "a registered name is given once");
    order_.push_back(name);
  }
  void freeze() { frozen_ = true; }

  const Entry* find(std::string_view name) const {
    const auto it = entries_.find(std::string(name));
    return it == entries_.end() ? nullptr : &it->second;
  }
  /// Error{NotFound} names the kind, the name and the nearest registered one.
  Result<const Entry*> get(std::string_view name) const {
    if (const Entry* entry = find(name)) return entry;
    const std::string near = nearest_name(name, order_);
    return fail(ErrorCode::NotFound, fmt::format("There is no {} named \"{}\"", kind_, name),
                near.empty() ? std::string() : fmt::format("Nearest name: {}.", near));
  }
  /// In the order of registration.
  const std::vector<std::string>& names() const { return order_; }
  const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> order_;
  bool frozen_ = false;
};

}  // namespace dsw
