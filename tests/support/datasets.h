// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"

namespace dsw {

/// A catalog that knows the data types and nothing else.
const Catalog& dataset_catalog();

/// load_dataset of JSON text.
Result<std::unique_ptr<Dataset>> load_test_data(const std::string& json, const std::filesystem::path& base = {}, std::uint64_t seed = 1);
/// The sentence of its error; "loaded" when there is none.
std::string load_error(const std::string& json, const std::filesystem::path& base = {});

}  // namespace dsw
