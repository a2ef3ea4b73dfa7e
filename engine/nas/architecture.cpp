// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/architecture.h"

#include <algorithm>
#include <cmath>

namespace dsw {
namespace {

constexpr double kFirstDeviation = 1e-3;

std::vector<std::vector<double>> on_host(const std::vector<Parameter*>& parameters) {
  std::vector<std::vector<double>> values;
  for (const Parameter* parameter : parameters) values.push_back(parameter->value.to_vector<double>());
  return values;
}

}  // namespace

ArchitectureParameters::ArchitectureParameters(const SearchSpace& space) {
  const auto length = [](std::size_t n) { return Shape{static_cast<std::int64_t>(n)}; };
  for (const SpaceChoice& choice : space.choices)
    alphas_.push_back(&declare("choice." + choice.id, length(choice.candidates.size()), Init::normal(kFirstDeviation), true));
  for (const SpaceEdges& edges : space.edges)
    betas_.push_back(&declare("edges." + edges.id, length(edges.choices.size()), Init::normal(kFirstDeviation), true));
}

Tensor ArchitectureParameters::forward(const Tensor&, Forward&) {
  throw Error(ErrorCode::Internal, "architecture parameters are no layer");
}
std::vector<std::vector<double>> ArchitectureParameters::alphas() const { return on_host(alphas_); }
std::vector<std::vector<double>> ArchitectureParameters::betas() const { return on_host(betas_); }

Mixing mixing_of(const SearchSpace& space, const Architecture& architecture) {
  Mixing mixing;
  for (std::size_t c = 0; c < space.choices.size(); ++c) {
    mixing.active.emplace_back(space.choices[c].candidates.size(), false);
    mixing.active.back()[static_cast<std::size_t>(architecture.choices[c])] = true;
  }
  mixing.weights.resize(space.choices.size());
  mixing.edges.resize(space.edges.size());
  mixing.kept = architecture.edges;
  return mixing;
}

std::vector<double> softmax_of(const std::vector<double>& logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (const double x : logits) {
    p.push_back(std::exp(x - most));
    sum += p.back();
  }
  for (double& x : p) x /= sum;
  return p;
}

double normalised_entropy(const std::vector<double>& p) {
  if (p.size() < 2) return 0;
  double entropy = 0;
  for (const double x : p)
    if (x > 0) entropy -= x * std::log(x);
  return entropy / std::log(static_cast<double>(p.size()));
}

}  // namespace dsw
