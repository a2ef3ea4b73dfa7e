// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/comparison_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/nas/derive.h"
#include "engine/nas/search_space.h"
#include "engine/nas/search_state.h"
#include "engine/run/checkpoint.h"
#include "engine/run/experiment.h"
#include "engine/run/task.h"
#include "engine/train/train_state.h"

namespace dsw {
namespace {

/// Evenly drawn architectures that cost `cap` at most and, where that is found, at least three quarters of it: those that spend what they
/// may.
Architecture random_under(const SearchSpace& space, double cap, const Registry<LayerType>& layers, Rng& rng) {
  Architecture best;
  double best_cost = -1;
  for (int i = 0; i < 300; ++i) {
    Architecture one;
    for (const SpaceChoice& choice : space.choices) one.choices.push_back(static_cast<std::int32_t>(rng.below(choice.candidates.size())));
    const double cost = derived_cost(space, one, layers).flops;
    if (cost > cap) continue;
    if (cost >= 0.75 * cap) return one;
    if (cost > best_cost) {
      best = one;
      best_cost = cost;
    }
  }
  return best_cost >= 0 ? best : space.cheapest();
}

/// A control names candidates by the title of their choice; everything else is as dear as the cap allows.
Architecture control(const SearchSpace& space, const Json& wanted, double cap, const Registry<LayerType>& layers) {
  Distribution p;
  Architecture start = space.dearest();
  for (std::size_t c = 0; c < space.choices.size(); ++c) {
    const SpaceChoice& choice = space.choices[c];
    p.emplace_back(choice.candidates.size(), 1 / static_cast<double>(choice.candidates.size()));
    if (!wanted.contains(choice.title)) continue;
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
      if (choice.candidates[i].title != wanted.at(choice.title)) continue;
      p[c].assign(choice.candidates.size(), 0);
      p[c][i] = 1;
      start.choices[c] = static_cast<std::int32_t>(i);
    }
  }
  return within(space, std::move(start), p, cap, [&](const Architecture& a) { return derived_cost(space, a, layers).flops; });
}

/// What data are called: their file, or its folder where the file says only which part it is.
std::string set_name(const Json& data, const std::string& otherwise) {
  const auto source = data.find("source");
  if (source == data.end() || !source->is_string()) return otherwise;
  std::filesystem::path path = source->get<std::string>();
  if (!path.has_filename()) path = path.parent_path();
  const std::string stem = path.stem().string();
  const std::string name = stem == "train" || stem == "test" || stem == "data" ? path.parent_path().filename().string() : stem;
  return name.empty() || name.find(':') != std::string::npos ? otherwise : name;
}

}  // namespace

ComparisonRun::ComparisonRun(RunContext& context)
    : context_(context),
      document_(Json::parse(context.experiment().resolved)),
      settings_(document_.at("comparison")),
      own_data_(context.catalog()),
      data_(context.data ? *context.data : own_data_) {}

bool ComparisonRun::by_loss() const { return document_.at("data").at("type") == "text"; }

ComparisonBars ComparisonRun::bars() const {
  ComparisonBars bars;
  bars.loss = by_loss();
  bars.share = settings_.at("cap");
  bars.margin = settings_.at("margin");
  bars.margin_each = 2 * bars.margin;
  bars.margin_random = settings_.at("margin_random");
  return bars;
}

std::vector<ComparisonRun::Round> ComparisonRun::rounds() const {
  std::vector<std::pair<std::string, Json>> sets;
  const auto add = [&](const Json& data) {
    std::string name = set_name(data, document_.at("name").get<std::string>());
    const auto taken = [&](const auto& set) { return set.first == name; };
    if (std::any_of(sets.begin(), sets.end(), taken)) name += "-" + std::to_string(sets.size() + 1);
    sets.emplace_back(std::move(name), data);
  };
  add(document_.at("data"));
  for (const Json& more : settings_.at("sets")) add(more);
  const std::int64_t folds = settings_.at("folds"), repeats = settings_.at("repeats");
  const auto first_seed = document_.at("seed").get<std::uint64_t>();
  std::vector<Round> rounds;
  for (const auto& [name, data] : sets) {
    for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
      for (std::int64_t fold = 0; fold < std::max<std::int64_t>(1, folds); ++fold) {
        Round round{name, repeat * std::max<std::int64_t>(1, folds) + fold, data, 0};
        round.seed = first_seed + static_cast<std::uint64_t>(round.run);
        if (folds > 0) round.data["folds"] = {{"count", folds}, {"index", fold}, {"seed", first_seed + static_cast<std::uint64_t>(repeat)}};
        rounds.push_back(std::move(round));
      }
    }
  }
  return rounds;
}

