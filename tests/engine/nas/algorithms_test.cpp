// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Draws against their distributions; gradients of sampled factors against the exact gradient of the expectation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/autograd/node.h"
#include "engine/nas/architecture.h"
#include "engine/nas/gamma_sample.h"
#include "engine/nas/score_function.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

using Phase = SearchAlgorithm::Phase;
using Vector = std::vector<double>;

const Vector kAlpha{0.5, -0.3, 1.1, 0.0};
const std::vector<bool> kOpen(4, true);

struct Algorithms : testing::Test {
  static std::unique_ptr<SearchAlgorithm> make(const std::string& name, const std::string& settings = "{}") {
    const auto* entry = search_algorithms().find(name);
    return std::move(*entry->make(with_defaults(entry->schema, Json::parse(settings))));
  }
  Tensor leaf(const Vector& values) const { return from_host(values, *device).set_requires_grad(true); }
  Tensor numbers(const std::vector<float>& values) const {
    return from_host(values.empty() ? Vector(kAlpha.size(), 0) : Vector(values.begin(), values.end()), *device);
  }
  /// One draw's factors, and the gradient of Σ costs · factors by α.
  std::pair<Vector, Vector> sample(const SearchAlgorithm& algorithm, Phase phase, Rng& rng, const Vector& costs, double temperature) const {
    const SearchAlgorithm::Draw draw = algorithm.draw(phase, kAlpha, kOpen, rng);
    const Tensor alpha = leaf(kAlpha);
    const Tensor factors =
        algorithm.factors({alpha, numbers(draw.noise), numbers(draw.slope), from_host(Vector{1 / temperature}, *device), draw.active});
    Vector only = factors.to_vector<double>(), used = costs;
    for (std::size_t i = 0; i < only.size(); ++i)
      if (!draw.active[i]) only[i] = used[i] = 0;
    const Gradients gradients = backward(sum(mul(factors, from_host(used, *device))));
    return {only, gradients.of(alpha).to_vector<double>()};
  }
  /// ∂/∂α_j Σ_i c_i softmax(α)_i.
  static Vector exact(const Vector& costs) {
    const Vector p = softmax_of(kAlpha);
    double mean = 0;
    for (std::size_t i = 0; i < p.size(); ++i) mean += p[i] * costs[i];
    Vector gradient;
    for (std::size_t i = 0; i < p.size(); ++i) gradient.push_back(p[i] * (costs[i] - mean));
    return gradient;
  }
  std::unique_ptr<Device> device = make_reference_device();
};

/// Mean over draws with its standard error.
struct Mean {
  Vector sum, squares;
  int count = 0;
  void add(const Vector& x) {
    sum.resize(x.size());
    squares.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum[i] += x[i];
      squares[i] += x[i] * x[i];
    }
    ++count;
  }
  double mean(std::size_t i) const { return sum[i] / count; }
  double error(std::size_t i) const { return std::sqrt(std::max(1e-12, squares[i] / count - mean(i) * mean(i)) / count); }
};

TEST_F(Algorithms, SamplingFrequenciesMatchTheSoftmax) {
  const Vector p = softmax_of(kAlpha);
  constexpr int kDraws = 20000;
  for (const char* name : {"gdas", "proxyless"}) {
    SCOPED_TRACE(name);
    const auto algorithm = make(name);
    Rng rng(1, name);
    Vector counts(p.size(), 0);
    for (int i = 0; i < kDraws; ++i) {
      const auto draw = algorithm->draw(Phase::Weights, kAlpha, kOpen, rng);
      ASSERT_EQ(std::count(draw.active.begin(), draw.active.end(), true), 1);
      counts[static_cast<std::size_t>(std::find(draw.active.begin(), draw.active.end(), true) - draw.active.begin())] += 1;
    }
    double chi_squared = 0;
    for (std::size_t i = 0; i < p.size(); ++i) chi_squared += std::pow(counts[i] - kDraws * p[i], 2) / (kDraws * p[i]);
    EXPECT_LT(chi_squared, 16.3) << "99.9 % of χ² with 3 degrees";
  }
  // Even ones draw evenly, whatever α is.
  Rng rng(1, "even");
  Vector counts(p.size(), 0);
  const auto random = make("random");
  for (int i = 0; i < kDraws; ++i) {
    const auto draw = random->draw(Phase::Weights, kAlpha, kOpen, rng);
    for (std::size_t k = 0; k < p.size(); ++k) counts[k] += draw.active[k];
  }
  for (const double count : counts) EXPECT_NEAR(count / kDraws, 0.25, 0.015);
}

