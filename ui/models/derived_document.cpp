// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/derived_document.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/nas/architecture_json.h"
#include "engine/nas/derive.h"
#include "engine/nn/model_type.h"

namespace dsw {

Result<Json> architectureModel(const Catalog& catalog, DatasetCache& data, const Json& resolved, const std::filesystem::path& base,
                               const std::string& architecture) {
  DSW_TRY_ASSIGN(const InputSpec input, data.describe(resolved.at("data"), base));
  const SearchSpace space = analyse_space(resolved.at("model"), input, catalog.layers);
  if (!space.problems.empty())
    return fail(ErrorCode::InvalidDocument, "The space cannot be read any more: " + space.problems.front().sentence());
  Architecture taken = architecture_from_json(Json::parse(architecture));
  taken.edges.resize(space.edges.size());
  bool fits = taken.choices.size() == space.choices.size();
  for (std::size_t c = 0; fits && c < taken.choices.size(); ++c)
    fits = taken.choices[c] >= 0 && static_cast<std::size_t>(taken.choices[c]) < space.choices[c].candidates.size();
  for (std::size_t e = 0; fits && e < space.edges.size(); ++e)
    fits = taken.edges[e].empty() || taken.edges[e].size() == space.edges[e].choices.size();
  if (!fits) return fail(ErrorCode::InvalidDocument, "The architecture is none of this space");
  return derived_model(space, taken);
}

Json derivedDocument(const RunRow& search, const Json& resolved, Json model, int epoch) {
  const auto part = [&](const char* pointer) {
    const Json::json_pointer at(pointer);
    return resolved.is_object() && resolved.contains(at) ? resolved.at(at) : Json();
  };
  std::string origin = search.short_name + " " + search.experiment_name + " v" + std::to_string(search.version);
  if (const Json algorithm = part("/search/algorithm/type"); algorithm.is_string()) origin += ", " + algorithm.get<std::string>();
  model["origin"] = origin + ", seed " + std::to_string(search.seed) + (epoch >= 0 ? ", epoch " + std::to_string(epoch) : "");
  Json training = Json::object();
  const Json epochs = part("/training/epochs"), steps = part("/training/steps_per_epoch");
  if (steps.is_number_integer() && epochs.is_number_integer() && steps.get<std::int64_t>() > 0)
    training["steps"] = epochs.get<std::int64_t>() * steps.get<std::int64_t>();
  else if (epochs.is_number())
    training["epochs"] = epochs;
  for (const char* key : {"batch", "eval_batches", "label_smoothing"})
    if (const Json value = part((std::string("/training/") + key).c_str()); !value.is_null()) training[key] = value;
  Json document{{"deepshock", 1}, {"task", "train"}, {"name", search.experiment_name + "-derived"}, {"seed", search.seed}};
  for (const char* key : {"device", "precision", "data"})
    if (resolved.is_object() && resolved.contains(key)) document[key] = resolved.at(key);
  document["model"] = std::move(model);
  if (resolved.is_object() && resolved.contains("optimizer")) document["optimizer"] = resolved.at("optimizer");
  document["training"] = std::move(training);
  return document;
}

}  // namespace dsw
