// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/event_writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/store/metric_points.h"

namespace dsw {
namespace {

bool is_over(RunStatus status) { return status != RunStatus::Queued && status != RunStatus::Running && status != RunStatus::Paused; }

/// A picture or the like; larger files are no samples.
constexpr std::uint64_t kSampleFileBytes = 64 << 20;

/// Tells a file from a later one of the same name.
std::optional<std::array<std::int64_t, 3>> stamp_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return std::array<std::int64_t, 3>{static_cast<std::int64_t>(status.st_ino), static_cast<std::int64_t>(status.st_mtim.tv_sec),
                                     static_cast<std::int64_t>(status.st_mtim.tv_nsec)};
}

}  // namespace

std::int64_t checkpoints_to_keep(const std::string& resolved) {
  const Json document = Json::parse(resolved, nullptr, false);
  if (!document.is_object()) return 0;
  const Json::json_pointer keep("/training/keep");
  if (document.contains(keep) && document[keep].is_number_integer()) return std::max<std::int64_t>(0, document[keep].get<std::int64_t>());
  return 0;
}

bool EventWriter::wants_sync(std::span<const Event> events) {
  return std::any_of(events.begin(), events.end(), [](const Event& event) { return std::holds_alternative<CheckpointBody>(event.body); });
}

EventWriter::Run& EventWriter::load(const std::string& run_id) {
  if (const auto known = runs_.find(run_id); known != runs_.end()) return known->second;
  Run run;
  {
    Query row = database_.query(
        "SELECT number, last_seq, step, total_steps, keep, status, started, ended, seconds, running_since, rate, rate_unit, seconds_left, "
        "sentence, hint "
        "FROM runs WHERE id = ?1",
        run_id);
    if (!row.step())
      throw Error(ErrorCode::NotFound, fmt::format("there is no run {} in this project", run_id), {}, database_.path().string());
    run.id = run_id;
    run.number = row.integer(0), run.last_seq = row.integer(1), run.step = row.integer(2), run.total = row.integer(3),
    run.keep = row.integer(4);
    run.status = run_status_from_name(row.text(5)).value_or(RunStatus::Queued);
    run.started = row.real(6), run.ended = row.real(7), run.seconds = row.real(8), run.running_since = row.real(9);
    run.rate = row.real(10), run.rate_unit = row.text(11), run.seconds_left = row.real(12), run.sentence = row.text(13),
    run.hint = row.text(14);
    run.last_time = run.running_since;
  }
  {
    Query rows = database_.query(
        "SELECT s.key, k.key, s.last, s.best, s.last_step, s.best_step, s.points FROM metric_summaries s JOIN metric_keys k ON k.id = "
        "s.key WHERE s.run = ?1",
        run.number);
    while (rows.step()) {
      run.metrics[rows.integer(0)] = {
          rows.text(1), {rows.real(2), rows.real(3), rows.integer(4), rows.integer(5), rows.integer(6)}, 0, false};
    }
  }
  Query rows = database_.query("SELECT key, count(*) FROM metric_tail WHERE run = ?1 GROUP BY key", run.number);
  while (rows.step()) run.metrics[rows.integer(0)].in_tail = rows.integer(1);
  return runs_.emplace(run_id, std::move(run)).first->second;
}

std::int64_t EventWriter::key_number(const std::string& key) {
  if (const auto known = keys_.find(key); known != keys_.end()) return known->second;
  database_.run("INSERT OR IGNORE INTO metric_keys (key) VALUES (?1)", key);
  Query row = database_.query("SELECT id FROM metric_keys WHERE key = ?1", key);
  row.step();
  return keys_.emplace(key, row.integer(0)).first->second;
}

void EventWriter::store(const std::string& run_id, std::span<const Event> events) {
  Run& run = load(run_id);
  bool stored = false;
  for (const Event& event : events) {
    if (event.seq <= run.last_seq) continue;
    std::visit([&](const auto& body) { store_body(run, event, body); }, event.body);
    run.last_seq = event.seq;
    run.last_time = event.time;
    stored = true;
  }
  if (stored) write_run(run);
}

