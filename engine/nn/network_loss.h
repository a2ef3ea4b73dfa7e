// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/module.h"

namespace dsw {

/// A network that computes its own loss, because it need not hold all that forward gives for it.
class HasLoss {
 public:
  virtual ~HasLoss() = default;
  /// cross_entropy(forward(x), target, smoothing), within rounding.
  virtual Tensor loss(const Tensor& x, const Tensor& target, double smoothing, Forward& pass) = 0;
  /// Bytes of float32 logits that live at once for an input of this shape; their gradients take as much again.
  virtual double logits_bytes(const Shape& input) const = 0;
};

/// The mean cross entropy of a batch: the network's own, or that of what forward gives.
Tensor network_loss(Module& network, const Tensor& x, const Tensor& target, double smoothing, Forward& pass);
/// HasLoss::logits_bytes, or those of forward's whole result.
double logits_bytes(const Module& network, const Shape& input);

}  // namespace dsw
