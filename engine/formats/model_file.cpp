// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/model_file.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/core/file_bytes.h"
#include "engine/formats/json_tensors.h"
#include "engine/formats/safetensors.h"
#include "engine/formats/torch_legacy.h"

namespace dsw {
namespace {

constexpr const char* kWeightPrefix = "model.";  // of checkpoints
constexpr const char* kKinds[] = {"tokens", "token-sequence", "image"};
constexpr std::int64_t kMostOfAnything = 1 << 20;  // so that the products of three lengths stay numbers

tl::unexpected<Error> bad(const std::filesystem::path& path, const std::string& message) {
  return fail(ErrorCode::BadFormat, fmt::format("{} {}", path.filename().string(), message), "Choose another file.", path.string());
}

Result<Json> parse_description(const std::string& text, const std::filesystem::path& path) {
  Json description = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object() || !description.contains("model") || !description.contains("input"))
    return bad(path, "does not describe its model");
  const Json format = description.value("format", Json(kModelFormat));
  if (!format.is_number_integer() || format.get<std::int64_t>() > kModelFormat) {
    return fail(ErrorCode::NewerVersion,
                fmt::format("{} is of model format {}; this program knows up to {}", path.filename().string(), format.dump(), kModelFormat),
                "A newer program reads it.", path.string());
  }
  return description;
}

struct TypeAndSettings {
  std::unique_ptr<ModelType> type;
  Json settings;  ///< with defaults, "type" first
};

/// A model section, checked as that of a document.
Result<TypeAndSettings> resolve(const Catalog& catalog, const Json& section, const InputSpec& input) {
  if (!section.is_object() || !section.contains("type") || !section["type"].is_string())
    return fail(ErrorCode::BadFormat, "The model section names no type");
  DSW_TRY_ASSIGN(const auto* entry, catalog.models.get(section["type"].get<std::string>()));
  Json settings = section;
  settings.erase("type");
  std::vector<Problem> problems = check_params(entry->schema, settings, "/model");
  TypeAndSettings resolved;
  if (problems.empty()) {
    settings = with_defaults(entry->schema, settings);
    DSW_TRY_ASSIGN(resolved.type, entry->make(settings));
    problems = resolved.type->validate(settings, input);
  }
  problems.erase(std::remove_if(problems.begin(), problems.end(), [](const Problem& p) { return p.warning; }), problems.end());
  if (!problems.empty()) return fail(ErrorCode::InvalidDocument, problems.front().sentence());
  resolved.settings["type"] = section["type"];
  resolved.settings.update(settings);
  return resolved;
}

Result<void> write(const std::filesystem::path& path, const NamedTensors& tensors, Json description) {
  Json whole;
  whole["format"] = kModelFormat;
  for (const auto& [key, value] : description.items()) {
    if (key != "format") whole[key] = value;
  }
  return write_safetensors(path, tensors, {{kModelMetaKey, whole.dump(-1, ' ', false, Json::error_handler_t::replace)}});
}

}  // namespace

Json input_spec_to_json(const InputSpec& input) {
  return {{"kind", kKinds[static_cast<std::size_t>(input.kind)]},
          {"context", input.context},
          {"vocabulary", input.vocabulary},
          {"channels", input.channels},
          {"height", input.height},
          {"width", input.width},
          {"classes", input.classes}};
}

Result<InputSpec> input_spec_from_json(const Json& json) {
  InputSpec input;
  if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string())
    return fail(ErrorCode::BadFormat, "The description of a model's input is not whole");
  const std::string kind = json["kind"];
  const auto* at = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const char* name) { return kind == name; });
  if (at == std::end(kKinds)) return fail(ErrorCode::BadFormat, fmt::format("A model's input is of the unknown kind \"{}\"", kind));
  input.kind = static_cast<InputSpec::Kind>(at - std::begin(kKinds));
  const std::pair<const char*, std::int64_t*> numbers[] = {{"context", &input.context},   {"vocabulary", &input.vocabulary},
                                                           {"channels", &input.channels}, {"height", &input.height},
                                                           {"width", &input.width},       {"classes", &input.classes}};
  for (const auto& [name, number] : numbers) {
    const Json value = json.value(name, Json());
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > kMostOfAnything) {
      return fail(ErrorCode::BadFormat, fmt::format("A model's input has no usable \"{}\"", name));
    }
    *number = value.get<std::int64_t>();
  }
  return input;
}

