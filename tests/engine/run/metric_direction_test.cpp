// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/metric_direction.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dsw {
namespace {

TEST(MetricDirection, EveryKeyOfTheContract) {
  for (const char* key : {"train/loss", "val/loss", "test/error", "val/perplexity", "val/bits-per-char", "sys/activation-bytes"}) {
    EXPECT_EQ(metric_direction(key), MetricDirection::Lower) << key;
    EXPECT_TRUE(lower_is_better(key)) << key;
  }
  for (const char* key : {"val/accuracy", "test/accuracy", "sys/tokens-per-s", "sys/images-per-s", "val/top5-accuracy"}) {
    EXPECT_EQ(metric_direction(key), MetricDirection::Higher) << key;
    EXPECT_FALSE(lower_is_better(key)) << key;
  }
  for (const char* key : {"train/lr", "train/grad-norm"}) EXPECT_EQ(metric_direction(key), MetricDirection::Last) << key;
  EXPECT_EQ(metric_direction("score-loss"), MetricDirection::Lower) << "a loss is a loss, whatever stands before it";
}

TEST(MetricDirection, NaNIsNeverBest) {
  EXPECT_FALSE(is_better("val/loss", NAN, 3.0));
  EXPECT_TRUE(is_better("val/loss", 3.0, NAN));
  EXPECT_TRUE(is_better("val/loss", 2.0, 3.0));
  EXPECT_FALSE(is_better("val/loss", 3.0, 3.0));
  EXPECT_TRUE(is_better("val/accuracy", 0.9, 0.8));
  EXPECT_TRUE(is_better("train/lr", 0.1, 0.2));
}

}  // namespace
}  // namespace dsw
