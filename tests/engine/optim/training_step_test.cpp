// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Whole training steps: no new memory after the second one, the same bits from the same seed, and a loss that falls.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/embedding.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/norm.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/swiglu.h"
#include "engine/optim/optimizer.h"

namespace dsw {
namespace {

/// Parameters made by name on first use; a loss over them; an optimizer.
class Trainer {
 public:
  using Loss = std::function<Tensor(Trainer&)>;
  Trainer(Device& device, Loss loss, std::uint64_t seed) : device_(device), loss_(std::move(loss)), dropout(seed, "dropout"), seed_(seed) {
    const NoGradScope no_grad;
    loss_(*this);  // makes the parameters
    dropout = Rng(seed, "dropout");
    Catalog catalog;
    register_optimizers(catalog);
    const auto* entry = catalog.optimizers.find("adamw");
    optimizer_ = std::move(*entry->make(with_defaults(entry->schema, Json::object())));
    optimizer_->attach(named_);
  }

  Tensor weight(const std::string& name, const Shape& shape, double sd, double mean = 0) {
    std::unique_ptr<Parameter>& parameter = parameters_[name];
    if (!parameter) {
      parameter = std::make_unique<Parameter>(Parameter{name, shape, {}, true, true, empty(shape, DType::F32, device_)});
      const Tensor& value = parameter->value;
      check_status(device_.kernels().random_normal(device_.stream(), value.view(), Rng(seed_, name).next_key(), mean, sd), "random_normal",
                   device_);
      parameter->value.set_requires_grad(true);
      named_.push_back({name, parameter.get()});
    }
    return parameter->value;
  }
  Tensor linear_layer(const std::string& name, const Tensor& x, std::int64_t outputs) {
    const double sd = 1 / std::sqrt(static_cast<double>(x.size(-1)));
    return linear(x, weight(name + ".weight", {outputs, x.size(-1)}, sd), weight(name + ".bias", {outputs}, 0));
  }

