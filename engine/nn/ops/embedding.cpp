// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/embedding.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {

Tensor embedding(const Tensor& weight, const Tensor& index) {
  op::check_together("embedding", {&weight, &index});
  op::check_float("embedding", weight);
  op::check_rank("embedding", "weight", weight, 2);
  op::check_dtype("embedding", "index", index, DType::I32);
  Shape shape = index.shape();
  shape.push_back(weight.size(1));
  Tensor y = empty(shape, weight.dtype(), weight.device());
  if (y.elements() > 0) op::run(weight, "embedding_fwd", &DswKernels::embedding_fwd, weight.view(), index.view(), y.view());
  return with_grad(
      y, {weight, index},
      [weight, index](const Tensor& dy) {
        const Tensor dweight = empty(weight.shape(), weight.dtype(), weight.device());
        if (dweight.elements() > 0)
          op::run(weight, "embedding_bwd", &DswKernels::embedding_bwd, index.view(), dy.view(), dweight.view(), 0);
        return Grads{dweight, Tensor()};
      },
      "embedding");
}

}  // namespace dsw
