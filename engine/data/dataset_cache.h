// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "engine/core/json.h"
#include "engine/core/result.h"

namespace dsw {

struct Catalog;
class Dataset;
struct InputSpec;

/// Loaded datasets, so that a document can be checked at every key press without reading its files each time. Any thread; a set
/// that several ask for at a time is read once. A set is kept while it is among the last few and its files have not changed: times
/// and sizes are looked at in each call. Settings that need no reading (context, split, augmentation) share what was read.
class DatasetCache {
 public:
  explicit DatasetCache(const Catalog& catalog, std::size_t keep = 3) : catalog_(catalog), keep_(keep) {}

  /// The dataset of a document's data section; defaults are filled in here. Errors as load_dataset gives them; they are not kept.
  Result<std::shared_ptr<const Dataset>> get(const Json& data, const std::filesystem::path& base, std::uint64_t seed,
                                             std::stop_token stop = {});
  /// What a model gets from it. The seed does not matter: 0 is taken, and a run with another one shares what was read.
  Result<InputSpec> describe(const Json& data, const std::filesystem::path& base, std::stop_token stop = {});

 private:
  struct Entry {
    std::string type, settings, base;  ///< settings: JSON text with defaults
    std::uint64_t seed = 0;
    std::string stamps;  ///< times and sizes of its files when it was read
    std::shared_ptr<const Dataset> dataset;
  };
  /// Null when nothing that is kept will do.
  Result<std::shared_ptr<const Dataset>> find(const Entry& wanted, const Json& settings, std::stop_token stop);
  void keep(Entry entry);

  const Catalog& catalog_;
  const std::size_t keep_;
  std::mutex mutex_;                    ///< guards all below
  std::condition_variable_any loaded_;  ///< a key left `loading_`
  std::list<Entry> entries_;            ///< most recently used first
  std::set<std::string> loading_;       ///< what some thread reads now
};

}  // namespace dsw