/// Rounds to come will need as many random networks as the one that needed most.
std::int64_t ComparisonRun::total() const {
  const std::vector<Round> all = rounds();
  std::int64_t most = settings_.at("random"), sum = 0;
  for (const Round& round : all) most = std::max(most, random_networks(round));
  for (const Round& round : all) {
    sum += 3 + static_cast<std::int64_t>(settings_.at("shrink").size() + settings_.at("controls").size());
    sum += trained(round, "d") ? random_networks(round) : most;
  }
  return sum;
}

const TrainedArm* ComparisonRun::trained(const Round& round, const std::string& arm) const {
  const auto found = std::find_if(trained_.begin(), trained_.end(),
                                  [&](const TrainedArm& one) { return one.set == round.set && one.run == round.run && one.arm == arm; });
  return found == trained_.end() ? nullptr : &*found;
}

std::int64_t ComparisonRun::random_networks(const Round& round) const {
  return std::count_if(trained_.begin(), trained_.end(),
                       [&](const TrainedArm& one) { return one.set == round.set && one.run == round.run && one.arm.starts_with("c-"); });
}

std::vector<SearchCost> ComparisonRun::searches() const {
  std::vector<SearchCost> costs;
  for (const Json& one : searched_) costs.push_back({one.at("set"), one.at("run"), one.at("flops")});
  return costs;
}

Result<void> ComparisonRun::run() {
  if (!context_.resume_from.empty()) {
    DSW_TRY(restore());
    context_.emit(
        MarkBody{static_cast<std::int64_t>(trained_.size()), "resume", fmt::format("Goes on after {} trainings", trained_.size())});
  }
  session_start_ = std::chrono::steady_clock::now();
  done_before_ = static_cast<std::int64_t>(trained_.size() + searched_.size());
  for (const Round& round : rounds()) {
    const auto done = do_round(round);
    if (done) continue;
    if (done.error().code == ErrorCode::Stopped) {
      DSW_TRY(save());
      return fail(ErrorCode::Stopped, fmt::format("Stopped after {} trainings", trained_.size()), "Resume goes on with the next one.");
    }
    return fail(done.error());
  }
  const Json report = comparison_report(trained_, searches(), bars(), latencies_);
  std::ofstream(context_.folder() / "comparison.md") << comparison_table(report);
  context_.emit(SampleBody{static_cast<std::int64_t>(trained_.size()), "comparison", report.dump(), {"comparison.md"}});
  context_.emit(SummaryBody{report.dump()});
  return {};
}

Result<void> ComparisonRun::do_round(const Round& round) {
  DSW_TRY_ASSIGN(const InputSpec input, data_.describe(round.data, context_.experiment().base, context_.stop_token()));
  const Json& baseline = settings_.at("baseline");
  DSW_TRY_ASSIGN(const Cost whole, cost_of(baseline, input));
  const double cap = settings_.at("cap").get<double>() * whole.flops;
  DSW_TRY(train_arm(round, "a", baseline));
  for (const Json& setting : settings_.at("shrink")) {
    const std::string name = setting;
    DSW_TRY_ASSIGN(const Json smaller, shrunk(name, input, cap));
    if (!smaller.is_null()) DSW_TRY(train_arm(round, "b-" + name, smaller));
  }
  DSW_TRY_ASSIGN(const Json derived, search(round, cap));
  const SearchSpace space = analyse_space(document_.at("model"), input, context_.catalog().layers);
  DSW_TRY(train_random(round, space, cap));
  for (const auto& [name, wanted] : settings_.at("controls").items())
    DSW_TRY(train_arm(round, name, derived_model(space, control(space, wanted, cap, context_.catalog().layers))));
  return train_arm(round, "d", derived);
}

/// As many as it takes to cost what the search cost, at least /random and at most /random_limit.
Result<void> ComparisonRun::train_random(const Round& round, const SearchSpace& space, double cap) {
  const std::int64_t least = settings_.at("random"), most = least > 0 ? settings_.at("random_limit").get<std::int64_t>() : 0;
  const double search_flops = searched_.at(round.name()).at("flops");
  double flops = 0;
  for (std::int64_t k = 1; k <= most && (k <= least || flops < search_flops); ++k) {
    Rng rng(round.seed, fmt::format("random/{}", k));
    const std::string arm = fmt::format("c-{}", k);
    DSW_TRY(train_arm(round, arm, derived_model(space, random_under(space, cap, context_.catalog().layers, rng))));
    flops += trained(round, arm)->training_flops;
  }
  return {};
}

