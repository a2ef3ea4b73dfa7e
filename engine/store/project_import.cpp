// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/store/archive_file.h"
#include "engine/store/foreign_project.h"
#include "engine/store/metric_points.h"
#include "engine/store/migrations.h"
#include "engine/store/queries.h"
#include "engine/store/scratch_folder.h"
#include "engine/store/sqlite_project.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

/// Says before anything is written that it will not fit.
void check_room(const fs::path& folder, const fs::path& archive, std::uint64_t bytes) {
  std::error_code code;
  const fs::space_info space = fs::space(folder, code);
  if (code || bytes <= space.available) return;
  throw Error(ErrorCode::Io,
              fmt::format("the archive holds {:.1f} GB, {} has {:.1f} GB free", static_cast<double>(bytes) / 1e9, folder.string(),
                          static_cast<double>(space.available) / 1e9),
              "Make room there.", archive.string());
}

/// Counts bytes and looks whether the person wants to stop.
class ImportWatch {
 public:
  ImportWatch(std::stop_token stop, const std::function<void(std::int64_t, std::int64_t)>& progress, std::uint64_t total)
      : stop_(std::move(stop)), progress_(progress), total_(total) {}
  void advance(std::uint64_t bytes) {
    if (stop_.stop_requested()) throw Error(ErrorCode::Stopped, "the import was stopped; nothing was imported");
    done_ += bytes;
    if (progress_) progress_(static_cast<std::int64_t>(std::min(done_, total_)), static_cast<std::int64_t>(total_));
  }

 private:
  std::stop_token stop_;
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
  std::uint64_t total_, done_ = 0;
};

std::unique_ptr<Database> extract_project(const ArchiveReader& archive, const fs::path& archive_path, const fs::path& folder,
                                          const std::function<void(std::uint64_t)>& advanced = {}) {
  const fs::path path = folder / kArchivedProject;
  archive.extract(archive.entries().at(kArchivedProject), path, advanced);
  return open_foreign_project(path, archive_path);
}

/// Names of side files that the runs with these numbers, and the models, need.
std::set<std::string> side_files_of(Database& source, const std::set<std::int64_t>& runs) {
  std::set<std::string> names;
  {
    Query rows = source.query("SELECT run, sha256 FROM run_checkpoints");
    while (rows.step()) {
      if (runs.contains(rows.integer(0))) names.insert(rows.text(1));
    }
  }
  {
    Query rows = source.query("SELECT sha256 FROM models");
    while (rows.step()) names.insert(rows.text(0));
  }
  Query rows = source.query("SELECT run, files FROM run_samples");
  while (rows.step()) {
    if (!runs.contains(rows.integer(0))) continue;
    const Json files = Json::parse(rows.text(1), nullptr, false);
    for (const Json& file : files.is_array() ? files : Json::array()) {
      if (file.is_string()) names.insert(file.get<std::string>());
    }
  }
  std::erase_if(names, [](const std::string& name) { return !is_sha256(name); });
  return names;
}

void add_new(std::vector<std::string> files, std::vector<std::string>& out) {
  for (std::string& file : files) {
    if (std::find(out.begin(), out.end(), file) == out.end()) out.push_back(std::move(file));
  }
}

/// What the experiment's documents and those of its runs, with paths made absolute on their machine, would read.
void add_outside_files(Database& source, const std::string& experiment, std::vector<std::string>& out) {
  for (const ExperimentVersion& version : query_versions(source, experiment)) add_new(outside_files_of(version.document), out);
  Query rows = source.query(
      "SELECT t.text FROM run_texts t JOIN runs r ON r.number = t.run WHERE r.experiment = ?1 AND t.kind = 'resolved'", experiment);
  while (rows.step()) add_new(outside_files_of(rows.text(0)), out);
}

/// Copies rows of one project into another, cell by cell, as what each column is meant to be.
class RowImport {
 public:
  /// @param bytes  that the rows count for in `watch`
  RowImport(Database& source, Database& target, std::string base, ImportWatch& watch, std::uint64_t bytes)
      : source_(source), target_(target), base_(std::move(base)), watch_(watch), bytes_(bytes) {}

