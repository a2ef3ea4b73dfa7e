// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/event.h"

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

struct StatusName {
  RunStatus status;
  const char* name;
};
constexpr std::array<StatusName, 8> kStatusNames{{{RunStatus::Queued, "queued"},
                                                  {RunStatus::Running, "running"},
                                                  {RunStatus::Paused, "paused"},
                                                  {RunStatus::Stopped, "stopped"},
                                                  {RunStatus::Interrupted, "interrupted"},
                                                  {RunStatus::Failed, "failed"},
                                                  {RunStatus::Pruned, "pruned"},
                                                  {RunStatus::Finished, "finished"}}};
constexpr std::array<const char*, 3> kLevelNames{"info", "warning", "error"};

Json number_to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

/// Thrown inside this file only; event_from_line turns it into an Error.
struct BadLine {
  std::string what;
};

const Json& member(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) throw BadLine{fmt::format("has no \"{}\"", key)};
  return *it;
}
double number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  throw BadLine{fmt::format("has no number at \"{}\"", key)};
}
std::int64_t integer(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number_integer()) throw BadLine{fmt::format("has no whole number at \"{}\"", key)};
  return value.get<std::int64_t>();
}
std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw BadLine{fmt::format("has no text at \"{}\"", key)};
  return value.get<std::string>();
}
bool truth(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_boolean()) throw BadLine{fmt::format("has no true or false at \"{}\"", key)};
  return value.get<bool>();
}
std::vector<std::string> texts(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw BadLine{fmt::format("has no list at \"{}\"", key)};
  std::vector<std::string> list;
  for (const Json& item : value) {
    if (!item.is_string()) throw BadLine{fmt::format("has something else than texts in \"{}\"", key)};
    list.push_back(item.get<std::string>());
  }
  return list;
}

struct BodyWriter {
  Json& line;
  void operator()(const MetricBody& b) {
    line["metric"] = b.key;
    line["step"] = b.step;
    line["value"] = number_to_json(b.value);
  }
  void operator()(const ProgressBody& b) {
    line["progress"] = b.done;
    line["total"] = b.total;
    line["rate"] = number_to_json(b.rate);
    line["unit"] = b.unit;
    line["seconds_left"] = number_to_json(b.seconds_left);
  }
  void operator()(const StatusBody& b) {
    line["status"] = run_status_name(b.status);
    line["step"] = b.step;
    line["sentence"] = b.sentence;
    line["hint"] = b.hint;
  }
  void operator()(const LogBody& b) {
    line["log"] = kLevelNames[static_cast<std::size_t>(b.level)];
    line["text"] = b.text;
  }
  void operator()(const CheckpointBody& b) {
    line["checkpoint"] = b.file;
    line["step"] = b.step;
    line["sha256"] = b.sha256;
    line["bytes"] = b.bytes;
    line["best"] = b.best;
  }
  void operator()(const SampleBody& b) {
    line["sample"] = b.kind;
    line["step"] = b.step;
    line["data"] = b.data;
    line["files"] = b.files;
  }
  void operator()(const MarkBody& b) {
    line["mark"] = b.kind;
    line["step"] = b.step;
    line["text"] = b.text;
  }
  void operator()(const SummaryBody& b) { line["summary"] = b.data; }
};

EventBody body_from_json(const Json& line) {
  if (line.contains("metric")) return MetricBody{text(line, "metric"), integer(line, "step"), number(line, "value")};
  if (line.contains("progress"))
    return ProgressBody{integer(line, "progress"), integer(line, "total"), number(line, "rate"), text(line, "unit"),
                        number(line, "seconds_left")};
  if (line.contains("status")) {
    const auto status = run_status_from_name(text(line, "status"));
    if (!status) throw BadLine{"has an unknown status"};
    return StatusBody{*status, integer(line, "step"), text(line, "sentence"), text(line, "hint")};
  }
  if (line.contains("log")) {
    const std::string name = text(line, "log");
    for (std::size_t level = 0; level < kLevelNames.size(); ++level)
      if (name == kLevelNames[level]) return LogBody{static_cast<LogBody::Level>(level), text(line, "text")};
    throw BadLine{"has an unknown log level"};
  }
  if (line.contains("checkpoint")) {
    const std::int64_t bytes = integer(line, "bytes");
    if (bytes < 0) throw BadLine{"has a negative size"};
    return CheckpointBody{integer(line, "step"), text(line, "checkpoint"), text(line, "sha256"), static_cast<std::uint64_t>(bytes),
                          truth(line, "best")};
  }
  if (line.contains("sample")) return SampleBody{integer(line, "step"), text(line, "sample"), text(line, "data"), texts(line, "files")};
  if (line.contains("mark")) return MarkBody{integer(line, "step"), text(line, "mark"), text(line, "text")};
  if (line.contains("summary")) return SummaryBody{text(line, "summary")};
  throw BadLine{"is of no known kind"};
}

}  // namespace

const char* run_status_name(RunStatus status) {
  for (const StatusName& entry : kStatusNames)
    if (entry.status == status) return entry.name;
  return "failed";
}

Result<RunStatus> run_status_from_name(const std::string& name) {
  for (const StatusName& entry : kStatusNames)
    if (name == entry.name) return entry.status;
  return fail(ErrorCode::BadFormat, fmt::format("\"{}\" is no status of a run", name));
}

std::string event_to_line(const Event& event) {
  Json line;
  line["seq"] = event.seq;
  line["time"] = number_to_json(event.time);
  std::visit(BodyWriter{line}, event.body);
  // Texts come from data files too: what is not UTF-8 is replaced, the line stays readable.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Event> event_from_line(const std::string& line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(ErrorCode::BadFormat, "A line of the event file is no JSON object");
  try {
    Event event;
    event.seq = integer(json, "seq");
    event.time = number(json, "time");
    event.body = body_from_json(json);
    if (event.seq < 1) throw BadLine{"has a number below 1"};
    return event;
  } catch (const BadLine& bad) {
    return fail(ErrorCode::BadFormat, fmt::format("A line of the event file {}", bad.what));
  }
}

}  // namespace dsw
