// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/curve/curve_store.h"

#include <algorithm>
#include <cmath>

namespace dsw {
namespace {

double toUnit(double v, double from, double to, bool log) {
  if (!log) return (v - from) / (to - from);
  if (!(v > 0)) return kNaN;  // one value <= 0 would take the whole line away
  return std::log(v / from) / std::log(to / from);
}

double fromUnit(double u, double from, double to, bool log) { return log ? from * std::pow(to / from, u) : from + u * (to - from); }

}  // namespace

void CurveStore::Span::add(double v) {
  if (!std::isfinite(v)) return;
  if (!valid()) low = high = v;
  low = std::min(low, v);
  high = std::max(high, v);
}

double CurveStore::unitX(const Window& w, double x) { return toUnit(x, w.x0, w.x1, w.log_x); }
double CurveStore::unitY(const Window& w, double y) { return toUnit(y, w.y0, w.y1, w.log_y); }
double CurveStore::valueX(const Window& w, double unit) { return fromUnit(unit, w.x0, w.x1, w.log_x); }
double CurveStore::valueY(const Window& w, double unit) { return fromUnit(unit, w.y0, w.y1, w.log_y); }

void CurveStore::setData(CurveData data) {
  for (CurveSeries& series : data.series)
    for (const CurveSeries& old : data_.series)
      if (old.id == series.id) series.visible = series.visible && old.visible;
  data_ = std::move(data);
  derived_.clear();
  derived_.resize(data_.series.size());
  for (std::size_t i = 0; i < derived_.size(); ++i) derive(i);
}

void CurveStore::derive(std::size_t i) {
  Derived& d = derived_[i];
  d = Derived();
  d.ema = DebiasedEma(smoothing_);
  extend(i);
  const CurveSeries& s = data_.series[i];
  if (!s.low.empty() && s.low.size() == s.step.size() && s.high.size() == s.step.size()) {
    d.low.update(s.low);
    d.high.update(s.high);
  }
}

void CurveStore::extend(std::size_t i) {
  CurveSeries& s = data_.series[i];
  Derived& d = derived_[i];
  s.value.resize(s.step.size(), kNaN);
  if (!s.epoch.empty()) s.epoch.resize(s.step.size(), s.epoch.back());
  if (!s.time.empty()) s.time.resize(s.step.size(), s.time.back());
  d.raw.update(s.value);
  if (smoothing_ > 0 && s.smoothed) {
    d.ema.extend(s.value, d.smooth);
    d.smoothed.update(d.smooth);
  }
  if (!s.time.empty()) {
    const double start = std::isfinite(s.start_time) ? s.start_time : s.time.front();
    for (std::size_t k = d.x.size(); k < s.time.size(); ++k) d.x.push_back(s.time[k] - start);
  }
  if (s.step_flops > 0)
    for (std::size_t k = d.flops.size(); k < s.step.size(); ++k) d.flops.push_back(s.step[k] * s.step_flops);
}

void CurveStore::append(const QString& id, const std::vector<double>& step, const std::vector<double>& value,
                        const std::vector<double>& epoch, const std::vector<double>& time) {
  const int at = indexOf(id);
  if (at < 0) return;
  CurveSeries& s = data_.series[static_cast<std::size_t>(at)];
  const auto join = [](std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); };
  const bool had_epoch = !s.epoch.empty() || s.step.empty(), had_time = !s.time.empty() || s.step.empty();
  join(s.step, step);
  join(s.value, value);
  if (had_epoch) join(s.epoch, epoch);
  if (had_time) join(s.time, time);
  Derived& d = derived_[static_cast<std::size_t>(at)];
  if (!s.low.empty()) {  // a band is computed over finished runs; one that grows has lost it
    s.low.clear();
    s.high.clear();
    d.low.clear();
    d.high.clear();
  }
  extend(static_cast<std::size_t>(at));
}

void CurveStore::setVisible(const QString& id, bool visible) {
  const int i = indexOf(id);
  if (i >= 0) data_.series[static_cast<std::size_t>(i)].visible = visible;
}

void CurveStore::setAxis(CurveAxis axis) { axis_ = axis; }

void CurveStore::setSmoothing(double factor) {
  smoothing_ = std::clamp(factor, 0.0, 0.999);
  for (std::size_t i = 0; i < derived_.size(); ++i) derive(i);
}

int CurveStore::indexOf(const QString& id) const {
  for (int i = 0; i < count(); ++i)
    if (series(i).id == id) return i;
  return -1;
}

bool CurveStore::hasPoints() const {
  return std::any_of(data_.series.begin(), data_.series.end(), [](const CurveSeries& s) { return !s.step.empty(); });
}

