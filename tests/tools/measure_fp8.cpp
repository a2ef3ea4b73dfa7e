// SPDX-License-Identifier: GPL-3.0-or-later
// measure_fp8 THREADS [M N K]: milliseconds of c = a bᵀ in 8-bit floats (a by blocks of 1 x 128, b of 128 x 128, both quantized before) and
// in float32, best of two seconds each in turns, and of quantizing a; as JSON on stdout.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "engine/autograd/node.h"
#include "engine/core/rng.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/linear.h"

namespace {

using namespace dsw;

Tensor noise(const Shape& shape, std::uint64_t seed, Device& device) {
  const Tensor x = empty(shape, DType::F32, device);
  check_status(device.kernels().random_normal(device.stream(), x.view(), Rng(seed).next_key(), 0, 1), "random_normal", device);
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) return 2;
  const auto length = [&](int i) { return argc == 5 ? std::atoll(argv[i]) : 1024; };
  const std::int64_t M = length(2), N = length(3), K = length(4);
  const auto device = make_cpu_device(std::atoi(argv[1]));
  const NoGradScope no_grad;
  const Tensor a = noise({M, K}, 1, *device), b = noise({N, K}, 2, *device), c = empty({M, N}, DType::F32, *device);
  const Quantized left = quantize(a, DType::E4M3, kPerRowBlock), right = quantize(b, DType::E4M3, kPerSquare);
  struct Work {
    const char* name;
    std::function<void()> run;
    double best = 1e30;
  } works[] = {{"fp8_ms",
                [&] {
                  check_status(device->kernels().matmul_blocks(device->stream(), left.values.view(), left.scale.view(), right.values.view(),
                                                               right.scale.view(), DswView{}, c.view()),
                               "matmul_blocks", *device);
                }},
               {"float32_ms", [&] { linear(a, b); }},
               {"quantize_ms", [&] { quantize(a, DType::E4M3, kPerRowBlock); }}};
  using Clock = std::chrono::steady_clock;
  for (const auto end = Clock::now() + std::chrono::seconds(6); Clock::now() < end;) {
    for (Work& work : works) {
      const auto begin = Clock::now();
      work.run();
      work.best = std::min(work.best, 1e3 * std::chrono::duration<double>(Clock::now() - begin).count());
    }
  }
  for (const Work& work : works) std::printf("%c\"%s\": %.3f", &work == works ? '{' : ',', work.name, work.best);
  std::printf(", \"fp8_over_float32\": %.3f}\n", works[0].best / works[1].best);
}