  void run(ImportPlan& plan) {
    read_keys();
    const std::vector<ForeignRun> runs = foreign_runs(source_);
    std::set<std::string> needed;
    const std::uint64_t share = bytes_ / std::max<std::size_t>(1, runs.size());
    for (const ForeignRun& run : runs) {
      if (is_known("SELECT 1 FROM runs WHERE id = ?1", run.id)) {
        plan.skipped.push_back(run.id);
      } else {
        needed.insert(run.experiment);
      }
    }
    for (const ExperimentRow& experiment : query_experiments(source_, true)) {
      const bool known = is_known("SELECT 1 FROM experiments WHERE id = ?1", experiment.id);
      if (known && !needed.contains(experiment.id)) {
        plan.experiment_ids.push_back(experiment.id);
        continue;
      }
      import_experiment(experiment, known, plan);
    }
    for (const ForeignRun& run : runs) {
      watch_.advance(share);
      if (std::find(plan.skipped.begin(), plan.skipped.end(), run.id) != plan.skipped.end()) continue;
      import_run(run);
      plan.runs.push_back(run.id);
    }
    import_models(plan);
  }

 private:
  bool is_known(const char* sql, const std::string& id) {
    Query row = target_.query(sql, id);
    return row.step();
  }

  void read_keys() {
    std::vector<std::pair<std::int64_t, std::string>> keys;
    {
      Query rows = source_.query("SELECT id, key FROM metric_keys");
      while (rows.step()) keys.emplace_back(rows.integer(0), rows.text(1));
    }
    for (const auto& [number, key] : keys) {
      target_.run("INSERT OR IGNORE INTO metric_keys (key) VALUES (?1)", key);
      Query row = target_.query("SELECT id FROM metric_keys WHERE key = ?1", key);
      row.step();
      keys_[number] = {row.integer(0), key};
    }
  }