void EventWriter::write_run(Run& run) {
  if (run.running_since > 0) {
    // What was counted is written, so a later load of the row goes on without counting it twice.
    run.seconds += std::max(0.0, run.last_time - run.running_since);
    run.running_since = run.last_time;
  }
  database_.run(
      "UPDATE runs SET last_seq = ?2, step = ?3, total_steps = ?4, status = ?5, started = ?6, ended = ?7, seconds = ?8, running_since = "
      "?9, rate = ?10, "
      "rate_unit = ?11, seconds_left = ?12, sentence = ?13, hint = ?14 WHERE number = ?1",
      run.number, run.last_seq, run.step, run.total, run_status_name(run.status), run.started, run.ended, run.seconds, run.running_since,
      run.rate, run.rate_unit, run.seconds_left, run.sentence, run.hint);
  for (auto& [key, metric] : run.metrics) {
    if (metric.in_tail >= kPointsPerChunk || (is_over(run.status) && metric.in_tail >= kPointsWorthAChunk)) {
      pack_tail(database_, run.number, key);
      metric.in_tail = 0;
    }
    if (!metric.changed) continue;
    write_summary(database_, run.number, key, metric.summary);
    metric.changed = false;
  }
}

void EventWriter::store_body(Run& run, const Event& event, const MetricBody& body) {
  const std::int64_t key = key_number(body.key);
  add_point(database_, run.number, key, {event.seq, body.step, event.time, body.value});
  Metric& metric = run.metrics[key];
  if (metric.key.empty()) metric.key = body.key;
  add_to_summary(metric.summary, body.key, body.step, body.value);
  ++metric.in_tail;
  metric.changed = true;
  run.step = std::max(run.step, body.step);
}

void EventWriter::store_body(Run& run, const Event&, const ProgressBody& body) {
  run.step = body.done;
  run.total = body.total;
  run.rate = body.rate;
  run.rate_unit = body.unit;
  run.seconds_left = body.seconds_left;
}

void EventWriter::store_body(Run& run, const Event& event, const StatusBody& body) {
  if (run.running_since > 0) run.seconds += std::max(0.0, event.time - run.running_since);
  run.running_since = 0;
  run.status = body.status;
  run.sentence = body.sentence;
  run.hint = body.hint;
  if (body.step > 0) run.step = body.step;
  if (body.status == RunStatus::Running) {
    if (run.started <= 0) run.started = event.time;
    run.running_since = event.time;
  }
  run.ended = is_over(body.status) ? event.time : 0;
  if (run.ended > 0) run.seconds_left = 0;
}

void EventWriter::store_body(Run& run, const Event& event, const LogBody& body) {
  static constexpr const char* kKinds[] = {"info", "warning", "error"};
  add_line(run, event, run.step, kKinds[static_cast<std::size_t>(body.level)], body.text);
}

void EventWriter::store_body(Run& run, const Event& event, const MarkBody& body) { add_line(run, event, body.step, body.kind, body.text); }

void EventWriter::add_line(const Run& run, const Event& event, std::int64_t step, const std::string& kind, const std::string& text) {
  database_.run("INSERT OR REPLACE INTO run_events (run, seq, step, time, kind, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", run.number,
                event.seq, step, event.time, kind, text);
}

