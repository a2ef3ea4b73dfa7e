// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/train_task.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/data/tokenizer.h"
#include "engine/nn/block_chain.h"
#include "engine/run/launcher.h"
#include "engine/run/machine_speed.h"
#include "engine/run/task.h"
#include "engine/tensor/precision.h"
#include "engine/train/memory_estimate.h"
#include "engine/train/train_run.h"
#include "engine/train/train_settings.h"
#include "engine/train/train_state.h"

namespace dsw {
namespace {

bool has_problem_at(const Param& param, const Json& document) {
  const auto section = document.find(param.name);
  if (section == document.end()) return true;
  ParamSchema one;
  one.add(param);
  return !check_params(one, Json{{param.name, *section}}).empty();
}

/// Of a document that may not fit its schema; 1 is the schema's default.
std::uint64_t seed_of(const Json& document) {
  const auto seed = document.find("seed");
  return seed != document.end() && seed->is_number_unsigned() ? seed->get<std::uint64_t>() : 1;
}

/// The precision in which a run of the document begins here.
std::string first_precision(const Catalog& catalog, const Json& document) {
  const std::string asked = document.at("precision").get<std::string>();
  if (asked != "auto") return asked;
  const auto name = choose_device(catalog, document.at("device").get<std::string>());
  const auto device = name ? make_device(catalog, *name, 1) : fail(ErrorCode::NotFound, "");
  return device ? precisions_of_run((*device)->info(), asked).front() : "float32";
}

class TrainTask : public Task {
 public:
  std::vector<Problem> validate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                                std::stop_token stop) const override {
    std::vector<Problem> problems;
    const ParamSchema schema = train_schema(catalog);
    const auto sound = [&](const char* section) { return !has_problem_at(*schema.find(section), document); };
    if (sound("data") && data) {
      const auto set = data->get(document.at("data"), base, seed_of(document), stop);
      if (!set) {
        problems.push_back(data_problem(set.error()));
      } else {
        if (sound("model")) check_model(catalog, document.at("model"), (*set)->input_spec(), problems);
        if (sound("training")) check_against_data(document.at("training"), **set, problems);
        if (sound("model") && sound("training") && problems.empty())
          check_chain(catalog, document.at("model"), document.at("training"), (*set)->input_spec(), problems);
      }
    }
    if (const auto training = document.find("training"); training != document.end() && training->is_object())
      check_length(*training, problems);
    return problems;
  }

  Result<Estimate> estimate(const Catalog& catalog, const Json& document, const std::filesystem::path& base, DatasetCache* data,
                            std::stop_token stop) const override {
    DSW_TRY_ASSIGN(const ParamSchema schema, document_schema(catalog, "train"));
    const Json full = with_defaults(schema, document);
    const ParamSchema own = train_schema(catalog);
    for (const char* section : {"data", "model", "optimizer", "training"})
      if (has_problem_at(*own.find(section), full)) return fail(ErrorCode::InvalidDocument, fmt::format("/{} has problems", section));
    std::vector<Problem> length;
    check_length(full.at("training"), length);
    if (!length.empty()) return fail(ErrorCode::InvalidDocument, length.front().sentence());
    if (!data) return fail(ErrorCode::InvalidArgument, "An estimate needs the data's shape");
    DSW_TRY_ASSIGN(const std::shared_ptr<const Dataset> set, data->get(full.at("data"), base, seed_of(full), stop));
    return estimate_of(catalog, full, *set);
  }

  Result<void> run(RunContext& context) const override {
    DSW_TRY_ASSIGN(const auto state, TrainState::make(context));
    return TrainRun(context, *state).run();
  }

 private:
  static void check_model(const Catalog& catalog, const Json& model, const InputSpec& input, std::vector<Problem>& problems) {
    const auto* entry = catalog.models.find(model.at("type").get<std::string>());
    if (!entry) return;
    const auto type = entry->make(model);
    if (!type) {
      problems.push_back({"/model", type.error().sentence(), {}, false});
      return;
    }
    for (Problem& problem : (*type)->validate(model, input)) problems.push_back(std::move(problem));
  }

  static void check_chain(const Catalog& catalog, const Json& model, const Json& training, const InputSpec& input,
                          std::vector<Problem>& problems) {
    if (training.value("activation_checkpointing", "none") == "none") return;
    const std::string name = model.at("type").get<std::string>();
    const auto* entry = catalog.models.find(name);
    const auto type = entry ? entry->make(model) : fail(ErrorCode::NotFound, "");
    if (!type) return;
    const auto built = (*type)->build(model, input);
    if (built && !dynamic_cast<const HasChain*>(built->get()))
      problems.push_back({"/training/activation_checkpointing",
                          fmt::format("has no effect: a {} has no chain of blocks", name),
                          {{"Use none", "/training/activation_checkpointing", "\"none\"", "", false}},
                          true});
  }