  /// An experiment that is there under the same id is gone on with where its versions agree; otherwise both stay, under two ids.
  void import_experiment(const ExperimentRow& experiment, bool known, ImportPlan& plan) {
    const std::vector<ExperimentVersion> theirs = query_versions(source_, experiment.id);
    std::string id = experiment.id, name = experiment.name;
    std::vector<ExperimentVersion> ours;
    if (known) {
      ours = query_versions(target_, id);
      const auto disagrees = [&](const ExperimentVersion& version) {
        return std::any_of(ours.begin(), ours.end(), [&](const ExperimentVersion& own) {
          return own.version == version.version && own.document != version.document;
        });
      };
      if (std::any_of(theirs.begin(), theirs.end(), disagrees)) {
        id = new_id();
        name += " (imported)";
        ours.clear();
      }
    }
    experiments_[experiment.id] = id;
    std::vector<std::string> outside;
    add_outside_files(source_, experiment.id, outside);
    if (id != experiment.id || !known) {
      target_.run("INSERT INTO experiments (id, name, task, created, changed, archived, outside_files) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  id, name, experiment.task, experiment.created, experiment.changed, experiment.archived, join_lines(outside));
    }
    for (const ExperimentVersion& version : theirs) {
      if (std::any_of(ours.begin(), ours.end(), [&](const ExperimentVersion& own) { return own.version == version.version; })) continue;
      target_.run("INSERT INTO experiment_versions (experiment, version, created, base, document) VALUES (?1, ?2, ?3, ?4, ?5)", id,
                  version.version, version.created, base_, version.document);
      if (known && id == experiment.id) target_.run("UPDATE experiments SET changed = ?2 WHERE id = ?1", id, now_seconds());
    }
    // Runs that come to an experiment of ours may name other files than it does.
    if (known && id == experiment.id) {
      std::vector<std::string> all;
      Query row = target_.query("SELECT outside_files FROM experiments WHERE id = ?1", id);
      if (row.step()) all = split_lines(row.text(0));
      std::vector<std::string> chosen_here;
      for (const ExperimentVersion& version : ours) add_new(outside_files_of(version.document), chosen_here);
      std::erase_if(outside,
                    [&](const std::string& file) { return std::find(chosen_here.begin(), chosen_here.end(), file) != chosen_here.end(); });
      add_new(std::move(outside), all);
      target_.run("UPDATE experiments SET outside_files = ?2 WHERE id = ?1", id, join_lines(all));
    }
    plan.experiments.push_back(name);
    plan.experiment_ids.push_back(id);
  }

  void import_run(const ForeignRun& run) {
    const auto experiment = experiments_.find(run.experiment);
    // A run whose experiment is not in the archive has its own document all the same.
    const std::string experiment_id = experiment == experiments_.end() ? run.experiment : experiment->second;
    {
      Query row = source_.query(
          "SELECT name, version, task, status, seed, device, step, total_steps, rate, rate_unit, seconds_left, created, started, ended, "
          "seconds, sentence, "
          "hint, tags, note, archived, parent, keep, last_seq FROM runs WHERE number = ?1",
          run.number);
      row.step();
      std::string status = row.text(3);
      if (status == "running" || status == "queued" || status == "paused" || !run_status_from_name(status)) status = "interrupted";
      const auto number = [&](int column) { return row.is_null(column) ? 0.0 : row.real(column); };
      target_.run(
          "INSERT INTO runs (id, experiment, name, version, task, status, seed, device, step, total_steps, rate, rate_unit, seconds_left, "
          "created, started, "
          "ended, seconds, sentence, hint, tags, note, archived, parent, keep, last_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
          "?11, ?12, ?13, "
          "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
          run.id, experiment_id, row.text(0), row.integer(1), row.text(2), status, row.text(4), row.text(5), row.integer(6), row.integer(7),
          number(8), row.text(9), number(10), number(11), number(12), number(13), number(14), row.text(15), row.text(16), row.text(17),
          row.text(18), row.integer(19) != 0, row.text(20), row.integer(21), row.integer(22));
    }
    const std::int64_t target = target_.last_row();
    copy_texts(run.number, target);
    copy_metrics(run.number, target);
    copy_samples(run.number, target);
    {
      Query rows = source_.query("SELECT seq, step, time, sha256, bytes, best FROM run_checkpoints WHERE run = ?1", run.number);
      while (rows.step()) {
        if (!is_sha256(rows.text(3))) continue;
        target_.run("INSERT OR IGNORE INTO run_checkpoints (run, seq, step, time, sha256, bytes, best) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    target, rows.integer(0), rows.integer(1), rows.real(2), rows.text(3), rows.integer(4), rows.integer(5) != 0);
      }
    }
    Query rows = source_.query("SELECT seq, step, time, kind, text FROM run_events WHERE run = ?1", run.number);
    while (rows.step()) {
      target_.run("INSERT OR IGNORE INTO run_events (run, seq, step, time, kind, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", target,
                  rows.integer(0), rows.integer(1), rows.real(2), rows.text(3), rows.text(4));
    }
  }

  void copy_texts(std::int64_t from, std::int64_t to) {
    for (const char* kind : {"document", "resolved", "record", "summary"}) {
      Query row = source_.query("SELECT text FROM run_texts WHERE run = ?1 AND kind = ?2", from, kind);
      if (row.step()) target_.run("INSERT INTO run_texts (run, kind, text) VALUES (?1, ?2, ?3)", to, kind, row.text(0));
    }
  }

  void copy_metrics(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> keys;
    {
      Query rows = source_.query("SELECT key FROM metric_summaries WHERE run = ?1", from);
      while (rows.step()) keys.push_back(rows.integer(0));
    }
    for (const std::int64_t number : keys) {
      watch_.advance(0);
      const auto key = keys_.find(number);
      if (key == keys_.end()) continue;
      // Read and written anew: what is damaged or out of order shows here, and the summary is what the points say.
      const std::vector<MetricPoint> points = read_points(source_, from, number);
      MetricSummary summary;
      std::int64_t last = 0;
      for (const MetricPoint& point : points) {
        if (point.seq <= last)
          throw Error(ErrorCode::BadFormat, fmt::format("the points of {} are out of order", key->second.name),
                      "Nothing was imported. Ask for the archive again.");
        last = point.seq;
        add_to_summary(summary, key->second.name, point.step, point.value);
      }
      if (points.empty()) continue;
      if (points.size() < static_cast<std::size_t>(kPointsWorthAChunk)) {
        for (const MetricPoint& point : points) add_point(target_, to, key->second.number, point);
      } else {
        add_packed(target_, to, key->second.number, points);
      }
      write_summary(target_, to, key->second.number, summary);
    }
  }

  void copy_samples(std::int64_t from, std::int64_t to) {
    Query rows = source_.query("SELECT seq, step, kind, data, files FROM run_samples WHERE run = ?1", from);
    while (rows.step()) {
      const Json files = Json::parse(rows.text(4), nullptr, false);
      Json names = Json::array();
      for (const Json& file : files.is_array() ? files : Json::array())
        names.push_back(file.is_string() && is_sha256(file.get<std::string>()) ? file : Json(""));
      target_.run("INSERT OR IGNORE INTO run_samples (run, seq, step, kind, data, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", to,
                  rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), names.dump());
    }
  }

  void import_models(ImportPlan& plan) {
    for (const ModelRow& model : query_models(source_, ArtifactStore(source_.path()))) {
      if (!is_sha256(model.sha256) || is_known("SELECT 1 FROM models WHERE id = ?1", model.id)) continue;
      target_.run(
          "INSERT INTO models (id, name, family, source, sha256, bytes, created, note, archived) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
          "?9)",
          model.id, model.name, model.family, model.source, model.sha256, static_cast<std::int64_t>(model.bytes), model.created, model.note,
          model.archived);
      plan.models.push_back(model.name);
    }
    Query rows = source_.query("SELECT sha256, time, data, part, targets, result FROM evaluations");
    while (rows.step()) {
      if (!is_sha256(rows.text(0))) continue;
      const bool wanted =
          is_known("SELECT 1 FROM run_checkpoints WHERE sha256 = ?1 UNION SELECT 1 FROM models WHERE sha256 = ?1", rows.text(0));
      const Json result = Json::parse(rows.text(5), nullptr, false);
      if (!wanted || !result.is_object()) continue;
      Query same = target_.query("SELECT 1 FROM evaluations WHERE sha256 = ?1 AND time = ?2", rows.text(0), rows.real(1));
      if (same.step()) continue;
      target_.run("INSERT INTO evaluations (sha256, time, data, part, targets, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", rows.text(0),
                  rows.real(1), rows.text(2), rows.text(3), rows.integer(4), result.dump());
    }
  }

  struct Key {
    std::int64_t number;
    std::string name;
  };
  Database& source_;
  Database& target_;
  std::string base_;
  ImportWatch& watch_;
  std::uint64_t bytes_;
  std::map<std::int64_t, Key> keys_;                // number there → here
  std::map<std::string, std::string> experiments_;  // id there → here
};

}  // namespace

