// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"

namespace dsw {

struct Catalog;
class Dataset;
struct InputSpec;

/// Loaded datasets, so that a document can be checked at every key press without reading its files each time. Any thread;
/// each set is read once however many ask, and kept while it is among the last few and its files have not changed
/// (names, times and sizes are looked at in each call). Settings that need no reading (context, augmentation) share the loaded data.
class DatasetCache {
 public:
  explicit DatasetCache(const Catalog& catalog, std::size_t keep = 3);

  /// The dataset of a document's data section; defaults are filled in here. Errors as load_dataset gives them; they are not kept.
  Result<std::shared_ptr<const Dataset>> get(const Json& data, const std::filesystem::path& base, std::uint64_t seed, std::stop_token stop = {});
  /// What a model gets from it; the seed does not matter.
  Result<InputSpec> describe(const Json& data, const std::filesystem::path& base, std::stop_token stop = {});

 private:
  struct Entry {
    std::string key, stamps;
    std::string base;
    std::uint64_t seed = 0;
    std::shared_ptr<const Dataset> dataset;
  };
  std::shared_ptr<const Dataset> find_kept(const std::string& key, const std::string& stamps, const Json& data, const std::string& base,
                                           const std::uint64_t* seed);

  const Catalog& catalog_;
  const std::size_t keep_;
  std::mutex mutex_;                        ///< guards all below
  std::condition_variable_any loaded_;
  std::list<Entry> entries_;                ///< most recently used first
  std::vector<std::string> loading_;        ///< keys that some thread reads now
};

}  // namespace dsw
