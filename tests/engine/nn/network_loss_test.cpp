// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// A language model with a large vocabulary learns from the same loss as from all logits at once, in a part of the memory.
#include "engine/nn/network_loss.h"

#include <gtest/gtest.h>

#include "engine/autograd/node.h"
#include "engine/nn/models/gpt.h"
#include "engine/nn/ops/loss.h"

namespace dsw {
namespace {

struct Step {
  double loss = 0;
  std::vector<std::vector<float>> gradients;
  std::uint64_t peak_bytes = 0;
};

class NetworkLoss : public testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<Device> device = make_cpu_device(2);

  Step step(Gpt& model, DType compute, const std::function<Tensor(const Tensor&, const Tensor&, Forward&)>& loss_of) {
    Rng rng(3);
    std::vector<std::int32_t> ids(8 * 65);
    for (auto& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(model.config().vocabulary)));
    const Tensor all = from_host(ids, {8, 65}, *device);
    const Tensor input = all.view_slice(1, 0, 64).contiguous_copy();
    Tensor target = all.view_slice(1, 1, 65).contiguous_copy();
    check_status(device->kernels().fill(device->stream(), target.view_slice(0, 2, 3).view(), -1), "fill",
                 *device);  // a text without targets
    Forward pass;
    pass.compute = compute;
    pass.training = true;
    device->reset_peak();
    const std::uint64_t before = device->allocator_stats().live_bytes;
    Step result;
    const Tensor loss = loss_of(input, target, pass);
    const Gradients gradients = backward(loss, full(loss.shape(), 3, loss.dtype(), *device));
    result.loss = loss.item();
    result.peak_bytes = device->allocator_stats().peak_bytes - before;
    for (const Module::Named& named : model.parameters())
      result.gradients.push_back(gradients.of(named.parameter->value).to_vector<float>());
    return result;
  }
};

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  double apart = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    all += static_cast<double>(b[i]) * b[i];
  }
  return all > 0 ? std::sqrt(apart / all) : std::sqrt(apart);
}

TEST_P(NetworkLoss, AVocabularyInPartsIsTheWholeOne) {
  GptConfig config;
  config.layers = 1;
  config.context = 64;
  config.vocabulary = 40'000;
  config.tied = GetParam();
  config.block.width = config.block.hidden = 32;
  config.block.heads = config.block.kv_heads = 2;
  Gpt model(config);
  model.materialize(*device, 1);
  for (const auto& [compute, bar] : {std::pair{DType::F32, 1e-5}, std::pair{DType::BF16, 0.02}}) {
    const Step parts =
        step(model, compute, [&](const Tensor& x, const Tensor& y, Forward& pass) { return network_loss(model, x, y, 0.1, pass); });
    const Step whole = step(model, compute,
                            [&](const Tensor& x, const Tensor& y, Forward& pass) { return cross_entropy(model.forward(x, pass), y, 0.1); });
    EXPECT_NEAR(parts.loss, whole.loss, bar * whole.loss);
    for (std::size_t i = 0; i < parts.gradients.size(); ++i)
      EXPECT_LT(difference(parts.gradients[i], whole.gradients[i]), bar) << model.parameters()[i].name;
    EXPECT_LT(static_cast<double>(parts.peak_bytes), 0.6 * static_cast<double>(whole.peak_bytes));
  }
}

TEST_P(NetworkLoss, ASmallOneIsComputedAtOnceToTheBit) {
  GptConfig config;
  config.layers = 1;
  config.context = 64;
  config.vocabulary = 65;
  config.tied = GetParam();
  config.block.width = config.block.hidden = 32;
  config.block.heads = config.block.kv_heads = 2;
  Gpt model(config);
  model.materialize(*device, 1);
  const Step own =
      step(model, DType::F32, [&](const Tensor& x, const Tensor& y, Forward& pass) { return network_loss(model, x, y, 0, pass); });
  const Step whole =
      step(model, DType::F32, [&](const Tensor& x, const Tensor& y, Forward& pass) { return cross_entropy(model.forward(x, pass), y, 0); });
  EXPECT_EQ(own.loss, whole.loss);
  EXPECT_EQ(own.gradients, whole.gradients);
}

INSTANTIATE_TEST_SUITE_P(Heads, NetworkLoss, testing::Bool(), [](const auto& test) { return test.param ? "Tied" : "Untied"; });

}  // namespace
}  // namespace dsw
