// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// A repeated step gives the bits of the computed one, and what cannot be repeated is computed.
#include "engine/autograd/step_plan.h"

#include <gtest/gtest.h>

#include "engine/nn/layers/transformer.h"
#include "engine/nn/models/gpt.h"
#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/reduce.h"
#include "engine/tensor/kernel_watch.h"

namespace dsw {
namespace {

class StepPlanTest : public testing::Test {
 protected:
  WatchedDevice device{make_cpu_device(2)};
  StepPlans plans{device};

  Tensor numbers(std::uint64_t seed, std::int64_t count = 8) {
    Rng rng(seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(rng.normal());
    return from_host(values, device);
  }
};

TEST_F(StepPlanTest, RepeatsWithNewInputsAndNewDropout) {
  Tensor weight = numbers(1);
  weight.set_requires_grad(true);
  const StepPlans::Step step = [&weight](std::span<const Tensor> inputs, Rng& rng) {
    StepOutputs outputs;
    const Tensor loss = mean(square(dropout(mul(inputs[0], weight), 0.5, rng)));
    outputs.gradients = backward(loss);
    outputs.values = {loss.detach()};
    return outputs;
  };
  const std::int64_t key[] = {8};
  for (std::uint64_t i = 0; i < 6; ++i) {
    const std::vector<Tensor> inputs{numbers(10 + i)};
    Rng rng(i), same(i);
    const StepOutputs& planned = plans.run(key, inputs, rng, step);
    EXPECT_EQ(plans.repeated(), i > 0) << plans.refusal();
    const StepOutputs computed = step(inputs, same);
    EXPECT_EQ(planned.values[0].item(), computed.values[0].item()) << i;
    EXPECT_EQ(planned.gradients.of(weight).to_vector<float>(), computed.gradients.of(weight).to_vector<float>()) << i;
    EXPECT_EQ(rng.position(), same.position());
    copy_into(planned.gradients.of(weight), weight.detach());  // the weights change from step to step
    if (i == 3) plans.release_memory();
  }
}

TEST_F(StepPlanTest, AStepThatTheHostLooksIntoIsComputed) {
  const StepPlans::Step step = [](std::span<const Tensor> inputs, Rng&) {
    const Tensor sum_of = sum(inputs[0]);
    return StepOutputs{{sum_of.item() > 0 ? sum_of : neg(sum_of)}, {}};
  };
  const std::int64_t key[] = {1};
  for (std::uint64_t i = 0; i < 8; ++i) {
    const std::vector<Tensor> inputs{numbers(i)};
    Rng rng;
    EXPECT_GE(plans.run(key, inputs, rng, step).values[0].item(), 0);
    EXPECT_FALSE(plans.repeated());
    EXPECT_EQ(plans.refusal(), "the host looks into the step's memory");
    EXPECT_EQ(plans.plan_bytes(), 0u);
  }
}

TEST_F(StepPlanTest, AStepThatKeepsItsMemoryOrBringsItsOwnRandomnessIsComputed) {
  Tensor kept;
  const StepPlans::Step keeps = [&kept](std::span<const Tensor> inputs, Rng&) {
    kept = square(inputs[0]);
    return StepOutputs{{sum(kept)}, {}};
  };
  const StepPlans::Step own_randomness = [](std::span<const Tensor> inputs, Rng&) {
    return StepOutputs{{sum(dropout(inputs[0], 0.5, std::uint64_t{12345}))}, {}};
  };
  const std::vector<Tensor> inputs{numbers(3)};
  Rng rng;
  const std::int64_t first[] = {1}, second[] = {2};
  plans.run(first, inputs, rng, keeps);
  EXPECT_EQ(plans.refusal(), "memory of the step is still in use after it");
  plans.run(second, inputs, rng, own_randomness);
  EXPECT_EQ(plans.refusal(), "a random kernel has a key from elsewhere than the step's stream");
}

TEST_F(StepPlanTest, EachKeyHasItsPlanAndTheOldestGoes) {
  StepPlans few(device, 2);
  int computed = 0;
  const StepPlans::Step step = [&computed](std::span<const Tensor> inputs, Rng&) {
    ++computed;
    return StepOutputs{{sum(inputs[0])}, {}};
  };
  Rng rng;
  const auto run = [&](std::int64_t length) {
    const std::int64_t key[] = {length};
    const std::vector<Tensor> inputs{full({length}, 1, DType::F32, device)};
    EXPECT_EQ(few.run(key, inputs, rng, step).values[0].item(), static_cast<double>(length));
  };
  for (const std::int64_t length : {3, 5, 3, 5, 3}) run(length);
  EXPECT_EQ(computed, 2);
  run(7);  // in place of 5
  run(3);
  EXPECT_EQ(computed, 3);
  run(5);
  EXPECT_EQ(computed, 4);
}

/// A loss scale that is halved ten times makes ten plans of one size: they must not hold ten times the memory.
TEST_F(StepPlanTest, OnlyTheLastPlanHoldsMemory) {
  constexpr std::int64_t kLength = 1 << 16;
  const StepPlans::Step step = [](std::span<const Tensor> inputs, Rng&) { return StepOutputs{{square(inputs[0])}, {}}; };
  const std::vector<Tensor> inputs{full({1}, 2, DType::F32, device).view_expand({kLength})};
  Rng rng;
  for (const bool repeat : {false, true}) {
    for (std::int64_t i = 0; i < 6; ++i) {
      const std::int64_t key[] = {i};
      const std::uint64_t before = device.allocator_stats().live_bytes;
      EXPECT_EQ(plans.run(key, inputs, rng, step).values[0].to_vector<float>().back(), 4);
      if (i == 0) continue;
      const std::uint64_t grown = device.allocator_stats().live_bytes - std::min(before, device.allocator_stats().live_bytes);
      EXPECT_EQ(grown, 0u) << (repeat ? "repeated" : "recorded");
    }
  }
}

TEST_F(StepPlanTest, ADeviceThatCannotRecordComputes) {
  const auto plain = make_cpu_device(1);
  StepPlans computed(*plain);
  const std::vector<Tensor> inputs{full({4}, 2, DType::F32, *plain)};
  const std::int64_t key[] = {4};
  Rng rng;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(computed.run(key, inputs, rng,
                           [](std::span<const Tensor> x, Rng&) {
                             return StepOutputs{{sum(x[0])}, {}};
                           })
                  .values[0]
                  .item(),
              8);
    EXPECT_EQ(computed.refusal(), "this device records no steps");
  }
}

/// A whole language model: its arena takes about what the computed step takes.
TEST_F(StepPlanTest, AGptStepRepeatsToTheBitInNoMoreMemory) {
  GptConfig config;
  config.vocabulary = 65;
  config.context = 32;
  config.layers = 3;
  config.block.width = 48;
  config.block.heads = 3;
  config.block.kv_heads = 3;
  config.block.dropout = 0.1;
  Gpt model(config);
  model.materialize(device, 5);
  const StepPlans::Step step = [&model](std::span<const Tensor> inputs, Rng& rng) {
    Forward pass;
    pass.training = true;
    pass.dropout_rng = &rng;
    StepOutputs outputs;
    const Tensor loss = cross_entropy(model.forward(inputs[0], pass), inputs[1]);
    outputs.gradients = backward(loss);
    outputs.values = {loss.detach()};
    return outputs;
  };
  const std::int64_t key[] = {0};
  std::uint64_t computed_peak = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    std::vector<std::int32_t> ids(4 * 33);
    Rng draw(i);
    for (auto& id : ids) id = static_cast<std::int32_t>(draw.below(65));
    const Tensor all = from_host(ids, {4, 33}, device);
    const std::vector<Tensor> inputs{all.view_slice(1, 0, 32).contiguous_copy(), all.view_slice(1, 1, 33).contiguous_copy()};
    Rng rng(100 + i), same(100 + i);
    const StepOutputs& planned = plans.run(key, inputs, rng, step);
    EXPECT_EQ(plans.refusal(), "");
    device.reset_peak();
    const std::uint64_t before = device.allocator_stats().live_bytes;
    const StepOutputs computed = step(inputs, same);
    computed_peak = device.allocator_stats().peak_bytes - before;
    EXPECT_EQ(planned.values[0].item(), computed.values[0].item()) << i;
    for (const Module::Named& named : model.parameters())
      EXPECT_EQ(planned.gradients.of(named.parameter->value).to_vector<float>(),
                computed.gradients.of(named.parameter->value).to_vector<float>())
          << named.name;
  }
  EXPECT_TRUE(plans.repeated());
  EXPECT_LE(static_cast<double>(plans.plan_bytes()), 1.05 * static_cast<double>(computed_peak));
}

}  // namespace
}  // namespace dsw
