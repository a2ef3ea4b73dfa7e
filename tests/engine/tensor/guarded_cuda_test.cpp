// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Faults injected into the emulated CUDA device: what a run of kernels computes stays right, or the device is known to be lost and what
// lost it is not used again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/tensor/guarded_device.h"
#include "engine/tensor/tensor.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/faults.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_folder.h"

namespace dsw::test {
namespace {

using cuda_emulation::Fault;
using cuda_emulation::inject;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GuardedCudaTest : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override {
    device.reset();
    cuda_emulation::reset_device();
    cuda_emulation::options() = {};
  }
  /// As a new process does: the device is fresh, the records are those that were kept.
  void start() {
    device.reset();
    cuda_emulation::reset_device();
    device = std::make_unique<GuardedDevice>(make_emulated_cuda_device(), KernelRecords(file, "emulated card"),
                                             [this](const std::string& sentence) { said.push_back(sentence); });
  }
  std::vector<double> sums() { return add(full({50}, 2, DType::F32, *device), full({50}, 3, DType::F32, *device)).to_vector<double>(); }
  /// a b of bfloat16 numbers, all 3 * 2 * 32.
  std::vector<double> products() {
    return matmul(full({16, 32}, 3, DType::BF16, *device), full({32, 16}, 2, DType::BF16, *device)).to_vector<double>();
  }
  const KernelRecord& record(const std::string& kernel) { return device->records().all().at(kernel); }

  TempFolder folder;
  std::filesystem::path file = folder.path() / "kernels.json";
  std::vector<std::string> said;
  std::unique_ptr<GuardedDevice> device;
};

TEST_F(GuardedCudaTest, WithoutFaultsEveryKernelIsTheDevicesOwn) {
  EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").use, KernelUse::Own);
  EXPECT_EQ(record("binary").mismatches, 0);
  EXPECT_GT(record("binary").checks, 0);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(GuardedCudaTest, WrongResultsAreReplacedAndTheKernelGivenUp) {
  inject({.fault = Fault::WrongResult, .kernel = "binary", .times = 1000});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").use, KernelUse::Host);
  EXPECT_THAT(said, ElementsAre(HasSubstr("binary runs on the CPU instead of cuda-emulated: 3 of 3 results differed")));
  start();  // and stays so
  EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").launches, 0);
}

TEST_F(GuardedCudaTest, FailedLaunchesAreComputedElsewhere) {
  inject({.fault = Fault::FailedLaunch, .kernel = "binary", .spared = 1, .times = 2});
  for (int i = 0; i < 6; ++i) EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").failures, 2);  // two are not enough
  EXPECT_EQ(record("binary").use, KernelUse::Own);
  inject({.fault = Fault::FailedLaunch, .kernel = "binary"});
  EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").use, KernelUse::Host);
  EXPECT_THAT(said, ElementsAre(HasSubstr("3 of 7 launches failed")));
}

TEST_F(GuardedCudaTest, ThePlainKernelTakesOverAndThenTheProcessor) {
  inject({.fault = Fault::WrongResult, .kernel = "matmul", .times = 1000});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(products(), Each(192));
  EXPECT_EQ(record("matmul").use, KernelUse::Compatible);
  EXPECT_EQ(record("matmul").launches, 2);
  start();  // also in the next run
  EXPECT_THAT(products(), Each(192));
  EXPECT_EQ(record("matmul").use, KernelUse::Compatible);
  inject({.fault = Fault::WrongResult, .kernel = "matmul, plain", .times = 1000});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(products(), Each(192));
  EXPECT_EQ(record("matmul").use, KernelUse::Host);
  EXPECT_THAT(said, ElementsAre(HasSubstr("matmul runs in the compatible way instead of cuda-emulated: 3 of 3 results differed"),
                                HasSubstr("matmul runs on the CPU instead of cuda-emulated: 3 of 5 results differed")));
}

TEST_F(GuardedCudaTest, MemoryIsAskedForTwice) {
  inject({.fault = Fault::OutOfMemory, .kernel = ""});
  EXPECT_THAT(sums(), Each(5));
  inject({.fault = Fault::OutOfMemory, .kernel = "", .times = 2});
  EXPECT_THAT(error_of([&] { sums(); }), HasSubstr("A tensor needs 0.0 MiB, but"));
  EXPECT_THAT(sums(), Each(5));
}

TEST_F(GuardedCudaTest, AStickyErrorLosesTheDeviceAndGivesUpWhatCausedIt) {
  inject({.fault = Fault::StickyError, .kernel = "binary"});
  EXPECT_THAT(error_of([&] { sums(); }), HasSubstr("an illegal memory access was encountered"));
  EXPECT_THAT(said, ElementsAre(HasSubstr("binary runs on the CPU instead of cuda-emulated: after it the device answered no more")));
  EXPECT_THAT(error_of([&] { device->synchronize(); }), HasSubstr("illegal memory access"));
  start();
  EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("binary").use, KernelUse::Host);
}

TEST_F(GuardedCudaTest, AFaultThatShowsLateIsSoughtLaunchByLaunch) {
  const auto kernels_after_the_faulty_one = [this] {
    for (int i = 0; i < 9; ++i) static_cast<void>(sums());  // the first launches of each are looked at, those that follow are not
    const Tensor x = full({50}, 4, DType::F32, *device);
    cuda_emulation::options().streams = cuda_emulation::Streams::AsLateAsWaits;
    inject({.fault = Fault::StickyError, .kernel = "unary"});
    device->synchronize();
    std::vector<Tensor> kept{square(x), sqrt(x), exp(x), add(x, x)};
    device->synchronize();
  };
  EXPECT_THAT(error_of([&] {
                for (int i = 0; i < 4; ++i) static_cast<void>(square(full({5}, 4, DType::F32, *device)));
                kernels_after_the_faulty_one();
              }),
              HasSubstr("illegal memory access"));
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("After one of "), HasSubstr("unary"), HasSubstr("binary"),
                                      HasSubstr("the next run on it waits after each launch until it is found"))));
  said.clear();
  start();
  EXPECT_THAT(error_of(kernels_after_the_faulty_one), HasSubstr("illegal memory access"));
  EXPECT_THAT(said, ElementsAre(HasSubstr("unary runs on the CPU instead of cuda-emulated: after it the device answered no more")));
  start();
  cuda_emulation::options() = {};
  EXPECT_THAT(sums(), Each(5));
  EXPECT_EQ(record("unary").use, KernelUse::Host);
}

TEST_F(GuardedCudaTest, AVanishedDeviceIsSaidAndMayComeBack) {
  inject({.fault = Fault::VanishedDevice, .kernel = "binary", .spared = 1});
  EXPECT_THAT(sums(), Each(5));
  EXPECT_THAT(error_of([&] { sums(); }), HasSubstr("busy or unavailable"));
  start();
  EXPECT_THAT(sums(), Each(5));
}

}  // namespace
}  // namespace dsw::test
