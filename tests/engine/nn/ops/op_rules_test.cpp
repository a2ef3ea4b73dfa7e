// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What the table of op_cases does not say: refusals in words, costs against numbers worked out by hand, and meanings at the edges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/embedding.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/norm.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"
#include "engine/nn/ops/swiglu.h"
#include "tests/support/error_of.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

class OpRulesTest : public testing::Test {
 protected:
  Tensor ones(const Shape& shape, DType dtype = DType::F32) { return full(shape, 1, dtype, *device_); }
  std::unique_ptr<Device> device_ = make_cpu_device(1);
};

TEST_F(OpRulesTest, refusalsNameTheOpWhatItGotAndWhatItWanted) {
  const auto f = [this](const Shape& shape) { return ones(shape); };
  const auto i = [this](const Shape& shape) { return ones(shape, DType::I32); };
  EXPECT_EQ(error_of([&] {
              matmul(f({32, 64}), f({63, 10}));
            }),
            "matmul: a is [32, 64], b is [63, 10]; a's last axis must equal b's first");
  EXPECT_EQ(error_of([&] {
              matmul(f({2, 3, 4}), f({3, 4, 5}));
            }),
            "matmul: a is [2, 3, 4], b is [3, 4, 5]; leading axes must be equal or 1");
  EXPECT_EQ(error_of([&] { matmul(f({4}), f({4, 5})); }), "matmul: a is [4], b is [4, 5]; both need at least 2 axes");
  EXPECT_EQ(error_of([&] {
              linear(f({2, 3}), f({5, 4}));
            }),
            "linear: x is [2, 3], weight is [5, 4]; x's last axis must equal weight's second");
  EXPECT_EQ(error_of([&] { linear(f({2, 3}), f({5, 3}), f({4})); }), "linear: bias is [4]; it must be [5]");
  EXPECT_THAT(error_of([&] { add(f({2, 3}), f({2})); }), HasSubstr("add: a is [2, 3], b is [2]"));
  EXPECT_EQ(error_of([&] { add(f({2}), ones({2}, DType::F64)); }), "add: inputs are float32 and float64; one dtype is needed");
  EXPECT_EQ(error_of([&] { exp(i({2})); }), "exp: the input is int32; a float dtype is needed");
  EXPECT_EQ(error_of([&] { exp(Tensor()); }), "exp: an input is not given");
  EXPECT_EQ(error_of([&] { softmax(f({})); }), "softmax: the input is []; it needs at least 1 axis");
  EXPECT_EQ(error_of([&] { layer_norm(f({2, 3}), f({2}), {}); }), "layer-norm: x is [2, 3], weight is [2]; it must be [3]");
  EXPECT_EQ(error_of([&] { rms_norm(f({2, 3}), {}, 0); }), "rms-norm: eps is 0; it must be above 0");
  EXPECT_THAT(error_of([&] { batch_norm(f({2, 3}), {}, {}, {}, {}, false); }), HasSubstr("the running mean and variance must be given"));
  EXPECT_THAT(error_of([&] { batch_norm(f({2, 3}), {}, {}, f({2}), f({3}), true); }), HasSubstr("running mean is [2]; it must be [3]"));
  EXPECT_EQ(error_of([&] { embedding(f({4, 3}), f({2})); }), "embedding: index is float32; it must be int32");
  EXPECT_EQ(error_of([&] { embedding(f({4}), i({2})); }), "embedding: weight is [4]; it must have 2 axes");
  EXPECT_THAT(error_of([&] { embedding(f({1, 3}), i({2})); }), testing::Ne("no error"));      // index 1 of 1 row
  EXPECT_THAT(error_of([&] { cross_entropy(f({2, 1}), i({2})); }), testing::Ne("no error"));  // class 1 of 1
  EXPECT_EQ(error_of([&] {
              cross_entropy(f({2, 3}), i({3}));
            }),
            "cross-entropy: logits are [2, 3], target is [3]; target must have logits' shape without the last axis");
  EXPECT_EQ(error_of([&] { cross_entropy(f({2, 3}), i({2}), 2); }), "cross-entropy: smoothing is 2; it must be 0 to 1");
  EXPECT_EQ(error_of([&] { mse_loss(f({2, 3}), f({3})); }), "mse-loss: y is [3]; it must be [2, 3]");
  EXPECT_EQ(error_of([&] { swiglu(f({2, 3}), f({3})); }), "swiglu: gate is [2, 3], up is [3]; they must be equal");
  EXPECT_EQ(error_of([&] { dropout(f({2}), 1, std::uint64_t{1}); }), "dropout: p is 1; it must be 0 or more and below 1");
  EXPECT_THAT(error_of([&] { attention(f({1, 3, 4, 2}), f({1, 2, 4, 2}), f({1, 2, 4, 2})); }), HasSubstr("Hq a multiple of Hkv"));
  EXPECT_EQ(error_of([&] {
              attention(f({1, 2, 4, 2}), f({1, 2, 4, 2}), f({1, 2, 4, 2}), {}, ones({1, 3}, DType::Bool));
            }),
            "attention: the key mask is [1, 3]; it must be [1, 4]");
  EXPECT_EQ(error_of([&] {
              rope(f({1, 2, 4, 3}), i({4}));
            }),
            "rope: x is [1, 2, 4, 3]; its last axis must be even, as it is turned in pairs");
  EXPECT_EQ(
      error_of([&] {
        conv2d(f({1, 3, 8, 8}), f({4, 2, 3, 3}));
      }),
      "conv2d: x is [1, 3, 8, 8], weight is [4, 2, 3, 3], groups 1; x's channels must be weight's second axis times groups, and weight's "
      "first a multiple of groups");
  EXPECT_EQ(error_of([&] {
              conv2d(f({1, 3, 2, 8}), f({4, 3, 3, 3}));
            }),
            "conv2d: the kernel reaches over 3 pixels of the height, which has 2 with its padding; it must not be larger");
  EXPECT_EQ(error_of([&] {
              conv2d(f({3, 8, 8}), f({4, 3, 3, 3}));
            }),
            "conv2d: x is [3, 8, 8], weight is [4, 3, 3, 3]; they must be [B, C, H, W] and [O, C / groups, R, S]");
  EXPECT_EQ(error_of([&] {
              max_pool2d(f({1, 1, 1, 4}));
            }),
            "pool2d: the window is 2 pixels, the height has 1 with its padding; it must not be larger");
  EXPECT_EQ(error_of([&] { sum(f({2, 3}), {2}); }), "sum: axis 2 is not an axis of [2, 3]");
  EXPECT_EQ(error_of([&] { sum(f({2, 3}), {1, -1}); }), "sum: axis -1 is named twice");
  EXPECT_EQ(error_of([&] { argmax(f({2, 0})); }), "argmax: the input is [2, 0]; its last axis is empty");
  EXPECT_EQ(error_of([&] { reshape(f({2, 3}), {4, -1}); }), "reshape: [2, 3] has 6 elements, [4, 1] has 4");
  EXPECT_EQ(error_of([&] { concat({f({2, 3}), f({2, 2})}, 0); }), "concat: parts are [2, 3] and [2, 2]; only axis 0 may differ");
  EXPECT_EQ(error_of([&] { split(f({2, 3}), 1, {1, 1}); }), "split: the lengths sum to 2; axis 1 of [2, 3] needs 3");
  const std::unique_ptr<Device> other = make_reference_device();
  EXPECT_EQ(error_of([&] { add(f({2}), full({2}, 1, DType::F32, *other)); }), "add: inputs are on cpu and reference");
}

