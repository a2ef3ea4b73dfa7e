// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/core/result.h"

namespace dsw {
struct Catalog;
class DatasetCache;

/// Text of a document → JSON. Limits: 8 MiB, depth 64, no duplicate keys, UTF-8. Errors give line and column.
Result<Json> parse_document(const std::string& text);
/// Places of values in the text, for marking errors and for form ↔ JSON jumps: JSON pointer → [begin, end) byte offsets of key and value.
struct TextPlace {
  std::string pointer;
  std::size_t key_begin = 0, key_end = 0, value_begin = 0, value_end = 0;
};
Result<std::vector<TextPlace>> document_places(const std::string& text);

/// The schema of a task's whole document: the common keys (deepshock, task, name, seed, device, precision) and the task's own.
Result<ParamSchema> document_schema(const Catalog& catalog, const std::string& task);

/// Every problem of a document at once: schema, then what only the task sees (heads and width, a missing file, data and model that do not
/// fit). `data` answers questions about data sources; null: data is not looked at. `stop` ends the reading of data: what is returned then
/// is of no use.
std::vector<Problem> validate_document(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                       std::stop_token stop = {});

/// A validated document, ready to run. A value.
struct Experiment {
  std::string document;  ///< as written, JSON text
  std::string resolved;  ///< with every default that applied, JSON text; a run can be repeated from this alone
  std::string task, name, device, precision;
  std::uint64_t seed = 0;
  std::filesystem::path base;  ///< what relative paths are relative to
};
/// Error{InvalidDocument} lists all problems, one a line.
Result<Experiment> make_experiment(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data);

/// Sets JSON pointer to value ("--set /optimizer/lr=1e-3"; text that is no JSON is taken as a string). Parents are made.
Result<void> set_pointer(Json& document, const std::string& pointer, const std::string& value);

}  // namespace dsw