TEST_F(Algorithms, ClosedCandidatesAreNeverDrawn) {
  Vector alpha = kAlpha;
  alpha[2] = -INFINITY;
  const std::vector<bool> open{true, true, false, true};
  for (const char* name : {"gdas", "proxyless", "fbnet", "drnas", "darts"}) {
    SCOPED_TRACE(name);
    const auto algorithm = make(name);
    EXPECT_EQ(algorithm->probabilities(alpha)[2], 0);
    Rng rng(2, name);
    for (int i = 0; i < 300; ++i) EXPECT_FALSE(algorithm->draw(Phase::Architecture, alpha, open, rng).active[2]);
  }
}

/// The straight-through gradient of gdas is that of E[c · softmax((log p + g) / τ)] where the soft choice's own gradient is taken at
/// the hard choice's place: with every candidate active its mean is the exact gradient of the soft expectation, which differs from that of
/// the hard one by the stated bias, and goes to it as τ falls.
TEST_F(Algorithms, TheSoftGumbelChoiceIsUnbiasedForItsOwnExpectation) {
  const auto fbnet = make("fbnet");
  const Vector costs{1.0, 3.0, -2.0, 0.5};
  constexpr double kTemperature = 0.7, kStep = 1e-4;
  Mean gradient, difference;
  for (int i = 0; i < 4000; ++i) {
    Rng rng(10, std::to_string(i));
    const auto draw = fbnet->draw(Phase::Architecture, kAlpha, kOpen, rng);
    const auto value = [&](const Vector& alpha) {
      const Tensor factors = fbnet->factors(
          {from_host(alpha, *device), numbers(draw.noise), numbers({}), from_host(Vector{1 / kTemperature}, *device), draw.active});
      const Vector f = factors.to_vector<double>();
      double sum = 0;
      for (std::size_t k = 0; k < f.size(); ++k) sum += f[k] * costs[k];
      return sum;
    };
    Rng again(10, std::to_string(i));
    gradient.add(sample(*fbnet, Phase::Architecture, again, costs, kTemperature).second);
    Vector slopes;
    for (std::size_t k = 0; k < kAlpha.size(); ++k) {
      Vector above = kAlpha, below = kAlpha;
      above[k] += kStep;
      below[k] -= kStep;
      slopes.push_back((value(above) - value(below)) / (2 * kStep));
    }
    difference.add(slopes);
  }
  for (std::size_t k = 0; k < kAlpha.size(); ++k) EXPECT_NEAR(gradient.mean(k), difference.mean(k), 1e-6) << k;
}

TEST_F(Algorithms, GdasHasFactorOneAndTheBiasThatFallsWithTheTemperature) {
  const auto gdas = make("gdas");
  const Vector costs{1.0, 3.0, -2.0, 0.5};
  const Vector right = exact(costs);
  const auto off = [&](double temperature) {
    Mean mean;
    for (int i = 0; i < 6000; ++i) {
      Rng rng(20, std::to_string(i));
      const auto [factors, gradient] = sample(*gdas, Phase::Architecture, rng, costs, temperature);
      double sum = 0;
      for (const double factor : factors) sum += factor;
      EXPECT_EQ(sum, 1) << "one candidate, with factor 1";
      mean.add(gradient);
    }
    // Direction: the estimator must point the way of the exact gradient.
    double dot = 0, a = 0, b = 0;
    for (std::size_t k = 0; k < right.size(); ++k) {
      dot += mean.mean(k) * right[k];
      a += mean.mean(k) * mean.mean(k);
      b += right[k] * right[k];
    }
    return dot / std::sqrt(a * b);
  };
  EXPECT_GT(off(1.0), 0.85);
  EXPECT_GT(off(5.0), 0.85);
}