TEST_F(OpRulesTest, costsAreThoseWorkedOutByHand) {
  const auto flops = [](const char* op, const char* attributes, const std::vector<Shape>& shapes) {
    return make_op(OpCase{op, attributes, {}})->flops(shapes);
  };
  EXPECT_EQ(flops("matmul", "{}", {{3, 32, 64}, {64, 10}}), 2.0 * 3 * 32 * 64 * 10);
  EXPECT_EQ(flops("linear", "{}", {{8, 16, 64}, {10, 64}}), 2.0 * 8 * 16 * 64 * 10);
  EXPECT_EQ(flops("linear", "{}", {{8, 16, 64}, {10, 64}, {10}}), 2.0 * 8 * 16 * 64 * 10 + 8 * 16 * 10);
  EXPECT_EQ(flops("linear-fp8", "{}", {{8, 16, 64}, {10, 64}, {10}}), 2.0 * 8 * 16 * 64 * 10 + 8 * 16 * 10);
  // AlexNet's first layer for one picture: 96 maps of 55 × 55, each element a sum over 3 × 11 × 11.
  EXPECT_EQ(flops("conv2d", R"({"stride_h": 4, "stride_w": 4})", {{1, 3, 227, 227}, {96, 3, 11, 11}}), 2.0 * 96 * 55 * 55 * 363);
  EXPECT_EQ(flops("conv2d", R"({"groups": 4})", {{2, 8, 5, 5}, {4, 2, 3, 3}, {4}}), 2 * 4 * 9 * (2 * 2 * 9 + 1.0));
  EXPECT_EQ(flops("attention", "{}", {{2, 3, 5, 8}, {2, 3, 7, 8}, {2, 3, 7, 8}}), 2.0 * 3 * 5 * 7 * (4 * 8 + 5));
  EXPECT_EQ(flops("attention", R"({"causal": true})", {{1, 1, 4, 8}, {1, 1, 4, 8}, {1, 1, 4, 8}}), 10.0 * (4 * 8 + 5));
  EXPECT_EQ(flops("attention", R"({"causal": true, "window": 2})", {{1, 1, 4, 8}, {1, 1, 4, 8}, {1, 1, 4, 8}}), 7.0 * (4 * 8 + 5));
  EXPECT_EQ(flops("add", "{}", {{4, 1}, {5}}), 20);
  EXPECT_EQ(flops("softmax", "{}", {{4, 6}}), 5 * 24);
  EXPECT_EQ(flops("max-pool2d", "{}", {{1, 2, 4, 4}}), 2 * 4 * 4);
  EXPECT_EQ(flops("embedding", "{}", {{10, 3}, {2}}), 0);
  EXPECT_EQ(flops("reshape", R"({"shape": [6]})", {{2, 3}}), 0);
}

