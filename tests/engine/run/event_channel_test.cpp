// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/event_channel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace dsw {
namespace {

Event metric(std::int64_t seq) { return {seq, 0, MetricBody{"train/loss", seq, 0}}; }
Event progress(std::int64_t seq) { return {seq, 0, ProgressBody{seq, 0, 0, "", 0}}; }

TEST(EventChannel, KeepsEveryMetricInOrderThroughASmallRing) {
  EventChannel channel(4);
  constexpr std::int64_t kEvents = 20000;
  std::jthread producer([&] {
    for (std::int64_t seq = 1; seq <= kEvents; ++seq) channel.push(seq % 3 == 0 ? progress(seq) : metric(seq));
    channel.close();
  });
  std::vector<Event> batch;
  std::int64_t metrics = 0, last = 0;
  while (channel.take(batch)) {
    for (const Event& event : batch) {
      EXPECT_GT(event.seq, last);
      last = event.seq;
      metrics += std::holds_alternative<MetricBody>(event.body);
    }
    batch.clear();
  }
  EXPECT_EQ(metrics, kEvents - kEvents / 3);
}

TEST(EventChannel, AFullRingMakesAMetricWait) {
  EventChannel channel(2);
  channel.push(metric(1));
  channel.push(metric(2));
  std::atomic<bool> through{false};
  std::jthread producer([&] {
    channel.push(metric(3));
    through = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(through);
  std::vector<Event> batch;
  ASSERT_TRUE(channel.try_take(batch));
  producer.join();
  EXPECT_TRUE(through);
  ASSERT_TRUE(channel.try_take(batch));
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch[2].seq, 3);
}

TEST(EventChannel, ProgressNeverWaitsAndTheNewestRemains) {
  EventChannel channel(2);
  channel.push(metric(1));
  channel.push(metric(2));
  for (std::int64_t seq = 3; seq < 10; ++seq) channel.push(progress(seq));  // would hang if it waited
  std::vector<Event> batch;
  channel.try_take(batch);
  batch.clear();
  channel.push(metric(10));
  channel.try_take(batch);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].seq, 9);
  EXPECT_EQ(batch[1].seq, 10);
}

TEST(EventChannel, EndsWhenClosedAndEmpty) {
  EventChannel channel;
  channel.push(metric(1));
  channel.close();
  std::vector<Event> batch;
  EXPECT_TRUE(channel.take(batch));
  EXPECT_FALSE(channel.take(batch));
  EXPECT_EQ(batch.size(), 1u);
}

}  // namespace
}  // namespace dsw
