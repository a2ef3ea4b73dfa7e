// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
// Open widths: one width of a supernet is the narrower network that is derived from it, in numbers, costs and gradients.
#include <gmock/gmock.h>

#include <algorithm>

#include "engine/autograd/node.h"
#include "engine/nas/expected_cost.h"
#include "engine/nas/latency_table.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nn/network_loss.h"
#include "engine/nn/ops/softmax.h"
#include "tests/engine/nas/nas_fixture.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTransformer = R"({"cells": {"block": {"nodes": [
    {"id": "norm-1", "op": "layernorm", "inputs": ["input"]},
    {"id": "mixing", "op": "choice", "candidates": [{"op": "attention", "heads": 2, "head_width": 4}, {"op": "token-conv", "kernel": 3},
      {"op": "identity"}, {"op": "zero"}]},
    {"id": "sum-1", "op": "add", "inputs": ["input", "mixing"]},
    {"id": "norm-2", "op": "rmsnorm"},
    {"id": "feed", "op": "mlp", "hidden": {"choice": [4, 12]}},
    {"id": "gate", "op": "activation", "function": "sigmoid"},
    {"id": "sum-2", "op": "add", "inputs": ["sum-1", "gate"]}]}},
  "nodes": [{"id": "embed", "op": "embedding", "width": {"choice": [6, 10, 16], "name": "stream"}, "inputs": ["input"]},
    {"id": "place", "op": "positions"}, {"id": "blocks", "op": "cell", "cell": "block", "repeat": {"choice": [1, 2]}},
    {"id": "again", "op": "embedding", "width": {"choice": [6, 10, 16], "name": "stream"}, "inputs": ["input"]},
    {"id": "both", "op": "multiply", "inputs": ["blocks", "again"]},
    {"id": "norm", "op": "layernorm"}, {"id": "logits", "op": "logits"}]})";

constexpr const char* kPictures = R"({"nodes": [
    {"id": "stem", "op": "conv2d", "out": {"choice": [3, 6]}, "inputs": ["input"]}, {"id": "norm", "op": "batchnorm2d"},
    {"id": "apart", "op": "separable-conv", "out": {"choice": [3, 4]}, "inputs": ["input"]}, {"id": "even", "op": "relu-conv-bn", "out": 6},
    {"id": "mix", "op": "choice", "inputs": ["norm"], "candidates": [{"op": "relu-conv-bn"}, {"op": "dilated-conv"},
      {"op": "avgpool2d", "kernel": 3, "stride": 1, "padding": 1}, {"op": "identity"}]},
    {"id": "eight", "op": "conv2d", "kernel": 1, "out": 6}, {"id": "sum", "op": "add", "inputs": ["eight", "even"]},
    {"id": "down", "op": "conv2d", "stride": 2, "out": {"choice": [4, 5, 8]}}, {"id": "relu", "op": "activation"},
    {"id": "pool", "op": "maxpool2d"}, {"id": "flat", "op": "flatten"}, {"id": "dense", "op": "linear", "out": {"choice": [5, 9]}},
    {"id": "function", "op": "activation", "function": "gelu"}, {"id": "logits", "op": "logits"}]})";

