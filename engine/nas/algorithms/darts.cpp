// SPDX-License-Identifier: GPL-3.0-or-later
// darts: every candidate runs, weighted by softmax(α); α follows the gradient of the held-out loss at the present weights.
//   Source: Liu, Simonyan, Yang 2019, "DARTS", eq. 2 (mixture) and sec. 2.3 with ξ = 0 (first order).
// beta-darts: the same with the loss λ · mean over choices of log Σ exp α, λ rising from 0 to its full value over the search.
//   Source: Ye et al. 2022, "β-DARTS", eq. 12 to 14; 50 for NAS-Bench-201. Edges are normalised as in PC-DARTS, which
//   both are with partial channels of K = 4 (nas/partial_channels.h).
#include <nlohmann/json.hpp>

#include "engine/nas/search_algorithm.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {
namespace {

class Darts : public SearchAlgorithm {
 public:
  explicit Darts(const Json& settings) : edge_weights_(settings.at("edge_weights")), beta_(settings.value("beta", 0.0)) {
    read_common(*this, settings);
  }
  bool edge_weights() const override { return edge_weights_; }
  Tensor regulariser(const Tensor& alpha) const override {
    if (beta_ <= 0) return {};
    // log Σ exp α = α_i - log softmax(α)_i for any i; the mean over i has the same value, and its gradient is the softmax.
    return mean(sub(alpha, log_softmax(alpha)));
  }
  double regulariser_weight(double progress) const override { return beta_ * progress; }

 private:
  bool edge_weights_;
  double beta_;
};

}  // namespace

void register_darts(Registry<SearchAlgorithm>& registry) {
  const auto make = [](const Json& settings) -> Result<std::unique_ptr<SearchAlgorithm>> { return std::make_unique<Darts>(settings); };
  std::vector<Param> own{float_param("beta", "β", 50.0, 0, 1e6, "Full weight of the pull, reached at the end of the search")};
  for (Param& param : partial_params(1, 1, 1)) own.push_back(std::move(param));
  registry.add({"beta-darts", "DARTS with a pull that keeps its parameters small; edges are weighted too",
                algorithm_schema(3e-4, 0, 0.5, true, std::move(own)), make});
  registry.add({"darts", "All candidates run, weighted by a softmax (first order)",
                algorithm_schema(3e-4, 1e-3, 0.5, false, partial_params(1, 1, 1)), make});
}

}  // namespace dsw
