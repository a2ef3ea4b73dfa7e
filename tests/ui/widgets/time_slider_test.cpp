// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// The slider that walks through a search, by mouse and keys; the stacked history that follows it.
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include "ui/widgets/stacked_history.h"
#include "ui/widgets/time_slider.h"

namespace dsw {
namespace {

class Slider : public ::testing::Test {
 protected:
  void SetUp() override {
    slider_.resize(600, 38);
    slider_.show();
    slider_.setRange(31, 50);
    slider_.setMarks({{3, "stage"}, {21, "collapse"}});
    slider_.setValue(31);
    QTest::qWait(1);
  }
  QPoint at(int value) { return {static_cast<int>(std::lround(slider_.xOf(value))), slider_.height() / 2}; }
  TimeSlider slider_;
};

TEST_F(Slider, KeysStepJumpAndWalkTheMarks) {
  const std::vector<std::pair<Qt::Key, int>> presses = {{Qt::Key_Left, 30}, {Qt::Key_Right, 31}, {Qt::Key_Right, 31},
                                                        {Qt::Key_J, 21},    {Qt::Key_J, 3},      {Qt::Key_J, 3},
                                                        {Qt::Key_K, 21},    {Qt::Key_Home, 0},   {Qt::Key_End, 31}};
  for (const auto& [key, value] : presses) {
    QTest::keyClick(&slider_, key);
    EXPECT_EQ(slider_.value(), value);
  }
  QTest::keyClick(&slider_, Qt::Key_Left, Qt::ShiftModifier);
  EXPECT_EQ(slider_.value(), 21);
}

TEST_F(Slider, MouseGoesToAnEpochButNotIntoTheFuture) {
  QSignalSpy moved(&slider_, &TimeSlider::moved);
  QTest::mouseClick(&slider_, Qt::LeftButton, {}, at(12));
  EXPECT_EQ(slider_.value(), 12);
  QTest::mouseClick(&slider_, Qt::LeftButton, {}, at(45));
  EXPECT_EQ(slider_.value(), 31);
  QTest::mouseClick(&slider_, Qt::LeftButton, {}, at(21) + QPoint(3, 0));
  EXPECT_EQ(slider_.value(), 21) << "a mark is hit more easily";
  QTest::mousePress(&slider_, Qt::LeftButton, {}, at(10));
  QTest::mouseMove(&slider_, at(14));
  QTest::mouseRelease(&slider_, Qt::LeftButton, {}, at(14));
  EXPECT_GE(moved.count(), 4);
}

TEST_F(Slider, PlaysToTheNewestEpochAndStops) {
  slider_.setValue(29);
  QTest::keyClick(&slider_, Qt::Key_Space);
  EXPECT_TRUE(slider_.isPlaying());
  EXPECT_TRUE(QTest::qWaitFor([&] { return slider_.value() == 31 && !slider_.isPlaying(); }, 5000));
  QTest::keyClick(&slider_, Qt::Key_Space);
  EXPECT_EQ(slider_.value(), 0) << "from the end it begins again";
  QTest::keyClick(&slider_, Qt::Key_Space);
  EXPECT_FALSE(slider_.isPlaying());
}

TEST_F(Slider, WithoutAnEpochNothingMoves) {
  slider_.setRange(-1, 50);
  QSignalSpy moved(&slider_, &TimeSlider::moved);
  QTest::keyClick(&slider_, Qt::Key_Right);
  QTest::keyClick(&slider_, Qt::Key_Space);
  QTest::mouseClick(&slider_, Qt::LeftButton, {}, at(20));
  EXPECT_EQ(moved.count(), 0);
  EXPECT_FALSE(slider_.isPlaying());
}

TEST(StackedHistoryView, AClickChoosesAStepAndTheTableHasEveryShare) {
  StackedHistory view;
  view.resize(300, 160);
  view.setTitle("History of Edge 1 → out", {});
  view.setData({{"none", "skip"}, {7, 6}, {0, 1, 2}, {{0.5, 0.5}, {0.25, 0.75}, {0.1, 0.9}}, 4});
  view.show();
  QSignalSpy chosen(&view, &StackedHistory::chosen);
  QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(34 + (300 - 48) / 2, 60));
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_NEAR(chosen[0][0].toDouble(), 2, 0.05);
  EXPECT_TRUE(view.figure().csv().endsWith("epoch,none,skip\n0,0.5,0.5\n1,0.25,0.75\n2,0.1,0.9\n")) << view.figure().csv().toStdString();
  EXPECT_TRUE(view.accessibleDescription().contains("skip 0.90"));
}

}  // namespace
}  // namespace dsw