  static void check_length(const Json& training, std::vector<Problem>& problems) {
    const bool steps = training.contains("steps") && !training.at("steps").is_null();
    const bool epochs = training.contains("epochs") && !training.at("epochs").is_null();
    if (!steps && !epochs)
      problems.push_back({"/training/steps",
                          "is missing: a run needs steps or epochs",
                          {{"1000 steps", "/training/steps", "1000", "", false}, {"1 epoch", "/training/epochs", "1", "", false}},
                          false});
    if (steps && epochs)
      problems.push_back({"/training/epochs",
                          "is given beside steps; one of them says how long the run is",
                          {{"Keep steps", "/training/epochs", "", "", true}, {"Keep epochs", "/training/steps", "", "", true}},
                          false});
  }

  static void check_against_data(const Json& training, const Dataset& set, std::vector<Problem>& problems) {
    const bool tokens = set.input_spec().kind == InputSpec::Kind::Tokens;
    const auto batch = training.at("batch").get<std::int64_t>();
    if (!tokens && batch > set.size(Split::Train))
      problems.push_back(
          {"/training/batch",
           fmt::format("is {}, but the train part has {} examples", batch, set.size(Split::Train)),
           {{fmt::format("Use {}", set.size(Split::Train)), "/training/batch", std::to_string(set.size(Split::Train)), "", false}},
           false});
    const std::string prompt = training.at("sample_prompt").get<std::string>();
    if (tokens && set.tokenizer() && !prompt.empty()) {
      if (const auto ids = set.tokenizer()->encode(prompt); !ids)
        problems.push_back({"/training/sample_prompt",
                            "cannot be read by the tokenizer: " + ids.error().message,
                            {{"Leave it empty", "/training/sample_prompt", "\"\"", "", false}},
                            false});
    }
    const bool val = set.has(Split::Val);
    if (!val && training.at("patience").get<std::int64_t>() > 0)
      problems.push_back(
          {"/training/patience", "needs a val part, and the data has none", {{"Use 0", "/training/patience", "0", "", false}}, false});
  }

  static Result<Estimate> estimate_of(const Catalog& catalog, const Json& full, const Dataset& set) {
    const InputSpec& input = set.input_spec();
    const TrainSettings settings = train_settings(full, set);
    DSW_TRY_ASSIGN(const auto* entry, catalog.models.get(full.at("model").at("type").get<std::string>()));
    DSW_TRY_ASSIGN(const auto type, entry->make(full.at("model")));
    if (const auto problems = type->validate(full.at("model"), input); !problems.empty())
      return fail(ErrorCode::InvalidDocument, problems.front().sentence());
    Estimate estimate;
    DSW_TRY_ASSIGN(estimate.network, type->plan(full.at("model"), input, settings.batch));
    const Cost& forward = estimate.network.total;
    constexpr double kFloat = 4;
    const double slots = full.at("optimizer").at("type") == "adamw" ? 2 : full.at("optimizer").value("momentum", 0.0) > 0 ? 1 : 0;
    estimate.parameters = forward.parameters;
    DSW_TRY_ASSIGN(const auto model, type->build(full.at("model"), input));
    const MemoryEstimate memory =
        estimate_memory(*model, input, settings, slots, compute_of_precision(first_precision(catalog, full)).dtype);
    estimate.step_flops = 3 * forward.flops + memory.again_flops;  // backward: gradients of inputs and of weights, each as much as forward
    estimate.activation_bytes = memory.activation_bytes;
    estimate.checkpoint_bytes = kFloat * forward.parameters * (1 + slots);
    estimate.peak_bytes = memory.peak_bytes;
    estimate.steps = static_cast<double>(settings.steps);
    const bool images = input.kind == InputSpec::Kind::Image;
    estimate.examples_per_step = static_cast<double>(images ? settings.batch : settings.batch * input.context);
    estimate.example_unit = images ? "images" : "tokens";
    estimate.examples_total = estimate.steps * estimate.examples_per_step;
    // A training step reaches this share of what one large product does; small tensors cost a little each.
    constexpr double kShare = 0.3, kOverheadSeconds = 2e-3;
    estimate.seconds = estimate.steps * (estimate.step_flops / (kShare * processor_flops_per_second()) + kOverheadSeconds);
    return estimate;
  }
};

}  // namespace

void register_train_task(Catalog& catalog) {
  catalog.tasks.add({"train", "Trains a model on data", train_schema(catalog),
                     [](const Json&) -> Result<std::unique_ptr<Task>> { return std::make_unique<TrainTask>(); }});
}

}  // namespace dsw
