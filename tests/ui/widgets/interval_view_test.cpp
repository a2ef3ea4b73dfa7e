// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Means with intervals: where they are drawn, what is said of them, what is written.
#include "ui/widgets/interval_view.h"

#include <gtest/gtest.h>

#include <QTest>
#include <cmath>

namespace dsw {
namespace {

class Intervals : public ::testing::Test {
 protected:
  void SetUp() override {
    view_.resize(600, 160);
    IntervalRow judged{"d against a", "not inferior", 0.4, -0.3, std::nan(""), -0.5},
        open{"d against c", "6 runs", -3, -6, -1, std::nan("")};
    view_.setRows({judged, open}, "difference, points");
    view_.show();
    QTest::qWait(1);
  }
  int painted(double value, int row, const QColor& ink) {
    const QImage image = view_.grab().toImage();
    const int x = static_cast<int>(std::lround(view_.pixel(value))), y = 6 + 26 * row + 13;
    int found = 0;
    for (int dx = -1; dx <= 1; ++dx)
      for (int dy = -4; dy <= 4; ++dy) found += image.pixelColor(x + dx, y + dy) == ink ? 1 : 0;
    return found;
  }
  IntervalView view_;
};

TEST_F(Intervals, AllOfThemHasRoomAndEndsAreWhereTheyAre) {
  EXPECT_LT(view_.pixel(-6), view_.pixel(-3));
  EXPECT_GT(view_.pixel(-6), 100);
  EXPECT_LT(view_.pixel(0.4), 600 - 100);
  EXPECT_GT(painted(-0.3, 0, themeColor(Token::Finished)), 6) << "a cap at the lower end; above the limit is good";
  EXPECT_GT(painted(-6, 1, themeColor(Token::Accent)), 6);
  EXPECT_EQ(painted(-7, 1, themeColor(Token::Accent)), 0);
}

TEST_F(Intervals, AreSaidAndWritten) {
  EXPECT_EQ(view_.accessibleDescription().replace(QChar(0x2212), '-').toStdString(),
            "d against a +0.40, from -0.30 to unknown; d against c -3.00, from -6.00 to -1.00");
  EXPECT_TRUE(view_.figure().csv().endsWith("name,mean,lower,upper,limit\nd against a,0.4,-0.3,,-0.5\nd against c,-3,-6,-1,\n"))
      << view_.figure().csv().toStdString();
}

TEST_F(Intervals, NoneSaysWhatIsMissing) {
  view_.setEmptyText("Nothing yet.");
  view_.setRows({}, "x");
  EXPECT_FALSE(view_.grab().isNull());
}

}  // namespace
}  // namespace dsw
