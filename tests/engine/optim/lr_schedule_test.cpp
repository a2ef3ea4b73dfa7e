// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/optim/lr_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"

namespace dsw {
namespace {

std::unique_ptr<LrSchedule> make(const char* type, const Json& settings) {
  Catalog catalog;
  register_lr_schedules(catalog);
  const auto* entry = catalog.lr_schedules.find(type);
  EXPECT_TRUE(check_params(entry->schema, settings).empty());
  return std::move(*entry->make(with_defaults(entry->schema, settings)));
}

TEST(LrScheduleTest, warmsUpEvenly) {
  const auto schedule = make("constant", {{"warmup", 4}});
  for (int step = 0; step < 4; ++step) EXPECT_DOUBLE_EQ(schedule->factor(step, 100), (step + 1) / 5.0);
  EXPECT_EQ(schedule->factor(4, 100), 1);
  EXPECT_EQ(schedule->factor(99, 100), 1);
  EXPECT_GT(make("constant", {{"warmup", 1000}})->factor(0, 10), 0);
}

TEST(LrScheduleTest, fallsEvenly) {
  const auto schedule = make("linear", {{"floor", 0.2}, {"warmup", 10}});
  EXPECT_EQ(schedule->factor(10, 110), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(60, 110), 0.6);
  EXPECT_DOUBLE_EQ(schedule->factor(110, 110), 0.2);
  EXPECT_DOUBLE_EQ(schedule->factor(1000, 110), 0.2);
}

TEST(LrScheduleTest, fallsAlongACosineAsNanoGptDoes) {
  // learning_rate 1e-3, min_lr 1e-4, warmup_iters 100, lr_decay_iters 2000.
  const auto schedule = make("cosine", {{"floor", 0.1}, {"warmup", 100}});
  EXPECT_DOUBLE_EQ(schedule->factor(50, 2000), 51.0 / 101);
  EXPECT_EQ(schedule->factor(100, 2000), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(1050, 2000), 0.55);
  EXPECT_NEAR(schedule->factor(575, 2000), 0.1 + 0.9 * (1 + std::sqrt(0.5)) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(schedule->factor(2000, 2000), 0.1);
}

TEST(LrScheduleTest, fallsInSteps) {
  const auto schedule = make("step", {{"at", {0.5, 0.75}}, {"factor", 0.1}});
  EXPECT_EQ(schedule->factor(0, 200), 1);
  EXPECT_EQ(schedule->factor(99, 200), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(100, 200), 0.1);
  EXPECT_DOUBLE_EQ(schedule->factor(150, 200), 0.01);
}

TEST(LrScheduleTest, risesAndFallsInOneCycle) {
  const auto schedule = make("one-cycle", {{"rise", 0.25}, {"start", 0.04}, {"floor", 0.001}});
  EXPECT_DOUBLE_EQ(schedule->factor(0, 101), 0.04);
  EXPECT_DOUBLE_EQ(schedule->factor(25, 101), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(100, 101), 0.001);
  for (int step = 1; step <= 25; ++step) EXPECT_GT(schedule->factor(step, 101), schedule->factor(step - 1, 101));
  for (int step = 26; step <= 100; ++step) EXPECT_LT(schedule->factor(step, 101), schedule->factor(step - 1, 101));
}

TEST(LrScheduleTest, everyScheduleStaysInRangeForRunsOfAnyLength) {
  Catalog catalog;
  register_lr_schedules(catalog);
  EXPECT_EQ(catalog.lr_schedules.names(), (std::vector<std::string>{"constant", "linear", "cosine", "step", "one-cycle"}));
  for (const std::string& name : catalog.lr_schedules.names()) {
    const auto schedule = make(name.c_str(), Json::object());
    for (const std::int64_t total : {1, 2, 3, 1000}) {
      EXPECT_GT(schedule->factor(0, total), 0) << name;
      for (std::int64_t step = 0; step <= total; ++step) {
        EXPECT_GE(schedule->factor(step, total), 0) << name;
        EXPECT_LE(schedule->factor(step, total), 1) << name;
      }
    }
  }
}

}  // namespace
}  // namespace dsw
