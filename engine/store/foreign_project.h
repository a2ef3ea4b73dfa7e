// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/database.h"

namespace dsw {

/// The database inside an archive: read, never adopted. Functions throw Error; their place is the archive.

/// Opens it after checking that it is sound, that every table the import reads is a plain table, and that every id may be a file's
/// name; an older one is brought up to date first. Error{BadFormat} or Error{NewerVersion}.
std::unique_ptr<Database> open_foreign_project(const std::filesystem::path& path, const std::filesystem::path& archive);

struct ForeignRun {
  std::int64_t number = 0;
  std::string id, experiment;
};
/// Oldest first.
std::vector<ForeignRun> foreign_runs(Database& source);

/// Files that a document names and that no archive carries: strings at "source", "test_source", "vocab", "merges", "file" or "path",
/// and all that look like absolute or parent paths; "builtin:" names are the program's own.
std::vector<std::string> outside_files_of(const std::string& document);

/// Letters, digits, '-' and '_', at most 64: what an id may consist of, because folders are named by it.
bool is_safe_id(const std::string& id);
/// Throws Error{Damaged} when an id of the database may not be a folder's name.
void check_ids(Database& database);

}  // namespace dsw
