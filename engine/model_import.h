// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/formats/state_dict.h"
#include "engine/nn/model_type.h"
#include "engine/store/project.h"

namespace dsw {

/// What a person wants to bring in. What is empty is looked for beside the file: config.json, vocab.json with merges.txt.
struct ModelImport {
  std::filesystem::path file;
  std::string name;  ///< empty: the file's
  std::filesystem::path config, vocabulary, merges;
};

/// What an import would do: its preview. Nothing was written.
struct ModelImportPlan {
  std::string name, family;
  std::string format;   ///< "safetensors", "torch.save, legacy", "JSON tensors"
  std::string section;  ///< model settings with defaults, JSON text
  bool own = false;     ///< the file describes its model itself (written by model export)
  InputSpec input;
  std::uint64_t bytes = 0;
  double parameters = 0;
  std::vector<StateRow> rows;                        ///< of foreign weights: what becomes of each tensor
  std::filesystem::path config, vocabulary, merges;  ///< the files that are used; empty: none
  std::string tokenizer;                             ///< "bpe"; empty: none
  std::int64_t symbols = 0;
  std::vector<std::string> classes;
  std::vector<std::string> notes;  ///< sentences that the person should read: guesses, and what will not work
  std::optional<Error> refused;    ///< why it cannot come in; the rest is filled as far as it is known
};

/// Reads everything and checks that all fits. Errors: of reading the file, or weights of no known family; what does not fit
/// together is `refused` of the plan. Not for the UI thread: it reads the whole file.
Result<ModelImportPlan> inspect_model(const Catalog& catalog, const ModelImport& request, std::stop_token stop = {});
/// The same, and stores it in the project.
Result<ModelRow> import_model(const Catalog& catalog, const ModelImport& request, Project& into, std::stop_token stop = {});

}  // namespace dsw
