// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/queries.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace dsw {
namespace {

constexpr const char* kRunColumns =
    "SELECT r.number, r.id, r.name, r.experiment, coalesce(e.name, ''), r.task, r.version, r.status, r.seed, r.device, r.step, "
    "r.total_steps, r.rate, "
    "r.rate_unit, r.seconds_left, r.created, r.started, r.ended, r.seconds, r.sentence, r.hint, r.tags, r.note, r.archived, r.parent, "
    "r.last_seq "
    "FROM runs r LEFT JOIN experiments e ON e.id = r.experiment ";

std::optional<std::int64_t> number_from(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

RunRow read_run(const Query& row) {
  RunRow run;
  run.number = row.integer(0);
  run.short_name = short_name_of(run.number);
  run.id = row.text(1);
  run.name = row.text(2);
  run.experiment_id = row.text(3);
  run.experiment_name = row.text(4);
  run.task = row.text(5);
  run.version = static_cast<int>(row.integer(6));
  run.status = run_status_from_name(row.text(7)).value_or(RunStatus::Interrupted);
  const std::string seed = row.text(8);
  std::from_chars(seed.data(), seed.data() + seed.size(), run.seed);
  run.device = row.text(9);
  run.step = row.integer(10);
  run.total_steps = row.integer(11);
  run.rate = row.real(12);
  run.rate_unit = row.text(13);
  run.seconds_left = row.real(14);
  run.created = row.real(15);
  run.started = row.real(16);
  run.ended = row.real(17);
  run.seconds = row.real(18);
  run.sentence = row.text(19);
  run.hint = row.text(20);
  run.tags = split_lines(row.text(21));
  run.note = row.text(22);
  run.archived = row.integer(23) != 0;
  run.parent = row.text(24);
  run.last_seq = row.integer(25);
  return run;
}

MetricSummary read_summary(const Query& row, int first) {
  return {row.real(first), row.real(first + 1), row.integer(first + 2), row.integer(first + 3), row.integer(first + 4)};
}

std::string baseline(Database& database) { return database.text("SELECT value FROM settings WHERE key = 'baseline'"); }

}  // namespace

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    if (!text.empty()) text += '\n';
    for (const char c : line) text += c == '\n' ? ' ' : c;
  }
  return text;
}

std::string short_name_of(std::int64_t number) { return fmt::format("r-{:04}", number); }

std::vector<ExperimentRow> query_experiments(Database& database, bool with_archived) {
  std::vector<ExperimentRow> experiments;
  Query rows = database.query(
      "SELECT e.id, e.name, e.task, e.created, e.changed, e.archived, e.outside_files, "
      "(SELECT max(version) FROM experiment_versions v WHERE v.experiment = e.id), "
      "(SELECT count(*) FROM runs r WHERE r.experiment = e.id AND r.archived = 0) "
      "FROM experiments e WHERE e.archived = 0 OR ?1 ORDER BY e.changed DESC, e.id DESC",
      with_archived);
  while (rows.step()) {
    ExperimentRow experiment;
    experiment.id = rows.text(0);
    experiment.name = rows.text(1);
    experiment.task = rows.text(2);
    experiment.created = rows.real(3);
    experiment.changed = rows.real(4);
    experiment.archived = rows.integer(5) != 0;
    experiment.outside_files = split_lines(rows.text(6));
    experiment.version = static_cast<int>(rows.integer(7));
    experiment.runs = static_cast<int>(rows.integer(8));
    experiments.push_back(std::move(experiment));
  }
  return experiments;
}

std::vector<ExperimentVersion> query_versions(Database& database, const std::string& experiment_id) {
  std::vector<ExperimentVersion> versions;
  Query rows = database.query("SELECT version, created, document, base FROM experiment_versions WHERE experiment = ?1 ORDER BY version",
                              experiment_id);
  while (rows.step()) versions.push_back({static_cast<int>(rows.integer(0)), rows.real(1), rows.text(2), rows.text(3)});
  return versions;
}

std::vector<RunRow> query_runs(Database& database, bool with_archived) {
  std::vector<RunRow> runs;
  std::unordered_map<std::int64_t, std::size_t> index;
  const std::string pinned = baseline(database);
  {
    Query rows =
        database.query(std::string(kRunColumns) + "WHERE r.archived = 0 OR ?1 ORDER BY r.created DESC, r.number DESC", with_archived);
    while (rows.step()) {
      runs.push_back(read_run(rows));
      runs.back().baseline = runs.back().id == pinned;
      index.emplace(runs.back().number, runs.size() - 1);
    }
  }
  std::unordered_map<std::int64_t, std::string> keys;
  {
    Query rows = database.query("SELECT id, key FROM metric_keys");
    while (rows.step()) keys.emplace(rows.integer(0), rows.text(1));
  }
  Query rows = database.query("SELECT run, key, last, best, last_step, best_step, points FROM metric_summaries");
  while (rows.step()) {
    const auto run = index.find(rows.integer(0));
    const auto key = keys.find(rows.integer(1));
    if (run != index.end() && key != keys.end()) runs[run->second].metrics.emplace(key->second, read_summary(rows, 2));
  }
  return runs;
}