const std::vector<double>& CurveStore::x(int i) const {
  switch (axis_) {
    case CurveAxis::Step:
      return series(i).step;
    case CurveAxis::Epoch:
      return series(i).epoch;
    case CurveAxis::Relative:
      return derived_[static_cast<std::size_t>(i)].x;
    case CurveAxis::Clock:
      return series(i).time;
    case CurveAxis::Flops:
      return derived_[static_cast<std::size_t>(i)].flops;
  }
  return series(i).step;
}

bool CurveStore::isSmoothed(int i) const { return !derived_[static_cast<std::size_t>(i)].smooth.empty(); }

const std::vector<double>& CurveStore::shown(int i) const {
  return isSmoothed(i) ? derived_[static_cast<std::size_t>(i)].smooth : series(i).value;
}

CurveStore::Span CurveStore::xSpan() const {
  Span span;
  for (int i = 0; i < count(); ++i) {
    if (!series(i).visible || x(i).empty()) continue;
    span.add(x(i).front());
    span.add(x(i).back());
  }
  return span;
}

CurveStore::Span CurveStore::ySpan(const Window& w, bool all) const {
  Span span;
  const auto add = [&](const MinMaxPyramid& pyramid, const std::vector<double>& values, std::size_t from, std::size_t to) {
    const auto e = pyramid.range(values, from, to);
    if (e.min == MinMaxPyramid::Extremes::kNone) return;
    if (!w.log_y || values[e.min] > 0) {
      span.add(values[e.min]);
    } else {
      // The smallest positive value has to be looked for one by one; log axes over values <= 0 are rare.
      for (std::size_t i = from; i < to; ++i)
        if (values[i] > 0) span.add(values[i]);
    }
    if (!w.log_y || values[e.max] > 0) span.add(values[e.max]);
  };
  for (int i = 0; i < count(); ++i) {
    const std::vector<double>& xs = x(i);
    if (!series(i).visible || xs.empty()) continue;
    const auto from = static_cast<std::size_t>(std::lower_bound(xs.begin(), xs.end(), w.x0) - xs.begin());
    const auto to = static_cast<std::size_t>(std::upper_bound(xs.begin(), xs.end(), w.x1) - xs.begin());
    const Derived& d = derived_[static_cast<std::size_t>(i)];
    if (isSmoothed(i)) add(d.smoothed, d.smooth, from, to);
    if (!isSmoothed(i) || all) add(d.raw, series(i).value, from, to);
    if (d.low.size() > 0) {
      add(d.low, series(i).low, from, to);
      add(d.high, series(i).high, from, to);
    }
  }
  return span;
}

std::vector<std::size_t> CurveStore::columnBounds(int i, const Window& w, int columns) const {
  const std::vector<double>& xs = x(i);
  std::vector<std::size_t> bounds;
  if (xs.empty()) return bounds;
  auto from = static_cast<std::size_t>(std::lower_bound(xs.begin(), xs.end(), w.x0) - xs.begin());
  auto to = static_cast<std::size_t>(std::upper_bound(xs.begin(), xs.end(), w.x1) - xs.begin());
  if (from > 0) --from;  // one neighbour at each side, so that the line runs to the edge
  if (to < xs.size()) ++to;
  bounds.push_back(from);
  if (to - from <= 2 * static_cast<std::size_t>(columns)) {
    for (std::size_t k = from + 1; k <= to; ++k) bounds.push_back(k);
    return bounds;
  }
  bounds.push_back(from + 1);
  auto at = xs.begin() + static_cast<std::ptrdiff_t>(from + 1);
  const auto end = xs.begin() + static_cast<std::ptrdiff_t>(to - 1);
  for (int c = 1; c <= columns && at < end; ++c) {
    at = c == columns ? end : std::lower_bound(at, end, valueX(w, static_cast<double>(c) / columns));
    const auto index = static_cast<std::size_t>(at - xs.begin());
    if (index > bounds.back()) bounds.push_back(index);
  }
  bounds.push_back(to);
  return bounds;
}

QList<QPointF> CurveStore::line(int i, bool raw, const Window& w, int columns) const {
  const std::vector<double>& xs = x(i);
  const bool smoothed = isSmoothed(i) && !raw;
  const Derived& d = derived_[static_cast<std::size_t>(i)];
  const std::vector<double>& values = smoothed ? d.smooth : series(i).value;
  const std::vector<std::uint32_t> picked = (smoothed ? d.smoothed : d.raw).pick(values, columnBounds(i, w, columns));
  QList<QPointF> points;
  points.reserve(static_cast<qsizetype>(picked.size()));
  for (const std::uint32_t k : picked) {
    const double ux = unitX(w, xs[k]);
    double uy = std::isfinite(values[k]) ? unitY(w, values[k]) : kNaN;
    if (std::isnan(ux)) continue;
    // Far outside the plot the rasteriser loses precision; the slope at the edge is kept well enough.
    if (std::isfinite(uy)) uy = std::clamp(uy, -50.0, 51.0);
    points << QPointF(ux, uy);
  }
  return points;
}

