// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
// Blocks against finite differences in double on the reference kernels; sentences for shapes that do not fit; and three families
// that learn a tiny set by heart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/core/catalog.h"
#include "engine/nn/layers/containers.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/joins.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/layers/transformer.h"
#include "engine/nn/model_type.h"
#include "engine/nn/models/resnet.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/optim/optimizer.h"

namespace dsw {
namespace {

Tensor numbers(const Shape& shape, std::uint64_t seed, Device& device) {
  Rng rng(seed, "numbers");
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& value : values) value = rng.normal();
  return from_host(values, shape, device);
}

/// Every parameter and the input of a module: sum(forward(x) weights) by finite differences at a few places each.
void check_gradients(Module& module, const Shape& input) {
  const auto device = make_reference_device();
  module.materialize(*device, 11, DType::F64);
  Tensor x = numbers(input, 1, *device);
  x.set_requires_grad(true);
  const Tensor weights = numbers(module.output_shape(input), 2, *device);
  const auto value = [&] {
    Forward pass;
    pass.training = true;
    return sum(mul(module.forward(x, pass), weights));
  };
  const Gradients gradients = backward(value());
  std::vector<Module::Named> all = module.parameters();
  Parameter of_input{"input", input, {}, true, false, x};
  all.push_back({"input", &of_input});
  for (const Module::Named& named : all) {
    if (!named.parameter->trainable) continue;
    const std::vector<double> gradient = gradients.of(named.parameter->value).to_vector<double>();
    double* data = named.parameter->value.data<double>();
    const std::size_t step = std::max<std::size_t>(1, gradient.size() / 5);
    for (std::size_t i = 0; i < gradient.size(); i += step) {
      const double before = data[i], h = 1e-6 * std::max(1.0, std::abs(before));
      const NoGradScope no_grad;
      data[i] = before + h;
      const double above = value().item();
      data[i] = before - h;
      const double below = value().item();
      data[i] = before;
      ASSERT_NEAR((above - below) / (2 * h), gradient[i], 2e-6 * std::max(1.0, std::abs(gradient[i]))) << named.name << " at " << i;
    }
  }
}

TransformerConfig config(bool modern) {
  TransformerConfig c;
  c.width = 8;
  c.heads = 4;
  c.kv_heads = modern ? 2 : 4;
  c.hidden = 12;
  c.rotary = c.rms_norm = c.swiglu = modern;
  c.bias = !modern;
  c.init_sd = c.residual_sd = 0.4;
  return c;
}

TEST(Gradients, TransformerBlocks) {
  for (const bool modern : {false, true}) {
    TransformerBlock block(config(modern));
    check_gradients(block, {2, 3, 8});
  }
}

TEST(Gradients, ResNetBlocks) {
  ResNetBlock padded(2, 4, 2, false), projected(2, 4, 2, true), same(3, 3, 1, false);
  check_gradients(padded, {2, 2, 4, 5});
  check_gradients(projected, {2, 2, 4, 5});
  check_gradients(same, {2, 3, 3, 3});
}

TEST(Gradients, ResidualAndSequential) {
  auto inner = std::make_unique<Sequential>();
  inner->add(std::make_unique<Linear>(4, 6, true), "up");
  inner->add(std::make_unique<Activation>(ActivationKind::GeluErf));
  inner->add(std::make_unique<Linear>(6, 4, false), "down");
  inner->add(std::make_unique<LayerNorm>(4, true));
  Residual residual(std::move(inner));
  check_gradients(residual, {3, 4});
}

TEST(Layers, ShapesThatDoNotFitAreSaid) {
  const auto sentence = [](const auto& ask) {
    try {
      ask();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::ShapeMismatch);
      return error.message;
    }
    return std::string();
  };
  EXPECT_EQ(sentence([] { Linear(4, 2, true).output_shape({3, 5}); }), "linear wants a last axis of 4, but its input is [3, 5]");
  EXPECT_EQ(sentence([] {
              Pool2d(Pool2d::Kind::Max, 3, 3).output_shape({1, 1, 2, 8});
            }),
            "pool has a window of 3 × 3, but its input is 2 × 8 with a padding of 0");
  EXPECT_EQ(sentence([] { BatchNorm2d(4).output_shape({3, 5, 2, 2}); }), "batch norm wants [B, 4, H, W], but its input is [3, 5, 2, 2]");
  Conv2dConfig conv;
  conv.in = 3;
  EXPECT_EQ(sentence([&] { Conv2d(conv).output_shape({1, 1, 8, 8}); }), "conv wants 3 channels, but its input is [1, 1, 8, 8]");
  EXPECT_EQ(sentence([] { SelfAttention(config(false)).output_shape({1, 8}); }), "attention wants [B, T, 8], but its input is [1, 8]");
  EXPECT_EQ(sentence([] {
              Residual(std::make_unique<Linear>(4, 2, true)).output_shape({3, 4});
            }),
            "a residual adds [3, 2] to its input [3, 4]; both must be equal");
  EXPECT_EQ(sentence([] {
              Combine(Combine::Kind::Sum).join_shape({{2, 3}, {2, 4}});
            }),
            "add wants inputs of one shape, but they are [2, 3] and [2, 4]");
  EXPECT_EQ(Concat(1).join_shape({{2, 3, 4, 4}, {2, 5, 4, 4}}), (Shape{2, 8, 4, 4}));
  EXPECT_NE(sentence([] { Concat(1).join_shape({{2, 3, 4, 4}, {2, 5, 4, 3}}); }), "");
}

