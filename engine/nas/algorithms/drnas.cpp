// SPDX-License-Identifier: GPL-3.0-or-later
// drnas: factors are drawn from a Dirichlet distribution with concentration elu(α) + 1 and all candidates run; the gradient goes along
//   the path of the draw (nas/gamma_sample.h). An L2 pull on α keeps the concentration near 1. Half of the way the weaker candidates of
//   each choice are dropped and twice as many channels pass through the others (nas/partial_channels.h).
//   Source: Chen et al. 2021, "DrNAS", eq. 3 to 7 and sec. 4 (progressive learning); K = 4, then 2, as for NAS-Bench-201.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/gamma_sample.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"

namespace dsw {
namespace {

double concentration(double alpha) { return alpha > 0 ? alpha + 1 : std::exp(alpha); }
Tensor concentration(const Tensor& alpha) { return add(relu(alpha), exp(minimum(alpha, zeros_like(alpha)))); }  // slope 1 at 0

class DrNas : public SearchAlgorithm {
 public:
  explicit DrNas(const Json& settings)
      : edge_weights_(settings.at("edge_weights")), prune_at_(settings.at("prune_at")), keep_(settings.at("keep")) {
    read_common(*this, settings);
  }
  bool edge_weights() const override { return edge_weights_; }
  /// The distribution's mean.
  std::vector<double> probabilities(const std::vector<double>& alpha) const override {
    std::vector<double> p;
    double sum = 0;
    for (const double x : alpha) {
      p.push_back(std::isinf(x) ? 0 : concentration(x));
      sum += p.back();
    }
    for (double& x : p) x /= sum;
    return p;
  }
  Tensor probabilities(const Tensor& alpha) const override {
    const Tensor c = concentration(alpha);
    return div(c, sum(c, {}, true));
  }
  Draw draw(Phase, const std::vector<double>& alpha, const std::vector<bool>& open, Rng& rng) const override {
    Draw drawn{open, std::vector<float>(alpha.size(), 0), std::vector<float>(alpha.size(), 0)};
    for (std::size_t i = 0; i < alpha.size(); ++i) {
      if (!open[i]) continue;
      const GammaSample z = gamma_sample(concentration(alpha[i]), rng);
      drawn.noise[i] = static_cast<float>(z.value);
      drawn.slope[i] = static_cast<float>(z.slope);
    }
    return drawn;
  }
  Tensor factors(const Inputs& in) const override {
    const Tensor c = concentration(in.alpha);
    const Tensor z = add(in.noise, mul(in.slope, sub(c, c.detach())));
    return div(z, sum(z, {}, true));
  }
  std::size_t open_candidates(double progress, std::size_t n) const override {
    if (progress < prune_at_) return n;
    return std::max<std::size_t>(2, static_cast<std::size_t>(std::ceil(keep_ * static_cast<double>(n))));
  }

 private:
  bool edge_weights_;
  double prune_at_, keep_;
};

}  // namespace

void register_drnas(Registry<SearchAlgorithm>& registry) {
  std::vector<Param> own{float_param("prune_at", "Drop at", 0.5, 0, 1, "Share of the search after which candidates are dropped; 1: never"),
                         float_param("keep", "Keep", 0.5, 0, 1, "Share of each choice's candidates that stays, at least two")};
  for (Param& param : partial_params(4, 2, 0.5)) own.push_back(std::move(param));
  registry.add({"drnas", "Factors drawn from a Dirichlet distribution; weak candidates are dropped and more channels pass on the way",
                algorithm_schema(6e-4, 1e-3, 0.5, false, std::move(own)),
                [](const Json& settings) -> Result<std::unique_ptr<SearchAlgorithm>> { return std::make_unique<DrNas>(settings); }});
}

}  // namespace dsw
