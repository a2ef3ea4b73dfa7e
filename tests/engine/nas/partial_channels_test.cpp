// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
// Partial channels against plain loops, against narrower layers, and their gradients against finite differences in double.
#include "engine/nas/partial_channels.h"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/autograd/node.h"
#include "engine/nas/search_algorithm.h"
#include "engine/nas/search_memory.h"
#include "engine/nn/layers/cell_layers.h"
#include "engine/nn/layers/first_channels.h"
#include "engine/nn/network_loss.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"
#include "tests/engine/nas/nas_fixture.h"

namespace dsw {
namespace {

using Numbers = std::vector<double>;

/// One choice that reads the network's input, [B, 16, 5, 5].
std::string one_choice(const std::string& candidates) {
  return R"({"nodes": [{"id": "mix", "op": "choice", "inputs": ["input"], "candidates": [)" + candidates +
         R"(]}, {"id": "after", "op": "identity"}, {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]})";
}

struct PartialChannelsTest : NasFixture {
  PartialChannelsTest() {
    image.channels = 16;
    image.height = image.width = 5;
  }

  static Mixing mixing_of_all(const SearchSpace& space, const PartialChannels& partial) {
    Mixing mixing;
    for (const SpaceChoice& choice : space.choices) {
      mixing.active.emplace_back(choice.candidates.size(), true);
      mixing.weights.emplace_back();
    }
    mixing.edges.resize(space.edges.size());
    mixing.partial = partial;
    return mixing;
  }

