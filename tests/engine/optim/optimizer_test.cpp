// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/optim/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"

namespace dsw {
namespace {

using testing::HasSubstr;

std::unique_ptr<Optimizer> make(const char* type, const Json& settings) {
  Catalog catalog;
  register_optimizers(catalog);
  const auto* entry = catalog.optimizers.find(type);
  EXPECT_TRUE(check_params(entry->schema, settings).empty());
  return std::move(*entry->make(with_defaults(entry->schema, settings)));
}

/// Two parameters, the second without weight decay, whose loss is sum(c w²) / 2 for the first plus sum(w⁴) for the second.
class OptimizerTest : public testing::TestWithParam<const char*> {
 protected:
  struct Model {
    Parameter matrix{"weight", {3}, {}, true, true, {}}, bias{"bias", {2}, {}, true, false, {}}, buffer{"mean", {2}, {}, false, false, {}};
    std::vector<Module::Named> named{{"layer.weight", &matrix}, {"layer.bias", &bias}, {"layer.mean", &buffer}};
    Tensor curvature;
    explicit Model(Device& device) {
      matrix.value = from_host(std::vector<float>{1, -2, 0.5f}, {3}, device).set_requires_grad(true);
      bias.value = from_host(std::vector<float>{0.7f, -0.3f}, {2}, device).set_requires_grad(true);
      buffer.value = zeros({2}, DType::F32, device);
      curvature = from_host(std::vector<float>{1, 3, 10}, {3}, device);
    }
    Gradients gradients() const { return backward(affine(sum(curvature * square(matrix.value)), 0.5) + sum(square(square(bias.value)))); }
    std::vector<double> values() const {
      std::vector<double> all = matrix.value.to_vector<double>();
      for (const double value : bias.value.to_vector<double>()) all.push_back(value);
      return all;
    }
  };
  std::unique_ptr<Device> device_ = make_reference_device();
};

std::vector<double> model_gradient(const std::vector<double>& w) {
  return {w[0], 3 * w[1], 10 * w[2], 4 * w[3] * w[3] * w[3], 4 * w[4] * w[4] * w[4]};
}
void expect_near(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-6) << i;
}

TEST_F(OptimizerTest, adamwFollowsItsAlgorithm) {
  Model model(*device_);
  const auto optimizer = make("adamw", {{"lr", 0.05}, {"beta1", 0.8}, {"beta2", 0.95}, {"weight_decay", 0.1}, {"eps", 1e-6}});
  optimizer->attach(model.named);
  EXPECT_EQ(optimizer->base_lr(), 0.05);
  std::vector<double> w = model.values(), m(5), v(5);
  for (int t = 1; t <= 6; ++t) {
    const double lr = 0.05 / t, scale = 0.5;
    const std::vector<double> g = model_gradient(w);
    for (std::size_t i = 0; i < 5; ++i) {
      const double gi = g[i] * scale, decay = i < 3 ? 0.1 : 0;
      m[i] = 0.8 * m[i] + 0.2 * gi;
      v[i] = 0.95 * v[i] + 0.05 * gi * gi;
      w[i] -= lr * (m[i] / (1 - std::pow(0.8, t)) / (std::sqrt(v[i] / (1 - std::pow(0.95, t))) + 1e-6) + decay * w[i]);
    }
    optimizer->step(model.gradients(), lr, scale);
    expect_near(model.values(), w);
  }
  EXPECT_EQ(optimizer->steps(), 6);
  EXPECT_EQ(optimizer->state().size(), 4u);
}

TEST_F(OptimizerTest, sgdFollowsItsAlgorithm) {
  for (const bool nesterov : {false, true}) {
    for (const double momentum : {0.0, 0.9}) {
      Model model(*device_);
      const auto optimizer = make("sgd", {{"lr", 0.01}, {"momentum", momentum}, {"nesterov", nesterov}, {"weight_decay", 0.1}});
      optimizer->attach(model.named);
      std::vector<double> w = model.values(), b(5);
      for (int t = 1; t <= 5; ++t) {
        const std::vector<double> g = model_gradient(w);
        for (std::size_t i = 0; i < 5; ++i) {
          const double d = g[i] + (i < 3 ? 0.1 * w[i] : 0);
          b[i] = momentum * b[i] + d;
          w[i] -= 0.01 * (nesterov ? d + momentum * b[i] : b[i]);
        }
        optimizer->step(model.gradients(), 0.01);
        expect_near(model.values(), w);
      }
      EXPECT_EQ(optimizer->state().size(), momentum == 0 ? 0u : 2u);
    }
  }
}

TEST_P(OptimizerTest, goesOnFromItsStateToTheBit) {
  Model whole(*device_), broken(*device_);
  const Json settings = std::string(GetParam()) == "sgd" ? Json{{"lr", 0.01}, {"momentum", 0.9}} : Json{{"lr", 0.01}};
  const auto steady = make(GetParam(), settings), first = make(GetParam(), settings), second = make(GetParam(), settings);
  steady->attach(whole.named);
  first->attach(broken.named);
  for (int i = 0; i < 8; ++i) steady->step(whole.gradients(), 0.01);
  for (int i = 0; i < 3; ++i) first->step(broken.gradients(), 0.01);
  std::map<std::string, Tensor> saved;
  for (const auto& [name, tensor] : first->state()) saved.emplace(name, tensor.contiguous_copy());
  saved.emplace("model.layer.weight", zeros({1}, DType::F32, *device_));  // a checkpoint holds more
  second->attach(broken.named);
  ASSERT_TRUE(second->restore(first->steps(), saved));
  for (int i = 0; i < 5; ++i) second->step(broken.gradients(), 0.01);
  EXPECT_EQ(broken.values(), whole.values());
  EXPECT_EQ(second->steps(), 8);
}

TEST_P(OptimizerTest, refusesAnotherModelsState) {
  Model model(*device_);
  const Json settings = std::string(GetParam()) == "sgd" ? Json{{"momentum", 0.9}} : Json::object();
  const auto optimizer = make(GetParam(), settings);
  optimizer->attach(model.named);
  std::map<std::string, Tensor> state;
  for (const auto& [name, tensor] : optimizer->state()) state.emplace(name, full(tensor.shape(), 5, DType::F32, *device_));
  std::map<std::string, Tensor> lacking = state, misshapen = state;
  const std::string last = std::prev(state.end())->first;
  lacking.erase(last);
  misshapen.at(last) = zeros({7}, DType::F32, *device_);
  EXPECT_THAT(optimizer->restore(2, lacking).error().message, HasSubstr("lacks the optimizer's tensor " + last));
  EXPECT_THAT(optimizer->restore(2, misshapen).error().message, HasSubstr("float32 [7]"));
  EXPECT_EQ(optimizer->steps(), 0);
  for (const auto& [name, tensor] : optimizer->state())
    for (const float value : tensor.to_vector<float>()) EXPECT_EQ(value, 0);
}

TEST_P(OptimizerTest, leavesAloneWhatHasNoGradient) {
  Model model(*device_);
  const auto optimizer = make(GetParam(), {{"weight_decay", 0.5}});
  optimizer->attach(model.named);
  const std::vector<float> before = model.matrix.value.to_vector<float>();
  const float bias = model.bias.value.to_vector<float>()[0];
  optimizer->step(backward(sum(square(model.bias.value))), 0.1);
  EXPECT_EQ(model.matrix.value.to_vector<float>(), before);
  EXPECT_NE(model.bias.value.to_vector<float>()[0], bias);
  EXPECT_EQ(model.buffer.value.to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST_P(OptimizerTest, aGraphFromBeforeTheStepIsRefused) {
  Model model(*device_);
  const auto optimizer = make(GetParam(), Json::object());
  optimizer->attach(model.named);
  const Tensor stale = sum(square(model.matrix.value));
  optimizer->step(model.gradients(), 0.1);
  EXPECT_THROW(backward(stale), Error);
}

INSTANTIATE_TEST_SUITE_P(Types, OptimizerTest, testing::Values("adamw", "sgd"), [](const auto& type) { return std::string(type.param); });

TEST_F(OptimizerTest, clipsByTheNormOfAllGradients) {
  Model model(*device_);
  const Gradients gradients = model.gradients();
  double square_sum = 0;
  for (const double g : model_gradient(model.values())) square_sum += g * g;
  const double norm = gradient_norm(model.named, gradients);
  EXPECT_NEAR(norm, std::sqrt(square_sum), 1e-6);
  EXPECT_NEAR(clip_scale(norm, 1) * norm, 1, 1e-12);
  EXPECT_EQ(clip_scale(norm, norm + 1), 1);
  EXPECT_EQ(clip_scale(norm, 0), 1);
  EXPECT_EQ(gradient_norm({}, gradients), 0);
  model.matrix.value.data<float>()[1] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(gradient_norm(model.named, model.gradients())));
}

TEST(OptimizerSchemaTest, refusesWhatCannotWork) {
  Catalog catalog;
  register_optimizers(catalog);
  const ParamSchema& adamw = catalog.optimizers.find("adamw")->schema;
  EXPECT_FALSE(check_params(adamw, {{"lr", -1}}).empty());
  EXPECT_FALSE(check_params(adamw, {{"beta1", 1}}).empty());
  EXPECT_FALSE(check_params(adamw, {{"momentum", 0.9}}).empty());
  EXPECT_TRUE(check_params(adamw, {{"lr", 3e-4}, {"beta2", 0.95}, {"weight_decay", 0.1}}).empty());
  EXPECT_EQ(catalog.optimizers.names(), (std::vector<std::string>{"adamw", "sgd"}));
}

}  // namespace
}  // namespace dsw
