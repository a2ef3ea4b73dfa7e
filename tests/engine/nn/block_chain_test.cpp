// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Activation checkpointing: the same bits with less memory, whatever is computed again.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "engine/autograd/activation_checkpoint.h"
#include "engine/core/catalog.h"
#include "engine/nn/block_chain.h"
#include "engine/nn/model_type.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/reduce.h"
#include "engine/train/recompute_plan.h"

namespace dsw {
namespace {

struct Network {
  std::string type, settings;
  InputSpec input;
  std::int64_t batch = 4;
  DType compute = DType::F32;
};

void PrintTo(const Network& network, std::ostream* out) {
  *out << network.type << " " << network.settings << " " << dtype_name(network.compute);
}

Network gpt(int layers) {
  Network network{"gpt", R"({"heads":2,"width":32,"dropout":0.1,"layers":)" + std::to_string(layers) + "}", {}, 4};
  network.input.kind = InputSpec::Kind::Tokens;
  network.input.context = 32;
  network.input.vocabulary = network.input.classes = 11;
  return network;
}
Network narrow_gpt() {
  Network network = gpt(4);
  network.compute = DType::BF16;
  return network;
}
Network text_classifier() {
  Network network{"text-classifier", R"({"heads":2,"width":32,"dropout":0.1,"layers":5,"positions":"rotary"})", {}, 4};
  network.input.kind = InputSpec::Kind::TokenSequence;
  network.input.context = 16;
  network.input.vocabulary = 11;
  network.input.classes = 3;
  return network;
}
Network resnet() {
  Network network{"resnet", R"({"depth":20})", {}, 4};
  network.input.channels = 3;
  network.input.height = network.input.width = 12;
  network.input.kind = InputSpec::Kind::Image;
  network.input.classes = 3;
  return network;
}

/// A network on a device of its own, and what one forward and backward pass of it gives.
struct Pass {
  explicit Pass(const Network& network) {
    Catalog catalog;
    register_models(catalog);
    const auto* entry = catalog.models.find(network.type);
    const Json settings = with_defaults(entry->schema, Json::parse(network.settings));
    model = std::move(*(*entry->make(settings))->build(settings, network.input));
    model->materialize(*device, 3);
    model->compute_in(network.compute);
    const Shape shape = network.input.input_shape(network.batch);
    Rng rng(1);
    if (network.input.kind == InputSpec::Kind::Image) {
      std::vector<float> values(static_cast<std::size_t>(shape.elements()));
      for (float& value : values) value = static_cast<float>(rng.normal());
      input = from_host(values, shape, *device);
    } else {
      std::vector<std::int32_t> values(static_cast<std::size_t>(shape.elements()));
      for (std::int32_t& value : values) value = static_cast<std::int32_t>(rng.below(11));
      input = from_host(values, shape, *device);
    }
    const Shape targets = network.input.kind == InputSpec::Kind::Tokens ? shape : Shape{network.batch};
    std::vector<std::int32_t> classes(static_cast<std::size_t>(targets.elements()));
    for (std::int32_t& value : classes) value = static_cast<std::int32_t>(rng.below(3));
    target = from_host(classes, targets, *device);
  }

  /// All gradients and buffers, one after the other.
  std::vector<float> run(const std::vector<RecomputedBlocks>& recomputed, BlockProbe* probe = nullptr) {
    Rng dropout(9, "dropout");
    Forward pass = model->new_pass();
    pass.training = true;
    pass.dropout_rng = &dropout;
    pass.recomputed = &recomputed;
    pass.probe = probe;
    device->reset_peak();
    std::vector<float> all;
    {
      const Tensor loss = cross_entropy(model->forward(input, pass), target);
      all.push_back(static_cast<float>(loss.item()));
      const Gradients gradients = backward(loss);
      if (probe) probe->end(*device);
      for (const Module::Named& named : model->parameters()) {
        const Tensor value = named.parameter->trainable ? gradients.of(named.parameter->value) : named.parameter->value;
        EXPECT_TRUE(value) << named.name;
        const std::vector<float> numbers = value.to_vector<float>();
        all.insert(all.end(), numbers.begin(), numbers.end());
      }
    }
    next_dropout = dropout.position();
    return all;
  }
  std::uint64_t peak() const { return device->allocator_stats().peak_bytes; }

