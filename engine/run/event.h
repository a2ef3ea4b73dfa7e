// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"

namespace dsw {

enum class RunStatus { Queued, Running, Paused, Stopped, Interrupted, Failed, Pruned, Finished };
const char* run_status_name(RunStatus status);  ///< "queued", …, as CONTRACT.md lists them
Result<RunStatus> run_status_from_name(const std::string& name);

struct MetricBody {
  std::string key;
  std::int64_t step = 0;
  double value = 0;
};  ///< key "train/loss"; NaN and infinity travel
struct ProgressBody {
  std::int64_t done = 0, total = 0;
  double rate = 0;
  std::string unit;
  double seconds_left = 0;
};  ///< unit "tokens/s"
struct StatusBody {
  RunStatus status = RunStatus::Running;
  std::int64_t step = 0;
  std::string sentence, hint;
};  ///< sentence: why it failed, stopped or paused
struct LogBody {
  enum class Level { Info, Warning, Error } level = Level::Info;
  std::string text;
};
/// A checkpoint lies in the run's folder as `file` (relative); whoever stores the event takes it over by its hash.
struct CheckpointBody {
  std::int64_t step = 0;
  std::string file, sha256;
  std::uint64_t bytes = 0;
  bool best = false;
};
/// Sample outputs: kind "text" {"prompt","text","temperature"}, "confusion" {"classes":[…],"counts":[[…]]},
/// "misclassified" {"items":[{"file","truth","guess","probability","example"}]}, "profile" {"steps","step_seconds","peak_flops",
/// "kernels":[{"kernel","dtype","calls","seconds","flops","bytes"}]}, all of one step; `files` relative to the run's folder.
struct SampleBody {
  std::int64_t step = 0;
  std::string kind, data;
  std::vector<std::string> files;
};  ///< data: JSON text
/// Something that happened, listed under Events: kind "clip", "checkpoint", "nan", "stop", "resume", "device", "early-stop", "memory".
struct MarkBody {
  std::int64_t step = 0;
  std::string kind, text;
};
struct SummaryBody {
  std::string data;
};  ///< JSON text, CONTRACT.md "summary"
using EventBody = std::variant<MetricBody, ProgressBody, StatusBody, LogBody, CheckpointBody, SampleBody, MarkBody, SummaryBody>;

/// seq counts from 1 within a run; (run, seq) is unique in the store, so reading a file twice changes nothing.
struct Event {
  std::int64_t seq = 0;
  double time = 0;  ///< seconds since 1970
  EventBody body;
};

/// One line of JSON and back. Non-finite numbers are written as the strings "nan", "inf", "-inf".
std::string event_to_line(const Event& event);
Result<Event> event_from_line(const std::string& line);

}  // namespace dsw
