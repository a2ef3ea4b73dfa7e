// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/autograd/node.h"
#include "engine/core/result.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"
#include "engine/tensor/forwarding_device.h"
#include "tests/support/error_of.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct KernelCalls {
  int fill = 0, copy = 0;
};

/// The reference device with some of its kernels counted.
class CountingDevice : public ForwardingDevice {
 public:
  static inline KernelCalls calls;

  CountingDevice() : ForwardingDevice(make_reference_device()), kernels_(inner().kernels()) {
    real() = inner().kernels();
    kernels_.fill = [](DswStream* stream, DswView y, double value) {
      ++calls.fill;
      return real().fill(stream, y, value);
    };
    kernels_.copy = [](DswStream* stream, DswView x, DswView y) {
      ++calls.copy;
      return real().copy(stream, x, y);
    };
  }
  const DswKernels& kernels() const override { return kernels_; }

 private:
  static DswKernels& real() {
    static DswKernels kernels;
    return kernels;
  }
  DswKernels kernels_;
};

class BackwardTest : public testing::Test {
 protected:
  Tensor leaf(const std::vector<float>& values, const Shape& shape) { return from_host(values, shape, *device_).set_requires_grad(true); }
  Tensor leaf(const std::vector<float>& values) { return leaf(values, {static_cast<std::int64_t>(values.size())}); }
  std::unique_ptr<Device> device_ = make_reference_device();
};

TEST_F(BackwardTest, sumsOverEveryPath) {
  const Tensor x = leaf({1, 2, 3}), unused = leaf({1});
  const Tensor y = x * x + affine(x, 3) - x;
  const Gradients gradients = backward(sum(y));
  EXPECT_THAT(gradients.of(x).to_vector<float>(), ElementsAre(4, 6, 8));
  EXPECT_FALSE(gradients.of(unused).defined());
  EXPECT_FALSE(gradients.of(x).requires_grad());
}

TEST_F(BackwardTest, aDiamondIsWalkedOnce) {
  // 2^40 paths from the loss to the leaf: only a walk over nodes, not paths, ends.
  const Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 40; ++i) y = y + y;
  EXPECT_EQ(backward(y).of(x).item(), 1099511627776.0);
}

TEST_F(BackwardTest, sharedGradientsAreNotChangedInPlace) {
  // add hands one dy to both inputs; summing into it for one must not change the other's.
  const Tensor a = leaf({1, 1}), b = leaf({2, 2});
  const Tensor squares = a * a, s = a + b;  // s is walked first, so a's sum starts as the dy that b has too
  const Gradients gradients = backward(sum(s + squares));
  EXPECT_THAT(gradients.of(a).to_vector<float>(), ElementsAre(3, 3));
  EXPECT_THAT(gradients.of(b).to_vector<float>(), ElementsAre(1, 1));
}

TEST_F(BackwardTest, theSeedStaysAsItWas) {
  const Tensor a = leaf({1, 1});
  const Tensor seed = from_host(std::vector<float>{5, 7}, {2}, *device_);
  const Tensor twice = a + a;
  EXPECT_THAT(backward(twice, seed).of(a).to_vector<float>(), ElementsAre(10, 14));
  EXPECT_THAT(seed.to_vector<float>(), ElementsAre(5, 7));
}

TEST_F(BackwardTest, slicesOfOneTensorFormOneGradient) {
  const Tensor x = leaf({1, 2, 3, 4, 5, 6, 7, 8}, {2, 4});
  const std::vector<Tensor> parts = split(x, 1, {1, 2, 1});
  const Tensor y = sum(affine(parts[0], 2)) + sum(affine(parts[2], 5));  // the middle is left out
  EXPECT_THAT(backward(y).of(x).to_vector<float>(), ElementsAre(2, 0, 0, 5, 2, 0, 0, 5));
  const Tensor overlapping = sum(slice(x, 1, 0, 3)) + sum(slice(x, 1, 1, 4)) + sum(slice(x, 0, 1, 2)) + sum(x * x);
  EXPECT_THAT(backward(overlapping).of(x).to_vector<float>(), ElementsAre(3, 6, 8, 9, 12, 15, 17, 18));
}

