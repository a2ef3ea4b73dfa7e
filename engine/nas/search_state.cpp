// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_state.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/data/dataset_cache.h"
#include "engine/nas/architecture_json.h"
#include "engine/nas/derive.h"
#include "engine/nas/latency_table.h"
#include "engine/train/nan_search.h"
#include "engine/train/run_model.h"
#include "engine/train/train_state.h"

namespace dsw {
namespace {

constexpr const char* kArchitecturePrefix = "architecture.";
constexpr const char* kOptimizerPrefix = "optimizer.";
constexpr const char* kArchitectureOptimizerPrefix = "architecture-optimizer.";

std::map<std::string, Tensor> below(const std::map<std::string, Tensor>& tensors, const std::string& prefix) {
  std::map<std::string, Tensor> found;
  for (const auto& [name, tensor] : tensors)
    if (name.starts_with(prefix)) found.emplace(name.substr(prefix.size()), tensor);
  return found;
}

void put_host(const std::vector<double>& values, const Tensor& to) {
  const std::vector<float> narrow(values.begin(), values.end());
  copy_into(from_host(narrow, to.device()), to.detach());
}

Json measured_to_json(const std::vector<MeasuredArchitecture>& all) {
  Json list = Json::array();
  for (const MeasuredArchitecture& one : all)
    list.push_back({architecture_to_json(one.architecture), one.loss, one.accuracy, one.cost.flops, one.cost.parameters,
                    one.cost.activation_bytes, one.by});
  return list;
}

std::vector<MeasuredArchitecture> measured_from_json(const Json& list) {
  std::vector<MeasuredArchitecture> all;
  for (const Json& one : list)
    all.push_back({architecture_from_json(one.at(0)), one.at(1), one.at(2), {one.at(3), one.at(4), one.at(5)}, one.at(6)});
  return all;
}

}  // namespace

Result<std::unique_ptr<SearchState>> SearchState::make(RunContext& context) {
  const Experiment& experiment = context.experiment();
  auto state = std::make_unique<SearchState>();
  state->document = Json::parse(experiment.resolved);
  state->seed = experiment.seed;
  state->layers = &context.catalog().layers;
  const Json& document = state->document;
  DSW_TRY_ASSIGN(state->data, run_dataset(context, document.at("data")));
  state->settings = search_settings(document, *state->data);
  state->space = analyse_space(document.at("model"), state->data->input_spec(), context.catalog().layers);
  for (const Problem& problem : state->space.problems)
    if (!problem.warning) return fail(ErrorCode::InvalidDocument, problem.sentence(), {}, problem.pointer);
  state->supernet = std::make_unique<Supernet>(state->space);
  state->supernet->materialize(context.device(), experiment.seed);
  state->parameters = std::make_unique<ArchitectureParameters>(state->space);
  state->parameters->materialize(context.device(), experiment.seed);
  for (const SpaceChoice& choice : state->space.choices) state->open.emplace_back(choice.candidates.size(), true);
  const Json& algorithm = state->settings.algorithm;
  DSW_TRY_ASSIGN(const auto* entry, search_algorithms().get(algorithm.at("type").get<std::string>()));
  DSW_TRY_ASSIGN(state->algorithm, entry->make(algorithm));
  state->partial = state->algorithm->partial(0);
  state->plans = std::make_unique<StepPlans>(context.device());
  if (!context.resume_from.empty()) DSW_TRY(state->restore_table(context));
  if (state->settings.metric == CostMetric::Latency && state->milliseconds.empty())
    state->milliseconds = measure_latencies(state->space, context.catalog().layers, context.device());
  state->cost = std::make_unique<ExpectedCost>(state->space, node_costs(state->space, state->settings.metric, state->milliseconds));
  if (state->settings.target_share > 0) state->settings.target = state->settings.target_share * state->cost_of(state->space.dearest());
  state->baseline = std::log(static_cast<double>(std::max<std::int64_t>(2, state->space.input.classes)));  // of guessing evenly
  DSW_TRY(state->make_optimizers(context.catalog()));
  if (!context.resume_from.empty()) DSW_TRY(state->restore(context));
  return state;
}

Result<void> SearchState::make_optimizers(const Catalog& catalog) {
  DSW_TRY_ASSIGN(RunOptimizer made, run_optimizer(catalog, document.at("optimizer"), *supernet));
  optimizer = std::move(made.optimizer);
  schedule = std::move(made.schedule);
  // Adam; its L2 pull is part of the architecture's loss.
  DSW_TRY_ASSIGN(const auto* adam, catalog.optimizers.get("adamw"));
  const Json settings_of_adam{{"lr", algorithm->lr}, {"beta1", algorithm->beta1}, {"beta2", algorithm->beta2}, {"weight_decay", 0}};
  DSW_TRY_ASSIGN(architecture_optimizer, adam->make(with_defaults(adam->schema, settings_of_adam)));
  architecture_optimizer->attach(parameters->parameters());
  return {};
}

std::vector<std::vector<double>> SearchState::alphas() const {
  std::vector<std::vector<double>> values = parameters->alphas();
  for (std::size_t c = 0; c < values.size(); ++c)
    for (std::size_t i = 0; i < values[c].size(); ++i)
      if (!open[c][i]) values[c][i] = -std::numeric_limits<double>::infinity();
  return values;
}

Distribution SearchState::distribution() const {
  Distribution p;
  for (const std::vector<double>& alpha : alphas()) p.push_back(algorithm->probabilities(alpha));
  return p;
}

Distribution SearchState::edge_distribution() const {
  Distribution p;
  for (const std::vector<double>& beta : parameters->betas())
    p.push_back(algorithm->edge_weights() ? softmax_of(beta) : std::vector<double>(beta.size(), 1));
  return p;
}

double SearchState::cost_of(const Architecture& architecture) const {
  if (settings.metric == CostMetric::Latency) {
    Distribution certain;
    for (std::size_t c = 0; c < space.choices.size(); ++c) {
      certain.emplace_back(space.choices[c].candidates.size(), 0.0);
      certain.back()[static_cast<std::size_t>(architecture.choices[c])] = 1;
    }
    return cost->of(certain);
  }
  const Cost exact = derived_cost(space, architecture, *layers);
  return settings.metric == CostMetric::Flops        ? exact.flops
         : settings.metric == CostMetric::Parameters ? exact.parameters
                                                     : exact.activation_bytes;
}

Architecture SearchState::derived() const {
  const Distribution p = distribution();
  Architecture best = likeliest(space, p, edge_distribution());
  if (!settings.cap || settings.target <= 0) return best;
  return within(space, std::move(best), p, settings.target, [this](const Architecture& architecture) { return cost_of(architecture); });
}

void SearchState::set_alphas(const std::vector<std::vector<double>>& alphas, const std::vector<std::vector<double>>& betas) {
  for (std::size_t c = 0; c < alphas.size(); ++c) put_host(alphas[c], parameters->alpha(c));
  for (std::size_t e = 0; e < betas.size(); ++e) put_host(betas[e], parameters->beta(e));
}

/// A latency table is measured once in a search.
Result<void> SearchState::restore_table(RunContext& context) {
  DSW_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(context.resume_from, context.device()));
  const Json meta = Json::parse(checkpoint.meta, nullptr, /*allow_exceptions=*/false);
  if (meta.is_object() && meta.contains("milliseconds")) milliseconds = meta["milliseconds"].get<std::vector<std::vector<double>>>();
  return {};
}

