// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/store/artifact_store.h"
#include "engine/store/database.h"
#include "engine/store/project_rows.h"

namespace dsw {

/// Questions to the tables, for the reader and the writer alike. They throw Error.

/// Opens a project for reading, also in a place that cannot be written (`immutable` tells). Throws Error.
std::unique_ptr<Database> open_for_reading(const std::filesystem::path& path, bool* immutable = nullptr);

std::vector<ExperimentRow> query_experiments(Database& database, bool with_archived);
std::vector<ExperimentVersion> query_versions(Database& database, const std::string& experiment_id);
/// Newest first.
std::vector<RunRow> query_runs(Database& database, bool with_archived);
/// By number (row number in the table). Error{NotFound}.
RunRow query_run(Database& database, std::int64_t number);
/// Number of the run that `name` means: an id, the unique beginning of one (at least 6 digits), a short name ("r-0142") or a number.
/// Error{NotFound} says which runs there are.
std::int64_t find_run(Database& database, const std::string& name);
std::string short_name_of(std::int64_t number);
std::vector<CheckpointRow> query_checkpoints(Database& database, const ArtifactStore& artifacts, std::int64_t run);
std::vector<ModelRow> query_models(Database& database, const ArtifactStore& artifacts);
std::vector<EvaluationRow> query_evaluations(Database& database, const std::string& sha256);
/// SHA-256 of every side file that a row names.
std::set<std::string> query_side_files(Database& database);
std::vector<std::string> split_lines(const std::string& text);
std::string join_lines(const std::vector<std::string>& lines);

}  // namespace dsw
