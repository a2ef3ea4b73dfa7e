// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model_library.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/formats/model_file.h"
#include "engine/formats/onnx_export.h"
#include "engine/store/foreign_project.h"
#include "engine/tensor/device.h"

namespace dsw {
namespace {

Result<std::vector<std::string>> outside_files_of_experiment(ProjectReader& reader, const std::string& experiment_id) {
  DSW_TRY_ASSIGN(const std::vector<ExperimentRow> rows, reader.experiments(true));
  for (const ExperimentRow& row : rows)
    if (row.id == experiment_id) return row.outside_files;
  return std::vector<std::string>{};
}

}  // namespace

Result<ProjectModel> find_project_model(ProjectReader& reader, const std::filesystem::path& project, const std::string& model,
                                        const std::string& checkpoint) {
  ProjectModel found;
  found.base = std::filesystem::absolute(project).parent_path();
  DSW_TRY_ASSIGN(const auto models, reader.models());
  for (const ModelRow& row : models) {
    if (row.id != model && row.name != model) continue;
    found.id = row.id;
    found.name = row.name;
    found.source = row.source;
    found.path = row.path;
    found.sha256 = row.sha256;
    found.bytes = row.bytes;
    found.time = row.created;
    return found;
  }
  DSW_TRY_ASSIGN(const RunRow row, reader.run(model));
  if (row.task == "search")
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is a search: its weights are those of all candidates together, not of one network", row.short_name),
                "Train the network that it found (\"architecture\" in the summary that `deepshock show --json` prints) and name that run.");
  if (row.task == "search-comparison")
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is a comparison: it keeps the scores of its networks, not their weights", row.short_name),
                "Train the network that you want, and name that run.");
  DSW_TRY_ASSIGN(auto checkpoints, reader.checkpoints(row.id));
  std::int64_t step = -1;
  if (checkpoint != "last" && checkpoint != "best") {
    const auto read = std::from_chars(checkpoint.data(), checkpoint.data() + checkpoint.size(), step);
    if (read.ec != std::errc() || read.ptr != checkpoint.data() + checkpoint.size())
      return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is no checkpoint", checkpoint), "It is last, best or a step.");
  }
  std::erase_if(checkpoints, [&](const CheckpointRow& one) {
    return one.missing || (checkpoint == "best" && !one.best) || (step >= 0 && one.step != step);
  });
  const auto chosen = std::max_element(checkpoints.begin(), checkpoints.end(),
                                       [](const CheckpointRow& a, const CheckpointRow& b) { return a.seq < b.seq; });
  if (chosen == checkpoints.end()) {
    return fail(ErrorCode::NotFound,
                step >= 0 ? fmt::format("{} keeps no checkpoint of step {}", row.short_name, step)
                          : fmt::format("{} has no checkpoint to take the weights from", row.short_name),
                step >= 0 ? "Take the last or the best one." : "Run it until it saves one.");
  }
  found.id = row.id;
  found.of_run = true;
  found.name = row.short_name;
  found.source = row.experiment_name;
  found.path = chosen->path;
  found.sha256 = chosen->sha256;
  found.bytes = chosen->bytes;
  found.step = chosen->step;
  found.best = chosen->best;
  found.time = chosen->time;
  DSW_TRY_ASSIGN(found.document, reader.run_resolved(row.id));
  DSW_TRY_ASSIGN(found.outside_files, outside_files_of_experiment(reader, row.experiment_id));
  return found;
}

