// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/grad_check.h"

#include <algorithm>
#include <cmath>

#include "engine/autograd/node.h"
#include "engine/core/result.h"

namespace dsw::test {
namespace {

/// The memory of element i in row-major order.
double* element(const Tensor& x, std::int64_t i) {
  const DswView view = x.view();
  std::int64_t offset = 0;
  for (int axis = view.rank - 1; axis >= 0; --axis) {
    offset += i % view.shape[axis] * view.stride[axis];
    i /= view.shape[axis];
  }
  return static_cast<double*>(view.data) + offset;
}

}  // namespace

GradCheck grad_check(const std::function<Tensor(const std::vector<Tensor>&)>& f, const std::vector<Tensor>& inputs, const Tensor& seed) {
  const Gradients gradients = backward(f(inputs), seed);
  const std::vector<double> weights = seed.to_vector<double>();
  const NoGradScope no_grad;
  GradCheck result;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const Tensor& x = inputs[n];
    if (!x.requires_grad()) continue;
    const Tensor gradient = gradients.of(x);
    const std::vector<double> analytic =
        gradient ? gradient.to_vector<double>() : std::vector<double>(static_cast<std::size_t>(x.elements()), 0.0);
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      double* const place = element(x, i);
      const double before = *place, h = 1e-6 * std::max(1.0, std::fabs(before));
      *place = before + h;
      const double above = *place;
      const std::vector<double> high = f(inputs).to_vector<double>();
      *place = before - h;
      const double below = *place;
      const std::vector<double> low = f(inputs).to_vector<double>();
      *place = before;
      double difference = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) difference += weights[k] * (high[k] - low[k]);
      difference /= above - below;
      const double a = analytic[static_cast<std::size_t>(i)], error = std::fabs(a - difference) / std::max(1.0, std::fabs(a));
      if (!(error <= result.worst)) {  // also NaN
        result.worst = error;
        result.where = fmt::format("input {}, element {}: backward {}, differences {}", n, i, a, difference);
      }
    }
  }
  return result;
}

}  // namespace dsw::test