TEST_F(OpRulesTest, softmaxHoldsForLargeNumbers) {
  const Tensor x = from_host(std::vector<float>{1000, 1001, -1000, 1000}, {1, 4}, *device_);
  const std::vector<double> p = softmax(x).to_vector<double>();
  EXPECT_NEAR(p[1], std::exp(1.0) / (2 + std::exp(1.0)), 1e-6);
  EXPECT_NEAR(p[0] + p[1] + p[2] + p[3], 1, 1e-6);
  EXPECT_NEAR(log_softmax(x).to_vector<double>()[2], -2001 - std::log(1 + 2 * std::exp(-1.0)), 1e-3);
}

TEST_F(OpRulesTest, crossEntropyLeavesOutNegativeTargets) {
  const Tensor logits = from_host(std::vector<float>{1, 2, 3, 3, 1, 2}, {2, 3}, *device_).set_requires_grad(true);
  const Tensor target = from_host(std::vector<std::int32_t>{0, -100}, {2}, *device_);
  const Tensor loss = cross_entropy(logits, target);
  EXPECT_NEAR(loss.item(), std::log(std::exp(1.0) + std::exp(2.0) + std::exp(3.0)) - 1, 1e-6);
  const std::vector<float> gradient = backward(loss).of(logits).to_vector<float>();
  EXPECT_THAT(std::vector<float>(gradient.begin() + 3, gradient.end()), Each(0));
  EXPECT_EQ(cross_entropy(logits, full({2}, -1, DType::I32, *device_)).item(), 0);
  // All weight on the mean: the same for every target.
  const double spread = cross_entropy(ones({1, 4}), full({1}, 2, DType::I32, *device_), 1).item();
  EXPECT_NEAR(spread, std::log(4.0), 1e-6);
}

