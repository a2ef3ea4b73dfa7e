// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_types.h"
#include "engine/data/model_data.h"

namespace dsw {

const char* split_name(Split split) {
  switch (split) {
    case Split::Train:
      return "train";
    case Split::Val:
      return "val";
    case Split::Test:
      break;
  }
  return "test";
}

namespace {

constexpr const char* kModelKey = "for model";  // a loader's settings only: the schema of a document has no such key

Result<std::unique_ptr<Dataset>> load(const Catalog& catalog, const Json& data, const std::filesystem::path& base, std::uint64_t seed,
                                      const Json* model, std::stop_token stop) {
  if (!data.is_object() || !data.contains("type") || !data["type"].is_string())
    return fail(ErrorCode::InvalidDocument, "the data section names no type", "Give it a \"type\": text, text-classification or images.",
                "/data/type");
  auto entry = catalog.datasets.get(data["type"].get_ref<const std::string&>());
  if (!entry) {
    entry.error().where = "/data/type";
    return fail(entry.error());
  }
  Json settings = data;
  settings.erase("type");
  const std::vector<Problem> problems = check_params((*entry)->schema, settings, "/data");
  for (const Problem& problem : problems)
    if (!problem.warning) return fail(ErrorCode::InvalidDocument, problem.sentence(), {}, problem.pointer);
  settings = with_defaults((*entry)->schema, settings);
  if (model) settings[kModelKey] = *model;
  try {
    return (*entry)->make(settings, base, seed, stop);
  } catch (const Error& error) {
    return fail(error);
  } catch (const Json::exception& error) {  // a damaged description of a model
    return fail(ErrorCode::BadFormat, fmt::format("the model's description does not fit the data: {}", error.what()));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory, "the data does not fit into memory", "Use a part of it.", "/data/source");
  }
}

}  // namespace

Batch Dataset::train_batch_of(TrainShare share, std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const {
  if (!share.whole()) throw Error(ErrorCode::Unsupported, "This data type cannot hold out a share of its training part");
  return train_batch(seed, step, batch, device);
}

std::int64_t Dataset::batches_per_epoch_of(TrainShare share, std::int64_t batch) const {
  if (!share.whole()) throw Error(ErrorCode::Unsupported, "This data type cannot hold out a share of its training part");
  return batches_per_epoch(batch);
}

Result<std::unique_ptr<Dataset>> load_dataset(const Catalog& catalog, const Json& data, const std::filesystem::path& base,
                                              std::uint64_t seed, std::stop_token stop) {
  return load(catalog, data, base, seed, nullptr, std::move(stop));
}

Result<std::unique_ptr<Dataset>> load_dataset_for_model(const Catalog& catalog, const Json& data, const std::filesystem::path& base,
                                                        std::uint64_t seed, const Json& model, std::stop_token stop) {
  return load(catalog, data, base, seed, &model, std::move(stop));
}

const Json& model_of(const Json& settings) {
  static const Json none;
  const auto it = settings.find(kModelKey);
  return it == settings.end() ? none : *it;
}

std::vector<std::string> model_classes(const Json& settings) {
  const Json& model = model_of(settings);
  return model.is_object() && model.contains("classes") ? model["classes"].get<std::vector<std::string>>() : std::vector<std::string>();
}

Problem data_problem(const Error& error) {
  Problem problem;
  problem.pointer = !error.where.empty() && error.where.front() == '/' && error.where.rfind("/data", 0) == 0 ? error.where : "/data/source";
  problem.message = "cannot be used: " + Error(error.code, error.message, error.hint).sentence();
  if (error.fixes) problem.fixes = *error.fixes;
  return problem;
}

void register_datasets(Catalog& catalog) {
  catalog.datasets.add({"text", "A text for a language model", text_schema(), load_text});
  catalog.datasets.add({"text-classification", "Texts with labels", text_classification_schema(), load_text_classification});
  catalog.datasets.add({"images", "Pictures with labels", images_schema(), load_images});
}

}  // namespace dsw