  /// What the node "after" gives.
  static Numbers after(Supernet& supernet, const Tensor& x) {
    Numbers seen;
    Forward pass;
    pass.training = pass.again = true;
    pass.observe = [&](const std::string& name, const Tensor& value) {
      if (name == "after") seen = value.to_vector<double>();
    };
    supernet.forward(x, pass);
    return seen;
  }
  static double loss_of(Supernet& supernet, const Batch& batch) {
    Forward pass;
    pass.training = pass.again = true;
    return network_loss(supernet, batch.input, batch.target, 0, pass).item();
  }
};

/// [B, C, H, W] as numbers.
struct Picture {
  Numbers values;
  std::int64_t channels, side;
  double at(std::int64_t b, std::int64_t c, std::int64_t i, std::int64_t j) const {
    return values[static_cast<std::size_t>(((b * channels + c) * side + i) * side + j)];
  }
  bool inside(std::int64_t i, std::int64_t j) const { return i >= 0 && j >= 0 && i < side && j < side; }
};

/// The largest number, or the mean, of a window of `kernel` whose first pixel is (i, j).
double window(const Picture& x, std::int64_t b, std::int64_t c, std::int64_t i, std::int64_t j, std::int64_t kernel, bool mean) {
  double most = -INFINITY, sum = 0, count = 0;
  for (std::int64_t u = i; u < i + kernel; ++u)
    for (std::int64_t v = j; v < j + kernel; ++v) {
      if (!x.inside(u, v)) continue;
      most = std::max(most, x.at(b, c, u, v));
      sum += x.at(b, c, u, v);
      ++count;
    }
  return mean ? sum / count : most;
}

TEST_F(PartialChannelsTest, WhatPassesAndWhatGoesAroundIsMixedAsInPlainLoops) {
  const auto device = make_reference_device();
  const Batch batch = image_batch(image, 2, DType::F64, *device);
  const Picture x{batch.input.to_vector<double>(), 16, 5};
  for (const bool halves : {false, true}) {
    SearchSpace space =
        space_of(one_choice(halves ? R"({"op": "maxpool2d", "kernel": 3, "stride": 2, "padding": 1}, {"op": "zero", "stride": 2},
                               {"op": "avgpool2d", "kernel": 3, "stride": 2, "padding": 1})"
                                   : R"({"op": "identity"}, {"op": "zero"}, {"op": "avgpool2d", "kernel": 3, "stride": 1, "padding": 1})"),
                 image);
    Supernet supernet(space);
    supernet.materialize(*device, 7, DType::F64);
    for (const PartialChannels partial : {PartialChannels{4, 4}, {4, 2}, {4, 1}, {5, 3}, {8, 8}}) {
      SCOPED_TRACE(testing::Message() << halves << " K = " << partial.now);
      const std::int64_t groups = partial.first == 5 ? 4 : partial.first, k = partial.now == 3 ? 2 : partial.now, passing = 16 / k;
      Mixing mixing = mixing_of_all(space, partial);
      mixing.weights[0] = from_host(Numbers{0.5, 0.2, 0.3}, *device);
      supernet.set(std::move(mixing));
      const std::int64_t stride = halves ? 2 : 1, side = halves ? 3 : 5;
      Numbers expected(static_cast<std::size_t>(2 * 16 * side * side));
      for (std::int64_t b = 0; b < 2; ++b)
        for (std::int64_t c = 0; c < 16; ++c)
          for (std::int64_t i = 0; i < side; ++i)
            for (std::int64_t j = 0; j < side; ++j) {
              const std::int64_t u = stride * i, v = stride * j;
              const double around = halves ? window(x, b, c, u - 1, v - 1, 2, false) : x.at(b, c, i, j);
              const double through = 0.5 * (halves ? window(x, b, c, u - 1, v - 1, 3, false) : x.at(b, c, i, j)) +
                                     0.3 * window(x, b, c, u - 1, v - 1, 3, true);
              const std::int64_t place = c % (16 / groups) * groups + c / (16 / groups);
              expected[static_cast<std::size_t>(((b * 16 + place) * side + i) * side + j)] = c < passing ? through : around;
            }
      const Numbers given = after(supernet, batch.input);
      ASSERT_EQ(given.size(), expected.size());
      for (std::size_t n = 0; n < given.size(); ++n) EXPECT_NEAR(given[n], expected[n], 1e-12) << n;
    }
  }
}

TEST_F(PartialChannelsTest, OnlyZeroLeavesWhatGoesAround) {
  const auto device = make_cpu_device(1);
  Json model = Json::parse(one_choice(R"({"op": "zero"}, {"op": "relu-conv-bn", "kernel": 1})"));
  model["nodes"][0]["inputs"] = {"before"};
  model["nodes"].insert(model["nodes"].begin(), Json::parse(R"({"id": "before", "op": "identity", "inputs": ["input"]})"));
  SearchSpace space = space_of(model.dump(), image);
  Supernet supernet(space);
  supernet.materialize(*device, 7);
  Mixing mixing = mixing_of(space, {{0}, {}});
  mixing.partial = {4, 4};
  supernet.set(std::move(mixing));
  const Batch batch = image_batch(image, 1, DType::F32, *device);
  const Picture x{batch.input.to_vector<double>(), 16, 5}, y{after(supernet, batch.input), 16, 5};
  for (std::int64_t c = 0; c < 16; ++c) EXPECT_EQ(y.at(0, c % 4 * 4 + c / 4, 2, 3), c < 4 ? 0 : x.at(0, c, 2, 3)) << c;
}

/// A layer for 16 channels, and the same for fewer.
struct Layers {
  const char* name;
  std::unique_ptr<Module> (*make)(std::int64_t channels);
};
const Layers kLayers[] = {
    {"relu-conv-bn",
     [](std::int64_t c) -> std::unique_ptr<Module> {
       return relu_conv_bn({c, c, 3, 2, 1});
     }},
    {"separable-conv",
     [](std::int64_t c) -> std::unique_ptr<Module> {
       return separable_conv({c, c, 3, 2, 1});
     }},
    {"dilated-conv",
     [](std::int64_t c) -> std::unique_ptr<Module> {
       return dilated_conv({c, c, 3, 1, 2});
     }},
    {"identity of stride 2", [](std::int64_t c) -> std::unique_ptr<Module> { return std::make_unique<FactorizedReduce>(c); }},
    {"conv2d",
     [](std::int64_t c) -> std::unique_ptr<Module> {
       return std::make_unique<Conv2d>(Conv2dConfig{c, c, 3, 1, 1});
     }},
};

/// Numbers for every parameter, so that norms do not start alike.
void fill(Module& module, Device& device) {
  module.materialize(device, 11, DType::F64);
  Rng rng(6, "layers");
  for (const Module::Named& named : module.parameters())
    for (std::int64_t i = 0; i < named.parameter->value.elements(); ++i) named.parameter->value.data<double>()[i] = 0.5 + rng.uniform();
}

Numbers run(Module& module, const Tensor& x) {
  Forward pass;
  pass.training = pass.again = true;
  return module.forward(x, pass).to_vector<double>();
}

TEST_F(PartialChannelsTest, ALayersFirstChannelsAreTheNarrowerLayer) {
  const auto device = make_reference_device();
  const Batch batch = image_batch(image, 2, DType::F64, *device);
  for (const Layers& layer : kLayers) {
    for (const std::int64_t few : {4, 5}) {
      SCOPED_TRACE(testing::Message() << layer.name << " " << few);
      const auto wide = layer.make(16), narrow = layer.make(few);
      fill(*wide, *device);
      narrow->materialize(*device, 1, DType::F64);
      const auto from = wide->parameters(), to = narrow->parameters();
      ASSERT_EQ(from.size(), to.size());
      for (std::size_t i = 0; i < to.size(); ++i) {
        Tensor part = from[i].parameter->value.detach();
        for (int axis = 0; axis < part.rank(); ++axis) part = part.view_slice(axis, 0, to[i].parameter->shape[axis]);
        copy_into(part, to[i].parameter->value.detach());
      }
      const Tensor x = slice(batch.input, 1, 0, few);
      const FirstChannelsScope scope(*wide, few);
      EXPECT_EQ(run(*wide, x), run(*narrow, x));
      EXPECT_EQ(wide->output_shape(x.shape()), narrow->output_shape(x.shape()));
      EXPECT_EQ(wide->cost(x.shape()).flops, narrow->cost(x.shape()).flops);
    }
  }
}

/// Net2Net: of copied inputs a widened layer makes copies of what it made before.
TEST_F(PartialChannelsTest, CopiedChannelsGiveWhatTheyGave) {
  const auto device = make_reference_device();
  const Batch batch = image_batch(image, 2, DType::F64, *device);
  for (const Layers& layer : kLayers) {
    SCOPED_TRACE(layer.name);
    const auto module = layer.make(16);
    fill(*module, *device);
    const Tensor x = slice(batch.input, 1, 0, 4), twice = concat({x, x}, 1);
    set_first_channels(*module, 4);
    const Shape shape = module->output_shape(x.shape());
    const Picture before{run(*module, x), 4, shape[2]};
    copy_first_channels(*module, 4, 8);
    set_first_channels(*module, 8);
    const Picture now{run(*module, twice), 8, shape[2]};
    const bool halves = std::string(layer.name) == "identity of stride 2";
    for (std::int64_t c = 0; c < 8; ++c) {
      const std::int64_t old = halves ? c < 4 ? c % 2 : 2 + c % 2 : c % 4;
      for (std::int64_t i = 0; i < shape[2]; ++i) EXPECT_NEAR(now.at(1, c, i, 1), before.at(1, old, i, 1), 1e-9) << c << " " << i;
    }
  }
}

constexpr const char* kAll = R"({"op": "identity"}, {"op": "zero"}, {"op": "relu-conv-bn", "kernel": 3}, {"op": "separable-conv"},
  {"op": "dilated-conv", "dilation": 2}, {"op": "maxpool2d", "kernel": 3, "stride": 1, "padding": 1}, {"op": "conv2d", "out": 16})";

