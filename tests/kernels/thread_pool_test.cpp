// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

#include "kernels/cpu/parallel.h"

namespace dsw::kernels {
namespace {

TEST(ThreadPool, EveryThreadTakesItsShareOfEveryCall) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    std::vector<std::int64_t> counts(static_cast<std::size_t>(threads), 0);  // each slot is its thread's alone
    for (int call = 0; call < 2000; ++call) {
      pool.run([&](int thread, int of) {
        EXPECT_EQ(of, threads);
        counts[static_cast<std::size_t>(thread)] += call;
      });
      // What a thread wrote in a call is seen after it.
      ASSERT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), std::int64_t{threads} * call * (call + 1) / 2);
    }
  }
}

TEST(ThreadPool, SleepingThreadsWakeAndIdleOnesUseNoProcessor) {
  ThreadPool pool(3);
  std::atomic<int> calls{0};
  const std::clock_t before = std::clock();
  for (int i = 0; i < 5; ++i) {
    pool.run([&](int, int) { ++calls; });
    std::this_thread::sleep_for(std::chrono::milliseconds(40));  // far beyond the spinning
  }
  EXPECT_EQ(calls, 15);
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 0.1) << "of processor time in 0.2 s with nothing to do";
}

TEST(ThreadPool, WorkersThatDoNotComeHoldNobodyUp) {
  ThreadPool pool(3);
  const std::thread::id caller = std::this_thread::get_id();
  for (int call = 0; call < 50; ++call) {
    std::atomic<int> by_caller{0}, by_others{0};
    pool.run([&](int share, int) {
      if (std::this_thread::get_id() != caller) {
        ++by_others;
        // A worker that began stands still until the caller has nothing left to take.
        while (by_caller + by_others < 3) std::this_thread::yield();
        return;
      }
      ++by_caller;
      EXPECT_TRUE(share != 0 || by_caller == 1) << "the caller begins with share 0";
    });
    ASSERT_EQ(by_caller + by_others, 3);
  }
}

TEST(ThreadPool, MadeAndEndedAtOnce) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(4);
}

TEST(Share, CoversEverythingOnceInOrder) {
  for (const std::int64_t n : {0, 1, 5, 64, 1000, 1001}) {
    for (const int threads : {1, 2, 3, 7}) {
      for (const std::int64_t grain : {1, 16}) {
        std::int64_t next = 0;
        for (int t = 0; t < threads; ++t) {
          const Share share = share_of(n, t, threads, grain);
          ASSERT_EQ(share.begin, next);
          ASSERT_GE(share.end, share.begin);
          ASSERT_TRUE(share.begin % grain == 0 || share.begin == n);
          ASSERT_LE(share.end - share.begin, (n + grain - 1) / grain / threads * grain + grain);
          next = share.end;
        }
        ASSERT_EQ(next, n);
      }
    }
  }
}

TEST(Parallel, SmallWorkStaysOnTheCallingThread) {
  DswStream stream(3);
  const std::thread::id here = std::this_thread::get_id();
  parallel_for(&stream, 100, 1.0, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 100);
    EXPECT_EQ(thread, 0);
  });
  std::atomic<int> parts{0};
  parallel_for(&stream, 100, 1000.0, 1, [&](std::int64_t, std::int64_t, int) { ++parts; });
  EXPECT_EQ(parts, 3);
}

}  // namespace
}  // namespace dsw::kernels
