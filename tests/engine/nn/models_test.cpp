// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What every family owes: drawn and built networks agree in parameters and FLOPs, shapes are those announced, gradients reach every
// weight, and a tiny set is learned by heart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "engine/autograd/node.h"
#include "engine/core/catalog.h"
#include "engine/nn/model_type.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

InputSpec text_input() {
  InputSpec input;
  input.kind = InputSpec::Kind::Tokens;
  input.context = 8;
  input.vocabulary = input.classes = 11;
  return input;
}
InputSpec label_input() {
  InputSpec input;
  input.kind = InputSpec::Kind::TokenSequence;
  input.context = 6;
  input.vocabulary = 13;
  input.classes = 3;
  return input;
}
InputSpec image_input() {
  InputSpec input;
  input.kind = InputSpec::Kind::Image;
  input.channels = 3;
  input.height = 8;
  input.width = 9;
  input.classes = 4;
  return input;
}

struct Case {
  std::string type, settings;
  InputSpec input;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.type << " " << test.settings; }

std::vector<Case> cases() {
  return {
      {"gpt", R"({"layers":2,"heads":4,"width":16})", text_input()},
      {"gpt", R"({"layers":3,"heads":4,"width":16,"bias":false,"tied":false,"dropout":0.1})", text_input()},
      {"gpt",
       R"({"layers":2,"heads":4,"kv_heads":2,"width":24,"mlp_hidden":40,"positions":"rotary","norm":"rmsnorm","activation":"swiglu","bias":false})",
       text_input()},
      {"gpt",
       R"({"layers":1,"heads":4,"kv_heads":1,"width":16,"positions":"rotary","rotary_pairs":"halves","activation":"gelu-erf","tied":false})",
       text_input()},
      {"text-classifier", R"({"layers":2,"heads":2,"width":16})", label_input()},
      {"text-classifier",
       R"({"layers":1,"heads":2,"width":16,"pooling":"cls","positions":"rotary","norm":"rmsnorm","activation":"relu","dropout":0.2})",
       label_input()},
      {"text-classifier", R"({"layers":1,"heads":2,"width":16,"pooling":"cls"})", label_input()},
      {"mlp", R"({"hidden":[7,5]})", image_input()},
      {"mlp", R"({"hidden":[],"norm":"layernorm"})", image_input()},
      {"mlp", R"({"hidden":[9],"norm":"layernorm","dropout":0.1,"activation":"tanh"})", image_input()},
      {"cnn", R"({"channels":[4,5],"pool":[2,3],"dense":[6],"dropout":0.2})", image_input()},
      {"cnn", R"({"channels":[4,5,6],"norm":"none","kernel":5,"pool":[1,2]})", image_input()},
      {"resnet", R"({"depth":8,"width":4})", image_input()},
      {"resnet", R"({"depth":14,"width":4,"shortcut":"B"})", image_input()},
      {"graph",
       R"({"nodes":[{"id":"stem","op":"conv2d","inputs":["input"],"out":6},{"id":"norm","op":"batchnorm2d"},{"id":"act","op":"activation"},
                    {"id":"a","op":"conv2d","inputs":["act"],"out":6,"groups":2},{"id":"b","op":"conv2d","inputs":["act"],"out":6,"kernel":1,"bias":false},
                    {"id":"sum","op":"add","inputs":["a","b","act"]},{"id":"wide","op":"concat","inputs":["sum","a"]},{"id":"gate","op":"multiply","inputs":["wide","wide"]},
                    {"id":"small","op":"maxpool2d"},{"id":"pool","op":"global-average-pool"},{"id":"drop","op":"dropout","p":0.2},{"id":"out","op":"logits"}],"output":"out"})",
       image_input()},
      {"graph",
       R"({"nodes":[{"id":"embed","op":"embedding","width":16},{"id":"place","op":"positions"},{"id":"block","op":"transformer-block","heads":4,"kv_heads":2,"rotary":true},
                    {"id":"norm","op":"rmsnorm"},{"id":"attn","op":"attention","heads":2},{"id":"sum","op":"add","inputs":["attn","block"]},{"id":"mlp","op":"mlp","activation":"swiglu"},
                    {"id":"ln","op":"layernorm"},{"id":"out","op":"logits","bias":false}]})",
       text_input()},
      {"graph",
       R"({"nodes":[{"id":"embed","op":"embedding","width":8},{"id":"mean","op":"mean-tokens"},{"id":"hidden","op":"linear","out":12},{"id":"act","op":"activation","function":"gelu"},
                    {"id":"out","op":"logits"}]})",
       label_input()},
  };
}

