// SPDX-License-Identifier: GPL-3.0-or-later
// measure_gpu DEVICE [SMALL]: milliseconds of attention forward and backward, of products in bfloat16 and 8-bit floats, and tokens a second
// of a language model that makes one token after the other, on "cuda:0" (or "cuda-emulated" or "cpu", to try the program). The median of
// ten measurements each, the device waited for around each. SMALL: little of each, once, to try the program. JSON on stdout. `./dev gpu`
// runs it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/autograd/node.h"
#include "engine/autograd/step_plan.h"
#include "engine/core/json.h"
#include "engine/nn/models/gpt.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/tensor/cuda_device.h"
#include "engine/tensor/kernel_watch.h"
#include "tests/support/emulated_device.h"

namespace {

using namespace dsw;

Tensor noise(const Shape& shape, DType dtype, std::uint64_t seed, Device& device) {
  const Tensor x = empty(shape, DType::F32, device);
  check_status(device.kernels().random_normal(device.stream(), x.view(), Rng(seed).next_key(), 0, 1), "random_normal", device);
  return cast(x, dtype);
}

bool small = false;

double milliseconds(Device& device, const std::function<void()>& work) {
  const int warm_up = small ? 0 : 3, measured = small ? 1 : 10;
  std::vector<double> times;
  for (int i = 0; i < warm_up + measured; ++i) {
    device.synchronize();
    const auto begin = std::chrono::steady_clock::now();
    work();
    device.synchronize();
    if (i >= warm_up) times.push_back(1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + measured / 2, times.end());
  return times[static_cast<std::size_t>(measured / 2)];
}

void attention(Device& device, Json& cases) {
  const std::int64_t B = small ? 1 : 4, H = small ? 1 : 16, T = small ? 128 : 2048, D = 64;
  const auto rows = [&](std::uint64_t seed) { return noise({B, H, T, D}, DType::BF16, seed, device); };
  const Tensor q = rows(1), k = rows(2), v = rows(3), d_o = rows(4), o = rows(5), dq = rows(6), dk = rows(7), dv = rows(8);
  const Tensor lse = empty({B, H, T}, DType::F32, device);
  const DswAttention settings{1 / std::sqrt(static_cast<double>(D)), 1, 0, 0, 0, 0};
  const DswKernels& kernels = device.kernels();
  cases["attention-fwd-2048-bf16"] = milliseconds(device, [&] {
    check_status(kernels.attention_fwd(device.stream(), &settings, q.view(), k.view(), v.view(), {}, o.view(), lse.view(), {}),
                 "attention_fwd", device);
  });
  cases["attention-bwd-2048-bf16"] = milliseconds(device, [&] {
    check_status(kernels.attention_bwd(device.stream(), &settings, q.view(), k.view(), v.view(), {}, o.view(), lse.view(), d_o.view(),
                                       dq.view(), dk.view(), dv.view()),
                 "attention_bwd", device);
  });
}

void products(Device& device, Json& cases) {
  const std::int64_t N = small ? 128 : 4096;
  const Tensor a = noise({N, N}, DType::BF16, 1, device), b = noise({N, N}, DType::BF16, 2, device), c = empty({N, N}, DType::BF16, device);
  const DswKernels& kernels = device.kernels();
  cases["product-4096-bf16"] = milliseconds(device, [&] {
    check_status(kernels.matmul(device.stream(), a.view(), b.view_permute({1, 0}).view(), {}, c.view(), 1, 0), "matmul", device);
  });
  const auto measure = [&](const char* name, ScaleBlocks left_blocks, ScaleBlocks right_blocks) {
    const Quantized left = quantize(a, DType::E4M3, left_blocks), right = quantize(b, DType::E4M3, right_blocks);
    cases[name] = milliseconds(device, [&] {
      check_status(kernels.matmul_blocks(device.stream(), left.values.view(), left.scale.view(), right.values.view(), right.scale.view(),
                                         {}, c.view()),
                   "matmul_blocks", device);
    });
  };
  measure("product-4096-fp8", kPerTensor, kPerTensor);
  measure("product-4096-fp8-blocks", kPerRowBlock, kPerSquare);
}

/// As in measure_decode.cpp, in bfloat16.
void decode(Device& device, Json& cases) {
  GptConfig config;
  config.layers = small ? 1 : 6;
  config.context = 512;
  config.vocabulary = small ? 64 : 1024;
  config.block.width = small ? 64 : 448;
  config.block.heads = config.block.kv_heads = config.block.width / 64;
  config.block.hidden = small ? 64 : 1152;
  config.block.rotary = config.block.rms_norm = config.block.swiglu = true;
  config.block.bias = false;
  Gpt model(config);
  model.materialize(device, 1);
  Forward pass;
  pass.compute = Compute(DType::BF16);
  KvPages pages;
  std::vector<KvText> text(1, KvText(pages));
  StepPlans plans(device);
  std::vector<double> seconds;
  for (std::int64_t n = 0; n < (small ? 3 : 320); ++n) {
    const auto begin = std::chrono::steady_clock::now();
    model.step(from_host(std::vector<std::int32_t>{1}, {1, 1}, device), pages, text, pass, &plans).to_vector<float>();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  cases["decode-15m-bf16"] = 1 / seconds[seconds.size() / 2];
}

std::unique_ptr<Device> device_of(const std::string& name) {
  if (name == "cpu") return make_cpu_device();
  if (name == "cuda-emulated") return test::make_emulated_cuda_device();
  const auto module = cuda_module();
  return module && cuda_devices().count > 0 ? make_module_device(**module, 0, "cuda:0") : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::unique_ptr<Device> own = device_of(argv[1]);
  if (!own) return 77;
  const auto device = std::make_unique<WatchedDevice>(std::move(own));
  small = argc > 2;
  const NoGradScope no_grad;
  Json report;
  report["device"] = device->info().description;
  attention(*device, report["cases"]);
  products(*device, report["cases"]);
  decode(*device, report["cases"]);
  std::printf("%s\n", report.dump().c_str());
  return 0;
}
