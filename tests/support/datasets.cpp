// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/datasets.h"

#include <nlohmann/json.hpp>

namespace dsw {

const Catalog& dataset_catalog() {
  static const Catalog catalog = [] {
    Catalog made;
    register_datasets(made);
    made.freeze();
    return made;
  }();
  return catalog;
}

Result<std::unique_ptr<Dataset>> load_test_data(const std::string& json, const std::filesystem::path& base, std::uint64_t seed) {
  return load_dataset(dataset_catalog(), Json::parse(json), base, seed);
}

std::string load_error(const std::string& json, const std::filesystem::path& base) {
  const auto loaded = load_test_data(json, base);
  return loaded ? "loaded" : loaded.error().sentence();
}

}  // namespace dsw
