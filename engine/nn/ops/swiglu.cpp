// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/swiglu.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  op::check_together("swiglu", {&gate, &up});
  op::check_float("swiglu", gate);
  op::check_same_dtype("swiglu", gate, up);
  if (!(gate.shape() == up.shape()))
    op::shape_error("swiglu", fmt::format("gate is {}, up is {}; they must be equal", gate.shape().text(), up.shape().text()));
  Tensor y = empty_like(gate);
  if (y.elements() > 0) op::run(gate, "swiglu_fwd", &DswKernels::swiglu_fwd, gate.view(), up.view(), y.view());
  return with_grad(
      y, {gate, up},
      [gate, up](const Tensor& dy) {
        const Tensor dgate = empty_like(gate), dup = empty_like(up);
        if (dgate.elements() > 0)
          op::run(gate, "swiglu_bwd", &DswKernels::swiglu_bwd, gate.view(), up.view(), dy.view(), dgate.view(), dup.view());
        return Grads{dgate, dup};
      },
      "swiglu");
}

}  // namespace dsw
