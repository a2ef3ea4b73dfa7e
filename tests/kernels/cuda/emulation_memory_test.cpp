// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// The emulated device: memory, copies in the background, what is counted, and the runtime's errors.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kernels/cuda/emulated_launch.h"

namespace dsw::test {
namespace {

using cuda_emulation::AsyncCopies;
using cuda_emulation::counters;

/// Copies 16 floats through shared memory; the planted bugs are a missing wait, and a second copy into a buffer that is still read.
struct Through {
  bool waits = true, overwrites = false;
  std::vector<float> operator()(AsyncCopies copies) const {
    cuda_emulation::options().copies = copies;
    DeviceArray<float> from(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}), to(16, -1);
    float *source = from.device(), *target = to.device();
    const bool wait = waits, overwrite = overwrites;
    EXPECT_EQ(run("through", 1, 4, 64,
                  [=] {
                    DSW_DYNAMIC_SHARED(float, tile);
                    const unsigned at = threadIdx.x * 4;
                    cuda::cp_async16(tile + at, source + at);
                    cuda::cp_async_commit();
                    if (wait) cuda::cp_async_wait<0>();
                    if (overwrite) {  // before it was read
                      cuda::cp_async16(tile + at, source, false);
                      cuda::cp_async_commit();
                    }
                    for (unsigned i = at; i < at + 4; ++i) cuda::store(target + i, tile[i]);
                    cuda::cp_async_wait<0>();
                  }),
              "");
    return to.host();
  }
};
std::vector<float> all_of(float first, float step) {
  std::vector<float> values;
  for (int i = 0; i < 16; ++i) values.push_back(first + step * static_cast<float>(i));
  return values;
}

TEST_F(EmulationTest, CopiesArriveAtTheWaitAtTheLatest) {
  for (const AsyncCopies copies : {AsyncCopies::Eager, AsyncCopies::Deferred, AsyncCopies::Random})
    EXPECT_EQ(Through{}(copies), all_of(0, 1));
}
TEST_F(EmulationTest, AMissingWaitShowsWhereCopiesAreDeferred) {
  EXPECT_EQ((Through{.waits = false}(AsyncCopies::Eager)), all_of(0, 1));
  const std::vector<float> late = Through{.waits = false}(AsyncCopies::Deferred);
  for (const float value : late) EXPECT_TRUE(std::isnan(value)) << value;  // shared memory begins as NaN
}
TEST_F(EmulationTest, ABufferThatIsFilledTooEarlyShowsWhereCopiesAreEager) {
  EXPECT_EQ((Through{.overwrites = true}(AsyncCopies::Deferred)), all_of(0, 1));
  EXPECT_EQ((Through{.overwrites = true}(AsyncCopies::Eager)), all_of(0, 0));
}

TEST_F(EmulationTest, AWaitLeavesTheNewestGroupsOnTheirWay) {
  cuda_emulation::options().copies = AsyncCopies::Deferred;
  DeviceArray<float> from(8, 5), to(2, -1);
  float *source = from.device(), *target = to.device();
  EXPECT_EQ(run("groups", 1, 1, 32,
                [=] {
                  DSW_DYNAMIC_SHARED(float, tile);
                  for (int i = 0; i < 2; ++i) {
                    cuda::cp_async16(tile + 4 * i, source + 4 * i);
                    cuda::cp_async_commit();
                  }
                  cuda::cp_async_wait<1>();
                  cuda::store(target, tile[0]);
                  cuda::store(target + 1, tile[4]);
                }),
            "");
  EXPECT_EQ(to.host()[0], 5);
  EXPECT_TRUE(std::isnan(to.host()[1]));
}

TEST_F(EmulationTest, GlobalBytesAreCountedExactly) {
  DeviceArray<std::uint16_t> narrow(64, 1);
  DeviceArray<float> wide(64, 1);
  DeviceArray<unsigned> number(1, 0u);
  std::uint16_t* a = narrow.device();
  float* b = wide.device();
  unsigned* n = number.device();
  cuda_emulation::reset_counters();
  EXPECT_EQ(run("traffic", 2, 16, 256,
                [=] {
                  DSW_DYNAMIC_SHARED(float, tile);
                  cuda::store(a + threadIdx.x, cuda::load(a + 16 + threadIdx.x));  // 2 read, 2 written
                  cuda::cp_async16(tile + 4 * threadIdx.x, b + 4 * threadIdx.x);   // 16 read
                  cuda::cp_async16(tile + 4 * threadIdx.x, b, false);              // nothing
                  cuda::cp_async_commit();
                  cuda::cp_async_wait<0>();
                  if (threadIdx.x == 0) atomicAdd(n, 1u);  // 4 read, 4 written
                }),
            "");
  EXPECT_EQ(counters().bytes_read, 2u * (16 * 18 + 4));
  EXPECT_EQ(counters().bytes_written, 2u * (16 * 2 + 4));
  EXPECT_EQ(counters().launches, 1u);
  EXPECT_EQ(number.host()[0], 2u);
}

TEST_F(EmulationTest, BankConflictsAreCounted) {
  cuda_emulation::count_bank_conflicts(true);
  const auto conflicts = [](int stride) {
    cuda_emulation::reset_counters();
    EXPECT_EQ(run("banks", 1, 32, 32 * 33 * 4,
                  [=] {
                    DSW_DYNAMIC_SHARED(float, tile);
                    for (int time = 0; time < 2; ++time) cuda::shared_store(tile + static_cast<int>(threadIdx.x) * stride, 1.0f);
                  }),
              "");
    EXPECT_EQ(counters().shared_requests, 2u);
    return counters().bank_conflicts;
  };
  EXPECT_EQ(conflicts(1), 0u);
  EXPECT_EQ(conflicts(33), 0u);  // padded rows
  EXPECT_EQ(conflicts(0), 0u);   // one word for all
  EXPECT_EQ(conflicts(2), 2u * 1);
  EXPECT_EQ(conflicts(32), 2u * 31);
  cuda_emulation::reset_counters();
  EXPECT_EQ(run("quarters", 1, 32, 32 * 16,
                [] {
                  DSW_DYNAMIC_SHARED(uint4, tile);
                  cuda::shared_store(tile + threadIdx.x, uint4{});
                }),
            "");
  EXPECT_EQ(counters().shared_requests, 4u);  // 16 bytes a lane: 8 lanes fill the banks
  EXPECT_EQ(counters().bank_conflicts, 0u);
  cuda_emulation::count_bank_conflicts(false);
}

// Wrong addresses end the kernel with a report, in every build.

TEST_F(EmulationTest, ReadsAndWritesOutOfBoundsAreReported) {
  for (const int at : {-1, 8}) {
    DeviceArray<float> memory(8, 0);
    float* p = memory.device();
    EXPECT_NE(run("read", 1, 1, 0, [=] { cuda::load(p + at); }).find("read: read of 4 bytes: out of bounds, emulation_memory_test.cpp:"),
              std::string::npos);
    DeviceArray<float> again(8, 0);
    float* q = again.device();
    EXPECT_NE(run("write", 1, 1, 0, [=] { cuda::store(q + at, 1); }).find("write of 4 bytes: out of bounds"), std::string::npos);
  }
}
TEST_F(EmulationTest, AddressesThatAreNotAlignedAreReported) {
  DeviceArray<float> memory(8, 0);
  float* p = memory.device();
  EXPECT_NE(run("vector", 1, 1, 0, [=] { cuda::load(reinterpret_cast<const uint4*>(p + 1)); }).find("not aligned"), std::string::npos);
}
TEST_F(EmulationTest, TheHostsMemoryIsNotTheDevices) {
  float host = 0;
  EXPECT_NE(run("host", 1, 1, 0, [&] { cuda::load(&host); }).find("not an address of the device"), std::string::npos);
}
TEST(EmulationDeathTest, APlainPointerToTheDevicesMemoryEndsTheProgram) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        void* memory = nullptr;
        cudaMallocAsync(&memory, 4, nullptr);
        *static_cast<volatile float*>(memory) = 1;
      },
      "");
}