  std::unique_ptr<Device> device = make_cpu_device(2);
  std::unique_ptr<Module> model;
  Tensor input, target;
  std::uint64_t next_dropout = 0;
};

class BlockChainTest : public testing::TestWithParam<Network> {};

TEST_P(BlockChainTest, GradientsAndStatisticsHaveTheSameBitsWhateverIsComputedAgain) {
  Pass whole(GetParam());
  const std::vector<float> expected = whole.run({});
  const std::vector<std::vector<RecomputedBlocks>> plans{every_block(16), sqrt_blocks(5), {{0, 3}, {4, 5}}, {{1, 2}}, {{0, 16}}};
  for (const auto& plan : plans) {
    Pass again(GetParam());
    EXPECT_EQ(again.run(plan), expected);
    EXPECT_EQ(again.next_dropout, whole.next_dropout);
    if (plan == every_block(16)) {
      EXPECT_LT(again.peak(), whole.peak());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, BlockChainTest, testing::Values(gpt(5), narrow_gpt(), text_classifier(), resnet()),
                         [](const auto& network) {
                           std::string name = network.param.type + "_" + dtype_name(network.param.compute);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(BlockProbe, PredictsThePeakOfEveryOtherPlan) {
  Pass pass(gpt(6));
  BlockProbe probe;
  pass.run(every_block(6), &probe);
  const ChainMeasure chain = probe.measure();
  ASSERT_EQ(chain.blocks.size(), 6u);
  for (const BlockMeasure& block : chain.blocks) {
    EXPECT_GT(block.seconds, 0);
    EXPECT_EQ(block.output_bytes, 4u * 4 * 32 * 32);
    EXPECT_GT(block.kept_bytes, 10 * block.output_bytes);
    EXPECT_GE(block.needed_bytes, block.kept_bytes);
  }
  const std::vector<std::vector<RecomputedBlocks>> plans{every_block(6), {}, sqrt_blocks(6), {{0, 2}, {2, 3}}, {{3, 6}}, {{0, 6}}};
  for (const auto& plan : plans) {
    pass.run(plan);
    const double measured = static_cast<double>(pass.peak()), predicted = static_cast<double>(predicted_peak(chain, plan));
    EXPECT_NEAR(predicted / measured, 1, 0.05) << plan.size();
  }
}

TEST(Checkpoint, CallsForwardOnceAndAgainOnceForEachBackwardPass) {
  const auto device = make_cpu_device(1);
  Tensor x = full({3}, 2, DType::F32, *device), w = full({3}, 5, DType::F32, *device);
  x.set_requires_grad(true);
  w.set_requires_grad(true);
  int forward = 0, again = 0;
  const auto product = [&](const Tensor& input) { return mul(square(input), w); };
  const Tensor y = checkpoint(
      x, {w}, [&](const Tensor& input) { return ++forward, product(input); }, [&](const Tensor& input) { return ++again, product(input); });
  EXPECT_EQ(forward, 1);
  EXPECT_EQ(again, 0);
  const Gradients gradients = backward(sum(y));
  EXPECT_EQ(again, 1);
  EXPECT_EQ(gradients.of(x).to_vector<float>(), std::vector<float>(3, 20));
  EXPECT_EQ(gradients.of(w).to_vector<float>(), std::vector<float>(3, 4));
  const NoGradScope evaluation;
  checkpoint(
      x, {w}, [&](const Tensor& input) { return ++forward, product(input); }, product);
  EXPECT_EQ(forward, 2);
}

}  // namespace
}  // namespace dsw
