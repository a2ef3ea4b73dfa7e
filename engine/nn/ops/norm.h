// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

/// Layer normalisation of each row: y = (x - mean x) / sqrt(var x + eps) · weight + bias, variance by 1/C.
/// @param x       [..., C], a float dtype; statistics, weight, bias and their gradients are float32 (float64 beside a float64 x)
/// @param weight  [C] or not given (1)   @param bias  [C] or not given (0)   @param eps  > 0
/// @return        [..., C].   With h = (x - mean) / sd and g = dy weight: dx = (g - mean g - h mean(g h)) / sd,
///                dweight = sum dy h, dbias = sum dy over the rows
/// @throws Error{ShapeMismatch}.   Source: Ba, Kiros, Hinton 2016
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps = 1e-5);

/// Normalisation by the root mean square of each row: y = x / sqrt(mean x² + eps) · weight.
/// @param x  [..., C]   @param weight  [C] or not given (1), dtypes as in layer_norm   @param eps  > 0
/// @return   [..., C].   Gradient: as layer_norm without the means of g.   Source: Zhang & Sennrich 2019
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps = 1e-5);

/// A residual sum and its norm.
struct SumAndNorm {
  Tensor sum, normed;
};
/// {x + r, layer_norm(x + r, weight, bias, eps)}, made in one pass; recorded and traced as those two ops, with the same bits.
/// @param x, r  of one shape and dtype
SumAndNorm add_layer_norm(const Tensor& x, const Tensor& r, const Tensor& weight, const Tensor& bias, double eps = 1e-5);
/// The same with rms_norm.
SumAndNorm add_rms_norm(const Tensor& x, const Tensor& r, const Tensor& weight, double eps = 1e-5);

/// Batch normalisation over all axes but axis 1.
/// training: y = (x - mean) / sqrt(var + eps) · weight + bias with the batch's own mean and variance (1/n), and the running
/// ones move: running = (1 - momentum) running + momentum batch (the running variance by 1/(n-1)). Else the running ones are used.
/// @param x             [B, C, ...]   @param weight, bias  [C] or not given (1 and 0), dtypes as in layer_norm
/// @param running_mean, running_var  [C], written when training; not given when training: not kept
/// @return              [B, C, ...].   Gradient: as layer_norm over the batch when training; dx = dy weight / sd otherwise
/// @throws Error{ShapeMismatch}.   Source: Ioffe & Szegedy 2015
Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var,
                  bool training, double momentum = 0.1, double eps = 1e-5);

}  // namespace dsw
