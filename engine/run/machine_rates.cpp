// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/machine_rates.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/core/rng.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/norm.h"
#include "engine/tensor/cpu_limits.h"

namespace dsw {
namespace {

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

/// Something to be measured: made before, so that its inputs take no memory while others run.
struct Case {
  std::string name;
  double flops, bytes;
  std::function<std::function<void()>()> prepare;
};

class Cases {
 public:
  Cases(Device& device, DType dtype, std::string suffix) : device_(device), dtype_(dtype), suffix_(std::move(suffix)) {}

  std::vector<Case> all() {
    gemm(1024);
    attention_forward("attention-1024-full", 1024, false);
    attention_forward("attention-1024-causal", 1024, true);
    attention_forward("attention-512-causal", 512, true);
    attention_backward();
    convolution();
    one_row();
    row_norm();
    elementwise();
    return std::move(cases_);
  }

 private:
  static constexpr std::int64_t kBatch = 4, kHeads = 8, kHeadWidth = 64;

  Tensor noise(const Shape& shape, std::uint64_t seed) const {
    const Tensor values = empty(shape, DType::F32, device_);
    check_status(device_.kernels().random_normal(device_.stream(), values.view(), Rng(seed).next_key(), 0, 1), "random_normal", device_);
    return dtype_ == DType::F32 ? values : to_dtype_copy(values, dtype_);
  }
  double bytes(double elements) const { return elements * static_cast<double>(dtype_bytes(dtype_)); }
  /// `work` makes what is measured, under NoGradScope.
  void add(const std::string& name, double flops, double bytes, std::function<std::function<void()>()> prepare) {
    cases_.push_back({name + suffix_, flops, bytes, std::move(prepare)});
  }

  void gemm(std::int64_t n) {
    const double size = static_cast<double>(n);
    add("gemm-" + std::to_string(n), 2 * size * size * size, bytes(3 * size * size), [this, n]() -> std::function<void()> {
      return [a = noise({n, n}, 1), b = noise({n, n}, 2)] { matmul(a, b); };
    });
  }
  /// Products q·k and p·v over all pairs that may be seen; the backward pass makes five of them.
  static double attention_flops(std::int64_t length, bool causal, int products) {
    const double n = static_cast<double>(length), pairs = causal ? 0.5 * n * (n + 1) : n * n;
    return 2.0 * products * static_cast<double>(kBatch * kHeads) * pairs * static_cast<double>(kHeadWidth);
  }
  static double heads_elements(std::int64_t length) { return static_cast<double>(kBatch * kHeads * length * kHeadWidth); }

  void attention_forward(const char* name, std::int64_t length, bool causal) {
    add(name, attention_flops(length, causal, 2), bytes(4 * heads_elements(length)), [this, length, causal]() -> std::function<void()> {
      const Shape shape{kBatch, kHeads, length, kHeadWidth};
      AttentionOptions options;
      options.causal = causal;
      return [q = noise(shape, 3), k = noise(shape, 4), v = noise(shape, 5), options] { attention(q, k, v, options); };
    });
  }
  void attention_backward() {
    add("attention-1024-backward", attention_flops(1024, false, 5), bytes(8 * heads_elements(1024)), [this]() -> std::function<void()> {
      const Shape shape{kBatch, kHeads, 1024, kHeadWidth};
      Tensor q = noise(shape, 3), k = noise(shape, 4), v = noise(shape, 5);
      for (Tensor* x : {&q, &k, &v}) x->set_requires_grad(true);
      const RecordingScope recording(true);
      return [o = attention(q, k, v), seed = noise(shape, 6)] { backward(o, seed, true); };
    });
  }
  void convolution() {
    const double pixels = 16 * 32 * 32, weights = 64 * 64 * 9;
    add("conv-3x3-64", 2 * pixels * weights, bytes(2 * pixels * 64 + weights), [this]() -> std::function<void()> {
      return [x = noise({16, 64, 32, 32}, 7), w = noise({64, 64, 3, 3}, 8)] { conv2d(x, w, {}, {.pad_h = 1, .pad_w = 1}); };
    });
  }
  void one_row() {
    const double n = 4096;
    add("one-row-4096", 2 * n * n, bytes(n * n + 2 * n), [this]() -> std::function<void()> {
      return [x = noise({1, 4096}, 9), w = noise({4096, 4096}, 10)] { linear(x, w, {}); };
    });
  }
  void row_norm() {
    const double elements = 4096.0 * 1024;
    add("layer-norm-1024", 8 * elements, bytes(2 * elements), [this]() -> std::function<void()> {
      return [x = noise({4096, 1024}, 11)] { layer_norm(x, {}, {}, 1e-5); };
    });
  }
  void elementwise() {
    const double elements = 4096.0 * 1024;
    add("add", elements, bytes(3 * elements), [this]() -> std::function<void()> {
      return [x = noise({4096, 1024}, 12), y = noise({4096, 1024}, 13)] { dsw::add(x, y); };
    });
    add("gelu", 8 * elements, bytes(2 * elements), [this]() -> std::function<void()> {
      return [x = noise({4096, 1024}, 14)] { gelu(x); };
    });
  }