RunRow query_run(Database& database, std::int64_t number) {
  RunRow run;
  {
    Query row = database.query(std::string(kRunColumns) + "WHERE r.number = ?1", number);
    if (!row.step())
      throw Error(ErrorCode::NotFound, fmt::format("there is no run {}", short_name_of(number)), {}, database.path().string());
    run = read_run(row);
  }
  run.baseline = run.id == baseline(database);
  Query rows = database.query(
      "SELECT k.key, s.last, s.best, s.last_step, s.best_step, s.points FROM metric_summaries s JOIN metric_keys k ON k.id = s.key WHERE "
      "s.run = ?1",
      number);
  while (rows.step()) run.metrics.emplace(rows.text(0), read_summary(rows, 1));
  return run;
}

std::int64_t find_run(Database& database, const std::string& name) {
  {
    Query row = database.query("SELECT number FROM runs WHERE id = ?1", name);
    if (row.step()) return row.integer(0);
  }
  const std::string_view digits = name.starts_with("r-") ? std::string_view(name).substr(2) : std::string_view(name);
  if (const auto number = number_from(digits)) {
    Query row = database.query("SELECT number FROM runs WHERE number = ?1", *number);
    if (row.step()) return *number;
  }
  if (name.size() >= 6 && name.size() < 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos) {
    Query rows = database.query("SELECT number FROM runs WHERE id >= ?1 AND id < ?2 LIMIT 2", name, name + "g");
    if (rows.step()) {
      const std::int64_t number = rows.integer(0);
      if (!rows.step()) return number;
    }
  }
  const std::int64_t last = database.integer("SELECT max(number) FROM runs");
  const std::string hint =
      last == 0 ? "The project has no runs yet." : fmt::format("The newest is {}; \"deepshock runs\" lists them.", short_name_of(last));
  throw Error(ErrorCode::NotFound, fmt::format("there is no run \"{}\" in this project", name), hint, database.path().string());
}

std::vector<CheckpointRow> query_checkpoints(Database& database, const ArtifactStore& artifacts, std::int64_t run) {
  std::vector<CheckpointRow> checkpoints;
  Query rows = database.query("SELECT seq, step, sha256, bytes, best, time FROM run_checkpoints WHERE run = ?1 ORDER BY seq", run);
  while (rows.step()) {
    CheckpointRow row;
    row.seq = rows.integer(0);
    row.step = rows.integer(1);
    row.sha256 = rows.text(2);
    row.bytes = static_cast<std::uint64_t>(rows.integer(3));
    row.best = rows.integer(4) != 0;
    row.time = rows.real(5);
    if (is_sha256(row.sha256)) row.path = artifacts.path_of(row.sha256).string();
    std::error_code code;
    row.missing = row.path.empty() || !std::filesystem::exists(row.path, code);
    checkpoints.push_back(std::move(row));
  }
  // Every checkpoint was the best when it was marked so; only the newest of those still is.
  bool found = false;
  for (auto row = checkpoints.rbegin(); row != checkpoints.rend(); ++row) {
    if (row->best && found) row->best = false;
    found = found || row->best;
  }
  return checkpoints;
}

namespace {
/// A file in a place that cannot be written, or a backup, may be of version 1: it is read as it is.
bool is_of_version_2(Database& database) { return database.integer("PRAGMA user_version") >= 2; }

std::string model_columns(Database& database) {
  return fmt::format("SELECT id, name, family, source, sha256, bytes, created, {} FROM models ORDER BY created DESC, id DESC",
                     is_of_version_2(database) ? "note, archived" : "'', 0");
}
}  // namespace

std::vector<ModelRow> query_models(Database& database, const ArtifactStore& artifacts) {
  std::vector<ModelRow> models;
  Query rows = database.query(model_columns(database));
  while (rows.step()) {
    ModelRow model{
        rows.text(0), rows.text(1), rows.text(2),        rows.text(3), rows.text(4), {}, static_cast<std::uint64_t>(rows.integer(5)),
        rows.real(6), rows.text(7), rows.integer(8) != 0};
    if (is_sha256(model.sha256)) model.path = artifacts.path_of(model.sha256).string();
    models.push_back(std::move(model));
  }
  return models;
}

std::vector<EvaluationRow> query_evaluations(Database& database, const std::string& sha256) {
  std::vector<EvaluationRow> evaluations;
  if (!is_of_version_2(database)) return evaluations;
  Query rows = database.query(
      "SELECT number, sha256, time, data, part, targets, result FROM evaluations WHERE sha256 = ?1 ORDER BY number DESC", sha256);
  while (rows.step())
    evaluations.push_back({rows.integer(0), rows.text(1), rows.real(2), rows.text(3), rows.text(4), rows.integer(5), rows.text(6)});
  return evaluations;
}

std::set<std::string> query_side_files(Database& database) {
  std::set<std::string> names;
  {
    Query rows = database.query("SELECT sha256 FROM run_checkpoints UNION SELECT sha256 FROM models");
    while (rows.step()) names.insert(rows.text(0));
  }
  Query rows = database.query("SELECT files FROM run_samples WHERE files <> '[]'");
  while (rows.step()) {
    const Json files = Json::parse(rows.text(0), nullptr, false);
    if (!files.is_array()) continue;
    for (const Json& file : files) {
      if (file.is_string() && !file.get_ref<const std::string&>().empty()) names.insert(file.get<std::string>());
    }
  }
  std::erase_if(names, [](const std::string& name) { return !is_sha256(name); });
  return names;
}

}  // namespace dsw
