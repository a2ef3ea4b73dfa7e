// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// y = silu(gate) up, one pass over memory; strided halves of one projection are read in place.
/// @param gate, up  one shape and float dtype   @return the same.   Gradient: dup = dy silu(gate),
/// dgate = dy up (σ + gate σ (1 - σ)), σ = sigmoid(gate).   Source: Shazeer 2020, eq. 5
Tensor swiglu(const Tensor& gate, const Tensor& up);

}  // namespace dsw
