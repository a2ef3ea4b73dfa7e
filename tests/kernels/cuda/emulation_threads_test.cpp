// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// The emulated device: threads, warps and barriers (tests/support/cuda_emulation).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kernels/cuda/emulated_launch.h"

namespace dsw::test {
namespace {

using cuda_emulation::Order;

class EmulatedThreads : public EmulationTest, public testing::WithParamInterface<Order> {
 protected:
  void SetUp() override { cuda_emulation::options().order = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Orders, EmulatedThreads, testing::Values(Order::Forward, Order::Reverse, Order::Shuffled));

TEST_P(EmulatedThreads, EveryThreadOfEveryBlockRunsOnce) {
  DeviceArray<int> visits(2 * 3 * 2 * 40 * 2, 0);
  int* out = visits.device();
  EXPECT_EQ(run("visit", dim3(2, 3, 2), dim3(40, 2), 0,
                [=] {
                  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
                  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
                  atomicAdd(out + block * blockDim.x * blockDim.y + thread, 1);
                }),
            "");
  for (const int count : visits.host()) EXPECT_EQ(count, 1);
}

TEST_P(EmulatedThreads, ShufflesGiveTheLanesTheyName) {
  DeviceArray<int> got(4 * 32, -1);
  int* out = got.device();
  EXPECT_EQ(run("shuffle", 1, 32, 0,
                [=] {
                  const int lane = static_cast<int>(threadIdx.x);
                  const unsigned all = 0xFFFFFFFFu;
                  cuda::store(out + lane, __shfl_sync(all, lane * 10, 3, 8));
                  cuda::store(out + 32 + lane, __shfl_xor_sync(all, lane * 10, 5));
                  cuda::store(out + 64 + lane, __shfl_down_sync(all, lane * 10, 3, 16));
                  cuda::store(out + 96 + lane, __shfl_up_sync(all, lane * 10, 2));
                }),
            "");
  const std::vector<int> host = got.host();
  for (int lane = 0; lane < 32; ++lane) {
    const auto at = [&](int row) { return host[static_cast<std::size_t>(row * 32 + lane)]; };
    EXPECT_EQ(at(0), (lane / 8 * 8 + 3) * 10);
    EXPECT_EQ(at(1), (lane ^ 5) * 10);
    EXPECT_EQ(at(2), (lane % 16 + 3 < 16 ? lane + 3 : lane) * 10);
    EXPECT_EQ(at(3), (lane >= 2 ? lane - 2 : lane) * 10);
  }
}

TEST_P(EmulatedThreads, HalvesOfAWarpMayMeetApart) {
  DeviceArray<int> got(32, -1);
  int* out = got.device();
  EXPECT_EQ(run("halves", 1, 32, 0,
                [=] {
                  const int lane = static_cast<int>(threadIdx.x);
                  const unsigned mine = lane < 16 ? 0x0000FFFFu : 0xFFFF0000u;
                  int sum = lane;
                  for (int other = 8; other > 0; other /= 2) sum += __shfl_xor_sync(mine, sum, other);
                  cuda::store(out + lane, sum);
                }),
            "");
  for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(got.host()[static_cast<std::size_t>(lane)], lane < 16 ? 120 : 376);
}

TEST_P(EmulatedThreads, VotesAndCountsOverBarriers) {
  DeviceArray<int> got(5, -1);
  int* out = got.device();
  EXPECT_EQ(run("votes", 1, 64, 0,
                [=] {
                  const int thread = static_cast<int>(threadIdx.x);
                  const unsigned ballot = __ballot_sync(0xFFFFFFFFu, thread % 2);
                  const int any = __any_sync(0xFFFFFFFFu, thread == 40), all = __all_sync(0xFFFFFFFFu, thread < 64);
                  const int count = __syncthreads_count(thread < 10), either = __syncthreads_or(thread == 63),
                            both = __syncthreads_and(thread != 5);
                  if (thread != 32) return;
                  cuda::store(out, static_cast<int>(ballot));
                  cuda::store(out + 1, any + 2 * all);
                  cuda::store(out + 2, count);
                  cuda::store(out + 3, either);
                  cuda::store(out + 4, both);
                }),
            "");
  EXPECT_EQ(got.host(), (std::vector<int>{static_cast<int>(0xAAAAAAAAu), 3, 10, 1, 0}));
}

TEST_P(EmulatedThreads, BarriersOrderSharedMemory) {
  DeviceArray<int> got(128, -1);
  int* out = got.device();
  EXPECT_EQ(run("reverse", 1, 128, 128 * sizeof(int),
                [=] {
                  DSW_DYNAMIC_SHARED(int, values);
                  values[threadIdx.x] = static_cast<int>(threadIdx.x);
                  __syncthreads();
                  cuda::store(out + threadIdx.x, values[127 - threadIdx.x]);
                }),
            "");
  for (int i = 0; i < 128; ++i) EXPECT_EQ(got.host()[static_cast<std::size_t>(i)], 127 - i);
}

TEST_P(EmulatedThreads, ThreadsThatHaveEndedDoNotHoldABarrier) {
  EXPECT_EQ(run("early", 1, 64, 0,
                [] {
                  if (threadIdx.x >= 32) return;
                  __syncthreads();
                }),
            "");
}

// What is planted in kernels, and how it is reported: with the lines on which the threads wait.

TEST_P(EmulatedThreads, ABarrierInBranchesIsReported) {
  const std::string report = run("divergent", 1, 64, 0, [] {
    if (threadIdx.x < 32)
      __syncthreads();
    else
      __syncthreads();
  });
  EXPECT_NE(report.find("divergent: divergent __syncthreads: emulation_threads_test.cpp:"), std::string::npos) << report;
}

TEST_P(EmulatedThreads, AMissingLaneIsReported) {
  const std::string report = run("lane", 1, 32, 0, [] {
    if (threadIdx.x == 5) return;
    __shfl_xor_sync(0xFFFFFFFFu, 1, 1);
  });
  EXPECT_NE(report.find("lane: deadlock in block (0, 0, 0)"), std::string::npos) << report;
  EXPECT_NE(report.find("from thread 5: has ended"), std::string::npos) << report;
  EXPECT_NE(report.find("from thread 6: waits in __shfl_xor_sync, emulation_threads_test.cpp:"), std::string::npos) << report;
}

TEST_P(EmulatedThreads, ALaneThatIsNotInItsOwnMaskIsReported) {
  const std::string report = run("mask", 1, 32, 0, [] { __shfl_xor_sync(0x0000FFFFu, 1, 1); });
  EXPECT_NE(report.find("the calling lane is not among its lanes"), std::string::npos) << report;
}

TEST_P(EmulatedThreads, DifferentCollectivesOfOneWarpAreADeadlock) {
  const std::string report = run("mixed", 1, 32, 0, [] {
    if (threadIdx.x < 16)
      __syncwarp();
    else
      __shfl_xor_sync(0xFFFFFFFFu, 1, 1);
  });
  EXPECT_NE(report.find("from thread 0: waits in __syncwarp"), std::string::npos) << report;
  EXPECT_NE(report.find("from thread 16: waits in __shfl_xor_sync"), std::string::npos) << report;
}

TEST_P(EmulatedThreads, ABarrierThatSomeWarpsDoNotReachIsADeadlock) {
  const std::string report = run("wait", 1, 64, 0, [] {
    if (threadIdx.x < 32)
      __syncthreads();
    else
      __shfl_xor_sync(0xFFFFFFFFu, 1, threadIdx.x == 32 ? 1 : 2, 32);
    if (threadIdx.x == 40) __syncwarp();  // alone
  });
  EXPECT_NE(report.find("from thread 40: waits in __syncwarp"), std::string::npos) << report;
}

/// A kernel with a missing barrier: some order of the threads must give another result.
TEST_F(EmulationTest, AMissingBarrierShowsInSomeOrder) {
  int wrong = 0;
  for (const Order order : {Order::Forward, Order::Reverse, Order::Shuffled}) {
    cuda_emulation::options().order = order;
    DeviceArray<int> got(64, -1);
    int* out = got.device();
    EXPECT_EQ(run("reverse without barrier", 1, 64, 64 * sizeof(int),
                  [=] {
                    DSW_DYNAMIC_SHARED(int, values);
                    values[threadIdx.x] = static_cast<int>(threadIdx.x);
                    cuda::store(out + threadIdx.x, values[63 - threadIdx.x]);
                  }),
              "");
    for (int i = 0; i < 64; ++i) wrong += got.host()[static_cast<std::size_t>(i)] != 63 - i;
  }
  EXPECT_GT(wrong, 0);
}

/// Blocks must not depend on each other either: a kernel that assumes an order of blocks gives other results in another.
TEST_F(EmulationTest, BlocksRunInTheOrderThatIsAskedFor) {
  std::vector<std::vector<int>> seen;
  for (const Order order : {Order::Forward, Order::Reverse, Order::Shuffled}) {
    cuda_emulation::options().order = order;
    DeviceArray<int> next(1, 0), got(8, -1);
    int *counter = next.device(), *out = got.device();
    EXPECT_EQ(run("arrival", 8, 1, 0, [=] { cuda::store(out + blockIdx.x, atomicAdd(counter, 1)); }), "");
    seen.push_back(got.host());
  }
  EXPECT_EQ(seen[0], (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(seen[1], (std::vector<int>{7, 6, 5, 4, 3, 2, 1, 0}));
  EXPECT_NE(seen[2], seen[0]);
  EXPECT_NE(seen[2], seen[1]);
}

}  // namespace
}  // namespace dsw::test
