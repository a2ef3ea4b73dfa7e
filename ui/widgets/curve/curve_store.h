// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPolygonF>
#include <vector>
#include "ui/widgets/curve/curve_data.h"
#include "ui/widgets/curve/min_max_pyramid.h"

namespace dsw {

/// The numbers behind a CurvePlot with what makes drawing them quick: x of the shown axis, smoothed values, pyramids. No widget.
class CurveStore {
 public:
  /// Ranges in axis units. `log` axes take values > 0 only.
  struct Window {
    double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
    bool log_x = false, log_y = false;
  };
  struct Span {
    double low = kNaN, high = kNaN;
    bool valid() const { return low <= high; }
    void add(double v);
  };

  void setData(CurveData data);
  void append(const QString& id, const std::vector<double>& step, const std::vector<double>& value, const std::vector<double>& epoch,
              const std::vector<double>& time);
  const CurveData& data() const { return data_; }
  void setVisible(const QString& id, bool visible);
  void setAxis(CurveAxis axis);
  CurveAxis axis() const { return axis_; }
  void setSmoothing(double factor);
  double smoothing() const { return smoothing_; }

  int count() const { return static_cast<int>(data_.series.size()); }
  const CurveSeries& series(int i) const { return data_.series[static_cast<std::size_t>(i)]; }
  int indexOf(const QString& id) const;
  bool hasPoints() const;
  /// x of the axis for each point; empty where the series has no such axis.
  const std::vector<double>& x(int i) const;
  /// What the main line shows: smoothed, or the values themselves.
  const std::vector<double>& shown(int i) const;
  bool isSmoothed(int i) const;

  Span xSpan() const;  ///< over visible series
  /// Over the visible x range: main lines and bands, with `all` also raw values. Log: values > 0 only.
  Span ySpan(const Window& w, bool all) const;
  /// Points of a line in unit coordinates of the window (y up), decimated to at most two per column and one neighbour at each side.
  QList<QPointF> line(int i, bool raw, const Window& w, int columns) const;
  /// The band as closed polygons in unit coordinates.
  std::vector<QPolygonF> band(int i, const Window& w, int columns) const;
  /// x of gaps (values that are not finite) in the window, at most `most`.
  std::vector<double> gaps(int i, const Window& w, int most) const;

  /// Index of the point nearest to x (axis units), -1 where there is none.
  int nearest(int i, double x) const;
  /// Converts between steps and the axis by a visible series (linear between points, clamped). NaN where impossible.
  double stepToX(double step) const;
  double xToStep(double x) const;
  double plannedX() const;  ///< NaN where the axis has none
  double lastX() const;     ///< of visible series but planned ones, NaN without points
  /// The step that stands for point k of series i: stepToX of it is the x of the point, also where runs went on at different rates.
  double stepAt(int i, std::size_t k) const;

  static double unitX(const Window& w, double x);
  static double unitY(const Window& w, double y);
  static double valueX(const Window& w, double unit);
  static double valueY(const Window& w, double unit);

 private:
  struct Derived {
    std::vector<double> x;      // of the relative axis; step, epoch and clock are in the series
    std::vector<double> flops;  // of the FLOPs axis
    std::vector<double> smooth;
    DebiasedEma ema;
    MinMaxPyramid raw, smoothed, low, high;
  };
  void derive(std::size_t i);  // from the beginning
  void extend(std::size_t i);  // what was appended
  int reference() const;       // the visible series that reaches furthest: it joins steps and x; -1 without points
  std::vector<std::size_t> columnBounds(int i, const Window& w, int columns) const;
  CurveData data_;
  std::vector<Derived> derived_;
  CurveAxis axis_ = CurveAxis::Step;
  double smoothing_ = 0;
};

}  // namespace dsw
