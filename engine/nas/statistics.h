// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

namespace dsw {

/// Quantile of Student's t with `freedom` >= 1 degrees, 0 < p < 1. Relative error below 1e-9.
double student_quantile(double freedom, double p);

/// Mean of paired differences with its one-sided bounds at `level` (95 %): mean ∓ t s / √n. Of one number the bounds are infinite.
struct MeanInterval {
  double mean = 0, sd = 0, lower = 0, upper = 0;
  std::size_t count = 0;
};
MeanInterval mean_interval(const std::vector<double>& values, double level = 0.95);

}  // namespace dsw