  Device& device_;
  DType dtype_;
  std::string suffix_;
  std::vector<Case> cases_;
};

}  // namespace

double MachineRates::bound_seconds(const KernelRate& kernel) const {
  return std::max(peak_flops > 0 ? kernel.flops / peak_flops : 0, read_bytes_per_second > 0 ? kernel.bytes / read_bytes_per_second : 0);
}

Json machine_rates_json(const MachineRates& rates) {
  Json json{{"processor", rates.processor},
            {"threads", rates.threads},
            {"measured_at", rates.measured_at},
            {"peak_flops", rates.peak_flops},
            {"read_bytes_per_s", rates.read_bytes_per_second}};
  Json& kernels = json["kernels"] = Json::array();
  for (const KernelRate& kernel : rates.kernels)
    kernels.push_back({{"name", kernel.name}, {"seconds", kernel.seconds}, {"flops", kernel.flops}, {"bytes", kernel.bytes}});
  return json;
}

Result<MachineRates> machine_rates_from_json(const Json& json) {
  try {
    MachineRates rates;
    rates.processor = json.at("processor").get<std::string>();
    rates.threads = json.at("threads").get<int>();
    rates.measured_at = json.at("measured_at").get<double>();
    rates.peak_flops = json.at("peak_flops").get<double>();
    rates.read_bytes_per_second = json.at("read_bytes_per_s").get<double>();
    for (const Json& kernel : json.at("kernels"))
      rates.kernels.push_back({kernel.at("name").get<std::string>(), kernel.at("seconds").get<double>(), kernel.at("flops").get<double>(),
                               kernel.at("bytes").get<double>()});
    return rates;
  } catch (const Json::exception&) {
    return fail(ErrorCode::BadFormat, "These are no measurements of a machine", "Measure it again.");
  }
}

Result<MachineRates> measure_machine(int threads, double seconds, std::stop_token stop,
                                     const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const auto device = make_cpu_device(threads);
  const DeviceInfo info = device->info();
  MachineRates rates;
  rates.processor = info.description;
  rates.threads = device->threads();
  rates.measured_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::vector<Cases> kinds;
  kinds.emplace_back(*device, DType::F32, "-f32");
  if (std::find(info.precisions.begin(), info.precisions.end(), "bfloat16") != info.precisions.end())
    kinds.emplace_back(*device, DType::BF16, "-bf16");
  std::vector<Case> cases;
  for (Cases& kind : kinds) {
    std::vector<Case> some = kind.all();
    std::move(some.begin(), some.end(), std::back_inserter(cases));
  }
  const auto total = static_cast<std::int64_t>(cases.size()) + 2;
  std::int64_t done = 0;
  const auto next = [&]() -> Result<void> {
    if (stop.stop_requested()) return fail(ErrorCode::Stopped, "Stopped");
    if (progress) progress(done, total);
    ++done;
    return {};
  };
  DSW_TRY(next());
  rates.peak_flops = cpu_peak_flops(*device, seconds);
  DSW_TRY(next());
  rates.read_bytes_per_second = cpu_read_bandwidth(*device, seconds);
  const NoGradScope no_grad;
  for (const Case& one : cases) {
    DSW_TRY(next());
    const std::function<void()> work = one.prepare();
    rates.kernels.push_back({one.name, best_seconds(seconds, work), one.flops, one.bytes});
  }
  if (progress) progress(total, total);
  return rates;
}

}  // namespace dsw
