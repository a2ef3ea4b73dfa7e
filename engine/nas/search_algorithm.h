// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/core/registry.h"
#include "engine/core/rng.h"
#include "engine/nas/partial_channels.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// How a search turns architecture parameters into the factors of candidates. One for each choice alone; it keeps no state.
/// A pass is drawn on the host (which candidates run, random numbers) and then computed on the device from those numbers, so that a
/// recorded step can be repeated with others.
class SearchAlgorithm {
 public:
  /// What a pass learns: weights, the architecture, or both from the same examples (one-level).
  enum class Phase { Weights, Architecture, Both };
  virtual ~SearchAlgorithm() = default;

  /// False: nothing is learned of the architecture (random search, evolution); paths are drawn evenly.
  virtual bool learns() const { return true; }
  /// A pass of this phase computes one candidate of each choice.
  virtual bool one_path(Phase) const { return false; }
  /// Factors are 1, and α learns by the score function of what was drawn (nas/score_function.h), not through factors.
  virtual bool by_score() const { return false; }
  /// Edges into a node are weighted by a softmax over parameters of their own.   Source: Xu et al. 2020, PC-DARTS, eq. 3.
  virtual bool edge_weights() const { return false; }

  /// Probabilities of candidates, for reports, costs and derivation; closed candidates have α = -inf.
  virtual std::vector<double> probabilities(const std::vector<double>& alpha) const;
  /// The same on the device, differentiable. @param alpha [n], closed ones far below 0
  virtual Tensor probabilities(const Tensor& alpha) const;

  /// One choice in one pass. In: alpha, open. Out: active, and up to two numbers for each candidate.
  struct Draw {
    std::vector<bool> active;
    std::vector<float> noise, slope;  ///< 0 unless set
  };
  virtual Draw draw(Phase phase, const std::vector<double>& alpha, const std::vector<bool>& open, Rng& rng) const;

  /// The factors of a choice, [n], differentiable in alpha; only those of active candidates are read.
  struct Inputs {
    Tensor alpha;  ///< [n]
    Tensor noise, slope;
    Tensor inverse_temperature;  ///< [1]
    std::vector<bool> active;
  };
  virtual Tensor factors(const Inputs& in) const;

  /// Added to the architecture's loss times regulariser_weight(progress): a number for each choice, averaged. Undefined: none.
  virtual Tensor regulariser(const Tensor& alpha) const;
  /// @param progress  share of the architecture epochs that are over, 0 … 1   @param epoch  the same as a number
  virtual double regulariser_weight(double progress) const;
  virtual double temperature(double progress, std::int64_t epoch) const;
  /// How many candidates of n stay open from this share of the search on (progressive pruning).
  virtual std::size_t open_candidates(double progress, std::size_t n) const;

  /// Partial channels from this share of the search on.
  PartialChannels partial(double progress) const;

  // K of partial channels: at the start, and from this share of the search on; 1: never.
  std::int64_t first_partial = 1, later_partial = 1;
  double widen_at = 1;
  // Of the architecture's optimizer: Adam with an L2 pull, as the papers have it.
  double lr = 3e-4, weight_decay = 1e-3, beta1 = 0.5, beta2 = 0.999;
};

/// beta-darts, darts, gdas, drnas, proxyless, fbnet, random, evolution; each with its paper in its file.
const Registry<SearchAlgorithm>& search_algorithms();

/// Settings of partial channels: partial, widened, widen_at; advanced where they are off unless they are given.
std::vector<Param> partial_params(std::int64_t first, std::int64_t later, double widen_at);
/// What an algorithm's entry has besides its own settings: lr, weight_decay, beta1, edge_weights.
ParamSchema algorithm_schema(double lr, double weight_decay, double beta1, bool edge_weights, std::vector<Param> own);
void read_common(SearchAlgorithm& algorithm, const Json& settings);

void register_darts(Registry<SearchAlgorithm>& registry);      ///< darts, beta-darts
void register_sampled(Registry<SearchAlgorithm>& registry);    ///< gdas, proxyless, fbnet
void register_drnas(Registry<SearchAlgorithm>& registry);      ///< drnas
void register_baselines(Registry<SearchAlgorithm>& registry);  ///< random, evolution

/// -log(-log u) of a uniform number.
double gumbel(Rng& rng);
/// An index drawn from probabilities.
std::size_t draw_index(const std::vector<double>& p, Rng& rng);
/// One of the open candidates.
SearchAlgorithm::Draw one_active(std::size_t chosen, std::size_t count);

}  // namespace dsw