TEST(BackwardCallsTest, slicesThatCoverATensorNeedNoZerosAndNoSums) {
  CountingDevice device;
  const Tensor x = full({3, 6}, 1, DType::F32, device).set_requires_grad(true);
  const std::vector<Tensor> parts = split(affine(x, 1), 1, {2, 2, 2});
  const Tensor loss = sum(parts[0] * parts[1] * parts[2]);
  device.calls = {};
  const Gradients gradients = backward(loss);
  EXPECT_EQ(gradients.of(x).to_vector<float>(), std::vector<float>(18, 1));
  EXPECT_EQ(device.calls.fill, 1);  // the seed
  EXPECT_EQ(device.calls.copy, 3);  // each part into its place
}

TEST_F(BackwardTest, noGradScopeRecordsNothing) {
  const Tensor x = leaf({1, 2});
  Tensor y;
  {
    const NoGradScope outer;
    {
      const NoGradScope inner;
      EXPECT_FALSE(recording_gradients());
    }
    EXPECT_FALSE(recording_gradients());
    y = exp(x) * x + sum(slice(x, 0, 0, 1));
  }
  EXPECT_TRUE(recording_gradients());
  EXPECT_FALSE(y.requires_grad());
  EXPECT_EQ(y.node(), nullptr);
  EXPECT_THAT(error_of([&] { backward(sum(y)); }), HasSubstr("depends on something that requires a gradient"));
}

TEST_F(BackwardTest, activationsAreFreedWithoutAGraph) {
  const Tensor x = full({1000}, 1, DType::F32, *device_).set_requires_grad(true);
  const NoGradScope no_grad;
  device_->reset_peak();
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = exp(affine(y, 0.1));
  EXPECT_LE(device_->allocator_stats().peak_bytes, 4u * 4200);
}

TEST_F(BackwardTest, theGraphIsFreedOnTheWay) {
  const Tensor x = full({1000}, 0.5, DType::F32, *device_).set_requires_grad(true);
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = tanh(y);
  Tensor loss = sum(y);
  y = Tensor();
  const std::uint64_t with_graph = device_->allocator_stats().live_bytes;
  EXPECT_GE(with_graph, 20u * 4000);
  const Gradients gradients = backward(loss);
  EXPECT_LE(device_->allocator_stats().live_bytes, 4u * 4200);
  EXPECT_THAT(error_of([&] { backward(loss); }), HasSubstr("freed by an earlier backward"));
}

TEST_F(BackwardTest, onlyWhatGradientsReadStaysInMemory) {
  const Tensor x = full({1000}, 0.5, DType::F32, *device_).set_requires_grad(true);
  const Tensor constant = full({1000}, 2, DType::F32, *device_);
  const std::uint64_t before = device_->allocator_stats().live_bytes;
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = affine(y, 1.5) * constant + y;  // a linear chain reads none of its values
  EXPECT_LE(device_->allocator_stats().live_bytes - before, 4200u);
  EXPECT_NEAR(backward(sum(y)).of(x).to_vector<float>()[0], std::pow(4.0, 20), std::pow(4.0, 20) * 1e-5);
}

TEST_F(BackwardTest, aKeptGraphGivesTheSameAgain) {
  const Tensor x = leaf({0.3f, -0.7f, 1.1f}), w = leaf({1, 2, 3});
  const Tensor loss = sum(softmax(x * w) * w);
  const Gradients first = backward(loss, {}, true), second = backward(loss, {}, true), third = backward(loss);
  EXPECT_EQ(first.of(x).to_vector<float>(), second.of(x).to_vector<float>());
  EXPECT_EQ(first.of(w).to_vector<float>(), third.of(w).to_vector<float>());
}

TEST_F(BackwardTest, deepGraphsAreFreedWithoutRecursion) {
  const Tensor x = leaf({1});
  {
    Tensor y = x;
    for (int i = 0; i < 200000; ++i) y = affine(y, 1);
  }  // freed unused
  Tensor y = x;
  for (int i = 0; i < 10000; ++i) y = y + x;
  EXPECT_EQ(backward(y).of(x).item(), 10001);
  // Closures that hold their inputs, and a graph kept whole until its end.
  Tensor z = x;
  for (int i = 0; i < 100000; ++i) z = z * x;
  backward(z, {}, true);
}

TEST_F(BackwardTest, writingWhatAnOpReadIsRefused) {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor loss = sum(x * w);
  copy_into(full({2}, 9, DType::F32, *device_), w.detach());
  EXPECT_THAT(error_of([&] { backward(loss); }), HasSubstr("an input of mul was written after mul had used it"));
  const Tensor y = exp(x);
  EXPECT_THAT(error_of([&] { copy_into(x.detach(), y); }), HasSubstr("a recorded op's result is never overwritten"));
  EXPECT_NO_THROW(backward(sum(x * w)));
}