TEST(Layers, EightBitsInLinearLayersButNotInTheLast) {
  const auto device = make_reference_device();
  const auto outputs = [&](std::unique_ptr<Linear> layer) {
    layer->materialize(*device, 3, DType::F32);
    const Tensor x = cast(numbers({5, 200}, 4, *device), DType::BF16), w = layer->weight().value;
    const auto pass_in = [&](const Compute& compute) {
      Forward pass;
      pass.compute = compute;
      return layer->forward(x, pass).to_vector<double>();
    };
    const auto bits = pass_in({DType::BF16, true});
    EXPECT_EQ(bits == linear_fp8(x, w).to_vector<double>(), bits != pass_in(DType::BF16));
    return bits == pass_in(DType::BF16);
  };
  EXPECT_FALSE(outputs(std::make_unique<Linear>(200, 7, false)));
  EXPECT_TRUE(outputs(output_layer(std::make_unique<Linear>(200, 7, false))));
}

TEST(Layers, DropoutKeepsTheMeanAndRepeatsWithItsNumbers) {
  const auto device = make_cpu_device(1);
  const Tensor x = full({200, 50}, 1, DType::F32, *device);
  Dropout dropout(0.25);
  const auto run = [&](std::uint64_t seed, bool training) {
    Rng rng(seed, "dropout");
    Forward pass;
    pass.training = training;
    pass.dropout_rng = &rng;
    return dropout.forward(x, pass).to_vector<float>();
  };
  EXPECT_EQ(run(1, true), run(1, true));
  EXPECT_NE(run(1, true), run(2, true));
  EXPECT_EQ(run(1, false), x.to_vector<float>());
  double mean = 0;
  for (const float value : run(1, true)) mean += static_cast<double>(value) / 10000;
  EXPECT_NEAR(mean, 1, 0.03);
  Forward without;
  without.training = true;
  EXPECT_THROW(dropout.forward(x, without), Error);
}

/// The layer alone has no other place for it than its probabilities.
TEST(Layers, DropoutOfAttentionIsOnItsProbabilities) {
  const auto device = make_cpu_device(1);
  TransformerConfig c = config(false);
  c.dropout = 0.5;
  SelfAttention attention(c);
  attention.materialize(*device, 3);
  const std::vector<float> numbers = [] {
    std::vector<float> x(2 * 9 * 8);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 23) / 11 - 1;
    return x;
  }();
  const Tensor x = from_host(numbers, {2, 9, 8}, *device);
  const auto run = [&](std::uint64_t seed, bool training, bool observed) {
    Rng rng(seed, "dropout");
    Forward pass;
    pass.training = training;
    pass.dropout_rng = &rng;
    if (observed) pass.observe = [](const std::string&, const Tensor&) {};
    return attention.forward(x, pass).to_vector<float>();
  };
  EXPECT_EQ(run(1, true, false), run(1, true, false));
  EXPECT_NE(run(1, true, false), run(2, true, false));
  const std::vector<float> without = run(1, false, false), seen = run(1, true, true), unseen = run(1, true, false);
  std::vector<double> mean(without.size());
  constexpr int kDraws = 2000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<float> y = run(static_cast<std::uint64_t>(draw), true, false);
    for (std::size_t i = 0; i < y.size(); ++i) mean[i] += static_cast<double>(y[i]) / kDraws;
  }
  for (std::size_t i = 0; i < without.size(); ++i) {
    EXPECT_NEAR(seen[i], unseen[i], 1e-5) << "who watches changes nothing";
    EXPECT_NEAR(mean[i], without[i], 0.1);
  }
}