// The runtime.

TEST_F(EmulationTest, AFullDeviceGivesNoMemory) {
  cuda_emulation::set_device_capacity(1000);
  void *first = nullptr, *second = nullptr;
  EXPECT_EQ(cudaMallocAsync(&first, 600, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMallocAsync(&second, 600, nullptr), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);  // forgotten
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(free, 400u);
  EXPECT_EQ(cudaFreeAsync(first, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMallocAsync(&second, 600, nullptr), cudaSuccess);
  EXPECT_EQ(cudaFreeAsync(static_cast<char*>(second) + 1, nullptr), cudaErrorInvalidValue);
}
TEST_F(EmulationTest, CopiesStayWithinOneAllocation) {
  DeviceArray<float> memory(4, 0);
  std::vector<float> host(8);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), memory.device(), 20, cudaMemcpyDeviceToHost, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), host.data(), 16, cudaMemcpyDeviceToHost, nullptr), cudaErrorInvalidValue);
}
TEST_F(EmulationTest, LaunchesBeyondTheDeviceAreRefusedAndDoNotStick) {
  EXPECT_EQ(run("threads", 1, 2048, 0, [] {}), "invalid configuration argument");
  EXPECT_EQ(run("grid", dim3(1, 70000), 1, 0, [] {}), "invalid configuration argument");
  EXPECT_EQ(run("shared", 1, 1, 49 * 1024, [] {}), "invalid argument");  // not asked for
  EXPECT_EQ(cudaFuncSetAttribute(nullptr, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 * 1024), cudaSuccess);
  EXPECT_EQ(run("shared", 1, 1, 100 * 1024, [] {}), "");
  EXPECT_EQ(cudaFuncSetAttribute(nullptr, cudaFuncAttributeMaxDynamicSharedMemorySize, 300 * 1024), cudaErrorInvalidValue);
}
TEST_F(EmulationTest, AWrongKernelLosesTheDevice) {
  DeviceArray<float> memory(4, 0);
  float* p = memory.device();
  cuda_emulation::launch("wrong", nullptr, 1, 1, 0, [=] { cuda::load(p + 4); });
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  void* more = nullptr;
  EXPECT_EQ(cudaMallocAsync(&more, 4, nullptr), cudaErrorLaunchFailure);
  cuda_emulation::reset_device();
  EXPECT_EQ(cudaMallocAsync(&more, 4, nullptr), cudaSuccess);
}

}  // namespace
}  // namespace dsw::test
