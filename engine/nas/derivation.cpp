// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/derivation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nas/derive.h"
#include "engine/nas/search_step.h"

namespace dsw {
namespace {

bool labelled(const SearchState& state) { return state.data->input_spec().kind != InputSpec::Kind::Tokens; }

/// By accuracy where there are labels, ties and language models by loss; the first of equals.
bool better(const SearchState& state, const MeasuredArchitecture& a, const MeasuredArchitecture& b) {
  if (labelled(state) && a.accuracy != b.accuracy) return a.accuracy > b.accuracy;
  return a.loss < b.loss;
}

Distribution even(const SearchSpace& space) {
  Distribution p;
  for (const SpaceChoice& choice : space.choices)
    p.emplace_back(choice.candidates.size(), 1 / static_cast<double>(choice.candidates.size()));
  return p;
}

/// One that is within the cap, drawn from p; after many tries the nearest to the last one.
Architecture proposal(const SearchState& state, const Distribution& p, Rng& rng) {
  constexpr int kTries = 200;
  const bool capped = state.settings.cap && state.settings.target > 0;
  Architecture one;
  for (int i = 0; i < kTries; ++i) {
    one = drawn(state.space, p, state.edge_distribution(), rng);
    if (!capped || state.cost_of(one) <= state.settings.target) return one;
  }
  return within(state.space, std::move(one), p, state.settings.target, [&](const Architecture& a) { return state.cost_of(a); });
}

/// Number `number` of evolution: the first ones are drawn evenly, then the best of a drawn few of the last `population` is changed in one
/// choice.
Architecture evolved(const SearchState& state, std::size_t number, Rng& rng) {
  const auto population = state.settings.algorithm.at("population").get<std::size_t>();
  const auto tournament = state.settings.algorithm.at("tournament").get<std::size_t>();
  if (number < population) return proposal(state, even(state.space), rng);
  const MeasuredArchitecture* best = nullptr;
  for (std::size_t i = 0; i < tournament; ++i) {
    const MeasuredArchitecture& one = state.measured[number - population + static_cast<std::size_t>(rng.below(population))];
    if (!best || better(state, one, *best)) best = &one;
  }
  Architecture child = best->architecture;
  const bool capped = state.settings.cap && state.settings.target > 0;
  for (int i = 0; i < 200; ++i) {
    Architecture changed = child;
    const auto c = static_cast<std::size_t>(rng.below(child.choices.size()));
    const std::size_t others = state.space.choices[c].candidates.size() - 1;
    const auto to = static_cast<std::int32_t>(rng.below(others));
    changed.choices[c] = to + (to >= child.choices[c] ? 1 : 0);
    if (!capped || state.cost_of(changed) <= state.settings.target) return changed;
  }
  return child;
}

/// DARTS-PT without tuning between: choice after choice in a drawn order, the candidate stays without which the loss is largest.
/// Source: Wang et al. 2021, "Rethinking architecture selection in differentiable NAS", algorithm 1.
Result<Architecture> perturbed(SearchState& state, Device& device, std::stop_token stop) {
  Distribution p = state.distribution();
  std::vector<std::vector<bool>> active = state.open;
  std::vector<std::size_t> order(p.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Rng rng(state.seed, "perturbation");
  rng.shuffle(order.begin(), order.end());
  const auto mixture = [&] {
    Mixing mixing;
    mixing.active = active;
    for (std::size_t c = 0; c < p.size(); ++c) {
      std::vector<float> factors;
      double sum = 0;
      for (std::size_t i = 0; i < p[c].size(); ++i) sum += active[c][i] ? p[c][i] : 0;
      for (std::size_t i = 0; i < p[c].size(); ++i)
        factors.push_back(active[c][i] ? static_cast<float>(p[c][i] / std::max(sum, 1e-12)) : 0);
      mixing.weights.push_back(from_host(factors, device));
    }
    mixing.edges.resize(state.space.edges.size());
    return mixing;
  };
  for (const std::size_t c : order) {
    std::size_t most = 0;
    double worst = -1;
    if (std::count(active[c].begin(), active[c].end(), true) > 1) {
      for (std::size_t i = 0; i < active[c].size(); ++i) {
        if (!active[c][i]) continue;
        active[c][i] = false;
        DSW_TRY_ASSIGN(const Evaluation evaluation, measure(state, mixture(), device, stop));
        active[c][i] = true;
        if (evaluation.loss() <= worst) continue;
        worst = evaluation.loss();
        most = i;
      }
    } else {
      most = static_cast<std::size_t>(std::find(active[c].begin(), active[c].end(), true) - active[c].begin());
    }
    active[c].assign(active[c].size(), false);
    active[c][most] = true;
    p[c].assign(p[c].size(), 0);
    p[c][most] = 1;
  }
  Architecture chosen = likeliest(state.space, p, state.edge_distribution());
  if (!state.settings.cap || state.settings.target <= 0) return chosen;
  return within(state.space, std::move(chosen), state.distribution(), state.settings.target,
                [&](const Architecture& a) { return state.cost_of(a); });
}

}  // namespace

Result<Evaluation> measure(SearchState& state, Mixing mixing, Device& device, std::stop_token stop) {
  mixing.partial = state.partial;
  state.plans->release_memory();
  const double flops = state.supernet->flops(mixing);
  state.supernet->set(std::move(mixing));
  const auto measured = [&]() -> Result<Evaluation> {
    if (state.data->has(Split::Val)) {
      EvaluationRequest request;
      request.split = Split::Val;
      request.batch = state.settings.evaluation_batch;
      request.batches = state.settings.eval_batches;
      return evaluate(*state.supernet, *state.data, request, device, std::move(stop));
    }
    const TrainShare share = state.settings.architecture_share();
    const std::int64_t all = state.data->batches_per_epoch_of(share, state.settings.evaluation_batch);
    const std::int64_t count = state.settings.eval_batches > 0 ? std::min(all, state.settings.eval_batches) : all;
    return evaluate_batches(
        *state.supernet, count,
        [&](std::int64_t i) { return state.data->train_batch_of(share, state.seed, i, state.settings.evaluation_batch, device); },
        labelled(state), 0, std::move(stop));
  }();
  if (measured) {
    const std::int64_t targets_each = labelled(state) ? 1 : state.data->input_spec().input_shape(1).elements();
    state.flops += flops * static_cast<double>(measured->targets) / static_cast<double>(targets_each);
  }
  return measured;
}

Result<Evaluation> measure(SearchState& state, const Architecture& architecture, Device& device, std::stop_token stop) {
  return measure(state, mixing_of(state.space, architecture), device, std::move(stop));
}

Result<Architecture> derive(SearchState& state, Device& device, std::stop_token stop,
                            const std::function<void(const MeasuredArchitecture&)>& told) {
  const std::string type = state.settings.algorithm.at("type");
  const bool baseline = !state.algorithm->learns();
  if (!baseline && state.settings.derivation == Derivation::Argmax) return state.derived();
  if (!baseline && state.settings.derivation == Derivation::Perturbation) return perturbed(state, device, stop);
  const auto count =
      static_cast<std::size_t>(baseline ? state.settings.algorithm.at("samples").get<std::int64_t>() : state.settings.samples + 1);
  while (state.measured.size() < count) {
    const std::size_t number = state.measured.size();
    Rng rng(state.seed, fmt::format("derive/{}", number));
    MeasuredArchitecture one;
    one.by = baseline ? type : number == 0 ? "derived" : "sample";
    one.architecture = type == "evolution" ? evolved(state, number, rng)
                       : baseline          ? proposal(state, even(state.space), rng)
                       : number == 0       ? state.derived()
                                           : proposal(state, state.distribution(), rng);
    DSW_TRY_ASSIGN(const Evaluation evaluation, measure(state, one.architecture, device, stop));
    one.loss = evaluation.loss();
    one.accuracy = evaluation.accuracy();
    one.cost = derived_cost(state.space, one.architecture, *state.layers);
    state.measured.push_back(one);
    told(one);
  }
  return std::min_element(state.measured.begin(), state.measured.end(), [&](const auto& a, const auto& b) { return better(state, a, b); })
      ->architecture;
}

}  // namespace dsw
