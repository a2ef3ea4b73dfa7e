// SPDX-License-Identifier: GPL-3.0-or-later
// gdas: one candidate of each choice runs, the largest of log p + Gumbel noise (so candidate i with probability p_i). Its factor is 1;
//   backward it is that of softmax((log p + g) / τ). This gradient is biased by the difference of the hard and the soft choice; τ falls
//   from 10 to 0.1.   Source: Dong & Yang 2019, "GDAS", eq. 3 to 6.   With the estimator "score-function" nothing flows through the factor;
//   unbiased, but it varies more.
// proxyless: two candidates are drawn without putting back, of these one is the open path by its share; its factor is 1, and the gradient
//   reaches both as that of their softmax, with the other candidates as they are.   Source: Cai, Zhu, Han 2019, "ProxylessNAS", sec. 3.2.1
//   and eq. 4. Weights learn on one path drawn by p.
// fbnet: every candidate runs, with factors softmax((log p + g) / τ), τ = 5 · 0.956^epoch.   Source: Wu et al. 2019, "FBNet", eq. 10.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/architecture.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {
namespace {

std::vector<float> gumbels(std::size_t count, Rng& rng) {
  std::vector<float> noise(count);
  for (float& g : noise) g = static_cast<float>(gumbel(rng));
  return noise;
}

Tensor soft(const SearchAlgorithm::Inputs& in) { return softmax(mul(add(log_softmax(in.alpha), in.noise), in.inverse_temperature)); }

/// 1 for active candidates, with the gradient of y.
Tensor straight_through(const std::vector<bool>& active, const Tensor& y) {
  const std::vector<float> hard(active.begin(), active.end());
  return add(cast(from_host(hard, y.device()), y.dtype()), sub(y, y.detach()));
}

class Sampled : public SearchAlgorithm {
 public:
  explicit Sampled(const Json& settings) : edge_weights_(settings.at("edge_weights")) { read_common(*this, settings); }
  bool edge_weights() const override { return edge_weights_; }

 private:
  bool edge_weights_;
};

class Gdas : public Sampled {
 public:
  explicit Gdas(const Json& settings)
      : Sampled(settings),
        first_(settings.at("temperature")),
        last_(settings.at("final_temperature")),
        by_score_(settings.at("estimator") == "score-function") {}
  bool by_score() const override { return by_score_; }
  bool one_path(Phase) const override { return true; }
  Draw draw(Phase, const std::vector<double>& alpha, const std::vector<bool>&, Rng& rng) const override {
    const std::vector<double> p = softmax_of(alpha);
    const std::vector<float> noise = gumbels(p.size(), rng);
    std::size_t best = 0;
    double most = -INFINITY;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double value = std::log(p[i]) + static_cast<double>(noise[i]);
      if (value <= most) continue;
      most = value;
      best = i;
    }
    Draw drawn = one_active(best, p.size());
    drawn.noise = noise;
    return drawn;
  }
  Tensor factors(const Inputs& in) const override { return straight_through(in.active, soft(in)); }
  double temperature(double progress, std::int64_t) const override { return first_ + (last_ - first_) * progress; }

 private:
  double first_, last_;
  bool by_score_;
};

class Proxyless : public Sampled {
 public:
  using Sampled::Sampled;
  bool one_path(Phase phase) const override { return phase == Phase::Weights; }
  Draw draw(Phase phase, const std::vector<double>& alpha, const std::vector<bool>&, Rng& rng) const override {
    std::vector<double> p = softmax_of(alpha);
    const std::size_t first = draw_index(p, rng);
    Draw drawn = one_active(first, p.size());
    if (phase == Phase::Weights) return drawn;
    const double share = p[first];
    p[first] = 0;
    if (const double rest = 1 - share; rest > 0 && std::any_of(p.begin(), p.end(), [](double x) { return x > 0; })) {
      for (double& x : p) x /= rest;
      const std::size_t second = draw_index(p, rng);
      drawn.active[second] = true;
      const double other = p[second] * rest;
      drawn.slope.assign(p.size(), 0);
      drawn.slope[rng.uniform() * (share + other) < share ? first : second] = 1;  // the open path
    } else {
      drawn.slope.assign(p.size(), 0);
      drawn.slope[first] = 1;
    }
    drawn.noise.assign(p.size(), -1e9F);  // closes the others in the softmax of the two
    for (std::size_t i = 0; i < p.size(); ++i)
      if (drawn.active[i]) drawn.noise[i] = 0;
    return drawn;
  }
  Tensor factors(const Inputs& in) const override {
    const Tensor pair = softmax(add(in.alpha, in.noise));
    return add(in.slope, sub(pair, pair.detach()));
  }
};

class Fbnet : public Sampled {
 public:
  explicit Fbnet(const Json& settings) : Sampled(settings), first_(settings.at("temperature")), decay_(settings.at("decay")) {}
  Draw draw(Phase, const std::vector<double>& alpha, const std::vector<bool>& open, Rng& rng) const override {
    return {open, gumbels(alpha.size(), rng), {}};
  }
  Tensor factors(const Inputs& in) const override { return soft(in); }
  double temperature(double, std::int64_t epoch) const override { return first_ * std::pow(decay_, static_cast<double>(epoch)); }

 private:
  double first_, decay_;
};

template <class T>
void add_to(Registry<SearchAlgorithm>& registry, const char* name, const char* summary, ParamSchema schema) {
  registry.add({name, summary, std::move(schema),
                [](const Json& settings) -> Result<std::unique_ptr<SearchAlgorithm>> { return std::make_unique<T>(settings); }});
}

}  // namespace

void register_sampled(Registry<SearchAlgorithm>& registry) {
  const auto temperature = [](double first) {
    Param p = float_param("temperature", "Temperature", first, 0, 1000, "Of the Gumbel softmax at the start");
    p.low_open = true;
    return p;
  };
  Param last = float_param("final_temperature", "Last temperature", 0.1, 0, 1000, "Of the Gumbel softmax at the end, reached evenly");
  last.low_open = true;
  add_to<Gdas>(registry, "gdas", "One candidate runs, drawn by Gumbel noise: a step costs what the drawn network costs",
               algorithm_schema(3e-4, 1e-3, 0.5, false,
                                {temperature(10), last,
                                 choice_param("estimator", "Estimator", "straight-through", {"straight-through", "score-function"},
                                              "How α learns: through the factor of what was drawn (biased), or by its probability and "
                                              "loss (unbiased, varies more)")}));
  add_to<Proxyless>(registry, "proxyless", "Two candidates run in an architecture step, one in a weight step: binary gates",
                    algorithm_schema(6e-3, 0, 0, false, {}));
  Param decay = float_param("decay", "Decay", 0.956, 0, 1, "The temperature is multiplied by it each epoch");
  decay.low_open = true;
  std::vector<Param> fbnet{temperature(5), decay};
  for (Param& param : partial_params(1, 1, 1)) fbnet.push_back(std::move(param));
  add_to<Fbnet>(registry, "fbnet", "All candidates run, weighted by a Gumbel softmax; made for a cost target",
                algorithm_schema(1e-2, 5e-4, 0.9, false, std::move(fbnet)));
}

}  // namespace dsw
