// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"

namespace dsw {
namespace {

struct ReadOptions {
  std::string project, run;
  std::vector<std::string> keys;
  bool json = false, csv = false, archived = false;
};

std::string nameOf(const RunRow& row) { return row.name.empty() ? row.experiment_name : row.name; }

Json runJson(const RunRow& row) {
  Json metrics = Json::object();
  for (const auto& [key, summary] : row.metrics)
    metrics[key] = {{"last", jsonNumber(summary.last)},
                    {"best", jsonNumber(summary.best)},
                    {"last_step", summary.last_step},
                    {"best_step", summary.best_step},
                    {"points", summary.points}};
  return {{"run", row.id},
          {"short_name", row.short_name},
          {"name", nameOf(row)},
          {"task", row.task},
          {"status", run_status_name(row.status)},
          {"metrics", metrics},
          {"experiment", row.experiment_name},
          {"version", row.version},
          {"seed", row.seed},
          {"device", row.device},
          {"step", row.step},
          {"total_steps", row.total_steps},
          {"created", row.created},
          {"started", row.started},
          {"ended", row.ended},
          {"seconds", row.seconds},
          {"sentence", row.sentence},
          {"hint", row.hint},
          {"tags", row.tags},
          {"note", row.note},
          {"archived", row.archived},
          {"baseline", row.baseline}};
}

Result<int> listRuns(const ReadOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const auto rows, reader->runs(options.archived));
  if (options.json) {
    Json list = Json::array();
    for (const RunRow& row : rows) list.push_back(runJson(row));
    printJson({{"runs", list}});
    return kDone;
  }
  if (rows.empty()) fmt::print("No runs in {}\n", options.project);
  for (const RunRow& row : rows) {
    std::string values;
    for (const char* key : {"val/loss", "val/accuracy", "test/accuracy"})
      if (const auto found = row.metrics.find(key); found != row.metrics.end())
        values += fmt::format("  {} {}", key, numberText(found->second.last));
    fmt::print("{:<8} {:<24} {:<12} step {}/{}  {}{}\n", row.short_name, nameOf(row), run_status_name(row.status), row.step,
               row.total_steps, durationText(row.seconds), values);
  }
  return kDone;
}

Result<int> showRun(const ReadOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const RunRow row, reader->run(options.run));
  DSW_TRY_ASSIGN(const std::string document, reader->run_document(row.id));
  DSW_TRY_ASSIGN(const std::string resolved, reader->run_resolved(row.id));
  DSW_TRY_ASSIGN(const std::string record, reader->run_record(row.id));
  DSW_TRY_ASSIGN(const std::string summary, reader->run_summary(row.id));
  DSW_TRY_ASSIGN(const auto checkpoints, reader->checkpoints(row.id));
  DSW_TRY_ASSIGN(const auto events, reader->events(row.id));
  if (options.json) {
    const auto parsed = [](const std::string& text) { return text.empty() ? Json::object() : Json::parse(text, nullptr, false); };
    Json json = runJson(row);
    json["document"] = parsed(document);
    json["resolved"] = parsed(resolved);
    json["record"] = parsed(record);
    json["summary"] = parsed(summary);
    json["checkpoints"] = Json::array();
    for (const CheckpointRow& one : checkpoints)
      json["checkpoints"].push_back({{"step", one.step},
                                     {"sha256", one.sha256},
                                     {"bytes", one.bytes},
                                     {"best", one.best},
                                     {"missing", one.missing},
                                     {"path", one.path}});
    json["events"] = Json::array();
    for (const EventRow& one : events)
      json["events"].push_back({{"step", one.step}, {"time", one.time}, {"kind", one.kind}, {"text", one.text}});
    printJson(json);
    return kDone;
  }
  fmt::print("{} {}  {}\n", row.short_name, nameOf(row), run_status_name(row.status));
  if (!row.sentence.empty()) fmt::print("  {}\n", Error(ErrorCode::Internal, row.sentence, row.hint).sentence());
  fmt::print("  experiment {} v{}, seed {}, {}, step {} of {}, {}\n", row.experiment_name, row.version, row.seed, row.device, row.step,
             row.total_steps, durationText(row.seconds));
  for (const std::string& tag : row.tags) fmt::print("  tag {}\n", tag);
  if (!row.note.empty()) fmt::print("  note {}\n", row.note);
  for (const auto& [key, one] : row.metrics)
    fmt::print("  {:<20} {:>12}   best {:>12} at step {}\n", key, numberText(one.last), numberText(one.best), one.best_step);
  for (const CheckpointRow& one : checkpoints)
    fmt::print("  checkpoint of step {}{}{}\n", one.step, one.best ? ", the best" : "", one.missing ? ", its file is missing" : "");
  for (const EventRow& one : events) fmt::print("  {:>8}  {}\n", one.step, one.text);
  fmt::print("{}\n", document);
  return kDone;
}

Result<int> printMetrics(const ReadOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const RunRow row, reader->run(options.run));
  DSW_TRY_ASSIGN(const auto known, reader->metric_keys(row.id));
  for (const std::string& key : options.keys)
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string near = nearest_name(key, known);
      return fail(ErrorCode::NotFound, fmt::format("{} has no metric {}", row.short_name, key),
                  near.empty() ? "" : fmt::format("Nearest name: {}.", near));
    }
  std::string text = "key,step,time,value\n";
  for (const std::string& key : options.keys.empty() ? known : options.keys) {
    DSW_TRY_ASSIGN(const auto points, reader->metric(row.id, key));
    for (const MetricPoint& point : points) text += fmt::format("{},{},{:.6f},{}\n", csvCell(key), point.step, point.time, point.value);
    std::fwrite(text.data(), 1, text.size(), stdout);
    text.clear();
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

}  // namespace

std::string csvCell(const std::string& text) {
  std::string cell = text;
  if (!cell.empty() && std::string("=+-@\t\r").find(cell.front()) != std::string::npos)
    cell.insert(cell.begin(), '\'');  // a spreadsheet would run it
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void addReadCommands(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<ReadOptions>();
  CLI::App* runs = app.add_subcommand("runs", "List a project's runs, newest first");
  runs->add_option("--project", options->project, "Project file")->required();
  runs->add_flag("--archived", options->archived, "With archived ones");
  runs->add_flag("--json", options->json, "One JSON object");
  runs->callback([&context, options] { context.chosen = [options] { return listRuns(*options); }; });

  CLI::App* show = app.add_subcommand("show", "Show one run");
  show->add_option("--project", options->project, "Project file")->required();
  show->add_option("RUN", options->run, "Id, short name (r-0001) or number")->required();
  show->add_flag("--json", options->json, "One JSON object");
  show->callback([&context, options] { context.chosen = [options] { return showRun(*options); }; });

  CLI::App* metrics = app.add_subcommand("metrics", "Print a run's metrics as CSV: key,step,time,value");
  metrics->add_option("--project", options->project, "Project file")->required();
  metrics->add_option("RUN", options->run, "Id, short name or number")->required();
  metrics->add_option("KEY", options->keys, "Only these");
  metrics->add_flag("--csv", options->csv, "CSV (the only form there is)");
  metrics->callback([&context, options] { context.chosen = [options] { return printMetrics(*options); }; });
}

}  // namespace dsw