struct OpenWidthTest : NasFixture {
  std::vector<std::string> sentences(const std::string& model, const InputSpec& input) const {
    std::vector<std::string> all;
    for (const Problem& problem : analyse_space(Json::parse(model), input, catalog.layers).problems) all.push_back(problem.sentence());
    return all;
  }
  static Architecture random_one(const SearchSpace& space, Rng& rng) {
    Architecture one;
    for (const SpaceChoice& choice : space.choices) one.choices.push_back(static_cast<std::int32_t>(rng.below(choice.candidates.size())));
    return one;
  }
  void derived_is_the_same(const char* model, const InputSpec& input) {
    const auto device = make_cpu_device(1);
    SearchSpace space = space_of(model, input);
    Supernet supernet(space);
    supernet.materialize(*device, 7);
    // Biases and gains that are not those of the start.
    Rng rng(1, "open widths");
    for (const Module::Named& named : supernet.parameters())
      for (std::int64_t i = 0; i < named.parameter->value.elements(); ++i)
        named.parameter->value.data<float>()[i] += static_cast<float>(0.3 * rng.normal());
    const Batch batch = input.kind == InputSpec::Kind::Image ? image_batch(input, 3, DType::F32, *device) : token_batch(input, 3, *device);
    for (int trial = 0; trial < 40; ++trial) {
      const Architecture architecture = random_one(space, rng);
      SCOPED_TRACE(derived_model(space, architecture).dump());
      const auto derived = inherit(space, architecture, supernet, *device);
      ASSERT_TRUE(derived);
      supernet.set(mixing_of(space, architecture));
      const auto run = [&](Module& network) {
        Forward pass;
        pass.training = pass.again = true;
        return network.forward(batch.input, pass).to_vector<float>();
      };
      const std::vector<float> whole = run(supernet), own = run(*derived);
      ASSERT_EQ(whole.size(), own.size());
      for (std::size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(whole[i], own[i], 1e-4) << i;
      const Cost exact = derived_cost(space, architecture, catalog.layers), summed = space.cost(architecture);
      bool zeros = false;  // a sum with a zero costs nothing in the derived network
      for (std::size_t c = 0; c < space.choices.size(); ++c)
        zeros = zeros || space.choices[c].candidates[static_cast<std::size_t>(architecture.choices[c])].zero;
      if (zeros) continue;
      EXPECT_EQ(summed.flops, exact.flops);
      EXPECT_EQ(summed.parameters, exact.parameters);
    }
  }
};

TEST_F(OpenWidthTest, OneWidthOfATransformerIsTheNarrowerOne) { derived_is_the_same(kTransformer, text); }
TEST_F(OpenWidthTest, OneWidthOfAConvolutionalNetworkIsTheNarrowerOne) { derived_is_the_same(kPictures, image); }

TEST_F(OpenWidthTest, OneNameIsOneChoiceAndCostsAreThoseOfWhatFollows) {
  const SearchSpace space = space_of(kTransformer, text);
  const auto stream = std::find_if(space.choices.begin(), space.choices.end(), [](const SpaceChoice& choice) { return choice.width; });
  ASSERT_NE(stream, space.choices.end());
  EXPECT_EQ(stream->title, "stream");
  EXPECT_THAT(stream->places, ElementsAre("embed-width", "again-width"));
  EXPECT_EQ(std::count_if(space.choices.begin(), space.choices.end(), [](const SpaceChoice& choice) { return choice.width; }), 1);
  EXPECT_LT(stream->candidates[0].cost.flops, stream->candidates[1].cost.flops);
  EXPECT_EQ(stream->candidates[0].cost.flops, space.cost(space.cheapest()).flops);
  EXPECT_EQ(space.architectures(), 4 * 4 * 2 * 2 * 3 * 2) << "mixing and feed of two places, width, depth";
}

TEST_F(OpenWidthTest, ExpectedCostIsTheMeanOverArchitectures) {
  const SearchSpace space = space_of(kPictures, image);
  Distribution p;
  Rng rng(5, "p");
  for (const SpaceChoice& choice : space.choices) {
    std::vector<double> logits;
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) logits.push_back(rng.normal());
    p.push_back(softmax_of(logits));
  }
  // Every architecture, weighted by its probability.
  double mean = 0;
  Architecture one;
  one.choices.assign(space.choices.size(), 0);
  for (bool more = true; more;) {
    double probability = 1;
    for (std::size_t c = 0; c < p.size(); ++c) probability *= p[c][static_cast<std::size_t>(one.choices[c])];
    mean += probability * space.cost(one).flops;
    more = false;
    for (std::size_t c = 0; c < p.size() && !more; ++c) {
      more = ++one.choices[c] < static_cast<std::int32_t>(p[c].size());
      if (!more) one.choices[c] = 0;
    }
  }
  EXPECT_NEAR(space.expected_cost(p).flops / mean, 1, 1e-12);
  EXPECT_NEAR(ExpectedCost(space, node_costs(space, CostMetric::Flops, {})).of(p) / mean, 1, 1e-12);
  const auto device = make_cpu_device(1);
  const auto table = measure_latencies(space, catalog.layers, *device);
  for (std::size_t n = 0; n < table.size(); ++n) EXPECT_EQ(table[n].size(), space.nodes[n].costs.size());
}