/// Loss after some steps of AdamW on one batch.
double learn(const std::string& type, const std::string& given, const InputSpec& input, const Tensor& x, const Tensor& target, int steps,
             Device& device) {
  Catalog catalog;
  register_models(catalog);
  register_optimizers(catalog);
  const auto* entry = catalog.models.find(type);
  const Json settings = with_defaults(entry->schema, Json::parse(given));
  const auto model = std::move(*(*entry->make(settings))->build(settings, input));
  model->materialize(device, 5);
  const auto* optimizer_entry = catalog.optimizers.find("adamw");
  const auto optimizer = std::move(*optimizer_entry->make(with_defaults(optimizer_entry->schema, Json::object())));
  optimizer->attach(model->parameters());
  double loss_value = 0;
  for (int step = 0; step < steps; ++step) {
    Forward pass;
    pass.training = true;
    const Tensor logits = model->forward(x, pass);
    const Tensor loss = cross_entropy(reshape(logits, {-1, logits.size(-1)}), reshape(target, {-1}));
    loss_value = loss.item();
    optimizer->step(backward(loss), 5e-3);
  }
  return loss_value;
}

std::vector<std::int32_t> random_ids(std::size_t count, std::uint64_t below, std::uint64_t seed) {
  Rng rng(seed, "ids");
  std::vector<std::int32_t> ids(count);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(below));
  return ids;
}

TEST(Learning, TinySetsAreLearnedByHeart) {
  const auto device = make_cpu_device(1);
  InputSpec text;
  text.context = 8;
  text.vocabulary = text.classes = 11;
  const Tensor ids = from_host(random_ids(32, 11, 1), {4, 8}, *device), next = from_host(random_ids(32, 11, 2), {4, 8}, *device);
  EXPECT_LT(learn("gpt", R"({"layers":2,"heads":2,"width":32})", text, ids, next, 150, *device), 0.1);
  EXPECT_LT(learn("gpt", R"({"layers":2,"heads":4,"kv_heads":2,"width":32,"positions":"rotary","norm":"rmsnorm","activation":"swiglu"})",
                  text, ids, next, 150, *device),
            0.1);
  InputSpec labels = text;
  labels.kind = InputSpec::Kind::TokenSequence;
  labels.classes = 3;
  EXPECT_LT(learn("text-classifier", R"({"heads":2,"width":32})", labels, ids,
                  from_host(std::vector<std::int32_t>{2, 0, 1, 1}, {4}, *device), 60, *device),
            0.1);
  InputSpec image;
  image.kind = InputSpec::Kind::Image;
  image.channels = 1;
  image.height = image.width = 8;
  image.classes = 4;
  const Tensor pictures = from_host(std::vector<float>(numbers({6, 1, 8, 8}, 3, *device).to_vector<float>()), {6, 1, 8, 8}, *device);
  const Tensor kinds = from_host(std::vector<std::int32_t>{0, 1, 2, 3, 0, 1}, {6}, *device);
  for (const auto& [type, settings] :
       {std::pair("cnn", R"({"channels":[4,8]})"), {"mlp", R"({"hidden":[16]})"}, {"resnet", R"({"depth":8,"width":4})"}}) {
    EXPECT_LT(learn(type, settings, image, pictures, kinds, 60, *device), 0.1) << type;
  }
}

TEST(Layers, PaddingChangesNothing) {
  const auto device = make_cpu_device(1);
  Catalog catalog;
  register_models(catalog);
  InputSpec input;
  input.kind = InputSpec::Kind::TokenSequence;
  input.context = 8;
  input.vocabulary = 11;
  input.classes = 3;
  for (const char* given :
       {R"({"heads":2,"width":16})", R"({"heads":2,"width":16,"pooling":"cls"})", R"({"heads":2,"width":16,"positions":"rotary"})"}) {
    const auto* entry = catalog.models.find("text-classifier");
    const Json settings = with_defaults(entry->schema, Json::parse(given));
    const auto model = std::move(*(*entry->make(settings))->build(settings, input));
    model->materialize(*device, 5);
    const NoGradScope no_grad;
    Forward pass;
    const std::vector<float> bare = model->forward(from_host(std::vector<std::int32_t>{3, 4, 5}, {1, 3}, *device), pass).to_vector<float>();
    const std::vector<float> padded =
        model->forward(from_host(std::vector<std::int32_t>{3, 4, 5, 0, 0, 0, 7, 8, 9, 1, 2, 3}, {2, 6}, *device), pass).to_vector<float>();
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(bare[i], padded[i], 1e-5f) << given;
    const std::vector<float> empty = model->forward(from_host(std::vector<std::int32_t>{0, 0}, {1, 2}, *device), pass).to_vector<float>();
    for (const float value : empty) EXPECT_TRUE(std::isfinite(value));
  }
}

}  // namespace
}  // namespace dsw
