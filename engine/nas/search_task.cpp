// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_task.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/nas/derive.h"
#include "engine/nas/search_memory.h"
#include "engine/nas/search_run.h"
#include "engine/nn/models/layer_steps.h"
#include "engine/nn/models/plan_builder.h"
#include "engine/run/launcher.h"
#include "engine/run/machine_speed.h"
#include "engine/run/task.h"

namespace dsw {
namespace {

bool sound(const ParamSchema& schema, const Json& document, const char* section) {
  const Param* param = schema.find(section);
  ParamSchema one;
  one.add(*param);
  return document.contains(section) && check_params(one, Json{{section, document.at(section)}}).empty();
}

std::uint64_t seed_of(const Json& document) {
  const auto seed = document.find("seed");
  return seed != document.end() && seed->is_number_unsigned() ? seed->get<std::uint64_t>() : 1;
}

std::uint64_t device_memory(const Catalog& catalog, const Json& document) {
  const auto name = choose_device(catalog, document.value("device", "auto"));
  if (!name) return 0;
  const auto device = make_device(catalog, *name, 1);
  return device ? (*device)->info().memory_bytes : 0;
}

/// The flat network, with a node's largest cost.
NetworkPlan plan_of(const SearchSpace& space, std::int64_t batch) {
  PlanBuilder plan;
  const Shape input = space.input.input_shape(batch);
  plan.node("input", "input", example_words(input), "input", "", input, {});
  for (const SpaceNode& node : space.nodes) {
    Cost most;
    for (const Cost& cost : node.costs)
      if (cost.flops >= most.flops) most = cost;
    const double examples = static_cast<double>(batch);
    const Cost whole{most.flops * examples, most.parameters, most.activation_bytes * examples};
    const std::string kind = node.node.layer->kind;
    plan.node(node.node.id, node.choice != SpaceNode::kNone ? space.choices[node.choice].title : node.node.layer->title,
              example_words(node.node.output), kind, node.pointer.substr(std::string("/model/").size()), node.node.output, whole, kind);
    for (const std::size_t from : node.node.inputs) plan.edge(from == kGraphInput ? "input" : space.nodes[from].node.id, node.node.id);
  }
  return plan.finish();
}

class SearchTask : public Task {
 public:
  std::vector<Problem> validate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                std::stop_token stop) const override {
    std::vector<Problem> problems;
    const ParamSchema schema = search_schema(catalog);
    const std::string precision = document.value("precision", "auto");
    if (precision != "auto" && precision != "float32")
      problems.push_back({"/precision",
                          "is \"" + precision + "\", but searches compute in float32",
                          {{"Use float32", "/precision", "\"float32\"", "", false}},
                          false});
    if (!sound(schema, document, "data") || !data) return problems;
    const auto set = data->get(document.at("data"), base, seed_of(document), stop);
    if (!set) {
      problems.push_back(data_problem(set.error()));
      return problems;
    }
    if (!sound(schema, document, "model")) return problems;
    const SearchSpace space = analyse_space(document.at("model"), (*set)->input_spec(), catalog.layers);
    problems.insert(problems.end(), space.problems.begin(), space.problems.end());
    if (!space.problems.empty() || !sound(schema, document, "search") || !sound(schema, document, "training") ||
        !sound(schema, document, "optimizer"))
      return problems;
    check_fit(space, document, device_memory(catalog, document), problems);
    check_data(document, **set, problems);
    return problems;
  }

