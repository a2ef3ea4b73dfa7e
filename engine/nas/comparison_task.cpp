// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/comparison_task.h"

#include <nlohmann/json.hpp>

#include "engine/nas/comparison_run.h"
#include "engine/nas/search_settings.h"
#include "engine/run/task.h"
#include "engine/train/train_settings.h"

namespace dsw {
namespace {

class ComparisonTask : public Task {
 public:
  std::vector<Problem> validate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                std::stop_token stop) const override {
    std::vector<Problem> problems;
    if (const auto comparison = document.find("comparison"); comparison != document.end() && comparison->is_object())
      check(*comparison, document, problems);
    const auto search = catalog.tasks.get("search");
    const auto task = search ? (*search)->make({}) : fail(search.error());
    if (!task) return problems;
    Json inner = document;
    inner.erase("comparison");
    for (Problem& problem : (*task)->validate(catalog, inner, base, data, stop)) problems.push_back(std::move(problem));
    return problems;
  }

  Result<Estimate> estimate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                            std::stop_token stop) const override {
    DSW_TRY_ASSIGN(const auto* entry, catalog.tasks.get("search"));
    DSW_TRY_ASSIGN(const auto task, entry->make({}));
    Json inner = document;
    inner.erase("comparison");
    inner["task"] = "search";
    return task->estimate(catalog, inner, base, data, stop);
  }

  Result<void> run(RunContext& context) const override { return ComparisonRun(context).run(); }

 private:
  static void check(const Json& comparison, const Json& document, std::vector<Problem>& problems) {
    const Json data = document.value("data", Json::object());
    const bool labelled_text = data.is_object() && data.value("type", "") == "text-classification";
    if (comparison.value("folds", 0) > 0 && !labelled_text)
      problems.push_back({"/comparison/folds",
                          "needs labelled texts; other data are compared with several seeds",
                          {{"Use 0", "/comparison/folds", "0", "", false}},
                          false});
    if (comparison.value("random", 0) > comparison.value("random_limit", 1000))
      problems.push_back({"/comparison/random_limit", "is below /comparison/random", {}, false});
    const Json cost = document.value("search", Json::object()).value("cost", Json::object());
    for (const char* key : {"target", "target_share"})
      if (cost.contains(key))
        problems.push_back({std::string("/search/cost/") + key,
                            "is given, but a comparison takes /comparison/cap of the baseline",
                            {{"Remove it", std::string("/search/cost/") + key, "", "", true}},
                            false});
  }
};

}  // namespace

ParamSchema comparison_schema(const Catalog& catalog) {
  const ParamSchema train = train_schema(catalog);
  ParamSchema own;
  Param baseline = *train.find("model");
  baseline.name = "baseline";
  baseline.label = "Baseline";
  baseline.help = "Arm (a)";
  own.add(baseline);
  own.add(list_param("shrink", "Shrunk by", R"(["width", "layers"])", string_param("", "Setting", std::nullopt, ""),
                     "Settings of the baseline that are lowered one at a time: arms (b)"));
  Param cap = float_param("cap", "Cap", 0.58, 0, 1, "FLOPs of all arms but the baseline, as a share of the baseline's");
  cap.low_open = true;
  own.add(std::move(cap));
  own.add(int_param("random", "Random networks", 3, 0, 1000,
                    "Arms (c), of which the best by validation counts: at least so many a run, more until their training cost what the "
                    "search cost; 0: none"));
  own.add(int_param("random_limit", "Most random networks", 20, 1, 1000, "More are not trained, though the search may have cost more"));
  Param controls = any_param("controls", "Controls",
                             "Further arms: {NAME: {TITLE OF A CHOICE: TITLE OF A CANDIDATE}}; the rest is as dear as the cap allows");
  controls.default_text = "{}";
  own.add(std::move(controls));
  own.add(int_param("folds", "Folds", 5, 0, 1000, "Of cross-validation: each is the test part of one run; 0: the data's own test part"));
  own.add(int_param("repeats", "Repeats", 2, 1, 1000, "Of all folds with other parts; without folds: seeds"));
  own.add(
      list_param("sets", "More data", "[]", any_param("", "Data", "A data section"), "The comparison is made on these too, and pooled"));
  own.add(float_param("margin", "Margin", 0.005, 0, 1, "By which (d) may be worse than (a): accuracy, or a share of the loss"));
  own.add(float_param("margin_random", "Margin to random", 0.01, 0, 1, "By which (d) may be worse than (c)"));
  own.add(*train.find("optimizer"));
  own.add(*train.find("training"));
  ParamSchema schema = search_schema(catalog);
  schema.add(object_param("comparison", "Comparison", own, "The arms, and how they are trained"));
  return schema;
}

void register_comparison_task(Catalog& catalog) {
  catalog.tasks.add({"search-comparison", "Searches, and compares what is found with baselines that had the same budget",
                     comparison_schema(catalog),
                     [](const Json&) -> Result<std::unique_ptr<Task>> { return std::make_unique<ComparisonTask>(); }});
}

}  // namespace dsw
