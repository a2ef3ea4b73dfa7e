// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>

#include "engine/data/dataset.h"

namespace dsw {

// The registered data types: their settings and their loaders (settings with defaults filled in).

/// Language models: one text, cut contiguously.
ParamSchema text_schema();
Result<std::unique_ptr<Dataset>> load_text(const Json& settings, const std::filesystem::path& base, std::uint64_t seed,
                                           std::stop_token stop);

/// Labelled texts from a table or a folder with one file a class.
ParamSchema text_classification_schema();
Result<std::unique_ptr<Dataset>> load_text_classification(const Json& settings, const std::filesystem::path& base, std::uint64_t seed,
                                                          std::stop_token stop);

/// Labelled pictures of one size: shipped, IDX, CIFAR binary, or a folder with one folder a class.
ParamSchema images_schema();
Result<std::unique_ptr<Dataset>> load_images(const Json& settings, const std::filesystem::path& base, std::uint64_t seed,
                                             std::stop_token stop);

}  // namespace dsw
