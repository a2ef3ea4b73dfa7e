// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
// One architecture of a supernet is the network that is derived from it; architecture gradients against finite differences in double.
#include <gmock/gmock.h>

#include <cmath>

#include "engine/autograd/node.h"
#include "engine/nas/expected_cost.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nn/network_loss.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/softmax.h"
#include "tests/engine/nas/nas_fixture.h"

namespace dsw {
namespace {

constexpr const char* kCell =
    R"({"cells": {"cell": {"nodes": 4, "candidates": [{"op": "zero"}, {"op": "identity"}, {"op": "relu-conv-bn", "kernel": 1},
    {"op": "separable-conv"}, {"op": "dilated-conv", "dilation": 2}, {"op": "avgpool2d", "kernel": 3, "stride": 1, "padding": 1}]}},
  "nodes": [{"id": "stem", "op": "conv2d", "out": 4, "inputs": ["input"]}, {"id": "c", "op": "cell", "cell": "cell", "repeat": {"choice": [1, 2]}},
    {"id": "half", "op": "choice", "candidates": [{"op": "identity", "stride": 2}, {"op": "relu-conv-bn", "stride": 2}, {"op": "cell", "cell": "inner"}]},
    {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]})";

std::string with_inner() {
  Json model = Json::parse(kCell);
  model["cells"]["inner"] = Json::parse(R"({"nodes": [{"id": "down", "op": "relu-conv-bn", "stride": 2},
      {"id": "more", "op": "choice", "candidates": [{"op": "identity"}, {"op": "relu-conv-bn", "kernel": 1}]}]})");
  return model.dump();
}

struct Supernets : NasFixture {
  static Tensor forward(Module& network, const Tensor& x) {
    Forward pass;
    pass.training = true;
    pass.again = true;
    return network.forward(x, pass);
  }
};

TEST_F(Supernets, OneArchitectureIsTheDerivedNetworkToTheBit) {
  const auto device = make_cpu_device(1);
  SearchSpace space = space_of(with_inner(), image);
  Supernet supernet(space);
  supernet.materialize(*device, 7);
  const Batch batch = image_batch(image, 3, DType::F32, *device);
  Rng rng(1, "architectures");
  for (int trial = 0; trial < 24; ++trial) {
    Architecture architecture;
    for (const SpaceChoice& choice : space.choices)
      architecture.choices.push_back(static_cast<std::int32_t>(rng.below(choice.candidates.size())));
    SCOPED_TRACE(derived_model(space, architecture).dump());
    const auto derived = inherit(space, architecture, supernet, *device);
    ASSERT_TRUE(derived);
    supernet.set(mixing_of(space, architecture));
    EXPECT_EQ(forward(supernet, batch.input).to_vector<float>(), forward(*derived, batch.input).to_vector<float>());
    if (derived_model(space, architecture).dump().find("zero") != std::string::npos) continue;  // what only a zero reads is not computed
    const double flops = derived_cost(space, architecture, catalog.layers).flops, counted = supernet.flops(mixing_of(space, architecture));
    EXPECT_GE(counted, flops) << "sums count all of their inputs";
    EXPECT_LT(counted, 1.1 * flops);
  }
}