Result<ModelFacts> model_facts(const Catalog& catalog, const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(const ModelFile file, read_model_file(path));
  ModelFacts facts;
  facts.input = file.input;
  DSW_TRY_ASSIGN(const Json settings, checked_model_settings(catalog, file));
  facts.family = settings.at("type").get<std::string>();
  facts.section = settings.dump(2);
  DSW_TRY_ASSIGN(const auto* entry, catalog.models.get(facts.family));
  DSW_TRY_ASSIGN(const auto type, entry->make(settings));
  DSW_TRY_ASSIGN(facts.network, type->plan(settings, file.input, 1));
  facts.tensors = file.weights.tensors;
  for (StoredTensor& tensor : facts.tensors) tensor.bytes = {};
  const Json description = Json::parse(file.description);
  if (const auto tokenizer = description.find("tokenizer"); tokenizer != description.end() && !tokenizer->is_null()) {
    DSW_TRY_ASSIGN(const auto made, tokenizer_from_json(*tokenizer));
    facts.tokenizer = made->kind();
    facts.symbols = made->vocabulary();
  }
  if (const auto classes = description.find("classes"); classes != description.end() && classes->is_array())
    for (const Json& name : *classes) facts.classes.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  if (const auto data = description.find("data"); data != description.end() && data->is_object()) facts.data = data->dump(2);
  return facts;
}

Result<void> check_outside_files(const std::string& name, const std::vector<std::string>& files) {
  if (files.empty()) return {};
  std::string all;
  for (const std::string& file : files) all += (all.empty() ? "" : ", ") + file;
  return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" was imported and would read {}, which nobody has agreed to yet", name, all),
              "Open its document in the window and allow the files, or import the archive again with --allow-files.");
}

Result<EvaluateRequest> evaluate_request(const ProjectModel& model, const RunModel& loaded, const std::string& data,
                                         const std::string& part) {
  EvaluateRequest request;
  request.data = data;
  request.part = part;
  request.run_document = model.document;
  request.run_base = model.base;
  std::error_code ignored;
  if (!data.starts_with('/') || std::filesystem::exists(data, ignored)) return request;  // a file that the person named
  if (!model.document.empty()) {
    DSW_TRY(check_outside_files(model.name, model.outside_files));
    return request;
  }
  // The description of an imported model names the data that it learned from: a word of whoever made the file.
  const Json description = Json::parse(loaded.description, nullptr, false);
  if (!description.is_object() || !description.contains("data") || !description["data"].is_object()) return request;
  DSW_TRY(check_outside_files(model.name, outside_files_of(description["data"].dump())));
  request.run_document = Json{{"data", description["data"]}}.dump();
  return request;
}

Result<ModelEvaluation> evaluate_project_model(const Catalog& catalog, const ProjectModel& model, const RunModel& loaded,
                                               const std::string& data, const std::string& part, Device& device, std::stop_token stop) {
  DSW_TRY_ASSIGN(const EvaluateRequest request, evaluate_request(model, loaded, data, part));
  return evaluate_model(catalog, loaded, request, device, std::move(stop));
}

EvaluationRow evaluation_row(const ProjectModel& model, const RunModel& loaded, const ModelEvaluation& evaluation,
                             const std::string& data) {
  EvaluationRow row;
  row.sha256 = model.sha256;
  row.data = data;
  row.part = evaluation.part;
  row.targets = evaluation.evaluation.targets;
  Json metrics = Json::object();
  for (const auto& [key, value] : evaluation.metrics) metrics[key] = value;  // NaN becomes null
  Json result{{"metrics", metrics}};
  if (!evaluation.evaluation.confusion.empty()) {
    result["classes"] = loaded.classes;
    result["confusion"] = evaluation.evaluation.confusion;
  }
  row.result = result.dump(-1, ' ', false, Json::error_handler_t::replace);
  return row;
}

const std::vector<std::string>& model_export_formats() {
  static const std::vector<std::string> formats{"safetensors", "onnx"};
  return formats;
}

Result<void> export_model(const Catalog& catalog, const std::filesystem::path& from, const std::string& format,
                          const std::filesystem::path& to) {
  const auto& known = model_export_formats();
  if (std::find(known.begin(), known.end(), format) == known.end()) {
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    return fail(ErrorCode::Unsupported, fmt::format("Models are not written as {}", format), fmt::format("Written are: {}.", names));
  }
  DSW_TRY_ASSIGN(const ModelFile model, read_model_file(from));
  const std::unique_ptr<Device> host = make_cpu_device(1);
  return format == "onnx" ? write_onnx(to, catalog, model, *host) : write_model_file(to, model, *host);
}

}  // namespace dsw
