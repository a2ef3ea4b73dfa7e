// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/run_filter.h"

#include <gtest/gtest.h>

#include <QTest>

namespace dsw {
namespace {

struct Case {
  RunRow run;
  RunParams params;
};

Case made() {
  Case one;
  one.run.short_name = "r-0142";
  one.run.experiment_name = "shakespeare-char";
  one.run.status = RunStatus::Finished;
  one.run.seed = 1337;
  one.run.seconds = 42;
  one.run.tags = {"wide", "baseline candidate"};
  one.run.note = "Same recipe as r-0139";
  one.run.metrics["val/loss"] = {1.93, 1.8841, 2000, 1900, 9};
  one.run.metrics["train/loss"] = {1.5, 1.45, 2000, 1999, 200};
  one.params = flattenDocument(
      R"({"data":{"type":"text","source":"builtin:tinyshakespeare"},"model":{"type":"gpt","width":128},"optimizer":{"lr":0.001}})");
  return one;
}

bool matches(const QString& filter, const Case& one) {
  const QString text = filterText(one.run);
  return RunFilter::parse(filter).matches({&one.run, &one.params, &text});
}

TEST(RunFilter, FindsWhatAPersonTypes) {
  const Case one = made();
  for (const char* yes : {"",
                          "shakespeare",
                          "SHAKE",
                          "r-0142",
                          "finished",
                          "status:finished",
                          "tag:wide",
                          "data:shakespeare",
                          "model:gpt",
                          "loss<2.0",
                          "loss<=1.8841",
                          "val/loss.last>1.9",
                          "train/loss<1.46",
                          "seed=1337",
                          "time<60",
                          "width=128",
                          "lr<1e-2",
                          "/model/width>=128",
                          "-failed",
                          "not failed",
                          "data:shakespeare loss<2.0 or failed",
                          "(failed or finished) width!=64",
                          "\"same recipe\"",
                          "note:recipe",
                          "type:gpt or type:text"})
    EXPECT_TRUE(matches(yes, one)) << yes;
  for (const char* no : {"mnist", "failed", "tag:deep", "data:mnist", "loss<1.8", "val/loss.last<1.9", "seed=1", "width>128",
                         "not finished", "-shakespeare", "failed or mnist", "shakespeare failed", "perplexity<10", "\"recipe same\""})
    EXPECT_FALSE(matches(no, one)) << no;
}

TEST(RunFilter, SaysWhatItDidNotUnderstandAndKeepsTheRest) {
  const Case one = made();
  for (const char* odd : {"loss<abc shakespeare", "( shakespeare", "shakespeare )", "\"shakespeare", "shakespeare or"}) {
    const RunFilter filter = RunFilter::parse(odd);
    EXPECT_FALSE(filter.error().isEmpty()) << odd;
    const QString text = filterText(one.run);
    EXPECT_TRUE(filter.matches({&one.run, &one.params, &text})) << odd;
  }
  EXPECT_TRUE(RunFilter::parse(QString(1000, '(')).error().size() > 0) << "deep nesting is refused";
  EXPECT_TRUE(RunFilter::parse("width=128").readsSettings());
  EXPECT_FALSE(RunFilter::parse("failed seed=1").readsSettings());
}

TEST(RunFilter, ARunWithoutTheMetricNeverMatchesAComparison) {
  Case one = made();
  one.run.metrics.clear();
  EXPECT_FALSE(matches("loss<2", one));
  EXPECT_FALSE(matches("loss>2", one));
  EXPECT_FALSE(matches("loss!=2", one));
}

TEST(RunParams, DocumentsBecomeFlatLists) {
  const RunParams params = made().params;
  EXPECT_EQ(params.find("width").toDouble(), 128);
  EXPECT_EQ(params.find("/optimizer/lr").toDouble(), 0.001);
  EXPECT_FALSE(params.find("depth").isValid());
  EXPECT_EQ(paramText(0.001), "1e-3");
  EXPECT_EQ(paramText(128.0), "128");
  EXPECT_EQ(paramText(100000.0), "100000") << "a warm-up of so many steps";
  EXPECT_EQ(paramText(true), "yes");
  EXPECT_TRUE(flattenDocument("{not json").values.empty());
}

}  // namespace
}  // namespace dsw