std::vector<QPolygonF> CurveStore::band(int i, const Window& w, int columns) const {
  std::vector<QPolygonF> out;
  const Derived& d = derived_[static_cast<std::size_t>(i)];
  if (d.low.size() == 0) return out;
  const std::vector<double>& xs = x(i);
  if (xs.empty()) return out;
  const CurveSeries& s = series(i);
  const std::vector<std::size_t> bounds = columnBounds(i, w, columns);
  QList<QPointF> upper, lower;
  const auto flush = [&] {
    if (upper.size() > 1) {
      QPolygonF polygon(upper);
      for (auto it = lower.rbegin(); it != lower.rend(); ++it) polygon << *it;
      out.push_back(std::move(polygon));
    }
    upper.clear();
    lower.clear();
  };
  for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
    const auto lo = d.low.range(s.low, bounds[k], bounds[k + 1]);
    const auto hi = d.high.range(s.high, bounds[k], bounds[k + 1]);
    if (lo.min == MinMaxPyramid::Extremes::kNone || hi.max == MinMaxPyramid::Extremes::kNone) {
      flush();
      continue;
    }
    const double ux = unitX(w, xs[bounds[k]]);
    const double low = w.log_y && !(s.low[lo.min] > 0) ? -0.1 : unitY(w, s.low[lo.min]);
    const double high = unitY(w, s.high[hi.max]);
    if (std::isnan(ux) || std::isnan(high)) continue;
    upper << QPointF(ux, std::clamp(high, -1.0, 2.0));
    lower << QPointF(ux, std::clamp(low, -1.0, 2.0));
  }
  flush();
  return out;
}

std::vector<double> CurveStore::gaps(int i, const Window& w, int most) const {
  std::vector<double> out;
  const std::vector<double>& xs = x(i);
  if (xs.empty()) return out;
  const Derived& d = derived_[static_cast<std::size_t>(i)];
  const std::vector<std::size_t> bounds = columnBounds(i, w, most);
  for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
    if (!d.raw.range(series(i).value, bounds[k], bounds[k + 1]).gap) continue;
    std::size_t at = bounds[k];
    while (std::isfinite(series(i).value[at])) ++at;
    out.push_back(xs[at]);
  }
  return out;
}

int CurveStore::nearest(int i, double at) const {
  const std::vector<double>& xs = x(i);
  if (xs.empty() || !std::isfinite(at)) return -1;
  const auto it = std::lower_bound(xs.begin(), xs.end(), at);
  if (it == xs.end()) return static_cast<int>(xs.size()) - 1;
  const auto k = it - xs.begin();
  if (k > 0 && at - xs[static_cast<std::size_t>(k - 1)] < *it - at) return static_cast<int>(k) - 1;
  return static_cast<int>(k);
}

namespace {

double interpolate(const std::vector<double>& from, const std::vector<double>& to, double v) {
  const auto it = std::lower_bound(from.begin(), from.end(), v);
  if (it == from.end()) return to.back();
  const auto k = static_cast<std::size_t>(it - from.begin());
  if (k == 0 || *it == v) return to[k];
  const double t = (v - from[k - 1]) / (from[k] - from[k - 1]);
  return to[k - 1] + t * (to[k] - to[k - 1]);
}

}  // namespace

int CurveStore::reference() const {
  int furthest = -1;
  for (int i = 0; i < count(); ++i)
    if (series(i).visible && !x(i).empty() && (furthest < 0 || x(i).back() > x(furthest).back())) furthest = i;
  return furthest;
}

double CurveStore::stepToX(double step) const {
  if (axis_ == CurveAxis::Step) return step;
  const int i = reference();
  return i < 0 ? kNaN : interpolate(series(i).step, x(i), step);
}

double CurveStore::xToStep(double at) const {
  if (axis_ == CurveAxis::Step) return at;
  const int i = reference();
  return i < 0 ? kNaN : interpolate(x(i), series(i).step, at);
}

double CurveStore::stepAt(int i, std::size_t k) const {
  return axis_ == CurveAxis::Step || i == reference() ? series(i).step[k] : xToStep(x(i)[k]);
}

double CurveStore::plannedX() const {
  if (axis_ == CurveAxis::Step) return data_.planned_step;
  if (axis_ == CurveAxis::Epoch) return data_.planned_epoch;
  return kNaN;
}

double CurveStore::lastX() const {
  Span span;
  for (int i = 0; i < count(); ++i)
    if (series(i).visible && !series(i).planned && !x(i).empty()) span.add(x(i).back());
  return span.high;
}

}  // namespace dsw
