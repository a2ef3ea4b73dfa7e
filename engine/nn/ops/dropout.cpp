// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/dropout.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

Tensor raw_dropout(const Tensor& x, double p, std::uint64_t key) {
  const Tensor dense = op::as_contiguous(x);
  Tensor y = empty_like(dense);
  if (y.elements() > 0) op::run(dense, "dropout", &DswKernels::dropout, dense.view(), y.view(), p, key);
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, double p, std::uint64_t key) {
  op::check_float("dropout", x);
  if (!(p >= 0 && p < 1)) throw Error(ErrorCode::InvalidArgument, fmt::format("dropout: p is {}; it must be 0 or more and below 1", p));
  if (p == 0) return x;
  return with_grad(
      raw_dropout(x, p, key), {x}, [p, key](const Tensor& dy) { return Grads{raw_dropout(dy, p, key)}; }, "dropout");
}

Tensor dropout(const Tensor& x, double p, Rng& rng) { return p == 0 ? x : dropout(x, p, rng.next_key()); }

}  // namespace dsw