TEST_F(PartialChannelsTest, GradientsPassFiniteDifferences) {
  const auto device = make_reference_device();
  Json model = Json::parse(one_choice(kAll));
  model["nodes"].insert(model["nodes"].begin() + 1,
                        Json::parse(R"({"id": "half", "op": "choice", "candidates": [{"op": "identity", "stride": 2},
                          {"op": "relu-conv-bn", "stride": 2}, {"op": "avgpool2d", "kernel": 3, "stride": 2, "padding": 1}]})"));
  SearchSpace space = space_of(model.dump(), image);
  Supernet supernet(space);
  supernet.materialize(*device, 7, DType::F64);
  ArchitectureParameters parameters(space);
  parameters.materialize(*device, 9, DType::F64);
  const Batch batch = image_batch(image, 2, DType::F64, *device);
  for (const PartialChannels partial : {PartialChannels{4, 4}, {4, 2}}) {
    SCOPED_TRACE(partial.now);
    const auto loss = [&] {
      Mixing mixing = mixing_of_all(space, partial);
      for (std::size_t c = 0; c < space.choices.size(); ++c) mixing.weights[c] = softmax(parameters.alpha(c));
      supernet.set(std::move(mixing));
      Forward pass;
      pass.training = pass.again = true;
      return network_loss(supernet, batch.input, batch.target, 0, pass);
    };
    const Gradients gradients = backward(loss());
    const NoGradScope no_grad;
    int checked = 0, outside = 0;
    std::vector<Module::Named> all = parameters.parameters();
    for (const Module::Named& named : supernet.parameters()) all.push_back(named);
    for (const Module::Named& named : all) {
      if (!named.parameter->trainable) continue;
      const Tensor gradient = gradients.of(named.parameter->value);
      ASSERT_TRUE(gradient) << named.name;
      const Numbers values = gradient.to_vector<double>();
      double* data = named.parameter->value.data<double>();
      const std::size_t step = 1 + values.size() / 7;
      for (std::size_t i = 0; i < values.size(); i += step, ++checked) {
        const double before = data[i], h = 1e-6;
        data[i] = before + h;
        const double above = loss().item();
        data[i] = before - h;
        const double below = loss().item();
        data[i] = before;
        EXPECT_NEAR(values[i], (above - below) / (2 * h), 1e-6) << named.name << " " << i;
        outside += values[i] == 0;
      }
    }
    EXPECT_GT(checked, 100);
    EXPECT_GT(outside, 20) << "weights of channels that do not pass";
  }
}