/// Of a loss over two choices together: the mean over draws is the exact gradient of the expectation with any baseline; a good one varies
/// less.
TEST_F(Algorithms, TheScoreFunctionIsUnbiasedAndABaselineSteadiesIt) {
  const auto gdas = make("gdas", R"({"estimator": "score-function"})");
  ASSERT_TRUE(gdas->by_score());
  EXPECT_FALSE(make("gdas")->by_score());
  const auto loss_of = [](std::size_t i, std::size_t j) { return 2 + static_cast<double>((3 * i + 5 * j) % 7); };
  const Vector p = softmax_of(kAlpha);
  Vector by_row(kAlpha.size(), 0);  // expected loss where the first choice takes i
  double mean_loss = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    for (std::size_t j = 0; j < p.size(); ++j) by_row[i] += p[j] * loss_of(i, j);
    mean_loss += p[i] * by_row[i];
  }
  const Vector right = exact(by_row);
  const auto estimate = [&](double baseline) {
    Mean mean;
    for (int n = 0; n < 8000; ++n) {
      Rng rng(40, std::to_string(n));
      const std::vector<std::vector<bool>> drawn{gdas->draw(Phase::Architecture, kAlpha, kOpen, rng).active,
                                                 gdas->draw(Phase::Architecture, kAlpha, kOpen, rng).active};
      const auto at = [&](std::size_t c) {
        return static_cast<std::size_t>(std::find(drawn[c].begin(), drawn[c].end(), true) - drawn[c].begin());
      };
      const Tensor first = leaf(kAlpha), second = leaf(kAlpha);
      const Tensor loss = reshape(from_host(Vector{loss_of(at(0), at(1))}, *device), Shape{});
      const Gradients gradients = backward(score_function({first, second}, drawn, loss, from_host(Vector{baseline}, *device)));
      mean.add(gradients.of(first).to_vector<double>());
    }
    return mean;
  };
  const Mean none = estimate(0), good = estimate(mean_loss);
  for (std::size_t k = 0; k < right.size(); ++k) {
    EXPECT_NEAR(none.mean(k), right[k], 4 * none.error(k)) << k;
    EXPECT_NEAR(good.mean(k), right[k], 4 * good.error(k)) << k;
    EXPECT_LT(good.error(k), 0.6 * none.error(k)) << k;
  }
}

/// The two paths' gates: over draws the gradient is a share of the exact one, so that it points the same way.
TEST_F(Algorithms, ProxylessGatesPointTheWayOfTheExactGradient) {
  const auto proxyless = make("proxyless");
  const Vector costs{1.0, 3.0, -2.0, 0.5}, right = exact(costs);
  Mean mean, factors;
  for (int i = 0; i < 8000; ++i) {
    Rng rng(30, std::to_string(i));
    const auto [one, gradient] = sample(*proxyless, Phase::Architecture, rng, costs, 1);
    EXPECT_EQ(std::accumulate(one.begin(), one.end(), 0.0), 1);
    mean.add(gradient);
    factors.add(one);
  }
  double dot = 0, a = 0, b = 0;
  for (std::size_t k = 0; k < right.size(); ++k) {
    dot += mean.mean(k) * right[k];
    a += mean.mean(k) * mean.mean(k);
    b += right[k] * right[k];
    EXPECT_GT(mean.mean(k) * right[k], 0) << "the sign of each";
  }
  EXPECT_GT(dot / std::sqrt(a * b), 0.95);
}

