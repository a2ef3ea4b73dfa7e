// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/core/rng.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// Each element is 0 with probability p, else x / (1 - p). Element i (row-major) is decided by Philox(key, i / 4)[i % 4], so the
/// gradient draws the same mask again and none is kept.
/// @param p  0 … 1 (1 excluded); 0 gives x itself   @param key  a new one for each call: rng.next_key()
/// @return   x's shape.   Gradient: the same of dy.   Source: Srivastava et al. 2014
Tensor dropout(const Tensor& x, double p, std::uint64_t key);
/// Draws the key; nothing is drawn for p = 0.
Tensor dropout(const Tensor& x, double p, Rng& rng);

}  // namespace dsw
