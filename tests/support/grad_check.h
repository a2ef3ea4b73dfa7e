// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw::test {

/// The gradient of sum(seed · f(inputs)) by backward() against central differences, element by element of every input that
/// requires a gradient. Inputs are float64 leaves on a device in host memory, in any strides without repeats.
/// Step 1e-6 max(1, |x|); the error of an element is |backward - difference| / max(1, |backward|).
struct GradCheck {
  double worst = 0;
  std::string where;  ///< "input 1, element 4: backward 0.5, differences 0.7"
};
GradCheck grad_check(const std::function<Tensor(const std::vector<Tensor>&)>& f, const std::vector<Tensor>& inputs, const Tensor& seed);

}  // namespace dsw::test