/// The largest value of a setting below the baseline's with which it costs `cap` at most; null where there is none.
Result<Json> ComparisonRun::shrunk(const std::string& setting, const InputSpec& input, double cap) const {
  Json model = settings_.at("baseline");
  if (!model.contains(setting) || !model[setting].is_number_integer()) return Json();
  const auto& types = context_.catalog().models;
  DSW_TRY_ASSIGN(const auto* entry, types.get(model.at("type").get<std::string>()));
  DSW_TRY_ASSIGN(const auto type, entry->make(model));
  for (auto value = model[setting].get<std::int64_t>() - 1; value >= 1; --value) {
    model[setting] = value;
    Json own = model;
    own.erase("type");
    if (!check_params(entry->schema, own).empty()) continue;
    const auto problems = type->validate(model, input);
    if (std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return !p.warning; })) continue;
    const auto cost = cost_of(model, input);
    if (cost && cost->flops <= cap) return model;
  }
  return Json();
}

Result<Cost> ComparisonRun::cost_of(const Json& model, const InputSpec& input) const {
  DSW_TRY_ASSIGN(const auto* entry, context_.catalog().models.get(model.at("type").get<std::string>()));
  const Json settings = with_defaults(entry->schema, model);
  DSW_TRY_ASSIGN(const auto type, entry->make(settings));
  DSW_TRY_ASSIGN(const auto built, type->build(settings, input));
  return built->cost(input.input_shape(1));
}

Result<ComparisonRun::Inner> ComparisonRun::run_inner(const Json& document, const std::string& name) {
  DSW_TRY_ASSIGN(Experiment experiment, make_experiment(context_.catalog(), document, context_.experiment().base, &data_));
  Inner inner;
  const std::filesystem::path folder = context_.folder() / "trainings" / name;
  std::filesystem::create_directories(folder);
  const auto sink = [&](const Event& event) {
    if (const auto* metric = std::get_if<MetricBody>(&event.body)) inner.metrics[metric->key] = metric->value;
    if (const auto* summary = std::get_if<SummaryBody>(&event.body)) inner.summary.update(Json::parse(summary->data));
  };
  RunContext context(context_.catalog(), std::move(experiment), context_.device(), folder, context_.stop_token(), sink);
  context.data = &data_;
  DSW_TRY_ASSIGN(const auto* entry, context_.catalog().tasks.get(document.at("task").get<std::string>()));
  DSW_TRY_ASSIGN(const auto task, entry->make({}));
  auto result = task->run(context);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (!result) return fail(std::move(result.error()));
  return inner;
}

Result<Json> ComparisonRun::search(const Round& round, double target) {
  if (searched_.contains(round.name())) return searched_.at(round.name()).at("model");
  Json document = document_;
  document.erase("comparison");
  document["task"] = "search";
  document["name"] = round.name();
  document["seed"] = round.seed;
  document["data"] = round.data;
  document["search"]["cost"]["metric"] = "flops";
  document["search"]["cost"]["target"] = target;
  document["search"]["cost"].erase("target_share");
  DSW_TRY_ASSIGN(const Inner inner, run_inner(document, round.name() + "-search"));
  searched_[round.name()] = {
      {"set", round.set}, {"run", round.run}, {"model", inner.summary.at("architecture")}, {"flops", inner.summary.at("search_flops")}};
  tell();
  DSW_TRY(save());
  return searched_.at(round.name()).at("model");
}

