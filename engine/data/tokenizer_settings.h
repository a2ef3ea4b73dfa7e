// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/data/dataset.h"
#include "engine/data/tokenizer.h"

namespace dsw {

/// The model's own tokenizer where `settings` of a loader hold a model that has one; null otherwise.
Result<std::unique_ptr<Tokenizer>> model_tokenizer(const Json& settings);

/// The setting `tokenizer`: char, byte, bpe, word with theirs.
Param tokenizer_param(const std::string& default_kind);

/// The tokenizer that `settings` (with defaults) asks for, learned from `training` alone. `with_unknown`: char gets an id for all
/// characters that are not in `training`. Files that are read are added to `files`.
/// Errors have their place in the document below `pointer`.
Result<std::unique_ptr<Tokenizer>> make_tokenizer(const Json& settings, const std::filesystem::path& base,
                                                  const std::vector<std::string_view>& training, bool with_unknown,
                                                  const std::string& pointer, std::vector<DataFile>& files, std::stop_token stop);
/// True when a character of `text` is not in `training`: then char needs an id for unknown ones. Nothing else is taken from it.
bool has_unknown_characters(std::string_view training, std::string_view text);

}  // namespace dsw
