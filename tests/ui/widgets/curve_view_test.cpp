// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// CurveView driven as a person would: keys, wheel, drags; exports and the table behind the picture.
#include "ui/widgets/curve_view.h"

#include <gtest/gtest.h>
#include <QTest>

#include "tests/support/ui/golden.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve/curve_table.h"

namespace dsw {
namespace {

CurveData twoCurves() {
  CurveData data;
  for (int k = 0; k < 2; ++k) {
    CurveSeries s;
    s.id = s.name = k == 0 ? QStringLiteral("train") : QStringLiteral("val");
    s.style = k;
    for (int i = 0; i <= 100; ++i) {
      s.step.push_back(10 * i);
      s.value.push_back(k == 0 ? 4.0 - 0.03 * i : 4.5 - 0.03 * i);
      s.epoch.push_back(0.1 * i);
      s.time.push_back(1.7e9 + 2 * i);
    }
    data.series.push_back(std::move(s));
  }
  return data;
}

class CurveViewTest : public testing::Test {
 protected:
  void SetUp() override {
    view.resize(600, 320);
    view.setTitle(QStringLiteral("Loss"));
    view.setData(twoCurves());
    view.show();
    QCoreApplication::processEvents();
  }
  QPoint at(double unit_x, double unit_y) const {
    const QRectF plot = view.plot()->plotRect();
    return QPointF(plot.left() + unit_x * plot.width(), plot.bottom() - unit_y * plot.height()).toPoint();
  }
  void key(int k, Qt::KeyboardModifiers m = Qt::NoModifier) { QTest::keyClick(view.plot(), static_cast<Qt::Key>(k), m); }
  void mouse(QEvent::Type type, QPoint pos, Qt::MouseButton button, Qt::MouseButtons buttons) {
    QMouseEvent event(type, pos, view.plot()->viewport()->mapToGlobal(pos), button, buttons, Qt::NoModifier);
    QCoreApplication::sendEvent(view.plot()->viewport(), &event);
  }
  void drag(QPoint from, QPoint to, Qt::MouseButton button) {
    mouse(QEvent::MouseButtonPress, from, button, button);
    mouse(QEvent::MouseMove, (from + to) / 2, Qt::NoButton, button);
    mouse(QEvent::MouseMove, to, Qt::NoButton, button);
    mouse(QEvent::MouseButtonRelease, to, button, Qt::NoButton);
  }
  CurveView view;
};

TEST_F(CurveViewTest, CrosshairMovesByKeysAndNamesTheValues) {
  key(Qt::Key_Home);
  EXPECT_EQ(view.plot()->crosshairStep(), 0);
  key(Qt::Key_Right);
  EXPECT_EQ(view.plot()->crosshairStep(), 10);
  key(Qt::Key_Right, Qt::ShiftModifier);
  EXPECT_EQ(view.plot()->crosshairStep(), 110);
  key(Qt::Key_Left);
  EXPECT_EQ(view.plot()->crosshairStep(), 100);
  EXPECT_EQ(view.plot()->valueBoxText(),
            (QStringList{QStringLiteral("step 100"), QStringLiteral("train 3.7000"), QStringLiteral("val 4.2000")}));
  key(Qt::Key_Return);
  EXPECT_TRUE(view.plot()->crosshairPinned());
  key(Qt::Key_Escape);
  EXPECT_TRUE(std::isnan(view.plot()->crosshairStep()));
  key(Qt::Key_Right);
  EXPECT_EQ(view.plot()->crosshairStep(), 0) << "without a crosshair the first point is next";
  key(Qt::Key_Left, Qt::ShiftModifier);
  EXPECT_EQ(view.plot()->crosshairStep(), 0) << "it does not leave the data";
}

TEST_F(CurveViewTest, CrosshairIsLinkedOverCharts) {
  CrosshairLink link;
  CurveView other;
  other.resize(600, 320);
  other.setData(twoCurves());
  other.setAxis(CurveAxis::Epoch);
  view.setCrosshairLink(&link);
  other.setCrosshairLink(&link);
  key(Qt::Key_Home);
  key(Qt::Key_Right, Qt::ShiftModifier);
  EXPECT_EQ(link.step(), 100);
  EXPECT_EQ(other.plot()->valueBoxText().value(0), QStringLiteral("epoch 1.00")) << "each chart shows its own axis";
}

TEST_F(CurveViewTest, MouseMovesAndPinsTheCrosshair) {
  mouse(QEvent::MouseMove, at(0.5, 0.5), Qt::NoButton, Qt::NoButton);
  EXPECT_NEAR(view.plot()->crosshairStep(), 500, 10);
  QTest::mouseClick(view.plot()->viewport(), Qt::LeftButton, Qt::NoModifier, at(0.5, 0.5));
  EXPECT_TRUE(view.plot()->crosshairPinned());
  mouse(QEvent::MouseMove, at(0.9, 0.5), Qt::NoButton, Qt::NoButton);
  EXPECT_NEAR(view.plot()->crosshairStep(), 500, 10) << "a pinned crosshair stays";
}

TEST_F(CurveViewTest, WheelDragAndBoxZoomAndKeysFit) {
  const auto whole = view.xRange();
  EXPECT_EQ(whole, qMakePair(0.0, 1000.0));
  QWheelEvent wheel(at(0.5, 0.5), view.plot()->mapToGlobal(at(0.5, 0.5)), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                    false);
  QCoreApplication::sendEvent(view.plot()->viewport(), &wheel);
  EXPECT_NEAR(view.xRange().first, 500 - 500 / 1.44, 2) << "zooms at the pointer";
  EXPECT_NEAR(view.xRange().second, 500 + 500 / 1.44, 2);
  const auto zoomed = view.xRange();
  drag(at(0.6, 0.5), at(0.5, 0.5), Qt::LeftButton);
  EXPECT_NEAR(view.xRange().first - zoomed.first, 0.1 * (zoomed.second - zoomed.first), 3) << "drag pans";
  key(Qt::Key_0);
  EXPECT_EQ(view.xRange(), whole);
  drag(at(0.2, 0.2), at(0.4, 0.8), Qt::RightButton);
  EXPECT_NEAR(view.xRange().first, 200, 3);
  EXPECT_NEAR(view.xRange().second, 400, 3);
  QTest::mouseDClick(view.plot()->viewport(), Qt::LeftButton, Qt::NoModifier, at(0.5, 0.5));
  EXPECT_EQ(view.xRange(), whole);
  key(Qt::Key_Plus);
  EXPECT_LT(view.xRange().second - view.xRange().first, 700);
}

TEST_F(CurveViewTest, ZoomedChartDoesNotJumpUntilItFollows) {
  view.setXRange(100, 200);
  view.append(QStringLiteral("train"), {1010}, {0.9}, {10.1}, {1.7e9 + 202});
  QTest::qWait(60);
  EXPECT_EQ(view.xRange(), qMakePair(100.0, 200.0));
  key(Qt::Key_F);
  EXPECT_TRUE(view.follow());
  EXPECT_NEAR(view.xRange().second, 1014, 1);
  EXPECT_NEAR(view.xRange().second - view.xRange().first, 100, 1e-6);
}

TEST_F(CurveViewTest, LogBySingleKeyAndHiddenSeriesChangeTheRange) {
  key(Qt::Key_Y);
  EXPECT_TRUE(view.logY());
  EXPECT_EQ(view.yRange().first, 1);
  key(Qt::Key_Y);
  const double with_val = view.yRange().second;
  view.setSeriesVisible(QStringLiteral("val"), false);
  EXPECT_LT(view.yRange().second, with_val);
  key(Qt::Key_H);
  EXPECT_FALSE(view.data().series[0].visible) << "H hides the series under the cursor";
}

TEST_F(CurveViewTest, LogXShowsARunThatBeginsAtStepZero) {
  key(Qt::Key_X);
  EXPECT_EQ(view.xRange(), qMakePair(10.0, 1000.0)) << "step 0 has no logarithm";
  const QImage picture = view.picture(1, true);
  EXPECT_GT(test::countPixels(picture, Theme::current().series(0).color.rgb()), 50) << "the line has not vanished";
}

TEST_F(CurveViewTest, SmoothingKeyGoesThereAndBack) {
  view.setSmoothing(0.5);
  key(Qt::Key_M);
  EXPECT_EQ(view.smoothing(), 0);
  key(Qt::Key_M);
  EXPECT_EQ(view.smoothing(), 0.5);
  key(Qt::Key_Home);
  EXPECT_TRUE(view.plot()->valueBoxText().value(1).contains(QLatin1Char('('))) << "the box shows raw values beside smoothed ones";
}

TEST_F(CurveViewTest, EmptyOffersItsAction) {
  CurveView empty;
  empty.resize(400, 200);
  int asked = 0;
  QObject::connect(&empty, &CurveView::emptyAction, [&asked] { ++asked; });
  empty.setEmpty(QStringLiteral("No points yet."), QStringLiteral("Open log"));
  empty.show();
  QCoreApplication::processEvents();
  auto* button = empty.plot()->findChild<QPushButton*>();
  ASSERT_TRUE(button != nullptr && button->isVisible());
  QTest::mouseClick(button, Qt::LeftButton);
  EXPECT_EQ(asked, 1);
  empty.setData(twoCurves());
  EXPECT_FALSE(button->isVisible());
}

TEST_F(CurveViewTest, ExportsCarryTheirOrigin) {
  QTemporaryDir dir;
  view.setProvenance({{QStringLiteral("run"), QStringLiteral("r-0142")}, {QStringLiteral("version"), QStringLiteral("4")}});
  view.setQuantity(QStringLiteral("train/loss"));
  ASSERT_TRUE(view.exportPng(dir.filePath(QStringLiteral("a.png"))));
  ASSERT_TRUE(view.exportSvg(dir.filePath(QStringLiteral("a.svg"))));
  ASSERT_TRUE(view.exportCsv(dir.filePath(QStringLiteral("a.csv"))));
  const QImage png(dir.filePath(QStringLiteral("a.png")));
  EXPECT_EQ(png.text(QStringLiteral("run")), QStringLiteral("r-0142"));
  EXPECT_EQ(png.width(), 2 * view.plot()->width());
  QFile svg(dir.filePath(QStringLiteral("a.svg")));
  ASSERT_TRUE(svg.open(QIODevice::ReadOnly));
  const QByteArray drawing = svg.readAll();
  EXPECT_TRUE(drawing.contains("run: r-0142"));
  EXPECT_TRUE(drawing.contains("<polyline") || drawing.contains("<path")) << "lines stay lines";
  EXPECT_TRUE(drawing.contains("Loss</text>") || drawing.contains("Loss"));
  QFile csv(dir.filePath(QStringLiteral("a.csv")));
  ASSERT_TRUE(csv.open(QIODevice::ReadOnly));
  const QList<QByteArray> lines = csv.readAll().split('\n');
  EXPECT_EQ(lines[0], "# quantity: train/loss");
  EXPECT_EQ(lines[1], "# run: r-0142");
  EXPECT_EQ(lines[3], "step,train,val");
  EXPECT_EQ(lines[4], "0,4,4.5");
  EXPECT_EQ(lines[5], "10,3.97,4.47");
  EXPECT_FALSE(view.exportCsv(QStringLiteral("/nonexistent/folder/a.csv")));
}

TEST_F(CurveViewTest, ExportsAreLightWhateverIsShown) {
  Theme::current().apply(ThemeChoice::Dark);
  const QImage light = view.picture(1, false), shown = view.picture(1, true);
  EXPECT_GT(test::countPixels(light, 0xffffff), light.width() * light.height() / 2);
  EXPECT_LT(test::countPixels(shown, 0xffffff), 50);
  Theme::current().apply(ThemeChoice::Light);
}

TEST_F(CurveViewTest, CsvDisarmsFormulas) {
  EXPECT_EQ(csvCell(QStringLiteral("=1+1")), QStringLiteral("'=1+1"));
  EXPECT_EQ(csvCell(QStringLiteral("a,b")), QStringLiteral("\"a,b\""));
  EXPECT_EQ(csvCell(QStringLiteral("say \"x\"")), QStringLiteral("\"say \"\"x\"\"\""));
}

TEST_F(CurveViewTest, TableStandsBehindThePicture) {
  key(Qt::Key_T);
  auto* dialog = view.findChild<QDialog*>(QStringLiteral("dataTable"));
  ASSERT_NE(dialog, nullptr);
  auto* table = dialog->findChild<QTableView*>();
  EXPECT_EQ(table->model()->rowCount(), 101);
  EXPECT_EQ(table->model()->columnCount(), 3);
  EXPECT_EQ(table->model()->index(1, 1).data().toString(), QStringLiteral("3.9700"));
  dialog->close();
}

TEST_F(CurveViewTest, SaysItselfToAssistiveTools) {
  EXPECT_EQ(view.plot()->accessibleName(), QStringLiteral("Chart Loss"));
  EXPECT_TRUE(view.plot()->accessibleDescription().contains(QStringLiteral("train last 1.0000")))
      << qPrintable(view.plot()->accessibleDescription());
}

TEST_F(CurveViewTest, LegendHidesAndIsolates) {
  auto* legend = view.findChild<QWidget*>(QString(), Qt::FindChildrenRecursively);
  for (QWidget* w : view.findChildren<QWidget*>())
    if (w->accessibleName() == QStringLiteral("Legend")) legend = w;
  ASSERT_EQ(legend->accessibleName(), QStringLiteral("Legend"));
  QTest::keyClick(legend, Qt::Key_Space);
  EXPECT_FALSE(view.data().series[0].visible);
  QTest::keyClick(legend, Qt::Key_Space);
  EXPECT_TRUE(view.data().series[0].visible);
  QTest::mouseClick(legend, Qt::LeftButton, Qt::AltModifier, QPoint(10, 12));
  EXPECT_TRUE(view.data().series[0].visible);
  EXPECT_FALSE(view.data().series[1].visible) << "Alt+click shows one alone";
  QTest::mouseClick(legend, Qt::LeftButton, Qt::AltModifier, QPoint(10, 12));
  EXPECT_TRUE(view.data().series[1].visible) << "again: all";
}

}  // namespace
}  // namespace dsw