Result<void> ComparisonRun::train_arm(const Round& round, const std::string& arm, const Json& model) {
  if (trained(round, arm)) return {};
  if (context_.stop_requested()) return fail(ErrorCode::Stopped, "Stopped");
  Json document{{"deepshock", 1},     {"task", "train"}, {"name", round.name() + "-" + arm}, {"seed", round.seed}, {"precision", "float32"},
                {"data", round.data}, {"model", model}};
  for (const char* key : {"optimizer", "training"}) document[key] = settings_.at(key);
  DSW_TRY_ASSIGN(const Inner inner, run_inner(document, round.name() + "-" + arm));
  DSW_TRY_ASSIGN(const InputSpec input, data_.describe(round.data, context_.experiment().base, context_.stop_token()));
  DSW_TRY_ASSIGN(const Cost cost, cost_of(model, input));
  const std::string score = by_loss() ? "loss" : "accuracy";
  TrainedArm made{round.set, round.run, arm, cost.flops, cost.parameters, std::nan(""), std::nan(""), 0, 0};
  made.training_flops = kPassesOfStep * inner.summary.at("steps").get<double>() * inner.summary.at("forward_flops").get<double>();
  const auto metric = [&](const std::string& key) { return inner.metrics.contains(key) ? inner.metrics.at(key) : std::nan(""); };
  made.val = metric("val/" + score);
  made.test = inner.metrics.contains("test/" + score) ? metric("test/" + score) : made.val;
  if (std::isnan(made.val)) made.val = made.test;
  if (std::isnan(made.test))
    return fail(ErrorCode::InvalidDocument, "The data has neither a test nor a val part to compare on",
                "Give it a split with three shares.", "/data/split");
  DSW_TRY_ASSIGN(const auto set, data_.get(round.data, context_.experiment().base, round.seed, context_.stop_token()));
  made.examples = set->size(set->has(Split::Test) ? Split::Test : Split::Val);
  trained_.push_back(made);
  if (!latencies_.contains(arm)) DSW_TRY(measure_latency(arm, model, input));
  context_.emit(
      MetricBody{"comparison/" + arm + (by_loss() ? "-loss" : "-accuracy"), static_cast<std::int64_t>(trained_.size()), made.test});
  tell();
  return save();
}

/// The median of several forward passes of one example.
Result<void> ComparisonRun::measure_latency(const std::string& arm, const Json& model, const InputSpec& input) {
  DSW_TRY_ASSIGN(const auto* entry, context_.catalog().models.get(model.at("type").get<std::string>()));
  const Json settings = with_defaults(entry->schema, model);
  DSW_TRY_ASSIGN(const auto type, entry->make(settings));
  DSW_TRY_ASSIGN(const auto built, type->build(settings, input));
  built->materialize(context_.device(), 1);
  const NoGradScope no_graph;
  const bool image = input.kind == InputSpec::Kind::Image;
  const Tensor x = full(input.input_shape(1), 1, image ? DType::F32 : DType::I32, context_.device());
  std::vector<double> times;
  for (int i = 0; i < 25; ++i) {
    Forward pass = built->new_pass();
    const auto begin = std::chrono::steady_clock::now();
    built->forward(x, pass).to_vector<float>();
    if (i >= 4) times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  latencies_[arm] = times[times.size() / 2];
  return {};
}

void ComparisonRun::tell() {
  const auto done = static_cast<std::int64_t>(trained_.size() + searched_.size());
  const double hours = std::chrono::duration<double, std::ratio<3600>>(std::chrono::steady_clock::now() - session_start_).count();
  const double rate = hours > 0 ? static_cast<double>(done - done_before_) / hours : 0;
  context_.emit(ProgressBody{done, total(), rate, "trainings/h", rate > 0 ? static_cast<double>(total() - done) / rate * 3600 : 0});
  Json rows = Json::array();
  for (const TrainedArm& one : trained_) rows.push_back(arm_to_json(one));
  const Json told{
      {"done", done}, {"total", total()}, {"rows", rows}, {"report", comparison_report(trained_, searches(), bars(), latencies_)}};
  context_.emit(SampleBody{static_cast<std::int64_t>(trained_.size()), "trainings", told.dump(), {}});
}

Result<void> ComparisonRun::save() {
  Json rows = Json::array();
  for (const TrainedArm& one : trained_) rows.push_back(arm_to_json(one));
  const auto step = static_cast<std::int64_t>(trained_.size() + searched_.size());
  Checkpoint checkpoint;
  checkpoint.tensors.emplace("done", full({1}, static_cast<double>(step), DType::F32, context_.device()));
  checkpoint.meta =
      Json{{"step", step}, {"seq", context_.last_seq()}, {"trained", rows}, {"searched", searched_}, {"latencies", latencies_}}.dump();
  const std::string file = checkpoint_name(step);
  DSW_TRY_ASSIGN(const WrittenFile written, write_checkpoint(context_.folder() / file, checkpoint));
  context_.emit(CheckpointBody{step, file, written.sha256, written.bytes, false});
  return {};
}

Result<void> ComparisonRun::restore() {
  DSW_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(context_.resume_from, context_.device()));
  try {
    const Json meta = Json::parse(checkpoint.meta);
    for (const Json& one : meta.at("trained")) trained_.push_back(arm_from_json(one));
    searched_ = meta.at("searched");
    latencies_ = meta.at("latencies");
    return {};
  } catch (const Json::exception&) {
    return fail(ErrorCode::BadFormat, "The checkpoint does not say where the comparison stood", "", context_.resume_from.string());
  }
}

}  // namespace dsw
