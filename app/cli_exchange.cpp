// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "app/cli_progress.h"
#include "engine/core/ids.h"
#include "engine/report/report.h"

namespace dsw {
namespace {

constexpr std::int64_t kMegabyte = 1'000'000;

struct ExchangeOptions {
  std::string project, file;
  std::vector<std::string> runs;
  bool json = false, allow_files = false;
};

Result<std::vector<std::string>> runIds(ProjectReader& reader, const std::vector<std::string>& names) {
  std::vector<std::string> ids;
  for (const std::string& name : names) {
    DSW_TRY_ASSIGN(const RunRow row, reader.run(name));
    ids.push_back(row.id);
  }
  return ids;
}

Result<int> exportProject(const ExchangeOptions& options) {
  std::vector<std::string> ids;
  if (!options.runs.empty()) {
    DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
    DSW_TRY_ASSIGN(ids, runIds(*reader, options.runs));
  }
  DSW_TRY(export_project(options.project, options.file, ids));
  fmt::print("{}\n", options.file);
  return kDone;
}

Result<int> importProject(const ExchangeOptions& options, const std::stop_token& stop) {
  DSW_TRY_ASSIGN(const ImportPlan preview, inspect_archive(options.file));
  DSW_TRY_ASSIGN(const auto project, Project::open(options.project, Project::Mode::OpenOrCreate));
  CliProgress progress;
  const auto begin = std::chrono::steady_clock::now();
  const auto show = [&](std::int64_t bytes, std::int64_t total) {
    const double seconds = std::max(1e-3, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    const double rate = static_cast<double>(bytes) / seconds, left = static_cast<double>(total - bytes) / std::max(rate, 1.0);
    progress.show({0, now_seconds(), ProgressBody{bytes / kMegabyte, (total + kMegabyte - 1) / kMegabyte, rate / kMegabyte, "MB/s", left}});
  };
  DSW_TRY_ASSIGN(const ImportPlan done, import_archive(options.file, *project, stop, show));
  progress.end();
  if (options.allow_files) {
    DSW_TRY(allow_imported_files(done, *project));
  } else {
    for (const std::string& outside : preview.outside_files)
      std::fprintf(stderr,
                   "An imported document names a file outside the archive: %s. It is not read before you import with --allow-files.\n",
                   outside.c_str());
  }
  if (options.json) {
    printJson({{"runs", done.runs},
               {"experiments", done.experiments},
               {"models", done.models},
               {"skipped", done.skipped},
               {"outside_files", done.outside_files},
               {"bytes", done.bytes}});
  } else {
    fmt::print("{} runs, {} experiments and {} models came in; {} runs were there already.\n", done.runs.size(), done.experiments.size(),
               done.models.size(), done.skipped.size());
  }
  return kDone;
}

Result<int> writeReport(const ExchangeOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const auto ids, runIds(*reader, options.runs));
  DSW_TRY(write_report(*reader, ids, options.file));
  fmt::print("{}\n", options.file);
  return kDone;
}

Result<int> prune(const ExchangeOptions& options) {
  DSW_TRY_ASSIGN(const auto project, Project::open(options.project, Project::Mode::Open));
  DSW_TRY_ASSIGN(const std::uint64_t bytes, project->prune());
  fmt::print("{:.1f} MiB freed\n", static_cast<double>(bytes) / (1 << 20));
  return kDone;
}

}  // namespace

void addExchangeCommands(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<ExchangeOptions>();
  CLI::App* out = app.add_subcommand("export", "Write a project, or some of its runs, into one archive");
  out->add_option("--project", options->project, "Project file")->required();
  out->add_option("OUT", options->file, "Archive to write (NAME.dsz)")->required();
  out->add_option("--run", options->runs, "Only this run; may be given again")->allow_extra_args(false);
  out->callback([&context, options] { context.chosen = [options] { return exportProject(*options); }; });

  CLI::App* in = app.add_subcommand("import", "Read an archive into a project");
  in->add_option("IN", options->file, "Archive (NAME.dsz)")->required();
  in->add_option("--project", options->project, "Project file; made when missing")->required();
  in->add_flag("--json", options->json, "What came in, as one JSON object");
  in->add_flag("--allow-files", options->allow_files, "Imported documents may read the files that they name on this machine");
  in->callback([&context, options] { context.chosen = [&context, options] { return importProject(*options, context.stop); }; });

  CLI::App* report = app.add_subcommand("report", "Write a report with pictures that needs no other file");
  report->add_option("--project", options->project, "Project file")->required();
  report->add_option("RUN", options->runs, "Runs; without one: all");
  report->add_option("-o,--out", options->file, "HTML file to write")->required();
  report->callback([&context, options] { context.chosen = [options] { return writeReport(*options); }; });

  CLI::App* clean = app.add_subcommand("prune", "Remove what was archived, and files that nothing names");
  clean->add_option("--project", options->project, "Project file")->required();
  clean->callback([&context, options] { context.chosen = [options] { return prune(*options); }; });
}

}  // namespace dsw
