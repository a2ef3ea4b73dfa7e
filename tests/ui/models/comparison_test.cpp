// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Comparing runs: seeds become one arm, what differs, results at the best, last or any step, the verdict at equal cost; what stands on the
// axes of a scatter; the planned learning rate.
#include <gtest/gtest.h>

#include <QTest>
#include <cmath>

#include "engine/core/catalog.h"
#include "engine/workspace.h"
#include "tests/support/project_fixture.h"
#include "tests/support/sample_project.h"
#include "ui/models/comparison.h"
#include "ui/models/planned_rate.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_quantities.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"

namespace dsw {
namespace {

class ComparisonTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleProject; }
  static void TearDownTestSuite() { delete sample_; }
  void SetUp() override {
    queries_.setProject(sample_->path());
    data_.load({});
    ASSERT_TRUE(QTest::qWaitFor([&] { return data_.state() == ProjectData::State::Ready && params_.complete(); }, 60'000));
  }
  static QString id(const char* name) { return QString::fromStdString(sample_->id(name)); }
  static double number(const QString& cell) { return cell.section(' ', 0, 0).toDouble(); }
  const ComparedRow row(const std::vector<ComparedRow>& rows, const QString& name) {
    for (const ComparedRow& one : rows)
      if (one.name == name) return one;
    ADD_FAILURE() << "no row " << name.toStdString();
    return {};
  }
  bool loaded() {
    return QTest::qWaitFor(
        [&] {
          return !comparison_.loading() &&
                 std::all_of(comparison_.arms().begin(), comparison_.arms().end(), [](const auto& arm) { return !arm.step.empty(); });
        },
        20'000);
  }

  static SampleProject* sample_;
  QueryRunner queries_;
  StoreWatcher watcher_;
  ProjectData data_{queries_, watcher_};
  Selection selection_;
  RunParamsStore params_{queries_, data_};
  Comparison comparison_{data_, params_, selection_, queries_, watcher_};
};
SampleProject* ComparisonTest::sample_ = nullptr;

TEST_F(ComparisonTest, SeedsAreOneArmWithABandAndWhatDiffersIsNamed) {
  selection_.setRuns({id("char-1"), id("char-2"), id("wide-1"), id("wide-2"), id("wide-3")});
  selection_.setBaseline(id("char-3"));
  ASSERT_TRUE(loaded());
  ASSERT_EQ(comparison_.arms().size(), 2u);
  EXPECT_EQ(comparison_.arms()[0].runs.size(), 3u);
  EXPECT_TRUE(comparison_.arms()[0].baseline);
  const ComparedArm& wide = comparison_.arms()[1];
  ASSERT_EQ(wide.step.size(), 10u);
  EXPECT_EQ(wide.time.size(), 10u) << "an arm of seeds has a time axis too";
  EXPECT_NEAR(wide.time.back(), 50, 1e-3);
  EXPECT_LT(wide.low.back(), wide.value.back());
  EXPECT_LT(wide.value.back(), wide.high.back());
  int total = 0;
  const auto differing = comparison_.differingParams(&total);
  ASSERT_EQ(differing.size(), 2u);
  EXPECT_GT(total, 20);
  EXPECT_EQ(row(differing, "/model/width").cells, (QStringList{"128", "192"}));
  EXPECT_TRUE(row(differing, "/model/width").differs[1]);
}

TEST_F(ComparisonTest, ResultsAreThoseOfTheBestTheLastOrOneStep) {
  selection_.setRuns({id("char-1"), id("wide-1")});
  ASSERT_TRUE(loaded());
  const double best = number(row(comparison_.results(), "val/loss").cells[0]);
  comparison_.setTake(Comparison::Take::AtStep);
  comparison_.setStep(650);
  ASSERT_TRUE(QTest::qWaitFor(
      [&] {
        return !std::isnan(number(row(comparison_.results(), "train/loss").cells[1])) &&
               row(comparison_.results(), "train/loss").cells[1] != QString(QChar(0x2013));
      },
      20'000));
  const auto reader = value_of(ProjectReader::open(sample_->path()));
  double expected = 0;
  for (const MetricPoint& point : value_of(reader->metric(sample_->id("char-1"), "val/loss")))
    if (point.step == 600) expected = point.value;
  EXPECT_NEAR(number(row(comparison_.results(), "val/loss").cells[0]), expected, 6e-5) << "the newest value at or before the step";
  EXPECT_GT(expected, best);
  const ComparedRow flops = row(comparison_.results(), "FLOPs/step");
  EXPECT_EQ(flops.cells, (QStringList{"3.94 G", "8.61 G"}));
  EXPECT_TRUE(flops.differs[0]) << "the cheaper one";
  EXPECT_FALSE(flops.differs[1]);
}

TEST_F(ComparisonTest, TheVerdictAlsoComparesAtEqualFlops) {
  selection_.setRuns({id("char-1"), id("wide-1")});
  ASSERT_TRUE(loaded());
  const QString verdict = comparison_.verdict();
  EXPECT_TRUE(verdict.contains("is better than")) << verdict.toStdString();
  EXPECT_TRUE(verdict.contains(QString::fromUtf8("A step costs it 2.2 × the FLOPs."))) << verdict.toStdString();
  // 2,000 cheap steps cost as much as 915 dear ones.
  EXPECT_TRUE(verdict.contains("At equal FLOPs (its step 915)")) << verdict.toStdString();
  selection_.setRuns({id("char-1"), id("char-2")});
  ASSERT_TRUE(loaded());
  EXPECT_FALSE(comparison_.verdict().contains("FLOPs"));
}

TEST_F(ComparisonTest, AnythingOfARunCanStandOnAnAxis) {
  const auto& runs = data_.runs();
  QStringList ids;
  for (const RunQuantity& quantity : runQuantities(runs, params_)) ids << quantity.id;
  for (const char* wanted : {"param:/optimizer/lr", "param:/model/type", "metric:val/loss", "parameters", "step-flops", "seconds"})
    EXPECT_TRUE(ids.contains(wanted)) << wanted;
  EXPECT_FALSE(ids.contains("param:/deepshock")) << "equal in all";
  const RunColumnValues rate = runColumn(runs, params_, "param:/optimizer/lr", false);
  EXPECT_TRUE(rate.categories.isEmpty());
  EXPECT_EQ(*std::max_element(rate.value.begin(), rate.value.end()), 1e-2);
  const RunColumnValues type = runColumn(runs, params_, "param:/model/type", false);
  EXPECT_EQ(type.categories, (QStringList{"cnn", "gpt"}));
  const RunColumnValues width = runColumn(runs, params_, "param:/model/width", false);
  EXPECT_TRUE(std::any_of(width.value.begin(), width.value.end(), [](double v) { return std::isnan(v); })) << "an image model has none";
  EXPECT_TRUE(wantsLog({1e-4, 1e-2}));
  EXPECT_FALSE(wantsLog({128, 192}));
  EXPECT_FALSE(wantsLog({0, 1e9}));
}

TEST(PlannedRate, GoesOnWhereTheRunIs) {
  Catalog catalog;
  register_builtins(catalog);
  const std::string document = R"({"optimizer":{"lr":0.001,"schedule":{"type":"cosine","warmup":100,"floor":0.1}}})";
  const PlannedRate plan = plannedRate(catalog, document, 1000, 2000, 50);
  ASSERT_EQ(plan.step.size(), 50u);
  EXPECT_EQ(plan.step.front(), 1000);
  EXPECT_EQ(plan.step.back(), 2000);
  EXPECT_NEAR(plan.value.back(), 1e-4, 1e-6);
  EXPECT_TRUE(std::is_sorted(plan.value.rbegin(), plan.value.rend()));
  EXPECT_NEAR(plannedRate(catalog, document, 0, 2000).value.front(), 1e-3 / 101, 1e-9) << "the first step is in the warm-up";
  EXPECT_TRUE(plannedRate(catalog, document, 2000, 2000).step.empty()) << "nothing is left";
  for (const char* odd : {"", "[]", R"({"optimizer":{"lr":1}})", R"({"optimizer":{"lr":1,"schedule":{"type":"cosine"}}})",
                          R"({"optimizer":{"lr":1,"schedule":{"type":"of another version"}}})"})
    EXPECT_TRUE(plannedRate(catalog, odd, 0, 100).step.empty()) << odd;
}

}  // namespace
}  // namespace dsw
