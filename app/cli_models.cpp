// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "engine/core/file_bytes.h"
#include "engine/core/ids.h"
#include "engine/formats/model_file.h"
#include "engine/formats/onnx_export.h"
#include "engine/run/launcher.h"
#include "engine/tensor/device.h"
#include "engine/train/run_evaluation.h"
#include "engine/train/run_model.h"
#include "engine/train/text_sample.h"

namespace dsw {
namespace {

struct ModelOptions {
  std::string project, model, file, name, format, data = "/data", part, prompt, device = "auto", checkpoint = "last";
  std::int64_t tokens = 200;
  std::uint64_t seed = 1;
  int threads = 0;
  double temperature = 0.8;
  bool json = false;
};

/// The weights' file of a run's checkpoint or of an imported model.
struct FoundModel {
  std::string name;                  // "r-0001", or the model's name
  std::filesystem::path path, base;  // base: what its document's relative paths are relative to
  std::string document;              // of a run: with defaults
};

Result<FoundModel> findModel(ProjectReader& reader, const ModelOptions& options) {
  const std::filesystem::path base = std::filesystem::absolute(options.project).parent_path();
  DSW_TRY_ASSIGN(const auto models, reader.models());
  for (const ModelRow& model : models)
    if (model.id == options.model || model.name == options.model) return FoundModel{model.name, model.path, base, {}};
  DSW_TRY_ASSIGN(const RunRow row, reader.run(options.model));
  DSW_TRY_ASSIGN(auto checkpoints, reader.checkpoints(row.id));
  std::erase_if(checkpoints, [&](const CheckpointRow& one) { return one.missing || (options.checkpoint == "best" && !one.best); });
  const auto chosen = std::max_element(checkpoints.begin(), checkpoints.end(),
                                       [](const CheckpointRow& a, const CheckpointRow& b) { return a.seq < b.seq; });
  if (chosen == checkpoints.end())
    return fail(ErrorCode::NotFound, fmt::format("{} has no checkpoint to take the weights from", row.short_name),
                "Run it until it saves one.");
  DSW_TRY_ASSIGN(const std::string resolved, reader.run_resolved(row.id));
  return FoundModel{row.short_name, chosen->path, base, resolved};
}

struct Session {
  Catalog catalog;
  std::unique_ptr<Device> device;
  FoundModel found;
  RunModel loaded;
};

Result<std::unique_ptr<Session>> openModel(const ModelOptions& options) {
  auto session = std::make_unique<Session>();
  register_builtins(session->catalog);
  session->catalog.freeze();
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(session->found, findModel(*reader, options));
  DSW_TRY_ASSIGN(const std::string device, choose_device(session->catalog, options.device));
  DSW_TRY_ASSIGN(session->device, make_device(session->catalog, device, options.threads));
  DSW_TRY_ASSIGN(session->loaded, load_run_model(session->catalog, session->found.path, *session->device));
  return session;
}

Result<int> exportModel(const ModelOptions& options) {
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(options.project));
  DSW_TRY_ASSIGN(const FoundModel found, findModel(*reader, options));
  DSW_TRY_ASSIGN(const ModelFile file, read_model_file(found.path));
  const auto host = make_cpu_device(1);
  if (options.format == "onnx") {
    Catalog catalog;
    register_builtins(catalog);
    catalog.freeze();
    DSW_TRY(write_onnx(options.file, catalog, file, *host));
  } else {
    DSW_TRY(write_model_file(options.file, file, *host));
  }
  fmt::print("{}\n", options.file);
  return kDone;
}

Result<int> importModel(const ModelOptions& options) {
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  const auto host = make_cpu_device(1);
  const std::filesystem::path source(options.file);
  const std::string name = options.name.empty() ? source.stem().string() : options.name;
  DSW_TRY_ASSIGN(const auto project, Project::open(options.project, Project::Mode::OpenOrCreate));
  std::filesystem::path file = source;
  std::string family;
  if (const auto own = read_model_file(source)) {
    DSW_TRY(build_model(catalog, *own, *host));  // refuses what does not fit before anything is stored
    family = Json::parse(own->description).at("model").value("type", "");
  } else if (own.error().code != ErrorCode::Unsupported && own.error().code != ErrorCode::BadFormat) {
    return fail(own.error());
  } else {
    DSW_TRY_ASSIGN(const TensorFile weights, read_weights(source));
    const auto guessed = guess_model(weights);
    if (!guessed)
      return fail(ErrorCode::Unsupported, "These weights belong to no family that is known here",
                  "Known are resnets of the CIFAR kind and GPT-2 style models.", source.string());
    const Json section = Json::parse(guessed->section);
    family = section.value("type", "");
    file = std::filesystem::temp_directory_path() / (new_id() + ".safetensors");
    DSW_TRY(import_weights(catalog, weights, section, guessed->input, name, *host, file));
  }
  const auto added = project->add_model(name, family, source.filename().string(), file);
  if (file != source) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  if (!added) return fail(added.error());
  if (options.json)
    printJson({{"model", added->id}, {"name", added->name}, {"family", added->family}, {"sha256", added->sha256}, {"bytes", added->bytes}});
  else
    fmt::print("{} {}\n", added->id, added->name);
  return kDone;
}

Result<int> evaluateModel(const ModelOptions& options, const std::stop_token& stop) {
  DSW_TRY_ASSIGN(const auto session, openModel(options));
  EvaluateRequest request;
  request.data = options.data;
  request.part = options.part;
  request.run_document = session->found.document;
  request.run_base = session->found.base;
  DSW_TRY_ASSIGN(const ModelEvaluation result, evaluate_model(session->catalog, session->loaded, request, *session->device, stop));
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
                "Take a language model.");
  TextRequest request;
  request.prompt = options.prompt;
  request.tokens = options.tokens;
  request.temperature = options.temperature;
  request.seed = options.seed;
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
  command.add_option("--checkpoint", options->checkpoint, "Which weights of a run")->check(CLI::IsMember({"last", "best"}));
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
  in->add_flag("--json", options->json, "One JSON object");
  in->callback([&context, options] { context.chosen = [options] { return importModel(*options); }; });

  CLI::App* out = model->add_subcommand("export", "Write a model's weights to a file");
  addModelOptions(*out, options);
  out->add_option("--format", options->format, "Kind of file")->required()->check(CLI::IsMember({"safetensors", "onnx"}));
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
  generate->add_option("--seed", options->seed, "Start of the random numbers");
  generate->callback([&context, options] { context.chosen = [&context, options] { return generateFrom(*options, context.stop); }; });
}

}  // namespace dsw