  Result<Estimate> estimate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                            std::stop_token stop) const override {
    DSW_TRY_ASSIGN(const ParamSchema schema, document_schema(catalog, "search"));
    const Json full = with_defaults(schema, document);
    for (const char* section : {"data", "model", "search", "optimizer", "training"})
      if (!sound(schema, full, section)) return fail(ErrorCode::InvalidDocument, fmt::format("/{} has problems", section));
    if (!data) return fail(ErrorCode::InvalidArgument, "An estimate needs the data's shape");
    DSW_TRY_ASSIGN(const std::shared_ptr<const Dataset> set, data->get(full.at("data"), base, seed_of(full), stop));
    const SearchSettings settings = search_settings(full, *set);
    const SearchSpace space = analyse_space(full.at("model"), set->input_spec(), catalog.layers);
    if (!space.problems.empty()) return fail(ErrorCode::InvalidDocument, space.problems.front().sentence());
    DSW_TRY_ASSIGN(const auto* entry, search_algorithms().get(settings.algorithm.at("type").get<std::string>()));
    DSW_TRY_ASSIGN(const auto algorithm, entry->make(settings.algorithm));
    const bool one_path = algorithm->one_path(SearchAlgorithm::Phase::Architecture);
    Estimate estimate;
    estimate.network = plan_of(space, settings.batch);
    estimate.parameters = estimate.network.total.parameters;
    const double path = space.cost(space.dearest()).flops * static_cast<double>(settings.batch);
    const double passes = settings.held_out > 0 && algorithm->learns() ? 2 : 1;
    const PartialChannels partial = algorithm->partial(1);  // where most channels pass
    const PartialChoices choices(space);
    double all = estimate.network.total.flops;
    for (std::size_t i = 0; i < space.nodes.size(); ++i)
      if (choices.choice_of(i, partial) != SpaceNode::kNone)
        all += static_cast<double>(settings.batch) * (choices.flops(i, partial) - space.nodes[i].costs.front().flops);
    estimate.step_flops = 3 * passes * (one_path ? path : all);
    const double slots = full.at("optimizer").at("type") == "adamw" ? 2 : full.at("optimizer").value("momentum", 0.0) > 0 ? 1 : 0;
    const SearchMemory memory = search_memory(space, settings.batch, slots, partial);
    estimate.peak_bytes = one_path ? memory.path_bytes : memory.all_bytes;
    estimate.activation_bytes = estimate.peak_bytes - memory.weights_bytes;
    estimate.checkpoint_bytes = 4 * estimate.parameters * (1 + slots);
    estimate.steps = static_cast<double>(settings.steps());
    const bool images = set->input_spec().kind == InputSpec::Kind::Image;
    estimate.examples_per_step = static_cast<double>(images ? settings.batch : settings.batch * set->input_spec().context) * passes;
    estimate.example_unit = images ? "images" : "tokens";
    estimate.examples_total = estimate.steps * estimate.examples_per_step;
    constexpr double kShare = 0.2, kOverheadSeconds = 4e-3;  // of a step; small layers reach a smaller share of a product's speed
    estimate.seconds = estimate.steps * (estimate.step_flops / (kShare * processor_flops_per_second()) + kOverheadSeconds);
    return estimate;
  }

  Result<void> run(RunContext& context) const override {
    DSW_TRY_ASSIGN(const auto state, SearchState::make(context));
    return SearchRun(context, *state).run();
  }

 private:
  static void check_data(const Json& document, const Dataset& set, std::vector<Problem>& problems) {
    const Json &search = document.at("search"), &training = document.at("training");
    if (search.at("warmup").get<std::int64_t>() >= training.at("epochs").get<std::int64_t>())
      problems.push_back({"/search/warmup",
                          "is as long as the search, so the architecture would never learn",
                          {{"Use 0", "/search/warmup", "0", "", false}},
                          false});
    const double held_out = search.at("held_out");
    const auto batch = static_cast<double>(training.at("batch").get<std::int64_t>());
    const bool tokens = set.input_spec().kind == InputSpec::Kind::Tokens;
    const double train = static_cast<double>(set.size(Split::Train)),
                 smaller = held_out > 0 ? std::min(held_out, 1 - held_out) * train : train;
    if (!tokens && batch > smaller)
      problems.push_back({"/training/batch",
                          fmt::format("is {:.0f}, but {} has {:.0f} examples", batch,
                                      held_out > 0 ? "the smaller share of the train part" : "the train part", smaller),
                          {},
                          false});
    if (tokens && smaller <= static_cast<double>(set.input_spec().context))
      problems.push_back({"/search/held_out",
                          fmt::format("leaves a share of {:.0f} tokens, too few for a context of {}", smaller, set.input_spec().context),
                          {},
                          false});
  }
};

}  // namespace

void register_search_task(Catalog& catalog) {
  catalog.tasks.add({"search", "Finds an architecture in a space of networks", search_schema(catalog),
                     [](const Json&) -> Result<std::unique_ptr<Task>> { return std::make_unique<SearchTask>(); }});
}

}  // namespace dsw
