// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/job_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

namespace dsw {
namespace {

JobInfo titled(const char* title) {
  JobInfo info;
  info.title = title;
  return info;
}
/// Work that ends when asked to stop.
Result<void> until_stopped(JobQueue::Job& job) {
  const std::stop_token stop = job.stop_token();
  while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return fail(ErrorCode::Stopped, "Stopped at step 3");
}

TEST(JobQueue, OneSlotWorksInOrderAndIdsGrow) {
  std::vector<int> order;
  JobQueue queue;
  std::int64_t last = 0;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t id = queue.add("cpu", titled("job"), [&order, i](JobQueue::Job&) -> Result<void> {
      order.push_back(i);
      return {};
    });
    EXPECT_GT(id, last);
    last = id;
  }
  queue.wait_idle();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order.at(static_cast<std::size_t>(i)), i);
  EXPECT_EQ(queue.jobs().size(), 20u);
  EXPECT_EQ(queue.jobs().front().status, RunStatus::Finished);
}

TEST(JobQueue, SlotsWorkBesideEachOther) {
  JobQueue queue;
  std::promise<void> told;
  queue.add("a", titled("waits"), [&](JobQueue::Job&) -> Result<void> {
    told.get_future().wait();
    return {};
  });
  queue.add("b", titled("tells"), [&](JobQueue::Job&) -> Result<void> {
    told.set_value();
    return {};
  });
  queue.wait_idle();
}

TEST(JobQueue, ARunningJobStopsAndSaysWhere) {
  JobQueue queue;
  std::promise<void> begun;
  const auto id = queue.add("cpu", titled("long"), [&](JobQueue::Job& job) {
    begun.set_value();
    return until_stopped(job);
  });
  begun.get_future().wait();
  queue.stop(id);
  queue.wait_idle();
  EXPECT_EQ(queue.jobs().front().status, RunStatus::Stopped);
  EXPECT_EQ(queue.jobs().front().sentence, "Stopped at step 3");
}

TEST(JobQueue, AWaitingJobEndsAtOnceWithoutRunning) {
  JobQueue queue;
  std::promise<void> begun;
  const auto first = queue.add("cpu", titled("long"), [&](JobQueue::Job& job) {
    begun.set_value();
    return until_stopped(job);
  });
  begun.get_future().wait();
  bool ran = false, told = false;
  const auto second = queue.add(
      "cpu", titled("waits"),
      [&](JobQueue::Job&) -> Result<void> {
        ran = true;
        return {};
      },
      [&](const JobInfo& info, const Result<void>& result) { told = info.status == RunStatus::Stopped && !result; });
  queue.stop(second);
  EXPECT_TRUE(told);
  EXPECT_EQ(queue.jobs().front().id, first);
  EXPECT_EQ(queue.jobs().front().status, RunStatus::Running);
  queue.stop(first);
  queue.wait_idle();
  EXPECT_FALSE(ran);
}

TEST(JobQueue, FailuresAndExceptionsEndOneJobOnly) {
  JobQueue queue;
  queue.add("cpu", titled("fails"),
            [](JobQueue::Job&) -> Result<void> { return fail(ErrorCode::Io, "The disk is full", "Make room.", "/data"); });
  queue.add("cpu", titled("throws"), [](JobQueue::Job&) -> Result<void> { throw Error(ErrorCode::ShapeMismatch, "matmul"); });
  queue.add("cpu", titled("works"), [](JobQueue::Job&) -> Result<void> { return {}; });
  queue.wait_idle();
  const auto jobs = queue.jobs();
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[2].status, RunStatus::Failed);
  EXPECT_EQ(jobs[2].sentence, "/data: The disk is full");
  EXPECT_EQ(jobs[2].hint, "Make room.");
  EXPECT_EQ(jobs[1].status, RunStatus::Failed);
  EXPECT_EQ(jobs[0].status, RunStatus::Finished);
}

TEST(JobQueue, ProgressIsReportedAtMost25TimesASecondAndStatesAlways) {
  JobQueue queue;
  std::atomic<int> reports = 0, states = 0;
  queue.on_changed([&](const JobInfo& info) {
    if (info.done > 0 && info.status == RunStatus::Running)
      ++reports;
    else
      ++states;
  });
  queue.add("cpu", titled("busy"), [](JobQueue::Job& job) -> Result<void> {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    for (std::int64_t i = 1; std::chrono::steady_clock::now() < end; ++i) job.progress({i, 0, 1.0, "steps/s", 2.0});
    return {};
  });
  queue.wait_idle();
  EXPECT_GE(reports, 1);
  EXPECT_LE(reports, 6);
  EXPECT_EQ(states, 3);  // queued, running, finished
}

TEST(JobQueue, TheEndStopsEverything) {
  std::atomic<int> ended = 0;
  {
    JobQueue queue;
    for (int i = 0; i < 3; ++i) queue.add("cpu", titled("long"), until_stopped, [&](const JobInfo&, const Result<void>&) { ++ended; });
  }
  EXPECT_EQ(ended, 3);
}

}  // namespace
}  // namespace dsw
