// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/network_loss.h"

#include "engine/nn/ops/loss.h"

namespace dsw {

Tensor network_loss(Module& network, const Tensor& x, const Tensor& target, double smoothing, Forward& pass) {
  if (auto* own = dynamic_cast<HasLoss*>(&network)) return own->loss(x, target, smoothing, pass);
  return cross_entropy(network.forward(x, pass), target, smoothing);
}

double logits_bytes(const Module& network, const Shape& input) {
  if (const auto* own = dynamic_cast<const HasLoss*>(&network)) return own->logits_bytes(input);
  return static_cast<double>(sizeof(float)) * static_cast<double>(network.output_shape(input).elements());
}

}  // namespace dsw
