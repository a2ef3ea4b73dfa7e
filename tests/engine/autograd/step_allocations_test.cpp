// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// A repeated training step asks for no memory: every call of operator new is counted, except those from inside oneDNN, whose primitives
// make small tables of their arguments.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/autograd/step_plan.h"
#include "engine/core/catalog.h"
#include "engine/nn/model_type.h"
#include "engine/nn/ops/loss.h"
#include "engine/optim/optimizer.h"
#include "engine/tensor/kernel_watch.h"
#include "engine/workspace.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> counted{0};

/// Whether `address` is code of oneDNN or of the thread library that it brings.
bool inside_onednn(void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  const char* const file = info.dli_fname;
  return __builtin_strstr(file, "dnnl") != nullptr || __builtin_strstr(file, "gomp") != nullptr;
}

void* counted_allocation(std::size_t bytes, std::size_t alignment, void* caller) {
  if (counting && !inside_onednn(caller)) ++counted;
  void* memory =
      alignment > 0 ? std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment) : std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return counted_allocation(bytes, 0, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return counted_allocation(bytes, 0, __builtin_return_address(0)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted_allocation(bytes, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace dsw {
namespace {

struct Network {
  const char* name;
  const char* settings;
  InputSpec input;
  const char* optimizer;
  DType precision;
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

InputSpec text(std::int64_t context) {
  InputSpec input;
  input.kind = InputSpec::Kind::Tokens;
  input.vocabulary = 65;
  input.context = context;
  return input;
}
InputSpec labelled_text(std::int64_t context) {
  InputSpec input = text(context);
  input.kind = InputSpec::Kind::TokenSequence;
  input.classes = 4;
  return input;
}
InputSpec pictures(std::int64_t channels, std::int64_t side) {
  InputSpec input;
  input.kind = InputSpec::Kind::Image;
  input.channels = channels;
  input.height = input.width = side;
  input.classes = 10;
  return input;
}

class StepAllocations : public testing::TestWithParam<Network> {};

TEST_P(StepAllocations, ARepeatedStepAsksForNone) {
  const Network& network = GetParam();
  Catalog catalog;
  register_builtins(catalog);
  WatchedDevice device(make_cpu_device(2));
  Json settings = Json::parse(network.settings);
  const auto* type = catalog.models.find(settings.at("type").get<std::string>());
  settings = with_defaults(type->schema, settings);
  const auto model = std::move(*(*type->make(settings))->build(settings, network.input));
  model->materialize(device, 3);
  model->compute_in(network.precision);
  const auto* entry = catalog.optimizers.find(network.optimizer);
  const auto optimizer = std::move(*entry->make(with_defaults(entry->schema, Json::object())));
  optimizer->attach(model->parameters());

  const StepPlans::Step step = [&](std::span<const Tensor> inputs, Rng& rng) {
    Forward pass = model->new_pass();
    pass.training = true;
    pass.dropout_rng = &rng;
    StepOutputs outputs;
    const Tensor loss = cross_entropy(model->forward(inputs[0], pass), inputs[1]);
    outputs.gradients = backward(loss);
    outputs.values = {loss.detach(), gradient_square_sum(optimizer->parameters(), outputs.gradients)};
    return outputs;
  };
  constexpr std::int64_t kBatch = 4;
  const bool tokens = network.input.kind == InputSpec::Kind::Tokens;
  const bool image = network.input.kind == InputSpec::Kind::Image;
  const Shape shape = network.input.input_shape(kBatch);
  std::vector<Tensor> inputs;
  inputs = {image ? full(shape, 0.5, DType::F32, device) : full(shape, 7, DType::I32, device),
            full(tokens ? shape : Shape{kBatch}, 3, DType::I32, device)};
  StepPlans plans(device);
  const std::int64_t key[] = {1};
  double first = 0, last = 0;
  for (int i = 0; i < 6; ++i) {
    Rng rng(static_cast<std::uint64_t>(i));
    counted = 0;
    counting = i == 0 || i >= 3;
    const StepOutputs& outputs = plans.run(key, inputs, rng, step);
    last = outputs.values[0].item();
    const double norm = outputs.values[1].item();
    optimizer->step(outputs.gradients, 1e-3, clip_scale(std::sqrt(norm), 1));
    counting = false;
    if (i == 0) first = last;
    EXPECT_EQ(plans.repeated(), i > 0) << plans.refusal();
    if (i == 0)
      EXPECT_GT(counted, 100) << "the step that is recorded";
    else
      EXPECT_EQ(counted, 0) << "in step " << i;
  }
  EXPECT_LT(last, first);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, StepAllocations,
    testing::Values(
        Network{"Gpt", R"({"type": "gpt", "layers": 2, "heads": 2, "width": 32, "dropout": 0.1})", text(16), "adamw", DType::F32},
        Network{"Llama",
                R"({"type": "gpt", "layers": 2, "heads": 4, "kv_heads": 2, "width": 32, "positions": "rotary", "norm": "rmsnorm",
                                "activation": "swiglu", "bias": false})",
                text(16), "adamw", DType::F32},
        Network{"GptInBfloat16", R"({"type": "gpt", "layers": 1, "heads": 2, "width": 32})", text(16), "adamw", DType::BF16},
        Network{"TextClassifier", R"({"type": "text-classifier", "layers": 1, "heads": 2, "width": 32})", labelled_text(16), "adamw",
                DType::F32},
        Network{"Cnn", R"({"type": "cnn"})", pictures(1, 28), "adamw", DType::F32},
        Network{"ResNet20", R"({"type": "resnet", "depth": 20})", pictures(3, 16), "sgd", DType::F32}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace dsw
