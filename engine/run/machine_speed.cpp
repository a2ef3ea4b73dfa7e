// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/machine_speed.h"

#include <algorithm>
#include <chrono>

#include "engine/autograd/node.h"
#include "engine/nn/ops/matmul.h"

namespace dsw {
namespace {

double measure() {
  constexpr std::int64_t kSide = 512;
  constexpr int kTries = 6;
  const auto device = make_cpu_device();
  const NoGradScope no_graph;
  const Tensor a = full({kSide, kSide}, 0.5, DType::F32, *device), b = full({kSide, kSide}, 0.25, DType::F32, *device);
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    matmul(a, b);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    best = std::max(best, 2.0 * kSide * kSide * kSide / std::max(seconds, 1e-9));
  }
  return best;
}

}  // namespace

double processor_flops_per_second() {
  static const double measured = measure();
  return measured;
}

}  // namespace dsw