/// drnas is unbiased: the mean of path-wise gradients is the gradient of E[Σ c_i θ_i], which for a Dirichlet distribution is that of its
/// mean.
TEST_F(Algorithms, TheDirichletPathIsUnbiased) {
  const auto drnas = make("drnas");
  const Vector costs{1.0, 3.0, -2.0, 0.5};
  const auto mean_cost = [&](const Vector& alpha) {
    const Vector p = drnas->probabilities(alpha);
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += p[i] * costs[i];
    return sum;
  };
  Mean gradient, factors;
  Rng rng(40, "drnas");
  for (int i = 0; i < 30000; ++i) {
    const auto [one, slope] = sample(*drnas, Phase::Architecture, rng, costs, 1);
    gradient.add(slope);
    factors.add(one);
  }
  const Vector p = drnas->probabilities(kAlpha);
  for (std::size_t k = 0; k < p.size(); ++k) {
    EXPECT_NEAR(factors.mean(k), p[k], 4 * factors.error(k)) << k;
    Vector above = kAlpha, below = kAlpha;
    above[k] += 1e-5;
    below[k] -= 1e-5;
    EXPECT_NEAR(gradient.mean(k), (mean_cost(above) - mean_cost(below)) / 2e-5, 4 * gradient.error(k)) << k;
  }
}

TEST_F(Algorithms, TheSlopeOfAGammaDrawIsThatOfItsQuantile) {
  // dz/da along F(z; a) = const: F by summing its series in small steps of a.
  const auto distribution = [](double a, double z) {
    double term = std::exp(a * std::log(z) - z - std::lgamma(a + 1)), sum = 0;
    for (int n = 1; n < 3000; ++n) {
      sum += term;
      term *= z / (a + n);
    }
    return sum;
  };
  for (const double a : {0.05, 0.4, 1.0, 3.3, 20.0}) {
    for (const double z : {0.3 * a, a, 2.5 * a}) {
      const double h = 1e-5 * a;
      const double by_shape = (distribution(a + h, z) - distribution(a - h, z)) / (2 * h);
      const double density = std::exp((a - 1) * std::log(z) - z - std::lgamma(a));
      EXPECT_NEAR(gamma_slope(a, z) / (-by_shape / density), 1, 1e-4) << a << " " << z;
    }
  }
  for (const double a : {0.3, 1.0, 4.0}) {
    Rng rng(50, std::to_string(a));
    double sum = 0, squares = 0;
    constexpr int kDraws = 40000;
    for (int i = 0; i < kDraws; ++i) {
      const double z = gamma_sample(a, rng).value;
      sum += z;
      squares += z * z;
    }
    const double mean = sum / kDraws;
    EXPECT_NEAR(mean, a, 4 * std::sqrt(a / kDraws));
    EXPECT_NEAR(squares / kDraws - mean * mean, a, 0.06 * a);
  }
}

TEST_F(Algorithms, SchedulesAreThoseOfThePapers) {
  EXPECT_NEAR(make("gdas")->temperature(0, 0), 10, 1e-12);
  EXPECT_NEAR(make("gdas")->temperature(1, 250), 0.1, 1e-12);
  EXPECT_NEAR(make("fbnet")->temperature(0.5, 10), 5 * std::pow(0.956, 10), 1e-12);
  EXPECT_NEAR(make("beta-darts")->regulariser_weight(0.5), 25, 1e-12);
  EXPECT_EQ(make("drnas")->open_candidates(0.49, 5), 5u);
  EXPECT_EQ(make("drnas")->open_candidates(0.5, 5), 3u);
  EXPECT_TRUE(make("beta-darts")->edge_weights());
  EXPECT_FALSE(make("darts")->edge_weights());
}

TEST_F(Algorithms, BetaDartsPullIsTheLogarithmOfTheSumOfExponentials) {
  const auto algorithm = make("beta-darts");
  const Tensor alpha = leaf(kAlpha);
  const Tensor pull = algorithm->regulariser(alpha);
  double sum = 0;
  for (const double a : kAlpha) sum += std::exp(a);
  EXPECT_NEAR(pull.item(), std::log(sum), 1e-12);
  const Vector gradient = backward(pull).of(alpha).to_vector<double>(), p = softmax_of(kAlpha);
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(gradient[i], p[i], 1e-12);
}

}  // namespace
}  // namespace dsw