Result<ModelFile> read_model_file(const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(TensorFile weights, read_safetensors(path));
  const std::string* meta = weights.meta(kModelMetaKey);
  if (!meta) {
    return fail(ErrorCode::Unsupported, fmt::format("{} holds weights, but does not say of which model", path.filename().string()),
                "Weights of other programs come in by `deepshock model import`.", path.string());
  }
  DSW_TRY_ASSIGN(const Json description, parse_description(*meta, path));
  ModelFile file;
  file.description = *meta;
  DSW_TRY_ASSIGN(file.input, input_spec_from_json(description["input"]));
  const auto is_weight = [](const StoredTensor& tensor) { return tensor.name.rfind(kWeightPrefix, 0) == 0; };
  const bool checkpoint = std::any_of(weights.tensors.begin(), weights.tensors.end(), is_weight);
  file.weights.memory = std::move(weights.memory);
  for (StoredTensor& tensor : weights.tensors) {
    if (checkpoint && !is_weight(tensor)) continue;
    if (checkpoint) tensor.name.erase(0, std::string(kWeightPrefix).size());
    file.weights.tensors.push_back(std::move(tensor));
  }
  return file;
}

Result<Json> checked_model_settings(const Catalog& catalog, const ModelFile& file) {
  const Json description = Json::parse(file.description, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object() || !description.contains("model")) return fail(ErrorCode::BadFormat, "The file does not describe its model");
  DSW_TRY_ASSIGN(TypeAndSettings resolved, resolve(catalog, description["model"], file.input));
  return std::move(resolved.settings);
}

Result<std::unique_ptr<Module>> build_model(const Catalog& catalog, const ModelFile& file, Device& device) {
  const Json description = Json::parse(file.description, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object() || !description.contains("model")) return fail(ErrorCode::BadFormat, "The file does not describe its model");
  DSW_TRY_ASSIGN(const TypeAndSettings resolved, resolve(catalog, description["model"], file.input));
  DSW_TRY_ASSIGN(std::unique_ptr<Module> model, resolved.type->build(resolved.settings, file.input));
  DSW_TRY(load_state(*model, file.weights, device));
  return model;
}

Result<void> write_model_file(const std::filesystem::path& path, Module& model, const Json& description) {
  NamedTensors tensors;
  for (const Module::Named& named : model.parameters()) tensors.emplace_back(named.name, named.parameter->value.detach());
  return write(path, tensors, description);
}

Result<void> write_model_file(const std::filesystem::path& path, const ModelFile& file, Device& host) {
  const Json description = Json::parse(file.description, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object()) return fail(ErrorCode::BadFormat, "The file does not describe its model");
  Json kept;  // what belongs to the model; where its training stood is no part of it
  for (const char* key : {"name", "model", "input", "tokenizer", "classes", "data", "mean", "std", "precision"}) {
    if (description.contains(key)) kept[key] = description[key];
  }
  NamedTensors tensors;
  for (const StoredTensor& stored : file.weights.tensors) tensors.emplace_back(stored.name, to_tensor(stored, host));
  return write(path, tensors, kept);
}

Result<TensorFile> read_weights(const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(std::string bytes, read_file(path));
  const std::string what = path.filename().string();
  const auto parse = [&]() -> Result<TensorFile> {
    if (bytes.rfind("\x80\x02", 0) == 0 || bytes.rfind("PK\3\4", 0) == 0) return parse_torch_legacy(std::move(bytes), what);
    const auto first = bytes.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && bytes[first] == '{' && (bytes.size() < 9 || bytes[8] != '{' || bytes[7] != '\0'))
      return parse_json_tensors(bytes, what);
    return parse_safetensors(std::move(bytes), what);
  };
  auto file = parse();
  if (!file) file.error().where = path.string();
  return file;
}

Result<void> add_config(TensorFile& weights, const std::string& json_text, const std::string& name) {
  const Json config = Json::parse(json_text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object())
    return fail(ErrorCode::BadFormat, fmt::format("{} is no JSON object", name), "Choose the config.json that came with the weights.",
                name);
  for (const auto& [key, value] : config.items()) {
    if (weights.meta("config." + key) || !(value.is_number() || value.is_string() || value.is_boolean())) continue;
    weights.metadata.emplace_back("config." + key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return {};
}

Result<StateMatch> match_weights(const Catalog& catalog, const TensorFile& weights, const Json& model_section, const InputSpec& input) {
  DSW_TRY_ASSIGN(const TypeAndSettings resolved, resolve(catalog, model_section, input));
  DSW_TRY_ASSIGN(const std::unique_ptr<Module> model, resolved.type->build(resolved.settings, input));
  return match_state(*model, weights);
}

Result<void> import_weights(const Catalog& catalog, const TensorFile& weights, const Json& model_section, const InputSpec& input,
                            const std::string& name, const Json& extra, Device& host, const std::filesystem::path& to) {
  DSW_TRY_ASSIGN(const TypeAndSettings resolved, resolve(catalog, model_section, input));
  DSW_TRY_ASSIGN(const std::unique_ptr<Module> model, resolved.type->build(resolved.settings, input));
  DSW_TRY(load_state(*model, weights, host));
  Json description{{"name", name},
                   {"model", resolved.settings},
                   {"input", input_spec_to_json(input)},
                   {"tokenizer", nullptr},
                   {"classes", Json::array()}};
  if (extra.is_object()) description.update(extra);
  return write_model_file(to, *model, description);
}

}  // namespace dsw
