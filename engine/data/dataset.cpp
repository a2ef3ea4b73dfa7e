// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_types.h"

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

Result<std::unique_ptr<Dataset>> load_dataset(const Catalog& catalog, const Json& data, const std::filesystem::path& base,
                                              std::uint64_t seed, std::stop_token stop) {
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
  try {
    return (*entry)->make(with_defaults((*entry)->schema, settings), base, seed, stop);
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory, "the data does not fit into memory", "Use a part of it.", "/data/source");
  }
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
