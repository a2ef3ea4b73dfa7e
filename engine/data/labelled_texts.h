// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace dsw {

/// What was read of a text-classification source, before it is split and tokenised. The examples of `test_source` stand last.
struct LabelledTexts {
  std::vector<std::string> texts;
  std::vector<std::int32_t> labels;  ///< numbers of classes
  std::size_t source_count = 0;      ///< examples that are not of test_source
  std::vector<std::string> classes;  ///< numbers in the order of numbers, other labels by their bytes
  std::vector<std::string> notes;    ///< what should be said: "… was read as Latin-1"
  std::vector<DataFile> files;
  std::filesystem::path base;
};

/// Reads `source` and `test_source`. Errors name file and line.
Result<LabelledTexts> read_labelled_texts(const Json& settings, const std::filesystem::path& base, std::stop_token stop);

}  // namespace dsw