Result<ImportPlan> inspect_archive(const fs::path& path) {
  return guarded([&] {
    const ArchiveReader archive(path);
    const fs::path folder = fs::temp_directory_path();
    check_room(folder, path, archive.entries().at(kArchivedProject).bytes);
    const ScratchFolder scratch(folder);
    const auto source = extract_project(archive, path, scratch.path());
    ImportPlan plan;
    plan.bytes = archive.bytes();
    for (const ForeignRun& run : foreign_runs(*source)) plan.runs.push_back(run.id);
    for (const ExperimentRow& experiment : query_experiments(*source, true)) {
      plan.experiments.push_back(experiment.name);
      add_outside_files(*source, experiment.id, plan.outside_files);
    }
    for (const ModelRow& model : query_models(*source, ArtifactStore(source->path()))) plan.models.push_back(model.name);
    return plan;
  });
}

Result<ImportPlan> import_archive(const fs::path& path, Project& into, std::stop_token stop,
                                  const std::function<void(std::int64_t, std::int64_t)>& progress) {
  auto* project = dynamic_cast<SqliteProject*>(&into);
  DSW_CHECK(project != nullptr, "a project is stored in SQLite");
  return guarded([&] {
    const ArchiveReader archive(path);
    const fs::path folder = project->path().parent_path();
    check_room(folder, path, archive.bytes());
    const ScratchFolder scratch(folder);
    // The rows cost about as much again as taking their file out.
    const std::uint64_t row_bytes = archive.entries().at(kArchivedProject).bytes;
    ImportWatch watch(std::move(stop), progress, archive.bytes() + row_bytes);
    const auto advanced = [&](std::uint64_t bytes) { watch.advance(bytes); };
    const auto source = extract_project(archive, path, scratch.path(), advanced);
    ImportPlan plan;
    plan.bytes = archive.bytes();

    // Everything is taken out and checked before the first of it becomes part of the project.
    std::set<std::int64_t> runs;  // by number there
    for (const ForeignRun& run : foreign_runs(*source)) runs.insert(run.number);
    const std::set<std::string> needed = side_files_of(*source, runs);
    for (const auto& [name, entry] : archive.entries()) {
      if (name == kArchivedProject) continue;
      const fs::path target = scratch.path() / entry.sha256;
      archive.extract(entry, target, advanced);
      if (!needed.contains(entry.sha256)) fs::remove(target);
    }
    const std::lock_guard keep(project->artifact_mutex());
    const std::set<std::string> present = project->artifacts().present();
    std::vector<std::string> taken;
    for (const std::string& name : needed) {
      const fs::path file = scratch.path() / name;
      std::error_code code;
      const auto size = fs::file_size(file, code);
      // Ours stays where it is whole.
      if (code || (present.contains(name) && fs::file_size(project->artifacts().path_of(name), code) == size)) continue;
      project->artifacts().take_in(file, name);
      if (!present.contains(name)) taken.push_back(name);
    }
    std::vector<std::string> changed;
    for (ForeignRun& run : foreign_runs(*source)) changed.push_back(std::move(run.id));
    auto stored = project->writer().command(
        [&](Database& target, EventWriter&) { RowImport(*source, target, folder.string(), watch, row_bytes).run(plan); },
        std::move(changed));
    if (!stored) {
      for (const std::string& name : taken) project->artifacts().remove(name);
      if (is_passing_trouble(stored.error()) || stored.error().code == ErrorCode::Stopped) throw std::move(stored.error());
      // Points that are none, or a row that no writer of ours would leave and that breaks a rule of the tables.
      throw Error(ErrorCode::BadFormat, "the project inside the archive cannot be taken over: " + stored.error().message,
                  "Nothing was imported. Ask for the archive again.", path.string());
    }
    for (const ExperimentRow& experiment : query_experiments(*source, true)) add_outside_files(*source, experiment.id, plan.outside_files);
    return plan;
  });
}

Result<void> allow_imported_files(const ImportPlan& done, Project& into) {
  DSW_TRY_ASSIGN(const auto reader, into.reader());
  DSW_TRY_ASSIGN(const std::vector<ExperimentRow> experiments, reader->experiments(true));
  const auto agreed = [&](const std::string& file) {
    return std::find(done.outside_files.begin(), done.outside_files.end(), file) != done.outside_files.end();
  };
  for (const ExperimentRow& experiment : experiments) {
    const bool came = std::find(done.experiment_ids.begin(), done.experiment_ids.end(), experiment.id) != done.experiment_ids.end();
    if (!came || experiment.outside_files.empty()) continue;
    if (!std::all_of(experiment.outside_files.begin(), experiment.outside_files.end(), agreed)) continue;
    DSW_TRY(into.allow_outside_files(experiment.id));
  }
  return {};
}

}  // namespace dsw
