// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit ui
// Decimation, smoothing, gaps, logarithms and ticks: no window needed.
#include "ui/widgets/curve/curve_store.h"

#include <gtest/gtest.h>
#include <cmath>
#include <random>

#include "ui/widgets/curve/ticks.h"

namespace dsw {
namespace {

CurveSeries seriesOf(std::vector<double> values) {
  CurveSeries s;
  s.id = s.name = QStringLiteral("a");
  for (std::size_t i = 0; i < values.size(); ++i) s.step.push_back(static_cast<double>(i));
  s.value = std::move(values);
  return s;
}

CurveStore storeOf(std::vector<double> values) {
  CurveStore store;
  CurveData data;
  data.series = {seriesOf(std::move(values))};
  store.setData(std::move(data));
  return store;
}

std::string labels(const std::vector<Tick>& ticks) {
  QStringList out;
  for (const Tick& t : ticks) out << QString(t.label).replace(QChar(0x2009), QLatin1Char('_'));
  return out.join(QLatin1Char(' ')).toStdString();
}

TEST(MinMaxPyramid, RangesEqualAScanAlsoWhileGrowing) {
  std::mt19937 rng(7);
  std::normal_distribution<double> normal;
  std::vector<double> values;
  MinMaxPyramid pyramid;
  for (int round = 0; round < 60; ++round) {
    const auto more = static_cast<std::size_t>(rng() % 300);
    for (std::size_t k = 0; k < more; ++k) values.push_back(rng() % 37 == 0 ? kNaN : normal(rng));
    pyramid.update(values);
    for (int probe = 0; probe < 20 && !values.empty(); ++probe) {
      std::size_t from = rng() % values.size(), to = from + rng() % (values.size() - from + 1);
      const auto e = pyramid.range(values, from, to);
      double low = INFINITY, high = -INFINITY;
      bool gap = false;
      for (std::size_t i = from; i < to; ++i) {
        if (!std::isfinite(values[i]))
          gap = true;
        else
          low = std::min(low, values[i]), high = std::max(high, values[i]);
      }
      EXPECT_EQ(e.gap, gap);
      if (low > high) {
        EXPECT_EQ(e.min, MinMaxPyramid::Extremes::kNone);
      } else {
        ASSERT_NE(e.min, MinMaxPyramid::Extremes::kNone) << from << ".." << to << " of " << values.size();
        EXPECT_EQ(values[e.min], low);
        EXPECT_EQ(values[e.max], high);
      }
    }
  }
}

TEST(CurveStore, DecimationKeepsEveryExtremeAndStaysUnder2000) {
  std::vector<double> values(1'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i) / 1000);
  values[123'456] = 9;  // single points that a plain sampling would lose
  values[777'777] = -7;
  const CurveStore store = storeOf(values);
  const CurveStore::Window w{0, 999'999, -10, 10, false, false};
  const QList<QPointF> line = store.line(0, false, w, 980);
  EXPECT_LE(line.size(), 2000);
  const auto holds = [&](double v) {
    return std::any_of(line.begin(), line.end(), [&](QPointF p) { return std::abs(p.y() - CurveStore::unitY(w, v)) < 1e-12; });
  };
  EXPECT_TRUE(holds(9));
  EXPECT_TRUE(holds(-7));
  for (qsizetype k = 1; k < line.size(); ++k) ASSERT_GE(line[k].x(), line[k - 1].x());
}

TEST(CurveStore, FewPointsAreDrawnAsTheyAre) {
  const CurveStore store = storeOf({1, 2, 3, 4, 5});
  EXPECT_EQ(store.line(0, false, {0, 4, 0, 5, false, false}, 100).size(), 5);
  // A neighbour at each side, so that the line runs to the edge of the plot.
  EXPECT_EQ(store.line(0, false, {1.5, 2.5, 0, 5, false, false}, 100).size(), 3);
}

TEST(CurveStore, NanLeavesAGapInDenseAndSparseViews) {
  std::vector<double> values(100'000, 1.0);
  values[40'000] = kNaN;
  values[40'001] = INFINITY;
  const CurveStore store = storeOf(values);
  for (const CurveStore::Window& w :
       {CurveStore::Window{0, 99'999, 0, 2, false, false}, CurveStore::Window{39'990, 40'010, 0, 2, false, false}}) {
    const QList<QPointF> line = store.line(0, false, w, 500);
    const auto gaps = std::count_if(line.begin(), line.end(), [](QPointF p) { return std::isnan(p.y()); });
    EXPECT_GE(gaps, 1);
    const std::vector<double> ticks = store.gaps(0, w, 500);
    ASSERT_FALSE(ticks.empty());
    EXPECT_EQ(ticks.front(), 40'000);
  }
}

TEST(CurveStore, LogAxisDropsWhatItCannotShowAndKeepsTheRest) {
  const CurveStore store = storeOf({1, 10, 0, -5, 1000});
  const CurveStore::Window w{0, 4, 1, 1000, false, true};
  const QList<QPointF> line = store.line(0, false, w, 100);
  ASSERT_EQ(line.size(), 5);
  EXPECT_NEAR(line[0].y(), 0, 1e-12);
  EXPECT_NEAR(line[1].y(), 1.0 / 3, 1e-12);
  EXPECT_TRUE(std::isnan(line[2].y())) << "zero has no logarithm";
  EXPECT_TRUE(std::isnan(line[3].y()));
  EXPECT_NEAR(line[4].y(), 1, 1e-12);
  const CurveStore::Span span = store.ySpan(w, false);
  EXPECT_EQ(span.low, 1);
  EXPECT_EQ(span.high, 1000);
}

TEST(CurveStore, SmoothingIsDebiasedAndSkipsNan) {
  const std::vector<double> flat(50, 3.0);
  for (const double v : debiasedEma(flat, 0.99)) EXPECT_NEAR(v, 3, 1e-9) << "without debiasing it would start near 0";
  const std::vector<double> out = debiasedEma({1, kNaN, 3}, 0.5);
  EXPECT_DOUBLE_EQ(out[0], 1);
  EXPECT_TRUE(std::isnan(out[1]));
  EXPECT_DOUBLE_EQ(out[2], (0.5 * 0.5 * 1 + 0.5 * 3) / 0.75);
  EXPECT_EQ(debiasedEma({1, 2}, 0), (std::vector<double>{1, 2}));
}

TEST(CurveStore, AppendingEqualsSettingEverything) {
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) values.push_back(i % 61 == 7 ? kNaN : std::sin(i / 9.0));
  CurveStore whole = storeOf(values), grown = storeOf({values[0]});
  whole.setSmoothing(0.9);
  grown.setSmoothing(0.9);
  for (std::size_t i = 1; i < values.size(); ++i) grown.append(QStringLiteral("a"), {static_cast<double>(i)}, {values[i]}, {}, {});
  const CurveStore::Window w{0, 499, -1, 1, false, false};
  const QList<QPointF> a = whole.line(0, false, w, 100), b = grown.line(0, false, w, 100);
  ASSERT_EQ(a.size(), b.size());
  for (qsizetype k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].x(), b[k].x());
    EXPECT_TRUE(a[k].y() == b[k].y() || (std::isnan(a[k].y()) && std::isnan(b[k].y())));
  }
}

TEST(CurveStore, RangeComesFromTheSmoothedCurveUnlessOutliersAreAsked) {
  std::vector<double> values(1000, 1.0);
  values[500] = 1000;
  CurveStore store = storeOf(values);
  store.setSmoothing(0.99);
  const CurveStore::Window w{0, 999, 0, 1, false, false};
  EXPECT_LT(store.ySpan(w, false).high, 30);
  EXPECT_EQ(store.ySpan(w, true).high, 1000);
  EXPECT_NEAR(store.ySpan({0, 400, 0, 1, false, false}, true).high, 1, 1e-9) << "only what is seen counts";
}

TEST(CurveStore, AxesAndStepsConvert) {
  CurveSeries s = seriesOf({5, 4, 3});
  s.step = {0, 100, 200};
  s.epoch = {0, 0.5, 1};
  s.time = {1000, 1010, 1030};
  CurveData data;
  data.series = {s};
  data.planned_step = 400;
  data.planned_epoch = 2;
  CurveStore store;
  store.setData(data);
  EXPECT_EQ(store.plannedX(), 400);
  store.setAxis(CurveAxis::Epoch);
  EXPECT_DOUBLE_EQ(store.stepToX(100), 0.5);
  EXPECT_DOUBLE_EQ(store.xToStep(0.25), 50);
  EXPECT_EQ(store.plannedX(), 2);
  store.setAxis(CurveAxis::Relative);
  EXPECT_DOUBLE_EQ(store.stepToX(200), 30);
  EXPECT_TRUE(std::isnan(store.plannedX()));
  store.setAxis(CurveAxis::Clock);
  EXPECT_DOUBLE_EQ(store.stepToX(100), 1010);
  EXPECT_EQ(store.nearest(0, 1008), 1);
  store.append(QStringLiteral("a"), {300}, {2}, {1.5}, {1040});
  EXPECT_DOUBLE_EQ(store.stepToX(300), 1040);
}

TEST(CurveStore, RunsOfDifferentCostShareTheFlopsAxis) {
  CurveSeries cheap = seriesOf({3, 2, 1}), dear = seriesOf({3, 1.5, 0.5});
  cheap.step = dear.step = {0, 100, 200};
  cheap.step_flops = 1e9;
  dear.id = QStringLiteral("dear");
  dear.step_flops = 4e9;
  CurveData data;
  data.series = {cheap, dear};
  CurveStore store;
  store.setAxis(CurveAxis::Flops);
  store.setData(data);
  EXPECT_EQ(store.xSpan().high, 8e11);
  EXPECT_EQ(store.nearest(0, 1.9e11), 2);
  // The crosshair stands where the point is, whichever run the point belongs to.
  for (const int series : {0, 1})
    for (const std::size_t k : {std::size_t{1}, std::size_t{2}})
      EXPECT_DOUBLE_EQ(store.stepToX(store.stepAt(series, k)), store.x(series)[k]) << series << ' ' << k;
  EXPECT_DOUBLE_EQ(store.stepAt(0, 2), 50) << "200 cheap steps cost what 50 dear ones do";
  data.series[0].step_flops = 0;
  store.setData(data);
  EXPECT_TRUE(store.x(0).empty()) << "a run whose cost is not known has no place on this axis";
  EXPECT_EQ(labels(linearTicks(0, 8e11, 5)), "0 200 G 400 G 600 G 800 G");
}

TEST(CurveStore, WhatIsPlannedIsNotReached) {
  CurveSeries done = seriesOf({1, 2}), planned = seriesOf({2, 3});
  done.step = {10, 20};
  planned.id = QStringLiteral("planned");
  planned.step = {20, 100};
  planned.planned = true;
  CurveData data;
  data.series = {done, planned};
  data.planned_step = 100;
  CurveStore store;
  store.setData(data);
  EXPECT_EQ(store.lastX(), 20);
  EXPECT_EQ(store.xSpan().high, 100);
}

TEST(CurveStore, HiddenSeriesStayHiddenWhenDataIsReplaced) {
  CurveData data;
  data.series = {seriesOf({1, 2})};
  CurveStore store;
  store.setData(data);
  store.setVisible(QStringLiteral("a"), false);
  store.setData(data);
  EXPECT_FALSE(store.series(0).visible);
}

TEST(Ticks, AreNice) {
  EXPECT_EQ(labels(linearTicks(0, 2000, 6)), "0 500 1_000 1_500 2_000");
  EXPECT_EQ(labels(linearTicks(1.6, 4.4, 6)), "2.0 2.5 3.0 3.5 4.0");
  EXPECT_EQ(labels(linearTicks(0, 60'000, 4)), "0 20 k 40 k 60 k");
  EXPECT_EQ(labels(linearTicks(0, 1e-3, 4)), "0 5e-4 1e-3");
  EXPECT_EQ(labels(linearTicks(-1, 1, 4)), "-1.0 -0.5 0 0.5 1.0");
  EXPECT_EQ(labels(linearTicks(0, 3e6, 4)), "0 1 M 2 M 3 M");
  EXPECT_TRUE(linearTicks(1, 1, 5).empty());
  for (const int most : {2, 4, 6, 8})
    for (const double span : {1.0, 1.7, 3.3, 9.1, 1234.0}) EXPECT_LE(static_cast<int>(linearTicks(0.3, 0.3 + span, most).size()), most + 1);
}

TEST(Ticks, LogHasDecadesWith2And5WhereThereIsRoom) {
  EXPECT_EQ(labels(logTicks(0.2, 10, 6)), "0.2 0.5 1 2 5 10");
  EXPECT_EQ(labels(logTicks(1e-4, 1, 6)), "1e-4 0.001 0.01 0.1 1");
  EXPECT_LE(logTicks(1e-12, 1e12, 6).size(), 7U);
  EXPECT_TRUE(logTicks(0, 10, 6).empty());
}

TEST(Ticks, TimeStepsAreThoseOfAClock) {
  EXPECT_EQ(labels(relativeTicks(0, 300, 6)), "0 1 min 2 min 3 min 4 min 5 min");
  EXPECT_EQ(labels(relativeTicks(0, 50, 6)), "0 10 s 20 s 30 s 40 s 50 s");
  EXPECT_EQ(labels(relativeTicks(0, 7200, 5)), "0 30 min 1 h 00 1 h 30 2 h 00");
  for (const Tick& t : clockTicks(1.7e9, 1.7e9 + 3000, 6)) EXPECT_EQ(std::fmod(t.value, 600), 0);
}

}  // namespace
}  // namespace dsw
