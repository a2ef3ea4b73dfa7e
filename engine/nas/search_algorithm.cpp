// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_algorithm.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/architecture.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {

std::vector<double> SearchAlgorithm::probabilities(const std::vector<double>& alpha) const { return softmax_of(alpha); }
Tensor SearchAlgorithm::probabilities(const Tensor& alpha) const { return softmax(alpha); }
SearchAlgorithm::Draw SearchAlgorithm::draw(Phase, const std::vector<double>&, const std::vector<bool>& open, Rng&) const {
  return {open, {}, {}};
}
Tensor SearchAlgorithm::factors(const Inputs& in) const { return probabilities(in.alpha); }
Tensor SearchAlgorithm::regulariser(const Tensor&) const { return {}; }
double SearchAlgorithm::regulariser_weight(double) const { return 0; }
double SearchAlgorithm::temperature(double, std::int64_t) const { return 1; }
std::size_t SearchAlgorithm::open_candidates(double, std::size_t n) const { return n; }

PartialChannels SearchAlgorithm::partial(double progress) const {
  return {first_partial, widen_at < 1 && progress >= widen_at ? later_partial : first_partial};
}

std::vector<Param> partial_params(std::int64_t first, std::int64_t later, double widen_at) {
  std::vector<Param> params{
      int_param("partial", "Partial channels", first, 1, 8,
                "K: one in so many channels passes through the candidates of an edge, the others go around them; 1: all"),
      int_param("widened", "Widened", later, 1, 8, "K after widening; never larger than at the start"),
      float_param("widen_at", "Widen at", widen_at, 0, 1, "Share of the search after which more channels pass; 1: never")};
  if (first == 1)
    for (Param& param : params) param = advanced(std::move(param));
  return params;
}

ParamSchema algorithm_schema(double lr, double weight_decay, double beta1, bool edge_weights, std::vector<Param> own) {
  ParamSchema schema;
  for (Param& param : own) schema.add(std::move(param));
  Param rate = float_param("lr", "Architecture rate", lr, 0, 1000, "Learning rate of the architecture parameters (Adam)");
  rate.log_scale = true;
  schema.add(std::move(rate));
  schema.add(float_param("weight_decay", "Weight decay", weight_decay, 0, 1000, "Of the architecture parameters, added to their gradient"));
  Param beta = float_param("beta1", "β1", beta1, 0, 1 - 1e-9, "Decay of their gradient's running mean");
  schema.add(advanced(std::move(beta)));
  schema.add(bool_param("edge_weights", "Edge weights", edge_weights,
                        "Edges into a node of a web are weighted by a softmax of their own (PC-DARTS)"));
  return schema;
}

void read_common(SearchAlgorithm& algorithm, const Json& settings) {
  algorithm.lr = settings.at("lr").get<double>();
  algorithm.weight_decay = settings.at("weight_decay").get<double>();
  algorithm.beta1 = settings.at("beta1").get<double>();
  algorithm.first_partial = settings.value("partial", std::int64_t{1});
  algorithm.later_partial = std::min(algorithm.first_partial, settings.value("widened", std::int64_t{1}));
  algorithm.widen_at = settings.value("widen_at", 1.0);
}

const Registry<SearchAlgorithm>& search_algorithms() {
  static const Registry<SearchAlgorithm> registry = [] {
    Registry<SearchAlgorithm> all("search algorithm");
    register_darts(all);
    register_sampled(all);
    register_drnas(all);
    register_baselines(all);
    all.freeze();
    return all;
  }();
  return registry;
}

double gumbel(Rng& rng) { return -std::log(-std::log(std::max(rng.uniform(), 1e-300))); }

std::size_t draw_index(const std::vector<double>& p, Rng& rng) {
  double left = rng.uniform();
  std::size_t last = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] <= 0) continue;
    last = i;
    left -= p[i];
    if (left < 0) return i;
  }
  return last;
}

SearchAlgorithm::Draw one_active(std::size_t chosen, std::size_t count) {
  SearchAlgorithm::Draw draw;
  draw.active.assign(count, false);
  draw.active[chosen] = true;
  return draw;
}

}  // namespace dsw
