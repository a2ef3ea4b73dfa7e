// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Bars of the chart in CPU time of this thread (being preempted does not count).
#include <gtest/gtest.h>
#include <QTest>

#include "tests/support/cpu_bars.h"
#include "tests/support/ui/golden.h"
#include "tests/support/ui/noisy_curves.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve_view.h"

namespace dsw {
namespace {

using test::noisy;

double cpuMs() { return cpu_ms(CLOCK_THREAD_CPUTIME_ID); }

QImage canvas(const QWidget& w) { return QImage(w.size(), QImage::Format_ARGB32_Premultiplied); }

TEST(CurveSpeed, AMillionPointsPanWithoutAFrameOver50Ms) {
  CurveView view;
  view.resize(900, 400);
  view.setAttribute(Qt::WA_DontShowOnScreen);
  view.show();
  view.setSmoothing(0.9);  // two lines: smoothed and raw
  view.setData(noisy(1'000'000, 1));
  QCoreApplication::processEvents();
  view.setXRange(200'000, 700'000);
  QImage image = canvas(*view.plot());
  double worst = 0, sum = 0;
  for (int frame = 0; frame < 40; ++frame) {
    const double began = cpuMs();
    view.setXRange(200'000 + 7'000 * frame, 700'000 + 7'000 * frame);
    view.plot()->QWidget::render(&image);
    const double took = cpuMs() - began;
    worst = std::max(worst, took);
    sum += took;
  }
  EXPECT_GT(test::countPixels(image, Theme::current().series(0).color.rgb()), 100) << "the curve is really there";
  RecordProperty("worst_ms", std::to_string(worst));
  std::printf("pan of 1 M points: worst %.1f ms, mean %.1f ms, %d points a line\n", worst, sum / 40, view.plot()->pointsDrawn());
  EXPECT_LT(worst, 50 * kSanitizerFactor);
  EXPECT_LE(view.plot()->pointsDrawn(), 2000);
}

TEST(CurveSpeed, ARunsCurvesAreDrawnUnder100Ms) {
  // What the dashboard shows of one run: five charts of 1,500 points.
  const CurveData data = noisy(1'500, 2);
  std::vector<std::unique_ptr<CurveView>> views;
  for (int k = 0; k < 5; ++k) {
    views.push_back(std::make_unique<CurveView>());
    views.back()->setAttribute(Qt::WA_DontShowOnScreen);
    views.back()->resize(480, 240);
    views.back()->show();
  }
  QCoreApplication::processEvents();
  QImage last;
  const double began = cpuMs();
  for (const auto& view : views) {
    view->setSmoothing(0.88);
    view->setData(data);
    QImage image = canvas(*view->plot());
    view->plot()->QWidget::render(&image);
    last = image;
  }
  const double took = cpuMs() - began;
  std::printf("five charts of two curves with 1,500 points: %.1f ms\n", took);
  EXPECT_LT(took, 100 * kSanitizerFactor);
  EXPECT_GT(test::countPixels(last, Theme::current().series(0).color.rgb()), 100) << "the curve is really there";
}

TEST(CurveSpeed, LiveDataIsRedrawnAtMost25TimesASecond) {
  CurveView view;
  view.resize(480, 240);
  CurveData data;
  CurveSeries s;
  s.id = s.name = QStringLiteral("train");
  data.series = {s};
  view.setData(data);
  QElapsedTimer clock;
  clock.start();
  const int before = view.plot()->redraws();
  int sent = 0;
  while (clock.elapsed() < 600) {
    view.append(QStringLiteral("train"), {static_cast<double>(sent)}, {1.0 / (1 + sent)});
    ++sent;
    QTest::qWait(1);
  }
  QTest::qWait(60);
  const int redraws = view.plot()->redraws() - before;
  EXPECT_LE(redraws, static_cast<int>(clock.elapsed()) / 40 + 2) << sent << " appends";
  EXPECT_GE(redraws, 2);
  ASSERT_EQ(view.data().series[0].step.size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(view.xRange().second, sent - 1) << "the last state is drawn";
}

}  // namespace
}  // namespace dsw
