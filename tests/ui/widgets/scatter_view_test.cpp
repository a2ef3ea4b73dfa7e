// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Points of two quantities by mouse and keys: hover names, click opens, logarithms, words on an axis, export.
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include "tests/support/ui/golden.h"
#include "ui/widgets/scatter_view.h"

namespace dsw {
namespace {

ScatterAxis axisOf(const char* name, bool log = false, const QStringList& words = {}) {
  ScatterAxis axis;
  axis.name = QString::fromLatin1(name);
  axis.log = log;
  axis.categories = words;
  return axis;
}

class Scatter : public ::testing::Test {
 protected:
  void SetUp() override {
    view_.resize(600, 400);
    view_.setData(
        {{"a", "r-1 slow", 1e-4, 2.5, 0}, {"b", "r-2 good", 1e-3, 1.8, 1}, {"c", "r-3 fast", 1e-1, 9, -1}, {"d", "r-4 lost", NAN, 3, -1}},
        axisOf("/optimizer/lr", true), axisOf("val/loss"));
    view_.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&view_));
  }
  QPoint at(const char* id) const { return view_.pixel(QString::fromLatin1(id)).toPoint(); }
  ScatterView view_;
};

TEST_F(Scatter, HoverNamesAPointAndAClickOpensIt) {
  EXPECT_EQ(view_.pointCount(), 3) << "what has no value has no place";
  QTest::mouseMove(&view_, at("b") + QPoint(4, 3));
  EXPECT_EQ(view_.current(), "b");
  EXPECT_EQ(view_.hoverText(), (QStringList{"r-2 good", "/optimizer/lr 0.001000", "val/loss 1.800"}));
  EXPECT_TRUE(view_.accessibleDescription().contains("r-2 good"));
  QSignalSpy opened(&view_, &ScatterView::activated);
  QTest::mouseClick(&view_, Qt::LeftButton, {}, at("c"));
  ASSERT_EQ(opened.size(), 1);
  EXPECT_EQ(opened[0][0].toString(), "c");
  QTest::mouseClick(&view_, Qt::LeftButton, {}, (at("a") + at("c")) / 2 + QPoint(0, 60));
  EXPECT_EQ(opened.size(), 1) << "beside all points";
}

TEST_F(Scatter, KeysWalkAlongXAndYAndOpen) {
  view_.setFocus();
  QTest::keyClick(&view_, Qt::Key_Right);
  EXPECT_EQ(view_.current(), "a");
  QTest::keyClick(&view_, Qt::Key_Right);
  EXPECT_EQ(view_.current(), "b");
  QTest::keyClick(&view_, Qt::Key_End);
  EXPECT_EQ(view_.current(), "c");
  QTest::keyClick(&view_, Qt::Key_Down);
  EXPECT_EQ(view_.current(), "a") << "the next lower loss";
  QSignalSpy opened(&view_, &ScatterView::activated);
  QTest::keyClick(&view_, Qt::Key_Return);
  EXPECT_EQ(opened.value(0).value(0).toString(), "a");
}

TEST_F(Scatter, AxesAreLogarithmicWhereAskedAndPossible) {
  EXPECT_TRUE(view_.logX());
  EXPECT_NEAR(at("b").x() - at("a").x(), (at("c").x() - at("b").x()) / 2.0, 2) << "a decade, then two";
  view_.setFocus();
  QTest::keyClick(&view_, Qt::Key_X);
  EXPECT_FALSE(view_.logX());
  EXPECT_LT(at("b").x() - at("a").x(), 10);
  view_.setData({{"a", "a", 0, 1, 0}, {"b", "b", 5, 2, 1}}, axisOf("count", true), axisOf("val/loss"));
  EXPECT_FALSE(view_.logX()) << "0 has no logarithm";
  EXPECT_GT(at("a").x(), 0);
}

TEST_F(Scatter, WordsStandSideBySideAndTheDataComeOut) {
  view_.setProvenance({{"run", "r-1, r-2"}});
  view_.setData({{"a", "r-1", 0, 1, 0}, {"b", "r-2", 1, 2, 1}}, axisOf("/model/type", true, {"cnn", "gpt"}), axisOf("val/loss"));
  EXPECT_FALSE(view_.logX());
  QTest::mouseMove(&view_, at("b"));
  EXPECT_EQ(view_.hoverText()[1], "/model/type gpt");
  const QString csv = view_.figure().csv();
  EXPECT_TRUE(csv.startsWith("# ")) << csv.toStdString();
  EXPECT_TRUE(csv.endsWith("run,/model/type,val/loss\nr-1,cnn,1\nr-2,gpt,2\n")) << csv.toStdString();
}

TEST_F(Scatter, ABoundIsPartOfThePictureAndNamesStandBesideTheirPoints) {
  const QImage before = view_.grab().toImage();
  const double place = view_.pixel("c").y();
  view_.setBound({"what is possible", [](double) { return 30.0; }});
  EXPECT_GT(view_.pixel("c").y(), place + 50) << "the axis reaches the bound";
  const QImage bounded = view_.grab().toImage();
  EXPECT_NE(bounded, before);
  view_.setNamed(true);
  EXPECT_NE(view_.grab().toImage(), bounded);
  view_.setBound({});
  EXPECT_NEAR(view_.pixel("c").y(), place, 1);
}

TEST_F(Scatter, NothingToShowSaysSo) {
  view_.setEmptyText("No shown run has both.");
  const QImage full = test::drawn(view_, {600, 400});
  view_.setData({}, axisOf("a"), axisOf("b"));
  const QImage empty = test::drawn(view_, {600, 400});
  const QRgb axis = themeColor(Token::LineStrong).rgb();
  EXPECT_GT(test::countPixels(full, axis), 400);
  EXPECT_EQ(test::countPixels(empty, axis), 0);
  EXPECT_LT(test::countPixels(empty, themeColor(Token::Surface2).rgb()), 600 * 400) << "the sentence is there";
}

}  // namespace
}  // namespace dsw
