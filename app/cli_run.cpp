// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "app/cli_progress.h"
#include "engine/run/worker.h"

namespace dsw {
namespace {

struct RunOptions {
  std::string document, project, run, device;
  std::vector<std::string> settings;
  int threads = 0;
  bool json = false;
  std::optional<bool> isolated;
};

int exitCodeOf(RunStatus status) {
  switch (status) {
    case RunStatus::Finished:
      return kDone;
    case RunStatus::Stopped:
    case RunStatus::Paused:
    case RunStatus::Pruned:
    case RunStatus::Queued:
      return kStopped;
    default:
      return kFailed;
  }
}

Json metricsJson(const RunRow& row) {
  Json metrics = Json::object();
  for (const auto& [key, summary] : row.metrics) metrics[key] = {{"last", jsonNumber(summary.last)}, {"best", jsonNumber(summary.best)}};
  return metrics;
}

void printEnd(const RunRow& row) {
  fmt::print("{} {} {} in {}\n", row.short_name, row.name.empty() ? row.experiment_name : row.name, run_status_name(row.status),
             durationText(row.seconds));
  for (const auto& [key, summary] : row.metrics)
    if (!key.starts_with("sys/"))
      fmt::print("  {:<20} {:>12}   best {:>12} at step {}\n", key, numberText(summary.last), numberText(summary.best), summary.best_step);
  std::fflush(stdout);
}

/// Waits for the run's end; a stop request is passed on. Then tells how it went.
Result<int> waitAndTell(Workspace& workspace, const std::string& run_id, CliProgress& progress, const RunOptions& options,
                        const std::stop_token& stop) {
  {
    const std::stop_callback forward(stop, [&] {
      workspace.project()->set_waiting(false);  // on a full disk, too, it ends
      workspace.stop_run(run_id);
    });
    workspace.wait_idle();
  }
  progress.end();
  DSW_TRY_ASSIGN(const auto reader, workspace.project()->reader());
  DSW_TRY_ASSIGN(const RunRow row, reader->run(run_id));
  DSW_TRY_ASSIGN(const std::string summary, reader->run_summary(run_id));
  if (options.json) {
    Json result{{"run", row.id}, {"status", run_status_name(row.status)}, {"seconds", row.seconds}, {"metrics", metricsJson(row)}};
    result["summary"] = summary.empty() ? Json::object() : Json::parse(summary, nullptr, false);
    printJson(result);
  } else {
    printEnd(row);
  }
  if (row.status != RunStatus::Finished && !row.sentence.empty())
    std::fprintf(stderr, "deepshock: %s: %s\n", row.short_name.c_str(),
                 Error(ErrorCode::Internal, row.sentence, row.hint).sentence().c_str());
  return exitCodeOf(row.status);
}

void watchEvents(Workspace& workspace, CliProgress& progress) {
  workspace.project()->on_trouble([](const Error& error) { std::fprintf(stderr, "deepshock: %s\n", error.sentence().c_str()); });
  workspace.on_events([&progress](const std::string&, std::span<const Event> events) {
    for (const Event& event : events) progress.show(event);
  });
}

Result<int> runDocument(const RunOptions& options, const std::stop_token& stop) {
  DSW_TRY_ASSIGN(const NamedDocument named, readNamedDocument(options.document));
  DSW_TRY_ASSIGN(Json document, parse_document(named.text));
  DSW_TRY(applySettings(document, options.settings));
  Workspace workspace;
  // Before the project is made or locked: a wrong document leaves nothing behind.
  DSW_TRY(make_experiment(workspace.catalog(), document, named.base, &workspace.data()));
  DSW_TRY(workspace.open_project(options.project, Project::Mode::OpenOrCreate));
  Workspace::RunRequest request;
  request.base = named.base;
  request.device = options.device;
  request.threads = options.threads;
  request.isolated = options.isolated;
  if (options.settings.empty())
    request.text = named.text;
  else
    request.document = &document;
  const auto progress = std::make_unique<CliProgress>();
  watchEvents(workspace, *progress);
  DSW_TRY_ASSIGN(const RunRow row, workspace.start_run(request));
  std::fprintf(stderr, "%s %s in %s\n", row.short_name.c_str(), row.experiment_name.c_str(), options.project.c_str());
  return waitAndTell(workspace, row.id, *progress, options, stop);
}

Result<int> resume(const RunOptions& options, const std::stop_token& stop) {
  Workspace workspace;
  DSW_TRY(workspace.open_project(options.project, Project::Mode::Open));
  const auto progress = std::make_unique<CliProgress>();
  watchEvents(workspace, *progress);
  DSW_TRY_ASSIGN(const auto reader, workspace.project()->reader());
  DSW_TRY_ASSIGN(const RunRow row, reader->run(options.run));
  DSW_TRY(workspace.resume_run(row.id));
  return waitAndTell(workspace, row.id, *progress, options, stop);
}

Result<int> work(const WorkerRequest& request, const std::stop_token& stop) {
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  WorkerRequest watched = request;
  CliProgress progress;
  watched.watch = [&progress](const Event& event) { progress.show(event); };
  DSW_TRY(run_worker(catalog, watched, stop));
  return kDone;
}

}  // namespace

void addRunCommands(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Run an experiment");
  run->add_option("DOC", options->document, "A file, - for stdin, or template:NAME")->required();
  run->add_option("--project", options->project, "Project file (NAME.dsx); made when missing")->required();
  run->add_option("--set", options->settings, "POINTER=VALUE, changes the document first")->allow_extra_args(false);
  run->add_option("--device", options->device, "Overrides the document's device");
  run->add_option("--threads", options->threads, "Threads of the processor; 0: by itself")->check(CLI::Range(0, 4096));
  run->add_flag("--isolated,!--no-isolated", options->isolated,
                "In a worker process of its own; where the device is no CPU it is, unless --no-isolated");
  run->add_flag("--json", options->json, "The result as one JSON object on stdout");
  run->callback([&context, options] { context.chosen = [&context, options] { return runDocument(*options, context.stop); }; });

  CLI::App* again = app.add_subcommand("resume", "Go on from a run's last checkpoint");
  again->add_option("--project", options->project, "Project file")->required();
  again->add_option("RUN", options->run, "Id, short name (r-0001) or number")->required();
  again->add_flag("--json", options->json, "The result as one JSON object on stdout");
  again->callback([&context, options] { context.chosen = [&context, options] { return resume(*options, context.stop); }; });

  const auto request = std::make_shared<WorkerRequest>();
  CLI::App* worker = app.add_subcommand("worker", "Run an experiment into a folder, without a project");
  worker->add_option("--spec", request->spec, "Experiment document")->required();
  worker
      ->add_option("--out", request->out, "Folder for events, metrics and checkpoints; one that was used goes on from its last checkpoint")
      ->required();
  worker->add_option("--device", request->device, "Overrides the document's device");
  worker->add_option("--threads", request->threads, "Threads of the processor; 0: by itself")->check(CLI::Range(0, 4096));
  CLI::Option* from = worker->add_option("--resume-from", request->resume_from, "Checkpoint to go on from");
  worker->add_option("--first-seq", request->first_seq, "Number of the next event, with --resume-from")->needs(from);
  worker->callback([&context, request] { context.chosen = [&context, request] { return work(*request, context.stop); }; });
}

}  // namespace dsw
