// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

/// A number whose gradient by α is (loss - baseline) · ∂ Σ_c log softmax(α_c)[drawn_c] / ∂α: over draws unbiased for the gradient of the
/// expected loss, whatever the baseline, as long as it does not know the draw. Its value means nothing.
/// Source: Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", theorem 1.
/// @param alphas  [choice]: [n]   @param drawn  [choice][candidate]: one true   @param loss  rank 0   @param baseline  [1]   @return  rank
/// 0
Tensor score_function(const std::vector<Tensor>& alphas, const std::vector<std::vector<bool>>& drawn, const Tensor& loss,
                      const Tensor& baseline);

}  // namespace dsw
