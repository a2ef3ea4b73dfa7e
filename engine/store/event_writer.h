// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/run/event.h"
#include "engine/store/artifact_store.h"
#include "engine/store/database.h"
#include "engine/store/project_rows.h"

namespace dsw {

/// Turns events into rows. Keeps what it needs to know of each run in memory, so a commit writes and hardly reads.
/// Use: store(…) for some runs inside a write transaction, then committed() after the commit, or rolled_back() after a failure.
/// Functions throw Error. Writer thread only.
class EventWriter {
 public:
  /// @param work_folder  NAME.dsx.work: the files that events name lie in its folder of the run
  EventWriter(Database& database, const ArtifactStore& artifacts, std::filesystem::path work_folder)
      : database_(database), artifacts_(artifacts), work_folder_(std::move(work_folder)) {}

  /// Stores the events numbered above the run's last one; they come in order. Error{NotFound} for a run that is not there.
  void store(const std::string& run_id, std::span<const Event> events);
  void committed();    ///< removes side files that no row names any more, and taken work files
  void rolled_back();  ///< forgets everything
  /// True when this transaction must reach the disk before it counts as committed: it holds a checkpoint.
  static bool wants_sync(std::span<const Event> events);
  /// Forgets one run: its rows were changed by others.
  void forget(const std::string& run_id) { runs_.erase(run_id); }

 private:
  struct Metric {
    std::string key;
    MetricSummary summary;
    std::int64_t in_tail = 0;
    bool changed = false;
  };
  struct Run {
    std::int64_t number = 0, last_seq = 0, step = 0, total = 0, keep = 0;
    std::string id, rate_unit, sentence, hint;
    RunStatus status = RunStatus::Queued;
    double rate = 0, seconds_left = 0, started = 0, ended = 0, seconds = 0, running_since = 0, last_time = 0;
    std::map<std::int64_t, Metric> metrics;  // by key number
  };

  Run& load(const std::string& run_id);
  std::int64_t key_number(const std::string& key);
  void write_run(Run& run);
  void remember_taken(const std::filesystem::path& path);
  void store_body(Run& run, const Event& event, const MetricBody& body);
  void store_body(Run& run, const Event& event, const ProgressBody& body);
  void store_body(Run& run, const Event& event, const StatusBody& body);
  void store_body(Run& run, const Event& event, const LogBody& body);
  void store_body(Run& run, const Event& event, const CheckpointBody& body);
  void store_body(Run& run, const Event& event, const SampleBody& body);
  void store_body(Run& run, const Event& event, const MarkBody& body);
  void store_body(Run& run, const Event& event, const SummaryBody& body);
  void add_line(const Run& run, const Event& event, std::int64_t step, const std::string& kind, const std::string& text);
  void drop_spare_checkpoints(const Run& run);

  Database& database_;
  const ArtifactStore& artifacts_;
  std::filesystem::path work_folder_;
  std::unordered_map<std::string, Run> runs_;
  std::unordered_map<std::string, std::int64_t> keys_;
  std::vector<std::pair<std::filesystem::path, std::array<std::int64_t, 3>>>
      taken_;                       // work files (and what tells them from later ones) to remove once committed
  std::vector<std::string> spare_;  // side files that may have lost their last row
};

/// Adds up a run's summaries again from its points: after some were dropped.
void rebuild_summaries(Database& database, std::int64_t run);
/// How many checkpoints a document asks to keep beside the best and the last: /training/keep of `resolved`, JSON text.
std::int64_t checkpoints_to_keep(const std::string& resolved);

}  // namespace dsw
