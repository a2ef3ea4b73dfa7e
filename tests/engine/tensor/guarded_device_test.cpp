// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Kernels that give wrong numbers, fail, are missing or take the device with them: results stay right, and what is unfit is given up.
#include "engine/tensor/guarded_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/softmax.h"
#include "engine/optim/optimizer.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What goes wrong on the device below, launches counted from 1.
struct Faults {
  std::function<bool(int)> wrong_binary = [](int) { return false; };  ///< the n-th `binary` puts one number wrong
  std::function<bool(int)> failed_unary = [](int) { return false; };  ///< the n-th `unary` does not start
  bool without_softmax = false, dead = false, wrong_index = false;
  int binaries = 0, unaries = 0;
};
Faults faults;

class FaultyDevice : public ForwardingDevice {
 public:
  explicit FaultyDevice(const DswKernels* compatible)
      : ForwardingDevice(make_cpu_device(1)), kernels_(inner().kernels()), compatible_(compatible) {
    real() = inner().kernels();
    kernels_.binary = [](DswStream* stream, DswBinary op, DswView a, DswView b, DswView y) {
      const int status = real().binary(stream, op, a, b, y);
      if (faults.wrong_binary(++faults.binaries)) *static_cast<float*>(y.data) += 1;
      return status;
    };
    kernels_.unary = [](DswStream* stream, DswUnary op, double alpha, double beta, DswView x, DswView y) {
      if (faults.failed_unary(++faults.unaries)) return static_cast<int>(DSW_DEVICE_FAULT);
      return real().unary(stream, op, alpha, beta, x, y);
    };
    kernels_.softmax_fwd = [](DswStream* stream, DswView x, DswView y) {
      return faults.without_softmax ? static_cast<int>(DSW_UNSUPPORTED) : real().softmax_fwd(stream, x, y);
    };
  }
  DeviceInfo info() const override {
    DeviceInfo info = inner().info();
    info.name = "shaky";
    return info;
  }
  const DswKernels& kernels() const override { return kernels_; }
  const DswKernels* compatible_kernels() const override { return compatible_; }
  void synchronize() override {
    if (faults.wrong_index) throw Error(ErrorCode::InvalidArgument, "On shaky a token is outside of its range.");
    if (faults.dead) throw Error(ErrorCode::DeviceFault, "waiting failed on shaky: it is gone.");
  }

 private:
  static DswKernels& real() {
    static DswKernels kernels;
    return kernels;
  }
  DswKernels kernels_;
  const DswKernels* compatible_;
};

struct GuardedDeviceTest : testing::Test {
  GuardedDeviceTest() { faults = {}; }
  std::unique_ptr<GuardedDevice> make(const DswKernels* compatible = nullptr) {
    return std::make_unique<GuardedDevice>(std::make_unique<FaultyDevice>(compatible), KernelRecords(file, "shaky card"),
                                           [this](const std::string& sentence) { said.push_back(sentence); });
  }
  /// The value of f(2, 3) over many elements, all right.
  static void expect_sum(Device& device) {
    const std::vector<double> sum = add(full({100}, 2, DType::F32, device), full({100}, 3, DType::F32, device)).to_vector<double>();
    for (const double value : sum) ASSERT_EQ(value, 5);
  }
  static void expect_root(Device& device) {
    for (const double value : sqrt(full({50}, 9, DType::F32, device)).to_vector<double>()) ASSERT_EQ(value, 3);
  }

  TempFolder folder;
  std::filesystem::path file = folder / "state" / "kernels.json";
  std::vector<std::string> said;
};

