// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/softmax.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

using Forward1 = int (*DswKernels::*)(DswStream*, DswView, DswView);
using Backward1 = int (*DswKernels::*)(DswStream*, DswView, DswView, DswView);

Tensor over_rows(const char* name, const Tensor& x, Forward1 forward, Backward1 backward) {
  op::check_float(name, x);
  op::check_rank_at_least(name, x, 1);
  Tensor y = empty_like(x);
  if (y.elements() > 0) op::run(x, name, forward, x.view(), y.view());
  return with_grad(
      y, {x},
      [name, backward, y = y.detach()](const Tensor& dy) {
        Tensor dx = empty_like(y);
        if (dx.elements() > 0) op::run(y, name, backward, y.view(), dy.view(), dx.view());
        return Grads{dx};
      },
      name);
}

}  // namespace

Tensor softmax(const Tensor& x) { return over_rows("softmax", x, &DswKernels::softmax_fwd, &DswKernels::softmax_bwd); }
Tensor log_softmax(const Tensor& x) { return over_rows("log-softmax", x, &DswKernels::log_softmax_fwd, &DswKernels::log_softmax_bwd); }

}  // namespace dsw
