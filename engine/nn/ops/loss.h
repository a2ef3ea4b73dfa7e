// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// Mean cross entropy in nats per counted target, with s = smoothing and log p the log-softmax of a row:
/// loss = mean over rows with target >= 0 of (1 - s) (-log p[target]) + s mean_k (-log p[k]); 0 when no row counts.
/// @param logits  [..., K], a float dtype   @param target  [...], int32; below 0 (usually -1 or -100): left out
/// @param smoothing  0 … 1
/// @return  rank 0, float32 (float64 for float64 logits).   Gradient: dlogits = (p - (1 - s) [k = target] - s / K) / counted; 0 for rows
/// left out
/// @throws Error{ShapeMismatch}; Error{InvalidArgument} if a target is K or more.   Source: Szegedy et al. 2016, sec. 7 (smoothing)
Tensor cross_entropy(const Tensor& logits, const Tensor& target, double smoothing = 0);

/// Mean squared error: mean (x - y)², over all elements. x and y have one shape.   @return rank 0.   Gradient: 2 (x - y) / n
Tensor mse_loss(const Tensor& x, const Tensor& y);

}  // namespace dsw
