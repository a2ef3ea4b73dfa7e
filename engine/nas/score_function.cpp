// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/score_function.h"

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {

Tensor score_function(const std::vector<Tensor>& alphas, const std::vector<std::vector<bool>>& drawn, const Tensor& loss,
                      const Tensor& baseline) {
  Tensor log_p;
  for (std::size_t c = 0; c < alphas.size(); ++c) {
    const std::vector<float> chosen(drawn[c].begin(), drawn[c].end());
    const Tensor one = sum(mul(log_softmax(alphas[c]), cast(from_host(chosen, alphas[c].device()), alphas[c].dtype())));
    log_p = log_p ? add(log_p, one) : one;
  }
  return mul(log_p, reshape(sub(loss.detach(), baseline.detach()), Shape{}));
}

}  // namespace dsw
