// SPDX-License-Identifier: GPL-3.0-or-later
// measure_decode THREADS [TOKENS]: a language model of Llama's shape and 15 M parameters (60 MB, beyond the cache) makes one token after
// the other; the weights of all layers and of the logits are read once for each. JSON on stdout: {"read_bytes_per_s", "cases": {NAME:
// {"bytes_per_s", "tokens_per_s", "milliseconds"}}}. `./dev bench decode` runs it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/autograd/node.h"
#include "engine/core/json.h"
#include "engine/nn/models/gpt.h"
#include "engine/tensor/kernel_watch.h"
#include "kernels/cpu/limits.h"

int main(int argc, char** argv) {
  using namespace dsw;
  if (argc < 2) return 2;
  const int threads = std::atoi(argv[1]), tokens = argc > 2 ? std::atoi(argv[2]) : 200;
  const auto device = std::make_unique<WatchedDevice>(make_cpu_device(threads));  // as runs have it
  const auto plain = make_cpu_device(threads);
  GptConfig config;
  config.layers = 6;
  config.context = 512;
  config.vocabulary = 1024;
  config.block.width = 448;
  config.block.heads = config.block.kv_heads = 7;
  config.block.hidden = 1152;
  config.block.rotary = config.block.rms_norm = config.block.swiglu = true;
  config.block.bias = false;
  Gpt model(config);
  model.materialize(*device, 1);
  const double bytes = 4.0 * static_cast<double>(model.trainable_elements());

  const NoGradScope no_grad;
  Forward pass;
  KvPages pages;
  StepPlans plans(*device);
  std::vector<KvText> text(1, KvText(pages));
  std::vector<double> seconds, bandwidths;
  std::int32_t id = 1;
  for (int n = 0; n < tokens; ++n) {
    // Other machines on the same memory make it slower for a while, so what it gives is measured all along.
    if (n % 16 == 0) bandwidths.push_back(kernels::read_bandwidth(plain->stream(), 0.05));
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<float> logits =
        model.step(from_host(std::vector<std::int32_t>{id}, {1, 1}, *device), pages, text, pass, &plans).to_vector<float>();
    id = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(bandwidths.begin(), bandwidths.end());
  const double middle = seconds[seconds.size() / 2];
  Json report;
  report["parameters"] = model.trainable_elements();
  report["read_bytes_per_s"] = bandwidths[bandwidths.size() / 2];
  report["cases"]["decode-15m-f32"] = {{"bytes_per_s", bytes / middle}, {"tokens_per_s", 1 / middle}, {"milliseconds", 1e3 * middle}};
  std::printf("%s\n", report.dump().c_str());
  return 0;
}