TEST_F(BackwardTest, wrongSeedsAndLossesAreNamed) {
  const Tensor x = leaf({1, 2});
  EXPECT_THAT(error_of([&] { backward(exp(x)); }), HasSubstr("the loss is [2]; without a seed it must have one element"));
  EXPECT_THAT(error_of([&] { backward(exp(x), full({3}, 1, DType::F32, *device_)); }), HasSubstr("the loss is [2], the seed is [3]"));
  EXPECT_THROW(full({2}, 1, DType::I32, *device_).set_requires_grad(true), Error);
  EXPECT_THROW(exp(x).set_requires_grad(false), Error);
}

TEST_F(BackwardTest, aLeafAsLossHasItsSeedAsGradient) {
  const Tensor x = leaf({4});
  EXPECT_EQ(backward(x).of(x).item(), 1);
}

TEST_F(BackwardTest, gradientsOfSeveralPassesAdd) {
  const Tensor x = leaf({1, 2});
  Gradients total = backward(sum(x * x));
  const Gradients more = backward(sum(affine(x, 10)));
  total.add(x, more.of(x));
  EXPECT_THAT(total.of(x).to_vector<float>(), ElementsAre(12, 14));
  EXPECT_THAT(more.of(x).to_vector<float>(), ElementsAre(10, 10));
  EXPECT_THROW(total.add(x, full({3}, 1, DType::F32, *device_)), Error);
}

TEST_F(BackwardTest, sumsHaveAFixedOrder) {
  // Many branches of very different size: another order of the same sum would give other bits.
  const std::unique_ptr<Device> cpu = make_cpu_device(2);
  const auto run = [&cpu] {
    std::vector<float> values(257);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i)) * 1e3f;
    const Tensor x = from_host(values, {257}, *cpu).set_requires_grad(true);
    Tensor total;
    for (int i = 0; i < 30; ++i) {
      const Tensor branch = sum(sigmoid(affine(x, std::pow(-1.7, i % 13), 0.1 * i)) * affine(x, std::pow(3.0, i % 7)));
      total = total ? total + branch : branch;
    }
    return backward(total).of(x).to_vector<float>();
  };
  const std::vector<float> first = run();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(run(), first);
}

TEST_F(BackwardTest, headsOfOneProjectionAreReadInPlace) {
  // qkv [B, T, 3 H D] → attention → [B, T, H D]: no tensor but qkv, o and the row statistics is made on the way.
  const std::int64_t B = 2, T = 5, H = 3, D = 4;
  const Tensor x = full({B, T, 3 * H * D}, 0.1, DType::F32, *device_).set_requires_grad(true);
  const std::uint64_t before = device_->allocator_stats().live_bytes;
  const auto heads = [&](const Tensor& part) { return permute(reshape(part, {B, T, H, D}), {0, 2, 1, 3}); };
  const std::vector<Tensor> parts = split(x, 2, {H * D, H * D, H * D});
  const Tensor o = attention(heads(parts[0]), heads(parts[1]), heads(parts[2]));
  const Tensor joined = reshape(permute(o, {0, 2, 1, 3}), {B, T, H * D});
  EXPECT_TRUE(joined.is_contiguous());
  const std::uint64_t o_bytes = static_cast<std::uint64_t>(B * T * H * D) * 4, row_bytes = static_cast<std::uint64_t>(B * T * H) * 4;
  EXPECT_LE(device_->allocator_stats().live_bytes - before, (o_bytes + 63) / 64 * 64 + (row_bytes + 63) / 64 * 64 + 1024);
  EXPECT_TRUE(backward(sum(joined)).of(x).defined());
}

TEST_F(BackwardTest, onlyWantedGradientsAreComputed) {
  const Tensor x = full({4, 3}, 1, DType::F32, *device_), w = full({2, 3}, 1, DType::F32, *device_).set_requires_grad(true);
  int calls = 0;
  const Tensor probe = with_grad(x.contiguous_copy(), {x}, [&calls](const Tensor& dy) {
    ++calls;
    return Grads{dy};
  });
  EXPECT_FALSE(probe.requires_grad());
  const Gradients gradients = backward(sum(linear(probe, w)));
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(gradients.of(x).defined());
  EXPECT_TRUE(gradients.of(w).defined());
}

}  // namespace
}  // namespace dsw
