// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// cross_entropy(linear(x, weight), target, smoothing) for large vocabularies: `chunk_rows` rows at a time meet the weight, so never more
/// than chunk_rows V logits live. x [..., C], weight [V, C], target int32 [...]; gives float32 [] (float64 beside float64).
/// Where a gradient is wanted it is computed together with the loss, while the chunk's logits are there, and only scaled by dy later: in
/// float16 a scaled loss comes too late to keep small ones.   Source: Wijmans et al., "Cut your losses in large-vocabulary language
/// models", 2024, sec. 4 (the chunks).
/// @throws Error{ShapeMismatch, InvalidArgument}
Tensor linear_cross_entropy(const Tensor& x, const Tensor& weight, const Tensor& target, double smoothing, std::int64_t chunk_rows);

}  // namespace dsw