TEST_F(OpRulesTest, attentionSeesWhatItMay) {
  const std::int64_t T = 6;
  Tensor probabilities;
  attention(ones({1, 1, T, 2}), ones({1, 1, T, 2}), ones({1, 1, T, 2}), {.causal = true, .window = 3}, {}, &probabilities);
  EXPECT_EQ(probabilities.shape(), (Shape{1, 1, T, T}));
  const std::vector<float> p = probabilities.to_vector<float>();
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t s = 0; s < T; ++s) {
      const bool visible = s <= t && s > t - 3;
      EXPECT_NEAR(p[static_cast<std::size_t>(t * T + s)], visible ? 1.0 / static_cast<double>(std::min<std::int64_t>(t + 1, 3)) : 0.0,
                  1e-6);
    }
  }
  EXPECT_FALSE(probabilities.requires_grad());
  // Fewer queries than keys: they are the last ones, as when text is generated.
  attention(ones({1, 1, 2, 2}), ones({1, 1, 4, 2}), ones({1, 1, 4, 2}), {.causal = true}, {}, &probabilities);
  EXPECT_NEAR(probabilities.to_vector<float>()[3], 0, 1e-6);
  EXPECT_NEAR(probabilities.to_vector<float>()[7], 0.25, 1e-6);
  const Tensor blind = attention(ones({1, 1, 2, 2}), ones({1, 1, 3, 2}), ones({1, 1, 3, 2}), {}, zeros({1, 3}, DType::Bool, *device_));
  EXPECT_THAT(blind.to_vector<float>(), Each(0));
}

TEST_F(OpRulesTest, dropoutKeepsItsShareAndItsMean) {
  const Tensor x = ones({100000});
  const std::vector<float> y = dropout(x, 0.3, std::uint64_t{5}).to_vector<float>();
  double kept = 0;
  for (const float value : y) {
    EXPECT_TRUE(value == 0 || std::fabs(value - 1 / 0.7) < 1e-6);
    kept += value != 0;
  }
  EXPECT_NEAR(kept / 100000, 0.7, 0.01);
  EXPECT_NE(dropout(x, 0.3, std::uint64_t{6}).to_vector<float>(), y);
  Rng rng(1);
  EXPECT_EQ(dropout(x, 0, rng).id(), x.id());
  EXPECT_EQ(rng.position(), 0u);
  dropout(x, 0.1, rng);
  EXPECT_EQ(rng.position(), 2u);
}

TEST_F(OpRulesTest, runningStatisticsMoveOnlyInTraining) {
  const Tensor x = from_host(std::vector<float>{1, 2, 3, 6}, {4, 1}, *device_);
  const Tensor mean = zeros({1}, DType::F32, *device_), variance = full({1}, 1, DType::F32, *device_);
  batch_norm(x, {}, {}, mean, variance, true, 0.5);
  EXPECT_NEAR(mean.item(), 1.5, 1e-6);                     // half of 3
  EXPECT_NEAR(variance.item(), 0.5 + 0.5 * 14 / 3, 1e-6);  // the unbiased variance
  batch_norm(x, {}, {}, mean, variance, false, 0.5);
  EXPECT_NEAR(mean.item(), 1.5, 1e-6);
}

TEST_F(OpRulesTest, maximaShareTheirGradient) {
  const Tensor x = from_host(std::vector<float>{3, 1, 3, 3}, {4}, *device_).set_requires_grad(true);
  const std::vector<float> gradient = backward(max(x)).of(x).to_vector<float>();
  EXPECT_NEAR(gradient[0], 1.0 / 3, 1e-6);
  EXPECT_EQ(gradient[1], 0);
  EXPECT_THAT(argmax(reshape(x, {1, 4})).to_vector<std::int32_t>(), ElementsAre(0));
}

TEST_F(OpRulesTest, opsNeverWriteTheirInputs) {
  for (const OpCase& op_case : op_cases()) {
    if (op_case.op == "batch-norm") continue;  // its running statistics are outputs
    SCOPED_TRACE(op_case.label());
    const std::vector<Tensor> inputs = make_inputs(op_case, DType::F32, *device_);
    std::vector<std::vector<float>> before;
    for (const Tensor& input : inputs) before.push_back(input.to_vector<float>());
    const Tensor y = make_op(op_case)->apply(inputs);
    if (y.requires_grad()) {
      const Tensor seed = make_seed(y.shape(), false, DType::F32, *device_);
      const std::vector<float> seed_before = seed.to_vector<float>();
      backward(y, seed);
      EXPECT_EQ(seed.to_vector<float>(), seed_before);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_EQ(inputs[i].to_vector<float>(), before[i]) << "input " << i;
  }
}

TEST_F(OpRulesTest, nothingIsRecordedWithoutNeed) {
  for (const OpCase& op_case : op_cases()) {
    SCOPED_TRACE(op_case.label());
    const NoGradScope no_grad;
    EXPECT_FALSE(make_op(op_case)->apply(make_inputs(op_case, DType::F32, *device_)).node());
  }
}

}  // namespace
}  // namespace dsw::test
