// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/guards.h"

#include <algorithm>
#include <cmath>

#include "engine/nas/search_step.h"

namespace dsw {
namespace {

using Vector = std::vector<double>;

double norm(const Vector& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

/// α of all choices one after another.
Vector flat(const std::vector<Vector>& rows) {
  Vector all;
  for (const Vector& row : rows) all.insert(all.end(), row.begin(), row.end());
  return all;
}

class HessianProducts {
 public:
  HessianProducts(SearchState& state, Device& device)
      : state_(state),
        batch_(held_out_batch(state, state.step, device)),
        rows_(state.parameters->alphas()),
        betas_(state.parameters->betas()),
        start_(flat(rows_)) {}
  ~HessianProducts() { state_.set_alphas(rows_, betas_); }
  HessianProducts(const HessianProducts&) = delete;
  HessianProducts& operator=(const HessianProducts&) = delete;

  std::size_t size() const { return start_.size(); }

  /// H v for |v| = 1.
  Vector times(const Vector& v) {
    constexpr double kStep = 0.01;  // float32 gradients: smaller steps drown in rounding
    const Vector above = gradient(v, kStep), below = gradient(v, -kStep);
    Vector product(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) product[i] = (above[i] - below[i]) / (2 * kStep);
    return product;
  }

 private:
  Vector gradient(const Vector& v, double step) {
    std::vector<Vector> moved = rows_;
    std::size_t at = 0;
    for (Vector& row : moved)
      for (double& alpha : row) alpha += step * v[at++];
    state_.set_alphas(moved, betas_);
    const auto phase = SearchAlgorithm::Phase::Architecture;
    const StepOutputs& outputs = search_pass(state_, phase, batch_, draws_of(state_, phase), /*pulls=*/false);
    Vector gradient;
    for (std::size_t c = 0; c < rows_.size(); ++c) {
      const Tensor one = outputs.gradients.of(state_.parameters->alpha(c));
      const Vector values = one ? one.to_vector<double>() : Vector(rows_[c].size(), 0);
      gradient.insert(gradient.end(), values.begin(), values.end());
    }
    return gradient;
  }

  SearchState& state_;
  Batch batch_;
  std::vector<Vector> rows_, betas_;
  Vector start_;
};

}  // namespace

GuardReadings read_guards(const SearchSpace& space, const Distribution& p) {
  GuardReadings readings;
  double skipping = 0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    double skips = 0;
    bool has = false;
    for (std::size_t i = 0; i < p[c].size(); ++i) {
      if (!space.choices[c].candidates[i].skips) continue;
      skips += p[c][i];
      has = true;
    }
    if (has) {
      readings.skip_share += skips;
      skipping += 1;
    }
    readings.entropy += normalised_entropy(p[c]);
    Vector sorted = p[c];
    std::sort(sorted.rbegin(), sorted.rend());
    readings.margin += sorted[0] - sorted[1];
  }
  if (skipping > 0) readings.skip_share /= skipping;
  readings.entropy /= static_cast<double>(p.size());
  readings.margin /= static_cast<double>(p.size());
  return readings;
}

double hessian_eigenvalue(SearchState& state, Device& device, int iterations) {
  HessianProducts hessian(state, device);
  Rng rng(state.seed, fmt::format("eigenvalue/{}", state.step));
  Vector v(hessian.size());
  for (double& x : v) x = rng.normal();
  double eigenvalue = 0;
  for (int i = 0; i < iterations; ++i) {
    const double length = norm(v);
    if (length == 0) return 0;
    for (double& x : v) x /= length;
    const Vector product = hessian.times(v);
    const double before = eigenvalue;
    eigenvalue = 0;
    for (std::size_t k = 0; k < v.size(); ++k) eigenvalue += v[k] * product[k];
    v = product;
    if (i > 2 && std::abs(eigenvalue - before) <= 0.01 * std::abs(eigenvalue)) break;
  }
  return eigenvalue;
}

std::string collapse(const SearchSettings& settings, const GuardReadings& readings, double eigenvalue) {
  if (settings.skip_limit < 1 && readings.skip_share > settings.skip_limit)
    return fmt::format("skip share rose to {:.2f}, limit {:.2f}", readings.skip_share, settings.skip_limit);
  if (settings.eigenvalue_limit > 0 && eigenvalue > settings.eigenvalue_limit)
    return fmt::format("the largest eigenvalue rose to {:.3g}, limit {:.3g}", eigenvalue, settings.eigenvalue_limit);
  return {};
}

}  // namespace dsw