void EventWriter::store_body(Run& run, const Event& event, const CheckpointBody& body) {
  const std::filesystem::path source = path_inside(work_folder_ / run.id, body.file);
  try {
    if (source.empty()) throw Error(ErrorCode::BadFormat, fmt::format("\"{}\" leaves the run's folder", body.file));
    const FileDigest digest = artifacts_.take_in(source, body.sha256);
    remember_taken(source);
    database_.run("INSERT OR REPLACE INTO run_checkpoints (run, seq, step, time, sha256, bytes, best) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  run.number, event.seq, body.step, event.time, digest.sha256, static_cast<std::int64_t>(digest.bytes), body.best);
    drop_spare_checkpoints(run);
  } catch (const Error& error) {
    // A file that is not what its event says is left out, and the run says so; a disk that is full is tried again.
    if (is_passing_trouble(error)) throw;
    add_line(run, event, body.step, "error", fmt::format("The checkpoint of step {} was not kept. {}", body.step, error.sentence()));
  }
}

void EventWriter::drop_spare_checkpoints(const Run& run) {
  struct Row {
    std::int64_t seq;
    std::string sha256;
    bool best;
  };
  std::vector<Row> rows;
  {
    Query query = database_.query("SELECT seq, sha256, best FROM run_checkpoints WHERE run = ?1 ORDER BY seq DESC", run.number);
    while (query.step()) rows.push_back({query.integer(0), query.text(1), query.integer(2) != 0});
  }
  // The newest row marked best is the best of all: each was the best when it was made.
  const auto best = std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.best; });
  std::int64_t others = run.keep + 1;
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (row == best) continue;
    if (row == rows.begin() || --others > 0) continue;
    database_.run("DELETE FROM run_checkpoints WHERE run = ?1 AND seq = ?2", run.number, row->seq);
    spare_.push_back(row->sha256);
  }
}

void EventWriter::store_body(Run& run, const Event& event, const SampleBody& body) {
  Json names = Json::array();
  for (const std::string& file : body.files) {
    const std::filesystem::path source = path_inside(work_folder_ / run.id, file);
    std::error_code code;
    if (source.empty() || !std::filesystem::is_regular_file(source, code) || std::filesystem::file_size(source, code) > kSampleFileBytes) {
      names.push_back("");
      continue;
    }
    // The file stays where it is: the next evaluation may show the same picture under the same name.
    try {
      names.push_back(artifacts_.take_copy(source).sha256);
    } catch (const Error& error) {
      if (is_passing_trouble(error)) throw;
      names.push_back("");  // gone between two looks
    }
  }
  database_.run("INSERT OR REPLACE INTO run_samples (run, seq, step, kind, data, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", run.number,
                event.seq, body.step, body.kind, body.data, names.dump());
}

void EventWriter::store_body(Run& run, const Event&, const SummaryBody& body) {
  database_.run("INSERT OR REPLACE INTO run_texts (run, kind, text) VALUES (?1, 'summary', ?2)", run.number, body.data);
}

void EventWriter::remember_taken(const std::filesystem::path& path) {
  if (const auto stamp = stamp_of(path)) taken_.emplace_back(path, *stamp);
}

void EventWriter::committed() {
  std::error_code ignored;
  for (const auto& [path, stamp] : taken_) {
    // Its maker may have put a newer file under the same name meanwhile; that one is still to come.
    if (stamp_of(path) == stamp) std::filesystem::remove(path, ignored);
  }
  taken_.clear();
  for (const std::string& sha256 : spare_) {
    Query used =
        database_.query("SELECT 1 FROM run_checkpoints WHERE sha256 = ?1 UNION ALL SELECT 1 FROM models WHERE sha256 = ?1 LIMIT 1", sha256);
    if (!used.step()) artifacts_.remove(sha256);
  }
  spare_.clear();
}

void EventWriter::rolled_back() {
  runs_.clear();
  keys_.clear();
  taken_.clear();
  spare_.clear();
}

void rebuild_summaries(Database& database, std::int64_t run) {
  std::vector<std::pair<std::int64_t, std::string>> keys;
  {
    Query rows = database.query("SELECT s.key, k.key FROM metric_summaries s JOIN metric_keys k ON k.id = s.key WHERE s.run = ?1", run);
    while (rows.step()) keys.emplace_back(rows.integer(0), rows.text(1));
  }
  database.run("DELETE FROM metric_summaries WHERE run = ?1", run);
  for (const auto& [key, name] : keys) {
    MetricSummary summary;
    for (const MetricPoint& point : read_points(database, run, key)) add_to_summary(summary, name, point.step, point.value);
    if (summary.points > 0) write_summary(database, run, key, summary);
  }
}

}  // namespace dsw
