// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/nn/layers/open_sizes.h"

namespace dsw {

/// The mask of a size that is left open: entry j is the sum of the factors of the active sizes above j, so that of one active size the
/// first ones are 1 and the others 0.   Source: Wan et al. 2020, "FBNetV2", eq. 4.
/// @param weights  [n], factors of the sizes; undefined: 1   @return  [largest size]; undefined where the largest alone is active
Tensor size_mask(const std::vector<std::int64_t>& sizes, const std::vector<bool>& active, const Tensor& weights, Device& device);

}  // namespace dsw
