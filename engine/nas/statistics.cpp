// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/statistics.h"

#include <cmath>
#include <limits>

namespace dsw {
namespace {

/// Regularised incomplete beta function by its continued fraction.   Source: Press et al. 2007, "Numerical Recipes", sec. 6.4.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m < 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / std::max(1 + even * d, kTiny);
    c = 1 + even / c;
    h *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    const double change = c * d;
    h *= change;
    if (std::abs(change - 1) < 1e-15) break;
  }
  return std::exp(a * std::log(x) + b * std::log(1 - x) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b)) * h / a;
}

double student_cdf(double freedom, double t) {
  const double tail = 0.5 * incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
  return t > 0 ? 1 - tail : tail;
}

}  // namespace

double student_quantile(double freedom, double p) {
  if (p < 0.5) return -student_quantile(freedom, 1 - p);
  double low = 0, high = 1;
  while (student_cdf(freedom, high) < p) high *= 2;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (student_cdf(freedom, middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

MeanInterval mean_interval(const std::vector<double>& values, double level) {
  MeanInterval found;
  found.count = values.size();
  const double n = static_cast<double>(values.size());
  for (const double value : values) found.mean += value / n;
  if (values.size() < 2) {
    found.lower = -std::numeric_limits<double>::infinity();
    found.upper = std::numeric_limits<double>::infinity();
    return found;
  }
  for (const double value : values) found.sd += (value - found.mean) * (value - found.mean) / (n - 1);
  found.sd = std::sqrt(found.sd);
  const double half = student_quantile(n - 1, level) * found.sd / std::sqrt(n);
  found.lower = found.mean - half;
  found.upper = found.mean + half;
  return found;
}

}  // namespace dsw