TEST_F(PartialChannelsTest, FlopsAreThoseOfTheChannelsThatPass) {
  SearchSpace space = space_of(one_choice(R"({"op": "identity", "stride": 2}, {"op": "relu-conv-bn", "stride": 2})"), image);
  Supernet supernet(space);
  const auto flops = [&](const PartialChannels& partial) { return supernet.flops(mixing_of_all(space, partial)); };
  const auto own = [](double c) {  // 25 pixels in, 9 out
    const double skip = 25 * c + 9 * 2 * c * c + 9 * 8 * c, conv = 25 * c + 9 * 2 * 9 * c * c + 9 * 8 * c;
    return skip + conv + 9 * 4 * (16 - c);
  };
  const double rest = flops({1, 1}) - own(16);
  EXPECT_GT(rest, 0);
  EXPECT_DOUBLE_EQ(flops({4, 4}), rest + own(4));
  EXPECT_DOUBLE_EQ(flops({4, 2}), rest + own(8));
  EXPECT_DOUBLE_EQ(flops({4, 1}), rest + own(16));
}

TEST_F(PartialChannelsTest, MemoryIsThatOfTheChannelsThatPass) {
  const SearchSpace space = space_of(one_choice(kAll), image);
  const SearchMemory all = search_memory(space, 64, 1), some = search_memory(space, 64, 1, {4, 4});
  EXPECT_EQ(some.weights_bytes, all.weights_bytes);
  EXPECT_EQ(some.path_bytes, all.path_bytes);
  EXPECT_LT(some.all_bytes - some.weights_bytes, 0.5 * (all.all_bytes - all.weights_bytes));
  EXPECT_GT(some.all_bytes - some.weights_bytes, 0.25 * (all.all_bytes - all.weights_bytes)) << "what is put together is whole";
}

