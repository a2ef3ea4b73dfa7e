// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/gamma_sample.h"

#include <cmath>

namespace dsw {
namespace {

double digamma(double x) {
  double y = 0;
  for (; x < 10; x += 1) y -= 1 / x;
  const double r = 1 / (x * x);
  return y + std::log(x) - 0.5 / x - r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r / 132))));
}

}  // namespace

double gamma_slope(double shape, double value) {
  // F = Σ_n t_n with t_n = z^(a+n) e^-z / Γ(a+n+1), so ∂F/∂a = Σ_n t_n (log z - ψ(a+n+1)); divided by f = z^(a-1) e^-z / Γ(a).
  const double log_z = std::log(value);
  double psi = digamma(shape + 1), term = value / shape, sum = 0;
  // Far above the mean the sum cancels out; there the cube of a normal number (Wilson & Hilferty 1931) is close enough.
  if (value > shape + 12 * std::sqrt(shape) + 12) {
    const double root = std::cbrt(value / shape), g = (root - 1 + 1 / (9 * shape)) * 3 * std::sqrt(shape);
    return value / shape + 3 * shape * root * root * (1 / (9 * shape * shape) - g / (6 * shape * std::sqrt(shape)));
  }
  for (int n = 0; n < 2000; ++n) {
    sum += term * (log_z - psi);
    psi += 1 / (shape + n + 1);
    term *= value / (shape + n + 1);
    if (term < 1e-18 * (1 + std::abs(sum)) && n > value) break;
  }
  return -sum;
}

GammaSample gamma_sample(double shape, Rng& rng) {
  // Shapes below 1 through that above: Gamma(a) = Gamma(a + 1) · u^(1/a).
  const double a = shape < 1 ? shape + 1 : shape, d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng.normal(), v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = rng.uniform();
    if (u <= 0 || std::log(u) >= 0.5 * x * x + d - d * v + d * std::log(v)) continue;
    double value = d * v;
    if (shape < 1) value *= std::pow(std::max(rng.uniform(), 1e-300), 1 / shape);
    value = std::max(value, 1e-30);
    return {value, gamma_slope(shape, value)};
  }
}

}  // namespace dsw
