// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "engine/model_import.h"
#include "engine/model_library.h"
#include "engine/run/launcher.h"
#include "engine/tensor/device.h"
#include "engine/train/text_sample.h"

namespace dsw {
namespace {

struct ModelOptions {
  std::string project, model, file, name, format, config, vocabulary, merges, data = "/data", part, prompt, device = "auto",
                                                                              checkpoint = "last";
  std::int64_t tokens = 200, top_k = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  std::int64_t samples = 1;
  double temperature = 0.8, top_p = 1, repetition_penalty = 1;
  bool json = false;
};

struct Session {
  Catalog catalog;
  std::unique_ptr<Device> device;
  ProjectModel found;
  RunModel loaded;
};

Result<std::unique_ptr<Session>> openModel(const ModelOptions& options) {
  auto session = std::make_unique<Session>();
  register_builtins(session->catalog);
  session->catalog.freeze();
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(session->found, find_project_model(*reader, options.project, options.model, options.checkpoint));
  DSW_TRY_ASSIGN(const std::string device, choose_device(session->catalog, options.device));
  DSW_TRY_ASSIGN(session->device, make_device(session->catalog, device, options.threads));
  DSW_TRY_ASSIGN(session->loaded, load_run_model(session->catalog, session->found.path, *session->device));
  return session;
}

Result<int> exportModel(const ModelOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const ProjectModel found, find_project_model(*reader, options.project, options.model, options.checkpoint));
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  DSW_TRY(export_model(catalog, found.path, options.format, options.file));
  fmt::print("{}\n", options.file);
  return kDone;
}

Result<int> importModel(const ModelOptions& options, const std::stop_token& stop) {
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  const ModelImport request{options.file, options.name, options.config, options.vocabulary, options.merges};
  // Looked at first: what cannot come in makes no project.
  DSW_TRY_ASSIGN(const ModelImportPlan plan, inspect_model(catalog, request, stop));
  if (plan.refused) return fail(*plan.refused);
  DSW_TRY_ASSIGN(const auto project, Project::open(options.project, Project::Mode::OpenOrCreate));
  DSW_TRY_ASSIGN(const ModelRow added, import_model(catalog, request, *project, stop));
  for (const std::string& note : plan.notes) std::fprintf(stderr, "%s\n", note.c_str());
  if (options.json)
    printJson({{"model", added.id},
               {"name", added.name},
               {"family", added.family},
               {"sha256", added.sha256},
               {"bytes", added.bytes},
               {"tokenizer", plan.tokenizer.empty() ? Json() : Json(plan.tokenizer)},
               {"symbols", plan.symbols},
               {"notes", plan.notes}});
  else
    fmt::print("{} {}\n", added.id, added.name);
  return kDone;
}

Result<int> evaluateModel(const ModelOptions& options, const std::stop_token& stop) {
  DSW_TRY_ASSIGN(const auto session, openModel(options));
  DSW_TRY_ASSIGN(const ModelEvaluation result, evaluate_project_model(session->catalog, session->found, session->loaded, options.data,
                                                                      options.part, *session->device, stop));
  if (options.json) {
    Json metrics = Json::object();
    for (const auto& [key, value] : result.metrics) metrics[key] = jsonNumber(value);
    Json json{{"model", session->found.name}, {"part", result.part}, {"targets", result.evaluation.targets}, {"metrics", metrics}};
    if (!result.evaluation.confusion.empty())
      json["confusion"] = {{"classes", session->loaded.classes}, {"counts", result.evaluation.confusion}};
    printJson(json);
    return kDone;
  }
  for (const auto& [key, value] : result.metrics) fmt::print("{:<20} {:>12}\n", key, numberText(value));
  return kDone;
}

Result<int> generateFrom(const ModelOptions& options, const std::stop_token& stop) {
  DSW_TRY_ASSIGN(const auto session, openModel(options));
  if (!session->loaded.tokenizer)
    return fail(ErrorCode::InvalidArgument, fmt::format("{} has no tokenizer, so it cannot write text", session->found.name),
                session->loaded.input.kind == InputSpec::Kind::Tokens ? "Import it again with --vocab vocab.json --merges merges.txt."
                                                                      : "Take a language model.");
  TextRequest request;
  request.prompt = options.prompt;
  request.tokens = options.tokens;
  request.temperature = options.temperature;
  request.top_k = options.top_k;
  request.top_p = options.top_p;
  request.repetition_penalty = options.repetition_penalty;
  request.seed = options.seed;
  if (options.samples > 1) {
    DSW_TRY_ASSIGN(const std::vector<std::string> texts,
                   generate_texts(*session->loaded.model, *session->loaded.tokenizer, request, options.samples, *session->device, stop));
    for (std::size_t i = 0; i < texts.size(); ++i) fmt::print("{}{}{}\n", i > 0 ? "---------------\n" : "", options.prompt, texts[i]);
    return kDone;
  }
  bool first = true;
  const auto write = [](const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  request.on_text = [&](const std::string& text) {
    if (first) write(options.prompt);  // not before the prompt was understood: a wrong one leaves stdout empty
    first = false;
    write(text);
  };
  DSW_TRY(generate_text(*session->loaded.model, *session->loaded.tokenizer, request, *session->device, stop));
  if (first) write(options.prompt);
  return kDone;
}

void addModelOptions(CLI::App& command, const std::shared_ptr<ModelOptions>& options) {
  command.add_option("--project", options->project, "Project file")->required();
  command.add_option("MODEL", options->model, "A run (r-0001) or a model's name or id")->required();
  command.add_option("--checkpoint", options->checkpoint, "Which weights of a run: last, best, or the step of a checkpoint")
      ->default_str("last");
}

void addComputeOptions(CLI::App& command, const std::shared_ptr<ModelOptions>& options) {
  command.add_option("--device", options->device, "Where to compute");
  command.add_option("--threads", options->threads, "Threads of the processor; 0: by itself")->check(CLI::Range(0, 4096));
}

}  // namespace

void addModelCommands(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<ModelOptions>();
  CLI::App* model = app.add_subcommand("model", "Models in and out");
  model->require_subcommand(1);
  CLI::App* in = model->add_subcommand("import", "Read weights into a project");
  in->add_option("FILE", options->file, "safetensors, or a legacy file of torch.save; nothing in it is executed")->required();
  in->add_option("--project", options->project, "Project file; made when missing")->required();
  in->add_option("--name", options->name, "Its name; without it: the file's");
  in->add_option("--vocab", options->vocabulary,
                 "vocab.json of its tokenizer; without it: the one beside FILE, where both files lie there");
  in->add_option("--merges", options->merges, "merges.txt of its tokenizer");
  in->add_option("--config", options->config, "config.json of its settings; without it: the one beside FILE");
  in->add_flag("--json", options->json, "One JSON object");
  in->callback([&context, options] { context.chosen = [&context, options] { return importModel(*options, context.stop); }; });

  CLI::App* out = model->add_subcommand("export", "Write a model's weights to a file");
  addModelOptions(*out, options);
  out->add_option("--format", options->format, "Kind of file: safetensors or onnx")->required();
  out->add_option("-o,--out", options->file, "File to write")->required();
  out->callback([&context, options] { context.chosen = [options] { return exportModel(*options); }; });

  CLI::App* evaluate = app.add_subcommand("evaluate", "Measure a model on data");
  addModelOptions(*evaluate, options);
  addComputeOptions(*evaluate, options);
  evaluate->add_option("--data", options->data,
                       "A JSON pointer into the run's document (/data), a document, a data section, or a text file");
  evaluate->add_option("--part", options->part, "train, val or test; without it: test where there is one, else val")
      ->check(CLI::IsMember({"train", "val", "test"}));
  evaluate->add_flag("--json", options->json, "One JSON object");
  evaluate->callback([&context, options] { context.chosen = [&context, options] { return evaluateModel(*options, context.stop); }; });

  CLI::App* generate = app.add_subcommand("generate", "Let a language model go on from a prompt");
  addModelOptions(*generate, options);
  addComputeOptions(*generate, options);
  generate->add_option("--prompt", options->prompt, "Text to go on from; empty: the start of a text")->required();
  generate->add_option("--tokens", options->tokens, "Tokens to generate")
      ->required()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}));
  generate->add_option("--temperature", options->temperature, "0: always the likeliest")->check(CLI::Range(0.0, 100.0));
  generate->add_option("--top-k", options->top_k, "Only among the K likeliest tokens; 0: among all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}));
  generate->add_option("--top-p", options->top_p, "Only among the fewest tokens that together have this probability; 1: among all")
      ->check(CLI::Range(0.0, 1.0));
  generate->add_option("--repetition-penalty", options->repetition_penalty, "Above 1: tokens that were there before become less likely")
      ->check(CLI::Range(1.0, 100.0));
  generate->add_option("--samples", options->samples, "Texts to write, drawn side by side, with a line of dashes between them")
      ->check(CLI::Range(1, 1000));
  generate->add_option("--seed", options->seed, "Start of the random numbers");
  generate->callback([&context, options] { context.chosen = [&context, options] { return generateFrom(*options, context.stop); }; });
}

}  // namespace dsw