TEST_F(OpenWidthTest, GradientsOfWidthsPassFiniteDifferences) {
  const auto device = make_reference_device();
  for (const auto& [model, input] : {std::pair{kTransformer, text}, std::pair{kPictures, image}}) {
    SearchSpace space = space_of(model, input);
    Supernet supernet(space);
    supernet.materialize(*device, 7, DType::F64);
    ArchitectureParameters parameters(space);
    parameters.materialize(*device, 9, DType::F64);
    Rng rng(2, "alphas");
    for (const Module::Named& named : parameters.parameters())
      for (std::int64_t i = 0; i < named.parameter->value.elements(); ++i) named.parameter->value.data<double>()[i] = rng.normal();
    const Batch batch = input.kind == InputSpec::Kind::Image ? image_batch(input, 2, DType::F64, *device) : token_batch(input, 2, *device);
    const auto loss = [&] {
      Mixing mixing;
      for (std::size_t c = 0; c < space.choices.size(); ++c) {
        mixing.active.emplace_back(space.choices[c].candidates.size(), true);
        mixing.weights.push_back(softmax(parameters.alpha(c)));
      }
      supernet.set(std::move(mixing));
      Forward pass;
      pass.training = pass.again = true;
      return network_loss(supernet, batch.input, batch.target, 0, pass);
    };
    const Gradients gradients = backward(loss());
    const NoGradScope no_grad;
    for (std::size_t c = 0; c < space.choices.size(); ++c) {
      if (!space.choices[c].width) continue;
      const Tensor alpha = parameters.alpha(c), gradient = gradients.of(alpha);
      ASSERT_TRUE(gradient) << space.choices[c].id;
      for (std::int64_t i = 0; i < alpha.elements(); ++i) {
        double* data = alpha.data<double>();
        const double before = data[i], h = 1e-6;
        data[i] = before + h;
        const double above = loss().item();
        data[i] = before - h;
        const double below = loss().item();
        data[i] = before;
        EXPECT_NEAR(gradient.to_vector<double>()[static_cast<std::size_t>(i)], (above - below) / (2 * h), 1e-7)
            << space.choices[c].id << " " << i;
      }
    }
  }
}

TEST_F(OpenWidthTest, WhatCannotFollowIsSaidAtItsPlace) {
  const auto tokens = [&](const std::string& nodes, const std::string& width = R"({"choice": [8, 16]})") {
    return sentences(R"({"nodes": [{"id": "embed", "op": "embedding", "width": )" + width + R"(, "inputs": ["input"]}, )" + nodes +
                         R"(, {"id": "logits", "op": "logits"}]})",
                     text);
  };
  EXPECT_THAT(
      tokens(R"({"id": "mix", "op": "attention", "heads": 2})"),
      ElementsAre(HasSubstr("`/model/nodes/1` reads channels whose number is open (width), which attention cannot follow; head_width "
                            "has to be given.")));
  EXPECT_THAT(tokens(R"({"id": "mlp", "op": "mlp"})"), ElementsAre(HasSubstr("cannot follow; hidden has to be given.")));
  EXPECT_THAT(tokens(R"({"id": "block", "op": "transformer-block", "heads": 2})"),
              ElementsAre(HasSubstr("a cell of norm, attention and mlp can.")));
  EXPECT_THAT(tokens(R"({"id": "more", "op": "embedding", "width": {"choice": [8, 16]}, "inputs": ["input"]},
                        {"id": "sum", "op": "add", "inputs": ["embed", "more"]})"),
              ElementsAre(HasSubstr("`/model/nodes/2` does not fit with width 8, width 16: ")));
  EXPECT_THAT(
      tokens(R"({"id": "more", "op": "embedding", "width": {"choice": [8, 12], "name": "w"}, "inputs": ["input"]},
                        {"id": "sum", "op": "add", "inputs": ["embed", "more"]})",
             R"({"choice": [8, 16], "name": "w"})"),
      testing::Contains(HasSubstr("`/model/nodes/1/width/choice` leaves other sizes open than /model/nodes/0/width, which has the same "
                                  "name \"w\".")));
  EXPECT_THAT(tokens(R"({"id": "a", "op": "activation"})", R"({"choice": [8, 16], "nam": "w"})"),
              ElementsAre(HasSubstr("`/model/nodes/0/width/nam` is not known here")));
  EXPECT_THAT(sentences(R"({"nodes": [{"id": "stem", "op": "conv2d", "out": {"choice": [4, 8]}, "inputs": ["input"]},
                            {"id": "groups", "op": "conv2d", "out": 8, "groups": 2}, {"id": "pool", "op": "global-average-pool"},
                            {"id": "logits", "op": "logits"}]})",
                        image),
              ElementsAre(HasSubstr("conv2d cannot follow; groups has to be 1.")));
}

}  // namespace
}  // namespace dsw
