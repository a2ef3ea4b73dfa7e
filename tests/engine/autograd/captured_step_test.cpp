// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Repeated steps as one captured piece of work, on the emulated CUDA device: the bits of the steps computed kernel by kernel, whatever
// changes between them, and a way back where the device cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/autograd/step_plan.h"
#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/reduce.h"
#include "engine/tensor/guarded_device.h"
#include "engine/tensor/kernel_watch.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/faults.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"
#include "tests/support/error_of.h"

namespace dsw::test {
namespace {

using cuda_emulation::Fault;
using cuda_emulation::Streams;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StepOnEmulatedDevice : public testing::Test {
 protected:
  explicit StepOnEmulatedDevice(Streams streams = Streams::AtOnce) {
    cuda_emulation::reset_device();
    cuda_emulation::options().streams = streams;
    device = std::make_unique<WatchedDevice>(std::make_unique<GuardedDevice>(
        make_emulated_cuda_device(), KernelRecords(), [this](const std::string& sentence) { said.push_back(sentence); }));
    plans = std::make_unique<StepPlans>(*device);
    weight = numbers(1, 16 * 16).view_reshape({16, 16});
    weight.set_requires_grad(true);
  }
  ~StepOnEmulatedDevice() override {
    weight = {};
    plans.reset();
    device.reset();
    cuda_emulation::reset_device();
    cuda_emulation::options() = {};
  }
  Tensor numbers(std::uint64_t seed, std::int64_t count) {
    Rng rng(seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(rng.normal());
    return from_host(values, *device);
  }
  /// With memory of its own from the host, and with dropout where p > 0.
  StepPlans::Step step_of(double p) {
    return [this, p](std::span<const Tensor> inputs, Rng& rng) {
      const Tensor shift = from_host(std::vector<float>(16, 0.25f), *device);
      Tensor x = add(matmul(inputs[0].view_reshape({8, 16}), weight), shift);
      if (p > 0) x = dropout(x, p, rng);
      const Tensor loss = mean(square(x));
      StepOutputs outputs;
      outputs.gradients = backward(loss);
      outputs.values = {loss.detach()};
      return outputs;
    };
  }
  /// Step i, by the plan and computed anew: both must agree. Whether it ran as one piece.
  bool agree(std::uint64_t i, const StepPlans::Step& step) {
    const std::vector<Tensor> inputs{numbers(10 + i, 8 * 16)};
    Rng rng(i), same(i);
    const std::int64_t key[] = {8};
    const StepOutputs& planned = plans->run(key, inputs, rng, step);
    EXPECT_EQ(plans->refusal(), "");
    const bool one_piece = plans->ran_as_one_piece();
    const StepOutputs computed = step(inputs, same);
    EXPECT_EQ(planned.values[0].item(), computed.values[0].item()) << i;
    EXPECT_EQ(planned.gradients.of(weight).to_vector<float>(), computed.gradients.of(weight).to_vector<float>()) << i;
    copy_into(planned.gradients.of(weight), weight.detach());  // the weights change from step to step
    return one_piece;
  }
  std::vector<bool> pieces(std::uint64_t steps, double p) {
    std::vector<bool> as_one;
    for (std::uint64_t i = 0; i < steps; ++i) as_one.push_back(agree(i, step_of(p)));
    return as_one;
  }

  std::vector<std::string> said;
  std::unique_ptr<WatchedDevice> device;
  std::unique_ptr<StepPlans> plans;
  Tensor weight;
};

class CapturedStep : public StepOnEmulatedDevice, public testing::WithParamInterface<Streams> {
 protected:
  CapturedStep() : StepOnEmulatedDevice(GetParam()) {}
};

TEST_P(CapturedStep, HasTheBitsOfItsKernels) {
  EXPECT_THAT(pieces(8, 0), ElementsAre(false, false, false, true, false, true, true, true));  // repetitions 1, 2 and 4: kernel by kernel
  plans->release_memory();                                                                     // elsewhere afterwards
  EXPECT_THAT(pieces(3, 0), ElementsAre(false, true, true));                                   // repetitions 8, 9 and 10
  EXPECT_THAT(said, IsEmpty());
}

TEST_P(CapturedStep, DrawsNewDropoutEachTime) {
  EXPECT_THAT(pieces(8, 0.5), ElementsAre(false, false, false, true, false, true, true, true));
  EXPECT_THAT(said, IsEmpty());
}

TEST_P(CapturedStep, IsMadeAnewWhenTheKernelsOwnMemoryMoved) {
  EXPECT_TRUE(pieces(8, 0).back());
  device->release_cache();  // which includes the scratch memory
  EXPECT_TRUE(pieces(1, 0).back() || pieces(2, 0).back());
}

TEST_P(CapturedStep, AWatcherSeesSingleKernels) {
  KernelProfile profile;
  pieces(4, 0);
  device->watch(&profile);
  EXPECT_FALSE(agree(20, step_of(0)));
  EXPECT_FALSE(profile.shares().empty());
  device->watch(nullptr);
}

TEST_P(CapturedStep, OneThatFailsRunsKernelByKernelFromThenOn) {
  pieces(4, 0);
  cuda_emulation::inject({.fault = Fault::FailedLaunch, .kernel = "graph"});
  EXPECT_THAT(pieces(6, 0), ElementsAre(false, false, false, false, false, false));
  EXPECT_THAT(said, ElementsAre(HasSubstr("Repeated steps run kernel by kernel on cuda-emulated: a captured step failed")));
}

TEST_F(StepOnEmulatedDevice, AKernelOfTheProcessorCannotBeCaptured) {
  cuda_emulation::inject({.fault = Fault::FailedLaunch, .kernel = "binary", .times = 3});
  for (const bool as_one : pieces(8, 0)) EXPECT_FALSE(as_one);
  EXPECT_THAT(said, ElementsAre(HasSubstr("binary runs on the CPU"),
                                "A repeated step runs kernel by kernel on cuda-emulated: binary cannot be captured"));
}

TEST_F(StepOnEmulatedDevice, AFaultInsideLosesTheDeviceAndIsNotTriedAgain) {
  pieces(6, 0);
  const std::vector<Tensor> inputs{numbers(10, 8 * 16)};
  cuda_emulation::inject({.fault = Fault::StickyError, .kernel = "reduce"});
  const std::int64_t key[] = {8};
  Rng rng;
  EXPECT_THAT(error_of([&] { plans->run(key, inputs, rng, step_of(0)); }), HasSubstr("illegal memory access"));
  EXPECT_THAT(said, ElementsAre(HasSubstr("Repeated steps run kernel by kernel on cuda-emulated")));
}

INSTANTIATE_TEST_SUITE_P(Streams, CapturedStep, testing::Values(Streams::AtOnce, Streams::AsLateAsWaits, Streams::LastMadeFirst),
                         [](const auto& streams) {
                           return streams.param == Streams::AtOnce ? "AtOnce" : streams.param == Streams::AsLateAsWaits ? "Late" : "Mixed";
                         });

}  // namespace
}  // namespace dsw::test
