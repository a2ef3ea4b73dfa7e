// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/core/file_lock.h"
#include "engine/store/metric_points.h"
#include "engine/store/migrations.h"
#include "engine/store/project.h"
#include "engine/store/project_place.h"
#include "engine/store/queries.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;

class SqliteReader final : public ProjectReader {
 public:
  SqliteReader(const fs::path& path, std::unique_ptr<Database> database, bool immutable)
      : database_(std::move(database)), artifacts_(path), path_(path), immutable_(immutable) {}

  Result<ProjectInfo> info() override;
  Result<std::vector<ExperimentRow>> experiments(bool with_archived) override {
    return read([&] { return query_experiments(*database_, with_archived); });
  }
  Result<std::vector<ExperimentVersion>> versions(const std::string& experiment_id) override {
    return read([&] { return query_versions(*database_, experiment_id); });
  }
  Result<std::vector<RunRow>> runs(bool with_archived) override {
    return read([&] { return query_runs(*database_, with_archived); });
  }
  Result<RunRow> run(const std::string& run) override {
    return read([&] { return query_run(*database_, find_run(*database_, run)); });
  }
  Result<std::string> run_document(const std::string& run_id) override { return run_text(run_id, "document"); }
  Result<std::string> run_resolved(const std::string& run_id) override { return run_text(run_id, "resolved"); }
  Result<std::string> run_record(const std::string& run_id) override { return run_text(run_id, "record"); }
  Result<std::string> run_summary(const std::string& run_id) override { return run_text(run_id, "summary"); }
  Result<std::vector<std::string>> metric_keys(const std::string& run_id) override {
    return read([&] {
      std::vector<std::string> keys;
      Query rows =
          database_->query("SELECT k.key FROM metric_summaries s JOIN metric_keys k ON k.id = s.key WHERE s.run = ?1 ORDER BY k.key",
                           find_run(*database_, run_id));
      while (rows.step()) keys.push_back(rows.text(0));
      return keys;
    });
  }
  Result<std::vector<MetricPoint>> metric(const std::string& run_id, const std::string& key, std::int64_t after_seq) override {
    return read([&] {
      std::int64_t number = 0;
      {
        Query row = database_->query("SELECT id FROM metric_keys WHERE key = ?1", key);
        if (row.step()) number = row.integer(0);
      }
      return read_points(*database_, find_run(*database_, run_id), number, after_seq);
    });
  }
  Result<std::vector<SampleRow>> samples(const std::string& run_id, const std::string& kind) override;
  Result<std::vector<CheckpointRow>> checkpoints(const std::string& run_id) override {
    return read([&] { return query_checkpoints(*database_, artifacts_, find_run(*database_, run_id)); });
  }
  Result<std::vector<EventRow>> events(const std::string& run_id, std::int64_t after_seq) override {
    return read([&] {
      std::vector<EventRow> events;
      Query rows = database_->query("SELECT seq, step, time, kind, text FROM run_events WHERE run = ?1 AND seq > ?2 ORDER BY seq",
                                    find_run(*database_, run_id), after_seq);
      while (rows.step()) events.push_back({rows.integer(0), rows.integer(1), rows.real(2), rows.text(3), rows.text(4)});
      return events;
    });
  }
  Result<std::vector<ModelRow>> models() override {
    return read([&] { return query_models(*database_, artifacts_); });
  }
  Result<std::vector<EvaluationRow>> evaluations(const std::string& sha256) override {
    return read([&] { return query_evaluations(*database_, sha256); });
  }
  Result<std::string> setting(const std::string& key) override {
    return read([&] {
      Query row = database_->query("SELECT value FROM settings WHERE key = ?1", key);
      return row.step() ? row.text(0) : std::string();
    });
  }

 private:
  /// One consistent view for all statements of a question; it ends with the question, so the writer's log can be folded in.
  template <class Action>
  auto read(Action&& action) -> Result<decltype(action())> {
    return guarded([&] {
      Transaction transaction(*database_, Transaction::Kind::Read);
      auto answer = action();
      transaction.commit();
      return answer;
    });
  }
  Result<std::string> run_text(const std::string& run_id, const char* kind) {
    return read([&] {
      Query row = database_->query("SELECT text FROM run_texts WHERE run = ?1 AND kind = ?2", find_run(*database_, run_id), kind);
      return row.step() ? row.text(0) : std::string();
    });
  }