class Models : public testing::TestWithParam<Case> {
 protected:
  Models() {
    register_models(catalog_);
    const auto* entry = catalog_.models.find(GetParam().type);
    settings_ = with_defaults(entry->schema, Json::parse(GetParam().settings));
    settings_.erase("type");
    EXPECT_THAT(check_params(entry->schema, settings_, "/model"), testing::IsEmpty());
    type_ = *entry->make(settings_);
  }
  std::unique_ptr<Module> build() { return std::move(*type_->build(settings_, GetParam().input)); }
  Tensor batch(std::int64_t size, std::uint64_t seed) {
    const InputSpec& input = GetParam().input;
    const Shape shape = input.input_shape(size);
    Rng rng(seed, "batch");
    if (input.kind == InputSpec::Kind::Image) {
      std::vector<float> values(static_cast<std::size_t>(shape.elements()));
      for (float& value : values) value = static_cast<float>(rng.normal());
      return from_host(values, shape, *device_);
    }
    std::vector<std::int32_t> ids(static_cast<std::size_t>(shape.elements()));
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(input.vocabulary)));
    return from_host(ids, shape, *device_);
  }
  std::vector<std::int32_t> targets(std::int64_t count) {
    Rng rng(5, "targets");
    std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(GetParam().input.classes)));
    return ids;
  }

  Catalog catalog_;
  Json settings_;
  std::unique_ptr<ModelType> type_;
  std::unique_ptr<Device> device_ = make_cpu_device(1);
};

TEST_P(Models, DrawnAndBuiltNetworkAgree) {
  const InputSpec& input = GetParam().input;
  EXPECT_THAT(type_->validate(settings_, input), testing::IsEmpty());
  const auto model = build();
  const auto plan = type_->plan(settings_, input, 5);
  ASSERT_TRUE(plan) << plan.error().sentence();
  const Cost cost = model->cost(input.input_shape(5));
  EXPECT_EQ(plan->total.parameters, static_cast<double>(model->trainable_elements()));
  EXPECT_EQ(cost.parameters, static_cast<double>(model->trainable_elements()));
  EXPECT_DOUBLE_EQ(plan->total.flops, cost.flops);
  EXPECT_DOUBLE_EQ(plan->total.activation_bytes, cost.activation_bytes);
  EXPECT_GT(cost.flops, 0);
  double parts = 0;
  for (const auto& [part, flops] : plan->flops_by_part) parts += flops;
  EXPECT_DOUBLE_EQ(parts, plan->total.flops);
  std::set<std::string> ids, targets;
  for (const NetworkNode& node : plan->nodes) {
    EXPECT_TRUE(ids.insert(node.id).second) << node.id;
    EXPECT_EQ(node.pointer.rfind("/model", 0), 0u);
  }
  for (const NetworkEdge& edge : plan->edges) {
    EXPECT_TRUE(ids.count(edge.from) && ids.count(edge.to)) << edge.from << " to " << edge.to;
    targets.insert(edge.from);
    targets.insert(edge.to);
  }
  EXPECT_EQ(targets.size(), ids.size()) << "every node is connected";
}

TEST_P(Models, ShapesAreAsAnnouncedAndEveryWeightGetsAGradient) {
  const auto model = build();
  model->materialize(*device_, 1);
  const Tensor x = batch(3, 7);
  Rng rng(3, "dropout");
  Forward pass;
  pass.training = true;
  pass.dropout_rng = &rng;
  const Tensor y = model->forward(x, pass);
  EXPECT_EQ(y.shape(), model->output_shape(x.shape()));
  const Tensor rows = reshape(y, {-1, y.size(-1)});
  const Gradients gradients = backward(cross_entropy(rows, from_host(targets(rows.size(0)), {rows.size(0)}, *device_)));
  for (const Module::Named& named : model->parameters()) {
    if (!named.parameter->trainable) continue;
    const Tensor gradient = gradients.of(named.parameter->value);
    ASSERT_TRUE(gradient.defined()) << named.name;
    EXPECT_EQ(gradient.shape(), named.parameter->shape) << named.name;
  }
}

