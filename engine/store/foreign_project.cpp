// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/foreign_project.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "engine/core/json.h"
#include "engine/store/migrations.h"
#include "engine/store/project_place.h"

namespace dsw {
namespace {

constexpr std::array<const char*, 14> kTables{
    "project",     "settings",      "experiments", "experiment_versions", "runs",       "run_texts", "metric_keys", "metric_summaries",
    "metric_tail", "metric_chunks", "run_samples", "run_checkpoints",     "run_events", "models"};

Error refused(const std::filesystem::path& archive, const std::string& what) {
  return Error(ErrorCode::BadFormat, "the project inside the archive " + what, "Nothing was imported. Ask for the archive again.",
               archive.string());
}

void check_tables(Database& database, std::span<const char* const> tables, const std::filesystem::path& archive) {
  for (const char* table : tables) {
    Query row = database.query("SELECT type, upper(sql) FROM sqlite_schema WHERE name = ?1", table);
    if (!row.step()) throw refused(archive, fmt::format("has no table {}", table));
    // A view or a virtual table would run what its maker wrote, a generated column too.
    const std::string sql = row.text(1);
    if (row.text(0) != "table" || !sql.starts_with("CREATE TABLE") || sql.find(" AS (") != std::string::npos ||
        sql.find("GENERATED") != std::string::npos) {
      throw refused(archive, fmt::format("has something else than a plain table named {}", table));
    }
  }
}

void collect(const Json& value, const std::string& key, int depth, std::vector<std::string>& out) {
  if (depth > 64) return;
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) collect(member, name, depth + 1, out);
  } else if (value.is_array()) {
    for (const Json& member : value) collect(member, key, depth + 1, out);
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || text.starts_with("builtin:") || std::find(out.begin(), out.end(), text) != out.end()) return;
    static constexpr std::array<const char*, 6> kFileKeys{"source", "test_source", "vocab_file", "merges_file", "file", "path"};
    const bool file_key = std::find(kFileKeys.begin(), kFileKeys.end(), key) != kFileKeys.end();
    if (file_key || text[0] == '/' || text[0] == '~' || text.find("../") != std::string::npos || text.starts_with("file:"))
      out.push_back(text);
  }
}

}  // namespace

bool is_safe_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void check_ids(Database& database) {
  for (const char* table : {"runs", "experiments", "models"}) {
    Query rows =
        database.query(fmt::format("SELECT id FROM {} WHERE length(id) NOT BETWEEN 1 AND 64 OR id GLOB '*[^0-9a-zA-Z_-]*'", table));
    if (rows.step())
      throw Error(ErrorCode::Damaged, fmt::format("an id in {} could lead to another folder", table), "Go back to a copy of the project.",
                  database.path().string());
  }
}

std::unique_ptr<Database> open_foreign_project(const std::filesystem::path& path, const std::filesystem::path& archive) {
  try {
    check_file_start(path);
    auto database = std::make_unique<Database>(path, Database::Access::ReadWrite);
    const int version = check_project_header(*database);
    const int known = project_format().version;
    if (version > known) {
      throw Error(ErrorCode::NewerVersion, fmt::format("the project inside is of version {}; this program knows up to {}", version, known),
                  "Import it with the newer program.", archive.string());
    }
    check_tables(*database, kTables, archive);
    if (database->text("PRAGMA quick_check(1)") != "ok") throw refused(archive, "is damaged");
    if (version < known) migrate(*database, project_format());
    static constexpr std::array<const char*, 1> kLaterTables{"evaluations"};
    check_tables(*database, kLaterTables, archive);
    check_ids(*database);
    return database;
  } catch (const Error& error) {
    if (error.where == archive.string() || is_passing_trouble(error)) throw;
    throw refused(archive, fmt::format("cannot be read: {}", error.message));
  }
}

std::vector<ForeignRun> foreign_runs(Database& source) {
  std::vector<ForeignRun> runs;
  Query rows = source.query("SELECT number, id, experiment FROM runs ORDER BY number");
  while (rows.step()) runs.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  return runs;
}

std::vector<std::string> outside_files_of(const std::string& document) {
  std::vector<std::string> files;
  collect(Json::parse(document, nullptr, false), {}, 0, files);
  return files;
}

}  // namespace dsw
