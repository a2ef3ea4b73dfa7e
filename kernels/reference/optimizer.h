// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>

#include "kernels/view.h"

/// Optimiser steps over contiguous tensors, in place. Sources: Loshchilov & Hutter 2019 algorithm 2; Sutskever et al. 2013.
namespace dsw::kernels::reference {

/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr ((m / bias1) / (sqrt(v / bias2) + eps) + weight_decay w), g times grad_scale.
template <class T>
int adamw(const DswAdamW& p, const DswView& w, const DswView& g, const DswView& m, const DswView& v) {
  const std::int64_t n = elements(w);
  for (std::int64_t i = 0; i < n; ++i) {
    const double gi = data<T>(g)[i] * p.grad_scale, wi = data<T>(w)[i];
    const double mi = p.beta1 * data<T>(m)[i] + (1 - p.beta1) * gi, vi = p.beta2 * data<T>(v)[i] + (1 - p.beta2) * gi * gi;
    data<T>(m)[i] = static_cast<T>(mi);
    data<T>(v)[i] = static_cast<T>(vi);
    data<T>(w)[i] = static_cast<T>(wi - p.lr * (mi / p.bias1 / (std::sqrt(vi / p.bias2) + p.eps) + p.weight_decay * wi));
  }
  return DSW_OK;
}

/// d = grad_scale g + weight_decay w; with momentum: b = first ? d : momentum b + (1 - dampening) d, d = nesterov ? d + momentum b : b; w
/// -= lr d.
template <class T>
int sgd(const DswSgd& p, const DswView& w, const DswView& g, const DswView& momentum) {
  const std::int64_t n = elements(w);
  for (std::int64_t i = 0; i < n; ++i) {
    const double wi = data<T>(w)[i];
    double d = data<T>(g)[i] * p.grad_scale + p.weight_decay * wi;
    if (given(momentum)) {
      const double b = p.first ? d : p.momentum * data<T>(momentum)[i] + (1 - p.dampening) * d;
      data<T>(momentum)[i] = static_cast<T>(b);
      d = p.nesterov ? d + p.momentum * b : b;
    }
    data<T>(w)[i] = static_cast<T>(wi - p.lr * d);
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