  double step() {
    const Tensor loss = loss_(*this);
    const Gradients gradients = backward(loss);
    optimizer_->step(gradients, 0.01, clip_scale(gradient_norm(named_, gradients), 1));
    ++steps_made;
    return loss.item();
  }
  std::vector<float> all_weights() const {
    std::vector<float> all;
    for (const Module::Named& named : named_) {
      const std::vector<float> values = named.parameter->value.to_vector<float>();
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }
  Device& device() { return device_; }

 private:
  Device& device_;
  Loss loss_;

 public:
  Rng dropout;
  int steps_made = 0;

 private:
  std::uint64_t seed_;
  std::map<std::string, std::unique_ptr<Parameter>> parameters_;
  std::vector<Module::Named> named_;
  std::unique_ptr<Optimizer> optimizer_;
};

/// A new batch each step, as a data loader would upload it.
Tensor tokens(Trainer& t, const Shape& shape, std::uint64_t limit) {
  Rng rng(static_cast<std::uint64_t>(t.steps_made % 2), "tokens");
  std::vector<std::int32_t> values(static_cast<std::size_t>(shape.elements()));
  for (std::int32_t& value : values) value = static_cast<std::int32_t>(rng.below(limit));
  return from_host(values, shape, t.device());
}

Tensor mlp_loss(Trainer& t) {
  const Tensor x = affine(cast(tokens(t, {32, 20}, 9), DType::F32), 0.2, -0.8);
  const Tensor hidden = dropout(relu(t.linear_layer("a", x, 64)), 0.1, t.dropout);
  return cross_entropy(t.linear_layer("b", relu(t.linear_layer("c", hidden, 64)), 5), tokens(t, {32}, 5));
}

Tensor cnn_loss(Trainer& t) {
  const Tensor x = reshape(affine(cast(tokens(t, {4, 1, 12, 12}, 9), DType::F32), 0.2), {4, 1, 12, 12});
  const Tensor mean = zeros({8}, DType::F32, t.device()), variance = zeros({8}, DType::F32, t.device());
  const Tensor c = conv2d(x, t.weight("conv", {8, 1, 3, 3}, 0.3), {}, {.pad_h = 1, .pad_w = 1});
  const Tensor n = batch_norm(c, t.weight("scale", {8}, 0.1, 1), t.weight("shift", {8}, 0.1), mean, variance, true);
  const Tensor p = max_pool2d(relu(n));
  return cross_entropy(t.linear_layer("out", global_avg_pool2d(relu(conv2d(p, t.weight("conv2", {8, 8, 3, 3}, 0.1)))), 3),
                       tokens(t, {4}, 3));
}

/// Pre-norm blocks with causal attention, SwiGLU and a tied output, as a small language model has them.
Tensor transformer_loss(Trainer& t) {
  const std::int64_t B = 2, T = 16, H = 2, D = 8, C = H * D, V = 11;
  const Tensor table = t.weight("table", {V, C}, 0.3);
  const Tensor index = tokens(t, {B, T}, static_cast<std::uint64_t>(V));
  Tensor x = embedding(table, index);
  for (const char* block : {"0", "1"}) {
    const std::string name = block;
    const Tensor qkv =
        t.linear_layer(name + ".qkv", layer_norm(x, t.weight(name + ".norm", {C}, 0.1, 1), t.weight(name + ".shift", {C}, 0.1)), 3 * C);
    const auto heads = [&](int part) { return permute(reshape(slice(qkv, 2, part * C, (part + 1) * C), {B, T, H, D}), {0, 2, 1, 3}); };
    std::vector<std::int32_t> positions(static_cast<std::size_t>(T));
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::int32_t>(i);
    const Tensor position = from_host(positions, t.device());
    const Tensor o = attention(rope(heads(0), position), rope(heads(1), position), heads(2), {.causal = true});
    x = x + dropout(t.linear_layer(name + ".out", reshape(permute(o, {0, 2, 1, 3}), {B, T, C}), C), 0.1, t.dropout);
    const std::vector<Tensor> halves =
        split(t.linear_layer(name + ".up", rms_norm(x, t.weight(name + ".norm2", {C}, 0.1, 1)), 8 * C), 2, {4 * C, 4 * C});
    x = x + t.linear_layer(name + ".down", swiglu(halves[0], halves[1]), C);
  }
  return cross_entropy(linear(x, table), index);
}

struct Model {
  const char* name;
  Tensor (*loss)(Trainer&);
};

class TrainingStepTest : public testing::TestWithParam<Model> {};

TEST_P(TrainingStepTest, asksTheSystemForNoMemoryAfterTheSecondStep) {
  const std::unique_ptr<Device> device = make_cpu_device(2);
  Trainer trainer(*device, GetParam().loss, 1);
  trainer.step();
  trainer.step();
  const AllocatorStats second = device->allocator_stats();
  for (int i = 0; i < 6; ++i) trainer.step();
  const AllocatorStats later = device->allocator_stats();
  EXPECT_EQ(later.system_allocations, second.system_allocations);
  EXPECT_EQ(later.reserved_bytes, second.reserved_bytes);
  EXPECT_EQ(later.live_bytes, second.live_bytes) << "something of each step stays alive";
  EXPECT_GT(second.system_allocations, 0u);
}

TEST_P(TrainingStepTest, theSameSeedGivesTheSameBits) {
  std::vector<std::vector<float>> weights;
  std::vector<std::vector<double>> losses;
  for (const std::uint64_t seed : {1, 1, 2}) {
    const std::unique_ptr<Device> device = make_cpu_device(2);
    Trainer trainer(*device, GetParam().loss, seed);
    losses.emplace_back();
    for (int i = 0; i < 6; ++i) losses.back().push_back(trainer.step());
    weights.push_back(trainer.all_weights());
  }
  EXPECT_EQ(weights[0], weights[1]);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_NE(weights[0], weights[2]);
}

TEST_P(TrainingStepTest, learnsItsTwoBatches) {
  const std::unique_ptr<Device> device = make_cpu_device(2);
  Trainer trainer(*device, GetParam().loss, 3);
  const double first = trainer.step() + trainer.step();
  double last = 0;
  for (int i = 0; i < 100; ++i) last = trainer.step() + trainer.step();
  EXPECT_LT(last, 0.5 * first);
}

INSTANTIATE_TEST_SUITE_P(Models, TrainingStepTest,
                         testing::Values(Model{"mlp", mlp_loss}, Model{"cnn", cnn_loss}, Model{"transformer", transformer_loss}),
                         [](const auto& model) { return std::string(model.param.name); });

}  // namespace
}  // namespace dsw
