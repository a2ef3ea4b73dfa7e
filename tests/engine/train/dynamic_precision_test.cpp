// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What changes the precision of a run, and what does not.
#include "engine/train/dynamic_precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/tensor/precision.h"

namespace dsw {
namespace {

using testing::HasSubstr;

DynamicPrecision all() { return DynamicPrecision({"float16", "bfloat16", "float32"}); }

TEST(DynamicPrecision, ARunMayUseWhatIsAtLeastAsFastAsFloat32) {
  DeviceInfo info;
  using List = std::vector<std::string>;
  info.precisions = {"float32", "bfloat16", "float16"};
  EXPECT_EQ(precisions_of_run(info, "auto"), List{"float32"});
  info.precisions = {"bfloat16", "float32", "float16"};
  EXPECT_EQ(precisions_of_run(info, "auto"), (List{"bfloat16", "float32"}));
  info.precisions = {"bfloat16", "float16", "float32"};
  EXPECT_EQ(precisions_of_run(info, "auto"), (List{"float16", "bfloat16", "float32"}));
  EXPECT_EQ(precisions_of_run(info, "bfloat16"), List{"bfloat16"});
}

TEST(DynamicPrecision, TheLossScaleHalvesUntilTheGradientFitsAndGrowsAgain) {
  DynamicPrecision precision({"float16"});
  EXPECT_EQ(precision.loss_scale(), 65536);
  for (int i = 0; i < 3; ++i) {
    const auto decision = precision.overflowed(0, false, "train/grad-norm became infinite");
    EXPECT_TRUE(decision.again);
    EXPECT_EQ(decision.event, "");
  }
  EXPECT_EQ(precision.loss_scale(), 8192);
  for (int i = 0; i < 199; ++i) precision.succeeded();
  EXPECT_EQ(precision.loss_scale(), 8192);
  precision.succeeded();
  EXPECT_EQ(precision.loss_scale(), 16384);
}

TEST(DynamicPrecision, AFixedPrecisionIsNeverLeft) {
  for (const char* name : {"bfloat16", "float32"}) {
    DynamicPrecision precision({name});
    EXPECT_EQ(precision.loss_scale(), 1);
    EXPECT_FALSE(precision.overflowed(3, false, "").again);
    EXPECT_FALSE(precision.overflowed(3, true, "").again);
    for (std::int64_t step = 0; step < 1000; ++step) EXPECT_FALSE(precision.audit_due(step));
  }
  DynamicPrecision half({"float16"});
  EXPECT_FALSE(half.overflowed(3, true, "").again);  // a loss that is too large: no scale helps
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(half.overflowed(3, false, "").again);
  EXPECT_EQ(half.loss_scale(), 1);
  EXPECT_FALSE(half.overflowed(3, false, "").again);
  EXPECT_EQ(half.name(), "float16");
}

TEST(DynamicPrecision, AScaleBelowOneAndALossOutOfRangeWiden) {
  DynamicPrecision precision = all();
  DynamicPrecision::Decision decision;
  int tries = 0;
  do {
    decision = precision.overflowed(7, false, "train/grad-norm became infinite, first in block 2");
    ASSERT_TRUE(decision.again);
    ++tries;
  } while (decision.event.empty());
  EXPECT_EQ(tries, 17);
  EXPECT_EQ(precision.name(), "bfloat16");
  EXPECT_EQ(precision.loss_scale(), 1);
  EXPECT_EQ(decision.event, "bfloat16 instead of float16: train/grad-norm became infinite, first in block 2 even with a loss scale of 1");
  decision = precision.overflowed(8, true, "train/loss became NaN");
  EXPECT_TRUE(decision.again);
  EXPECT_EQ(decision.event, "float32 instead of bfloat16: train/loss became NaN");
  EXPECT_FALSE(precision.overflowed(9, true, "train/loss became NaN").again);
}

TEST(DynamicPrecision, TooManyStepsTwiceWiden) {
  DynamicPrecision precision = all();
  for (int i = 0; i < 40; ++i) precision.succeeded();
  std::string event;
  int steps = 0;
  for (; event.empty() && steps < 100; ++steps) {
    event = precision.overflowed(steps, false, "").event;
    for (int i = 0; event.empty() && i < 3; ++i) precision.succeeded();
  }
  EXPECT_EQ(event, "bfloat16 instead of float16: 11 of the last 71 steps had to be computed again with a smaller loss scale");
  EXPECT_EQ(steps, 11);
}

TEST(DynamicPrecision, FewStepsTwiceDoNot) {
  DynamicPrecision precision = all();
  for (int i = 0; i < 1000; ++i) {
    if (i % 20 == 3) {
      EXPECT_EQ(precision.overflowed(i, false, "").event, "");
    }
    if (precision.loss_scale() < 4) break;
    precision.succeeded();
  }
  EXPECT_EQ(precision.name(), "float16");
}

TEST(DynamicPrecision, AuditsWidenAfterTwoBadOnesAndComeBackAfterAWhile) {
  DynamicPrecision precision({"bfloat16", "float32"});
  EXPECT_FALSE(precision.audit_due(0));
  EXPECT_EQ(precision.audit_due(10), "bfloat16");
  EXPECT_FALSE(precision.audit_due(11));
  EXPECT_EQ(precision.audit_due(100), "bfloat16");
  GradientAudit bad, good;
  bad.difference = 0.8;
  good.difference = 0.012;
  EXPECT_EQ(precision.audited(10, "bfloat16", bad).event, "");
  EXPECT_EQ(precision.audited(100, "bfloat16", good).event, "");
  EXPECT_EQ(precision.audited(200, "bfloat16", bad).event, "");
  const auto decision = precision.audited(300, "bfloat16", bad);
  EXPECT_EQ(decision.event, "float32 instead of bfloat16: its gradient is 80 % away from float32's");
  EXPECT_FALSE(decision.again);
  EXPECT_FALSE(precision.audit_due(400));
  EXPECT_EQ(precision.audit_due(800), "bfloat16");
  EXPECT_EQ(precision.audited(800, "bfloat16", bad).event, "");
  EXPECT_FALSE(precision.audit_due(1799));  // it waits longer each time
  EXPECT_EQ(precision.audit_due(1800), "bfloat16");
  EXPECT_EQ(precision.audited(1800, "bfloat16", good).event,
            "bfloat16 instead of float32: its gradient is within 1.2 % of float32's again");
  EXPECT_EQ(precision.name(), "bfloat16");
}

TEST(DynamicPrecision, VanishingGradientsRaiseTheScaleBeforeTheyWiden) {
  DynamicPrecision precision = all();
  GradientAudit vanishing;
  vanishing.underflow = 0.07;
  double before = 0;
  std::int64_t audits = 0;
  std::string event;
  while (event.empty() && audits < 20) {
    before = precision.loss_scale();
    event = precision.audited(100 * ++audits, "float16", vanishing).event;
  }
  EXPECT_EQ(before, 16777216);
  EXPECT_EQ(event, "bfloat16 instead of float16: 7.0 % of the gradient's numbers vanish although the loss is scaled by 1.67772e+07");
}

TEST(DynamicPrecision, ItsStateGoesThroughAFile) {
  DynamicPrecision precision = all();
  for (int i = 0; i < 5; ++i) precision.overflowed(1, false, "");
  for (int i = 0; i < 77; ++i) precision.succeeded();
  DynamicPrecision again = all();
  again.restore(Json::parse(precision.to_json().dump()));
  EXPECT_EQ(again.to_json(), precision.to_json());
  EXPECT_EQ(again.loss_scale(), 2048);
  DynamicPrecision elsewhere({"float32"});
  elsewhere.restore(precision.to_json());
  EXPECT_EQ(elsewhere.name(), "float32");
  elsewhere.restore(Json());
}

}  // namespace
}  // namespace dsw
