// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/run_model.h"

#include <nlohmann/json.hpp>

#include "engine/formats/model_file.h"
#include "engine/tensor/precision.h"

namespace dsw {
namespace {

Error bad_checkpoint(const std::filesystem::path& path, const std::string& what) {
  return Error(ErrorCode::BadFormat, "The checkpoint " + what, "Another checkpoint of the run may be whole.", path.string());
}

}  // namespace

Json run_model_description(const Json& document, const Dataset& data, const std::string& precision) {
  Json description;
  description["name"] = document.at("name");
  description["model"] = document.at("model");
  description["data"] = document.at("data");
  description["input"] = input_spec_to_json(data.input_spec());
  description["tokenizer"] = data.tokenizer() ? data.tokenizer()->to_json() : Json();
  description["classes"] = data.class_names();
  if (precision != "float32") description["precision"] = precision;
  const Json facts = data.facts();
  for (const char* key : {"mean", "std"})
    if (facts.contains(key)) description[key] = facts[key];
  return description;
}

Result<void> load_weights(Module& model, const Checkpoint& checkpoint, const std::filesystem::path& path) {
  for (const Module::Named& named : model.parameters()) {
    const auto found = checkpoint.tensors.find(kModelTensorPrefix + named.name);
    if (found == checkpoint.tensors.end()) return fail(bad_checkpoint(path, fmt::format("has no tensor {}", named.name)));
    const Tensor& value = named.parameter->value;
    if (found->second.shape() != value.shape())
      return fail(bad_checkpoint(
          path, fmt::format("holds {} as {}, the model wants {}", named.name, found->second.shape().text(), value.shape().text())));
  }
  for (const Module::Named& named : model.parameters())
    copy_into(checkpoint.tensors.at(kModelTensorPrefix + named.name), named.parameter->value.detach());
  return {};
}

Result<RunModel> load_run_model(const Catalog& catalog, const std::filesystem::path& path, Device& device) {
  DSW_TRY_ASSIGN(const ModelFile file, read_model_file(path));
  RunModel loaded;
  loaded.description = file.description;
  loaded.input = file.input;
  DSW_TRY_ASSIGN(loaded.model, build_model(catalog, file, device));
  const Json description = Json::parse(file.description);
  if (const std::string precision = description.value("precision", "float32"); offers_precision(device.info(), precision))
    loaded.model->compute_in(compute_of_precision(precision));
  if (const auto tokenizer = description.find("tokenizer"); tokenizer != description.end() && !tokenizer->is_null()) {
    DSW_TRY_ASSIGN(loaded.tokenizer, tokenizer_from_json(*tokenizer));
  }
  if (const auto classes = description.find("classes"); classes != description.end() && classes->is_array())
    for (const Json& name : *classes) loaded.classes.push_back(name.is_string() ? name.get<std::string>() : "?");
  return loaded;
}

}  // namespace dsw
