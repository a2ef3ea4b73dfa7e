// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <vector>

#include "engine/autograd/node.h"

namespace dsw {

/// y = forward(x), of whose intermediate results only x is kept: the backward pass computes them again. The gradients have the bits
/// that they have without it, as long as `again` makes the values that `forward` made: with the same random numbers, and without
/// changing anything a second time (running statistics).
/// @param x           [...], float
/// @param parameters  every leaf that forward reads and that wants a gradient
/// @param forward     called once, now, without recording
/// @param again       called once for each backward pass, from within it, recording
/// While nothing is recorded, this is forward(x).
/// Source: Chen et al. 2016, "Training deep nets with sublinear memory cost", section 3.
Tensor checkpoint(const Tensor& x, const std::vector<Tensor>& parameters, const std::function<Tensor(const Tensor&)>& forward,
                  std::function<Tensor(const Tensor&)> again);

}  // namespace dsw