TEST_F(Supernets, EveryFactorCounts) {
  const auto device = make_cpu_device(1);
  SearchSpace space = space_of(R"({"nodes": [{"id": "flat", "op": "flatten", "inputs": ["input"]}, {"id": "a", "op": "linear", "out": 5},
    {"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "zero"}, {"op": "activation"}]}, {"id": "logits", "op": "logits"}]})",
                               image);
  Supernet supernet(space);
  supernet.materialize(*device, 7);
  const Batch batch = image_batch(image, 2, DType::F32, *device);
  const auto with = [&](const std::vector<float>& factors) {
    Mixing mixing = mixing_of(space, {{0}, {}});
    mixing.active[0] = {true, true, true};
    mixing.weights[0] = from_host(factors, *device);
    supernet.set(std::move(mixing));
    return forward(supernet, batch.input).to_vector<double>();
  };
  const std::vector<double> none = with({0, 1, 0}), skip = with({1, 5, 0}), relu = with({0, 0, 1}), both = with({0.25F, 0, 0.5F});
  for (const std::int32_t candidate : {0, 2}) {
    supernet.set(mixing_of(space, {{candidate}, {}}));
    EXPECT_EQ(forward(supernet, batch.input).to_vector<double>(), candidate == 0 ? skip : relu) << "the factor of each is its own";
  }
  for (std::size_t i = 0; i < none.size(); ++i)
    EXPECT_NEAR(both[i] - none[i], 0.25 * (skip[i] - none[i]) + 0.5 * (relu[i] - none[i]), 1e-5) << "the head is linear";
}

/// Gradients of α and β by backward and by differences, through factors, edge weights, expected cost and penalty.
TEST_F(Supernets, ArchitectureGradientsPassFiniteDifferences) {
  const auto device = make_reference_device();
  SearchSpace space = space_of(with_inner(), image);
  Supernet supernet(space);
  supernet.materialize(*device, 7, DType::F64);
  ArchitectureParameters parameters(space);
  parameters.materialize(*device, 9, DType::F64);
  Rng rng(2, "alphas");
  for (const Module::Named& named : parameters.parameters())
    for (std::int64_t i = 0; i < named.parameter->value.elements(); ++i) named.parameter->value.data<double>()[i] = rng.normal();
  const Batch batch = image_batch(image, 2, DType::F64, *device);
  const auto loss = [&] {
    Mixing mixing;
    for (std::size_t c = 0; c < space.choices.size(); ++c) {
      mixing.active.emplace_back(space.choices[c].candidates.size(), true);
      mixing.weights.push_back(softmax(parameters.alpha(c)));
    }
    for (std::size_t e = 0; e < space.edges.size(); ++e) mixing.edges.push_back(softmax(parameters.beta(e)));
    supernet.set(std::move(mixing));
    Forward pass;
    pass.training = true;
    pass.again = true;
    return network_loss(supernet, batch.input, batch.target, 0, pass);
  };
  const Gradients gradients = backward(loss());
  const NoGradScope no_grad;
  int checked = 0;
  for (const Module::Named& named : parameters.parameters()) {
    const Tensor gradient = gradients.of(named.parameter->value);
    ASSERT_TRUE(gradient) << named.name;
    const std::vector<double> values = gradient.to_vector<double>();
    double* data = named.parameter->value.data<double>();
    for (std::size_t i = 0; i < values.size(); i += 2, ++checked) {
      const double before = data[i], h = 1e-6;
      data[i] = before + h;
      const double above = loss().item();
      data[i] = before - h;
      const double below = loss().item();
      data[i] = before;
      EXPECT_NEAR(values[i], (above - below) / (2 * h), 1e-6) << named.name << " " << i;
    }
  }
  EXPECT_GT(checked, 40);
}

TEST_F(Supernets, ExpectedCostIsTheMeanOverArchitectures) {
  SearchSpace space = space_of(with_inner(), image);
  Distribution p;
  Rng rng(5, "p");
  for (const SpaceChoice& choice : space.choices) {
    std::vector<double> logits;
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) logits.push_back(rng.normal());
    p.push_back(softmax_of(logits));
  }
  const ExpectedCost cost(space, node_costs(space, CostMetric::Flops, {}));
  EXPECT_NEAR(cost.of(p) / space.expected_cost(p).flops, 1, 1e-12);
  double sum = 0, squares = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    Architecture one;
    for (const std::vector<double>& choice : p) one.choices.push_back(static_cast<std::int32_t>(draw_index(choice, rng)));
    const double flops = space.cost(one).flops;
    sum += flops;
    squares += flops * flops;
  }
  const double mean = sum / kDraws, deviation = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_NEAR(mean, cost.of(p), 4 * deviation);

  // The device's sum and its gradient: a change of one p alone changes the cost by the difference.
  const auto device = make_cpu_device(1);
  std::vector<Tensor> on_device;
  for (const std::vector<double>& choice : p)
    on_device.push_back(from_host(std::vector<float>(choice.begin(), choice.end()), *device).set_requires_grad(true));
  const Tensor expected = cost.of(on_device, 1e-6);
  EXPECT_NEAR(expected.item() / (cost.of(p) * 1e-6), 1, 1e-5);
  const Gradients gradients = backward(expected);
  for (std::size_t c = 0; c < p.size(); ++c) {
    const std::vector<double> gradient = gradients.of(on_device[c]).to_vector<double>();
    for (std::size_t i = 0; i < p[c].size(); ++i) {
      Distribution moved = p;
      moved[c][i] += 0.01;
      EXPECT_NEAR(gradient[i], (cost.of(moved) - cost.of(p)) / 0.01 * 1e-6, 1e-5) << c << " " << i;
    }
  }
}

TEST_F(Supernets, PenaltiesAreAsTheirFormulas) {
  const auto device = make_cpu_device(1);
  const auto value = [&](CostPenalty::Form form, bool multiplied, double ratio, double loss) {
    CostPenalty penalty{form, 2, multiplied};
    return penalised(full({}, loss, DType::F32, *device), full({1}, ratio, DType::F32, *device), full({1}, 1, DType::F32, *device), penalty)
        .item();
  };
  EXPECT_NEAR(value(CostPenalty::Form::Absolute, false, 0.75, 3), 3.5, 1e-6);
  EXPECT_NEAR(value(CostPenalty::Form::OneSided, false, 0.75, 3), 3, 1e-6);
  EXPECT_NEAR(value(CostPenalty::Form::OneSided, false, 1.5, 3), 4, 1e-6);
  EXPECT_NEAR(value(CostPenalty::Form::Logarithmic, false, 0.5, 3), 3 + 2 * std::log(0.5), 1e-6);
  EXPECT_NEAR(value(CostPenalty::Form::Absolute, true, 1.5, 3), 6, 1e-6);
}

}  // namespace
}  // namespace dsw
