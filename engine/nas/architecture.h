// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/nas/partial_channels.h"
#include "engine/nas/search_space.h"
#include "engine/nn/module.h"

namespace dsw {

/// What a search learns besides weights: for each choice α [n], "choice.ID", and for each SpaceEdges β [edges], "edges.ID".
/// They start as N(0, 1e-3²), as in DARTS' code.
class ArchitectureParameters : public Module {
 public:
  explicit ArchitectureParameters(const SearchSpace& space);
  Tensor forward(const Tensor&, Forward&) override;  ///< throws: it is no layer
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape&) const override { return {}; }

  const Tensor& alpha(std::size_t choice) const { return alphas_[choice]->value; }
  const Tensor& beta(std::size_t edges) const { return betas_[edges]->value; }
  std::size_t choices() const { return alphas_.size(); }
  std::size_t edges() const { return betas_.size(); }
  /// Read to the host.
  std::vector<std::vector<double>> alphas() const;
  std::vector<std::vector<double>> betas() const;

 private:
  std::vector<Parameter*> alphas_, betas_;
};

/// How one pass goes through a supernet.
struct Mixing {
  std::vector<std::vector<bool>> active;  ///< [choice][candidate]: computed; at least one a choice
  std::vector<Tensor> weights;            ///< [choice]: [n], factors of the candidates; undefined: 1, and one candidate is active
  std::vector<Tensor> edges;              ///< [SpaceEdges]: [edges], factors of the edges; undefined: 1
  std::vector<std::vector<bool>> kept;    ///< [SpaceEdges][edge]: computed; empty: all
  PartialChannels partial;
};
/// One architecture alone, with factors 1: to the bit what the network that is derived from it computes.
Mixing mixing_of(const SearchSpace& space, const Architecture& architecture);

/// e^x / sum over the last axis, in double.
std::vector<double> softmax_of(const std::vector<double>& logits);
/// -sum p log p / log n, 0 to 1; of one candidate 0.
double normalised_entropy(const std::vector<double>& p);

}  // namespace dsw
