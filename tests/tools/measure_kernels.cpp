// SPDX-License-Identifier: GPL-3.0-or-later
// measure_kernels THREADS [SECONDS]: this machine's limits and the speed of products and attention beside them, as JSON on stdout:
// {"peak_flops", "read_bytes_per_s", "cases": {NAME: {"flops_per_s", "milliseconds"}}}. `./dev bench kernels` runs it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/core/json.h"
#include "engine/core/rng.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/matmul.h"
#include "kernels/cpu/limits.h"

namespace {

using namespace dsw;

double best_seconds(double limit, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  work();  // primitives are prepared, memory is there
  const auto end = Clock::now() + std::chrono::duration<double>(limit);
  double best = 1e30;
  do {
    const auto begin = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < end);
  return best;
}

Tensor noise(const Shape& shape, std::uint64_t seed, Device& device) {
  Rng rng(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& v : values) v = static_cast<float>(rng.normal());
  return from_host(values, shape, device);
}

/// Of the products q·k and p·v over all pairs that may be seen; the backward pass makes five products.
double attention_flops(std::int64_t batch_heads, std::int64_t length, std::int64_t width, bool causal, int products) {
  const double pairs = causal ? 0.5 * static_cast<double>(length) * static_cast<double>(length + 1) : static_cast<double>(length * length);
  return 2.0 * products * static_cast<double>(batch_heads) * pairs * static_cast<double>(width);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int threads = std::atoi(argv[1]);
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1;
  const auto device = make_cpu_device(threads);
  Json report;
  report["peak_flops"] = kernels::peak_flops(device->stream(), seconds / 2);
  report["read_bytes_per_s"] = kernels::read_bandwidth(device->stream(), seconds / 2);
  Json& cases = report["cases"];
  const auto put = [&](const std::string& name, double flops, const std::function<void()>& work) {
    const double best = best_seconds(seconds, work);
    cases[name] = {{"flops_per_s", flops / best}, {"milliseconds", best * 1e3}};
  };
  {
    const NoGradScope no_grad;
    const Tensor a = noise({1024, 1024}, 1, *device), b = noise({1024, 1024}, 2, *device);
    put("gemm-1024-f32", 2.0 * 1024 * 1024 * 1024, [&] { matmul(a, b); });
  }
  struct Attention {
    const char* name;
    std::int64_t length;
    bool causal;
  };
  constexpr std::int64_t kBatch = 4, kHeads = 8, kHeadWidth = 64;
  for (const Attention& one : {Attention{"attention-1024-full-f32", 1024, false},
                               {"attention-1024-causal-f32", 1024, true},
                               {"attention-512-causal-f32", 512, true}}) {
    const Shape shape{kBatch, kHeads, one.length, kHeadWidth};
    const NoGradScope no_grad;
    const Tensor q = noise(shape, 3, *device), k = noise(shape, 4, *device), v = noise(shape, 5, *device);
    AttentionOptions options;
    options.causal = one.causal;
    put(one.name, attention_flops(kBatch * kHeads, one.length, kHeadWidth, one.causal, 2), [&] { attention(q, k, v, options); });
  }
  {
    const Shape shape{kBatch, kHeads, 1024, kHeadWidth};
    Tensor q = noise(shape, 3, *device), k = noise(shape, 4, *device), v = noise(shape, 5, *device);
    for (Tensor* x : {&q, &k, &v}) x->set_requires_grad(true);
    const Tensor o = attention(q, k, v), seed = noise(shape, 6, *device);
    put("attention-1024-backward-f32", attention_flops(kBatch * kHeads, 1024, kHeadWidth, false, 5), [&] { backward(o, seed, true); });
  }
  std::printf("%s\n", report.dump().c_str());
  return 0;
}
