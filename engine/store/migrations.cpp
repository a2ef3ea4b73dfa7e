// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/migrations.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/core/ids.h"

namespace dsw {
namespace {

// Points of metrics stand in two tables: the newest in metric_tail, a row each; every 512 of a key are then packed into one row of
// metric_chunks (engine/store/metric_chunk.h), which takes a third of the space and a tenth of the time to read.
// metric_summaries is what lists of runs need, so that they never touch points.
// The names of Optuna's tables (studies, study_*, trials, trial_*, version_info, alembic_version) are left to Optuna's schema.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE project (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE experiments (
  id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, task TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0, draft TEXT, outside_files TEXT NOT NULL DEFAULT '');
CREATE TABLE experiment_versions (
  experiment TEXT NOT NULL, version INTEGER NOT NULL, created REAL NOT NULL, base TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (experiment, version));
CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '',
  experiment TEXT NOT NULL, version INTEGER NOT NULL, task TEXT NOT NULL, status TEXT NOT NULL,
  seed TEXT NOT NULL, device TEXT NOT NULL, step INTEGER NOT NULL DEFAULT 0, total_steps INTEGER NOT NULL DEFAULT 0,
  rate REAL NOT NULL DEFAULT 0, rate_unit TEXT NOT NULL DEFAULT '', seconds_left REAL NOT NULL DEFAULT 0,
  created REAL NOT NULL, started REAL NOT NULL DEFAULT 0, ended REAL NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0, running_since REAL NOT NULL DEFAULT 0,
  sentence TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',
  archived INTEGER NOT NULL DEFAULT 0, parent TEXT NOT NULL DEFAULT '', keep INTEGER NOT NULL DEFAULT 0, last_seq INTEGER NOT NULL DEFAULT 0);
CREATE INDEX runs_of_experiment ON runs (experiment);
CREATE TABLE run_texts (run INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (run, kind));
CREATE TABLE metric_keys (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE metric_summaries (
  run INTEGER NOT NULL, key INTEGER NOT NULL, last REAL, best REAL, last_step INTEGER NOT NULL, best_step INTEGER NOT NULL,
  points INTEGER NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TABLE metric_tail (
  run INTEGER NOT NULL, key INTEGER NOT NULL, seq INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL, value REAL,
  PRIMARY KEY (run, key, seq)) WITHOUT ROWID;
CREATE TABLE metric_chunks (
  run INTEGER NOT NULL, key INTEGER NOT NULL, last_seq INTEGER NOT NULL, points BLOB NOT NULL, UNIQUE (run, key, last_seq));
CREATE TABLE run_samples (
  run INTEGER NOT NULL, seq INTEGER NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, files TEXT NOT NULL,
  PRIMARY KEY (run, seq));
CREATE TABLE run_checkpoints (
  run INTEGER NOT NULL, seq INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
  best INTEGER NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE TABLE run_events (
  run INTEGER NOT NULL, seq INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE TABLE models (
  id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, family TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, created REAL NOT NULL);
)sql";

// Notes and archiving of models; what models scored, on what.
constexpr const char* kToVersion2 = R"sql(
ALTER TABLE models ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
CREATE TABLE evaluations (
  number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL, time REAL NOT NULL, data TEXT NOT NULL, part TEXT NOT NULL,
  targets INTEGER NOT NULL, result TEXT NOT NULL);
CREATE INDEX evaluations_of_weights ON evaluations (sha256);
)sql";

void apply_steps(Database& database, const ProjectFormat& format, int version) {
  for (; version < format.version; ++version) {
    const Migration* step = nullptr;
    for (const Migration& migration : format.migrations) {
      if (migration.from == version) step = &migration;
    }
    if (step == nullptr) {
      throw Error(ErrorCode::Unsupported, fmt::format("this project is of version {}, which this program cannot bring up to date", version),
                  "Open it once with an earlier program.", database.path().string());
    }
    database.script(step->sql);
  }
  database.script(fmt::format("PRAGMA user_version = {}", format.version));
}

void sync_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

const ProjectFormat& project_format() {
  static const ProjectFormat format{2, {{1, kToVersion2}}};
  return format;
}

void create_tables(Database& database, const ProjectFormat& format, const std::string& project_id) {
  database.script("PRAGMA page_size = 8192");
  Transaction transaction(database, Transaction::Kind::Write);
  database.script(kVersion1);
  database.run("INSERT INTO project (one, id, created) VALUES (1, ?1, ?2)", project_id, now_seconds());
  database.script(fmt::format("PRAGMA application_id = {}", kProjectApplicationId));
  apply_steps(database, format, 1);
  transaction.commit();
}

int check_project_header(Database& database) {
  if (database.integer("PRAGMA application_id") != kProjectApplicationId) {
    throw Error(ErrorCode::Damaged, "this is not a project file", "Choose a file that this program made.", database.path().string());
  }
  return static_cast<int>(database.integer("PRAGMA user_version"));
}

std::filesystem::path migrate(Database& database, const ProjectFormat& format) {
  const int version = check_project_header(database);
  std::filesystem::path backup = database.path();
  backup += fmt::format(".backup-v{}", version);
  // An earlier backup of the same version stays: it may be of another day.
  for (int copy = 2; std::filesystem::exists(backup); ++copy) {
    backup = database.path();
    backup += fmt::format(".backup-v{}-{}", version, copy);
  }
  try {
    database.copy_to(backup);
    sync_file(backup);
    sync_file(backup.parent_path());
    Transaction transaction(database, Transaction::Kind::Write);
    apply_steps(database, format, version);
    transaction.commit();
  } catch (Error&) {
    std::error_code ignored;
    std::filesystem::remove(backup, ignored);
    throw;
  }
  return backup;
}

}  // namespace dsw
