// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/run/event.h"

namespace dsw {

/// Rows as views show them. Ids are stored strings (unique over projects); `number` makes the short name (r-0142).
struct ExperimentRow {
  std::string id, name, task;
  int version = 0;  ///< latest
  double created = 0, changed = 0;
  bool archived = false;
  int runs = 0;  ///< those that are not archived
  std::vector<std::string>
      outside_files;  ///< of an imported document: files it names outside the project, to be asked about before they are read
};
struct ExperimentVersion {
  int version = 0;
  double created = 0;
  std::string document;
  std::string base;
};

struct MetricSummary {
  double last = 0, best = 0;
  std::int64_t last_step = 0, best_step = 0, points = 0;
};  ///< best: by the key's direction, NaN never

struct RunRow {
  std::string id, short_name;  ///< "r-0142"
  std::int64_t number = 0;
  std::string name;  ///< given by a person; empty: the experiment's
  std::string experiment_id, experiment_name, task;
  int version = 0;
  RunStatus status = RunStatus::Queued;
  std::uint64_t seed = 0;
  std::string device;
  std::int64_t step = 0, total_steps = 0;
  double rate = 0, seconds_left = 0;
  std::string rate_unit;
  double created = 0, started = 0, ended = 0, seconds = 0;  ///< seconds: time spent running, pauses left out
  std::string sentence, hint;                               ///< of the last status
  std::vector<std::string> tags;
  std::string note;
  bool archived = false, baseline = false;
  std::string parent;  ///< a study's or search's run, later
  std::map<std::string, MetricSummary> metrics;
  std::int64_t last_seq = 0;
};

struct MetricPoint {
  std::int64_t seq = 0, step = 0;
  double time = 0, value = 0;
};
struct SampleRow {
  std::int64_t seq = 0, step = 0;
  std::string kind, data;
  std::vector<std::string> files;
};  ///< files: absolute paths
struct CheckpointRow {
  std::int64_t seq = 0, step = 0;
  std::string sha256, path;
  std::uint64_t bytes = 0;
  bool best = false;
  double time = 0;
  bool missing = false;
};
struct EventRow {
  std::int64_t seq = 0, step = 0;
  double time = 0;
  std::string kind, text;
};  ///< marks (kinds of MarkBody) and log lines ("info", "warning", "error")
struct ModelRow {
  std::string id, name, family, source, sha256, path;
  std::uint64_t bytes = 0;
  double created = 0;
  std::string note;
  bool archived = false;
};
/// What weights scored. Belongs to the file of the weights, so it holds for the checkpoint of a run as for an imported model.
struct EvaluationRow {
  std::int64_t number = 0;
  std::string sha256;  ///< of the model file or checkpoint
  double time = 0;
  std::string data, part;  ///< where the data came from as a person reads it; "test"
  std::int64_t targets = 0;
  std::string result;  ///< JSON text {"metrics": {"test/loss": …}, "classes": […], "confusion": [[…]]}; the last two of labelled data
};

struct ProjectInfo {
  std::string id, path, name;
  int format = 0;
  bool read_only = false;
  bool newer = false;            ///< of a format that only a newer program can write or import
  std::string read_only_reason;  ///< a sentence for the message bar
  std::string journal;           ///< "wal", "delete", "immutable"
  std::vector<std::string> missing_files;
};

}  // namespace dsw