TEST_P(Models, TheAnnouncedActivationMemoryIsWhatAForwardPassHolds) {
  const auto model = build();
  model->materialize(*device_, 1);
  const Tensor x = batch(64, 7);
  Rng rng(3, "dropout");
  Forward pass;
  pass.training = true;
  pass.dropout_rng = &rng;
  const double before = static_cast<double>(device_->allocator_stats().live_bytes);
  const Tensor y = model->forward(x, pass);
  const double held = static_cast<double>(device_->allocator_stats().live_bytes) - before;
  const double announced = model->cost(x.shape()).activation_bytes;
  EXPECT_NEAR(held / announced, 1, 0.05) << held << " held, " << announced << " announced";
}

TEST_P(Models, TheSameSeedGivesTheSameBitsAndAnotherOneDoesNot) {
  const Tensor x = batch(2, 9);
  const auto logits = [&](std::uint64_t seed) {
    const auto model = build();
    model->materialize(*device_, seed);
    Forward pass;
    return model->forward(x, pass).to_vector<float>();
  };
  EXPECT_EQ(logits(1), logits(1));
  EXPECT_NE(logits(1), logits(2));
}

/// What is near to `truth` within `share` of it, as a root of sums of squares.
void expect_near(const std::vector<double>& truth, const std::vector<double>& value, double share, const std::string& what) {
  double error = 0, square = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    error += (truth[i] - value[i]) * (truth[i] - value[i]);
    square += truth[i] * truth[i];
  }
  EXPECT_LE(error, share * share * square) << what;
}

TEST_P(Models, InBfloat16ActivationsAreNarrowAndGradientsOfWeightsFloat32) {
  const auto model = build();
  model->materialize(*device_, 1);
  const Tensor x = batch(16, 7);
  std::vector<double> logits[2], all_gradients[2];
  double held[2] = {};
  for (const bool narrow : {false, true}) {
    model->compute_in(narrow ? DType::BF16 : DType::F32);
    Forward pass = model->new_pass();
    pass.training = true;
    Rng rng(3, "dropout");
    pass.dropout_rng = &rng;
    const double before = static_cast<double>(device_->allocator_stats().live_bytes);
    const Tensor y = model->forward(x, pass);
    held[narrow] = static_cast<double>(device_->allocator_stats().live_bytes) - before;
    EXPECT_EQ(y.dtype(), narrow ? DType::BF16 : DType::F32);
    logits[narrow] = y.to_vector<double>();
    const Tensor rows = reshape(y, {-1, y.size(-1)});
    const Gradients gradients = backward(cross_entropy(rows, from_host(targets(rows.size(0)), {rows.size(0)}, *device_)));
    for (const Module::Named& named : model->parameters()) {
      if (!named.parameter->trainable) continue;
      const Tensor gradient = gradients.of(named.parameter->value);
      ASSERT_TRUE(gradient.defined()) << named.name;
      EXPECT_EQ(gradient.dtype(), DType::F32) << named.name;
      const std::vector<double> values = gradient.to_vector<double>();
      all_gradients[narrow].insert(all_gradients[narrow].end(), values.begin(), values.end());
    }
  }
  // Copies of what came in as float32 and of the weights are new.
  const double copies = 0.6 * static_cast<double>(x.bytes()) + 2.5 * static_cast<double>(model->trainable_elements());
  EXPECT_LT(held[1], 0.75 * held[0] + copies);
  EXPECT_NE(logits[0], logits[1]);
  expect_near(logits[0], logits[1], 0.03, "logits");
  // Norms over small batches amplify what rectifiers near zero turn over.
  expect_near(all_gradients[0], all_gradients[1], GetParam().type == "resnet" ? 0.3 : 0.06, "gradients");
}

INSTANTIATE_TEST_SUITE_P(All, Models, testing::ValuesIn(cases()), [](const auto& test) {
  std::string name = test.param.type + "_" + std::to_string(test.index);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace dsw