/// Choices that it does not apply to are computed as ever.
TEST_F(PartialChannelsTest, OtherChoicesAreLeftAlone) {
  const auto device = make_cpu_device(1);
  const auto same = [&](const std::string& model, const InputSpec& input) {
    SearchSpace space = space_of(model, input);
    Supernet supernet(space);
    supernet.materialize(*device, 7);
    const Batch batch = input.kind == InputSpec::Kind::Image ? image_batch(input, 2, DType::F32, *device) : token_batch(input, 2, *device);
    Numbers losses;
    for (const PartialChannels partial : {PartialChannels{}, {4, 4}, {4, 2}}) {
      supernet.set(mixing_of_all(space, partial));
      losses.push_back(loss_of(supernet, batch));
    }
    EXPECT_EQ(supernet.widen({4, 4}, {4, 2}), losses[1] == losses[0] ? 0u : 1u);
    return losses[1] == losses[0] && losses[2] == losses[0];
  };
  EXPECT_FALSE(same(one_choice(kAll), image));
  EXPECT_TRUE(same(one_choice(R"({"op": "relu-conv-bn", "out": 32}, {"op": "conv2d", "out": 32})"), image)) << "another number";
  EXPECT_TRUE(same(one_choice(R"({"op": "identity"}, {"op": "conv2d", "out": 16, "groups": 4})"), image)) << "groups";
  Json cells = Json::parse(one_choice(R"({"op": "identity"}, {"op": "cell", "cell": "more"})"));
  cells["cells"]["more"] = Json::parse(R"({"nodes": [{"id": "a", "op": "relu-conv-bn"}, {"id": "b", "op": "relu-conv-bn"}]})");
  EXPECT_TRUE(same(cells.dump(), image)) << "cells";
  Json open = Json::parse(one_choice(R"({"op": "identity"}, {"op": "activation"})"));
  open["nodes"][0]["inputs"] = {"stem"};
  open["nodes"].insert(open["nodes"].begin(),
                       Json::parse(R"({"id": "stem", "op": "conv2d", "out": {"choice": [16, 32]}, "inputs": ["input"]})"));
  EXPECT_TRUE(same(open.dump(), image)) << "an open width";
  InputSpec narrow = image;
  narrow.channels = 8;
  EXPECT_TRUE(same(one_choice(R"({"op": "identity"}, {"op": "relu-conv-bn"})"), narrow)) << "few channels";
  EXPECT_TRUE(same(R"({"nodes": [{"id": "e", "op": "embedding", "width": 16, "inputs": ["input"]},
                       {"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "token-conv"}]}, {"id": "logits", "op": "logits"}]})",
                   text))
      << "no pictures";
}

TEST_F(PartialChannelsTest, DrnasWidensHalfOfTheWayAndTheOthersNever) {
  const auto algorithm = [](const char* name, Json settings) {
    const auto* entry = search_algorithms().find(name);
    return std::move(*entry->make(with_defaults(entry->schema, settings)));
  };
  const auto drnas = algorithm("drnas", Json::object());
  EXPECT_EQ(drnas->partial(0), (PartialChannels{4, 4}));
  EXPECT_EQ(drnas->partial(0.49), (PartialChannels{4, 4}));
  EXPECT_EQ(drnas->partial(0.5), (PartialChannels{4, 2}));
  for (const char* name : {"beta-darts", "darts", "fbnet", "gdas", "proxyless"}) {
    EXPECT_EQ(algorithm(name, Json::object())->partial(0), PartialChannels()) << name;
    EXPECT_EQ(algorithm(name, Json::object())->partial(1), PartialChannels()) << name;
  }
  const auto partial = algorithm("beta-darts", {{"partial", 4}});  // PC-DARTS
  EXPECT_EQ(partial->partial(0), (PartialChannels{4, 4}));
  EXPECT_EQ(partial->partial(1), (PartialChannels{4, 4}));
}

}  // namespace
}  // namespace dsw