Result<void> SearchState::restore(RunContext& context) {
  DSW_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(context.resume_from, context.device()));
  DSW_TRY(load_weights(*supernet, checkpoint, context.resume_from));
  Checkpoint architecture;
  for (const auto& [name, tensor] : below(checkpoint.tensors, kArchitecturePrefix))
    architecture.tensors.emplace(kModelTensorPrefix + name, tensor);
  DSW_TRY(load_weights(*parameters, architecture, context.resume_from));
  try {
    const Json meta = Json::parse(checkpoint.meta);
    step = meta.at("step");
    flops = meta.at("flops");
    baseline = meta.at("baseline");
    reported = meta.at("reported");
    saved = step;
    rate_factor = meta.at("rate_factor");
    eigenvalue = meta.at("eigenvalue");
    open = meta.at("open").get<std::vector<std::vector<bool>>>();
    partial.now = meta.at("partial");
    measured = measured_from_json(meta.at("measured"));
    good_alphas = meta.at("good_alphas").get<std::vector<std::vector<double>>>();
    good_betas = meta.at("good_betas").get<std::vector<std::vector<double>>>();
    DSW_TRY(optimizer->restore(meta.at("optimizer_steps"), below(checkpoint.tensors, kOptimizerPrefix)));
    return architecture_optimizer->restore(meta.at("architecture_steps"), below(checkpoint.tensors, kArchitectureOptimizerPrefix));
  } catch (const Json::exception&) {
    return fail(ErrorCode::BadFormat, "The checkpoint does not say where the search stood", "Another checkpoint of the run may be whole.",
                context.resume_from.string());
  }
}

Result<void> SearchState::save(RunContext& context) {
  Checkpoint checkpoint;
  for (const Module::Named& named : supernet->parameters()) {
    if (!all_finite(named.parameter->value))
      return fail(ErrorCode::NotANumber, fmt::format("The weight {} is no longer finite at step {}", named.name, step));
    checkpoint.tensors.emplace(kModelTensorPrefix + named.name, named.parameter->value.detach());
  }
  for (const Module::Named& named : parameters->parameters())
    checkpoint.tensors.emplace(kArchitecturePrefix + named.name, named.parameter->value.detach());
  for (const auto& [name, tensor] : optimizer->state()) checkpoint.tensors.emplace(kOptimizerPrefix + name, tensor);
  for (const auto& [name, tensor] : architecture_optimizer->state())
    checkpoint.tensors.emplace(kArchitectureOptimizerPrefix + name, tensor);
  Json meta = run_model_description(document, *data, "float32");
  meta["step"] = step;
  meta["flops"] = flops;
  meta["baseline"] = baseline;
  meta["seq"] = context.last_seq();
  meta["reported"] = reported;
  meta["rate_factor"] = rate_factor;
  meta["eigenvalue"] = eigenvalue;
  meta["open"] = open;
  meta["partial"] = partial.now;
  meta["measured"] = measured_to_json(measured);
  meta["good_alphas"] = good_alphas;
  meta["good_betas"] = good_betas;
  if (!milliseconds.empty()) meta["milliseconds"] = milliseconds;
  meta["optimizer_steps"] = optimizer->steps();
  meta["architecture_steps"] = architecture_optimizer->steps();
  checkpoint.meta = meta.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string file = checkpoint_name(step);
  DSW_TRY_ASSIGN(const WrittenFile written, write_checkpoint(context.folder() / file, checkpoint));
  saved = step;
  context.emit(CheckpointBody{step, file, written.sha256, written.bytes, false});
  if (kept_.empty() || kept_.back() != step) kept_.push_back(step);
  // Two more than asked for: whoever stores the events takes the files over a little later.
  while (kept_.size() > static_cast<std::size_t>(settings.keep) + 3) {
    std::error_code ignored;
    std::filesystem::remove(context.folder() / checkpoint_name(kept_.front()), ignored);
    kept_.erase(kept_.begin());
  }
  return {};
}

}  // namespace dsw