TEST_F(GuardedDeviceTest, RightKernelsAreSeldomLookedAtAndKeepTheirBits) {
  const auto device = make();
  for (int i = 0; i < 5000; ++i) expect_sum(*device);
  const KernelRecord& binary = device->records().all().at("binary");
  EXPECT_EQ(binary.launches, 5000);
  EXPECT_EQ(binary.checks, 13);  // 1, 2, 4 … 2048, 4096
  EXPECT_EQ(binary.mismatches, 0);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(GuardedDeviceTest, AKernelThatIsAlwaysWrongIsReplacedAtOnceAndGivenUp) {
  faults.wrong_binary = [](int) { return true; };
  {
    const auto device = make();
    for (int i = 0; i < 20; ++i) expect_sum(*device);
    EXPECT_EQ(faults.binaries, 3);
    EXPECT_THAT(said, ElementsAre("binary runs on the CPU instead of shaky: 3 of 3 results differed from the CPU's"));
  }
  const auto again = make();  // another run, another process
  expect_sum(*again);
  EXPECT_EQ(faults.binaries, 3);
  EXPECT_EQ(given_up_kernels(file).at("shaky card").at("binary").use, KernelUse::Host);
  ASSERT_TRUE(reset_kernel_records(file));
  EXPECT_THAT(given_up_kernels(file), IsEmpty());
  expect_sum(*make());
  EXPECT_EQ(faults.binaries, 4);
}

TEST_F(GuardedDeviceTest, AWrongResultThatIsNeverSeenAgainChangesNothing) {
  faults.wrong_binary = [](int n) { return n == 2; };
  const auto device = make();
  for (int i = 0; i < 200; ++i) expect_sum(*device);
  const KernelRecord& binary = device->records().all().at("binary");
  EXPECT_EQ(binary.mismatches, 1);
  EXPECT_GE(binary.checks, 64);  // each launch after it, for a while
  EXPECT_EQ(binary.use, KernelUse::Own);
}

TEST_F(GuardedDeviceTest, FailedLaunchesAreComputedElsewhereAndCounted) {
  faults.failed_unary = [](int n) { return n % 500 == 0; };
  const auto device = make();
  for (int i = 0; i < 20000 && said.empty(); ++i) expect_root(*device);
  ASSERT_EQ(said.size(), 1u);  // 2 in a thousand: seen when the interval's lower end passes 1
  EXPECT_THAT(said[0], HasSubstr("launches failed"));
  EXPECT_GT(faults.unaries, 3000);
  EXPECT_EQ(device->records().all().at("unary").use, KernelUse::Host);
  expect_root(*device);
}

TEST_F(GuardedDeviceTest, RareFailuresAreNotEnough) {
  faults.failed_unary = [](int n) { return n % 2000 == 0; };
  const auto device = make();
  for (int i = 0; i < 20000; ++i) ASSERT_EQ(sqrt(full({1}, 9, DType::F32, *device)).item(), 3);
  EXPECT_EQ(device->records().all().at("unary").failures, 10);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(GuardedDeviceTest, TheCompatibleKernelComesBeforeTheCpu) {
  faults.wrong_binary = [](int) { return true; };
  static int used;
  used = 0;
  DswKernels compatible{};
  compatible.binary = [](DswStream* stream, DswBinary op, DswView a, DswView b, DswView y) {
    ++used;
    return make_cpu_device(1)->kernels().binary(stream, op, a, b, y);
  };
  const auto device = make(&compatible);
  for (int i = 0; i < 20; ++i) expect_sum(*device);
  EXPECT_EQ(faults.binaries, 3);
  EXPECT_EQ(used, 17);
  EXPECT_EQ(device->records().all().at("binary").use, KernelUse::Compatible);
}

TEST_F(GuardedDeviceTest, WhatTheDeviceLacksRunsOnTheCpuAndIsSaidOnce) {
  faults.without_softmax = true;
  const auto device = make();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(softmax(full({2, 4}, 1, DType::F32, *device)).to_vector<double>(), std::vector<double>(8, 0.25));
  EXPECT_THAT(said, ElementsAre("softmax_fwd runs on the CPU: shaky has no kernel for it"));
}

TEST_F(GuardedDeviceTest, ADeadDeviceEndsTheRunAndTheLastKernelIsGivenUp) {
  const auto device = make();
  expect_root(*device);
  faults.failed_unary = [](int) { return true; };
  faults.dead = true;
  EXPECT_THAT(error_of([&] { sqrt(full({50}, 9, DType::F32, *device)); }), HasSubstr("it is gone"));
  EXPECT_THAT(
      said,
      ElementsAre("unary runs on the CPU instead of shaky: after it the device answered no more (waiting failed on shaky: it is gone.)"));
  EXPECT_EQ(given_up_kernels(file).at("shaky card").at("unary").use, KernelUse::Host);
}

TEST_F(GuardedDeviceTest, DataThatDoNotFitAreNoKernelsFault) {
  const auto device = make();
  faults.failed_unary = [](int) { return true; };
  faults.wrong_index = true;
  EXPECT_THAT(error_of([&] { sqrt(full({50}, 9, DType::F32, *device)); }), HasSubstr("outside of its range"));
  EXPECT_THAT(error_of([&] { device->synchronize(); }), HasSubstr("outside of its range"));
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(GuardedDeviceTest, ADeviceThatDiesLaterBlamesWhatWasLaunchedLast) {
  const auto device = make();
  const Tensor two = full({8}, 2, DType::F32, *device), sum = add(two, two);
  faults.dead = true;
  EXPECT_THAT(error_of([&] { device->synchronize(); }), HasSubstr("it is gone"));
  EXPECT_EQ(given_up_kernels(file).at("shaky card").size(), 1u);
  EXPECT_EQ(given_up_kernels(file).at("shaky card").count("binary"), 1u);
}

TEST_F(GuardedDeviceTest, TwoProcessesAddUpWhatTheyCount) {
  const auto one = make(), other = make();
  for (int i = 0; i < 10; ++i) expect_sum(*one);
  for (int i = 0; i < 5; ++i) expect_sum(*other);
  KernelRecords first = one->records(), second = other->records();
  ASSERT_TRUE(first.save());
  ASSERT_TRUE(second.save());
  EXPECT_EQ(KernelRecords(file, "shaky card").all().at("binary").launches, 15);
}

TEST_F(GuardedDeviceTest, ADamagedFileOfRecordsCountsAsEmpty) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << R"({"shaky card": {"binary": {"use": "nowhere"}, "unary": 3}, "other": []})";
  expect_sum(*make());
  EXPECT_EQ(KernelRecords(file, "shaky card").all().at("binary").launches, 1);
}

TEST(LeastRate, IsWilsonsInterval) {
  EXPECT_NEAR(least_rate(3, 10), 0.1078, 1e-4);
  EXPECT_NEAR(least_rate(0, 50), 0, 1e-12);
  EXPECT_EQ(least_rate(0, 0), 0);
}

}  // namespace
}  // namespace dsw