  std::unique_ptr<Database> database_;
  ArtifactStore artifacts_;
  fs::path path_;
  bool immutable_;
};

Result<ProjectInfo> SqliteReader::info() {
  return read([&] {
    ProjectInfo info;
    info.id = database_->text("SELECT id FROM project");
    info.path = path_.string();
    info.name = path_.stem().string();
    info.format = check_project_header(*database_);
    info.journal = immutable_ ? "immutable" : database_->text("PRAGMA journal_mode");
    const std::string file = path_.filename().string();
    info.newer = info.format > project_format().version;
    if (info.newer) {
      info.read_only_reason = newer_sentence(file, info.format, project_format().version) + ". It opens read-only and stays as it is.";
    } else if (immutable_ || !can_write(path_)) {
      info.read_only_reason = fmt::format("{} lies in a place that cannot be written. It opens read-only.", file);
    } else if (const auto holder = FileLock::holder(lock_path(path_)); holder && holder->process != static_cast<long>(::getpid())) {
      info.read_only_reason = fmt::format("{} is being written by another window ({}). It opens read-only.", file, holder->sentence());
    }
    info.read_only = !info.read_only_reason.empty();
    const std::set<std::string> there = artifacts_.present();
    for (const std::string& name : query_side_files(*database_)) {
      if (!there.contains(name)) info.missing_files.push_back(artifacts_.path_of(name).string());
    }
    return info;
  });
}

Result<std::vector<SampleRow>> SqliteReader::samples(const std::string& run_id, const std::string& kind) {
  return read([&] {
    std::vector<SampleRow> samples;
    Query rows =
        database_->query("SELECT seq, step, kind, data, files FROM run_samples WHERE run = ?1 AND (?2 = '' OR kind = ?2) ORDER BY seq",
                         find_run(*database_, run_id), kind);
    while (rows.step()) {
      SampleRow sample{rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), {}};
      const Json files = Json::parse(rows.text(4), nullptr, false);
      for (const Json& file : files.is_array() ? files : Json::array()) {
        const std::string name = file.is_string() ? file.get<std::string>() : std::string();
        sample.files.push_back(is_sha256(name) ? artifacts_.path_of(name).string() : std::string());
      }
      samples.push_back(std::move(sample));
    }
    return samples;
  });
}

std::unique_ptr<Database> open_checked(const fs::path& path, Database::Access access) {
  auto database = std::make_unique<Database>(path, access);
  check_project_header(*database);
  return database;
}

}  // namespace

std::unique_ptr<Database> open_for_reading(const fs::path& path, bool* immutable) {
  check_file_start(path);
  if (immutable != nullptr) *immutable = false;
  try {
    return open_checked(path, Database::Access::ReadOnly);
  } catch (const Error& error) {
    if (error.code != ErrorCode::Io || can_write(path)) throw;
  }
  // A place that cannot be written may still hold a write-ahead log that a killed writer left: SQLite reads it where it can. Only
  // without one may the file be taken as unchanging.
  fs::path log = path;
  log += "-wal";
  std::error_code code;
  if (fs::exists(log, code) && fs::file_size(log, code) > 0) {
    throw Error(ErrorCode::Io, "has changes that its last program could not fold in, and its place cannot be written",
                fmt::format("Copy it together with {} to a place that can be written and open it there.", log.filename().string()),
                path.string());
  }
  if (immutable != nullptr) *immutable = true;
  return open_checked(path, Database::Access::Immutable);
}

Result<std::unique_ptr<ProjectReader>> ProjectReader::open(const fs::path& given) {
  return guarded([&]() -> std::unique_ptr<ProjectReader> {
    const fs::path path = project_path(given);
    bool immutable = false;
    auto database = open_for_reading(path, &immutable);
    return std::make_unique<SqliteReader>(path, std::move(database), immutable);
  });
}

}  // namespace dsw
