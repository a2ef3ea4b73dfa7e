// SPDX-License-Identifier: GPL-3.0-or-later
// State, ranges and lines; input is in curve_plot_input.cpp, painting in curve_plot_paint.cpp.
#include "ui/widgets/curve/curve_plot.h"

#include <QLineSeries>
#include <QValueAxis>

#include "ui/widgets/curve_view.h"

namespace dsw {

namespace {
constexpr int kTop = 10, kRight = 16, kBottom = 24;

/// The largest 1, 2 or 5 × 10^k that is not above v > 0, and the smallest that is above it.
double niceBelow(double v) {
  const double decade = std::pow(10.0, std::floor(std::log10(v) + 1e-12));
  for (const double m : {5.0, 2.0})
    if (v >= m * decade * (1 - 1e-12)) return m * decade;
  return decade;
}
double niceAbove(double v) {
  const double below = niceBelow(v), first = below / std::pow(10.0, std::floor(std::log10(below) + 1e-12));
  return below * (first > 1.5 && first < 3 ? 2.5 : 2);
}
}  // namespace

// The view is given its chart at birth: one set later leaves the view's own first chart to nobody.
CurvePlot::CurvePlot(QWidget* parent) : QChartView(new QChart, parent), colors_(Theme::current().colors()), chart_(chart()) {
  chart_->legend()->hide();
  chart_->setAnimationOptions(QChart::NoAnimation);
  chart_->setBackgroundVisible(false);
  chart_->setPlotAreaBackgroundVisible(false);
  chart_->setMargins(QMargins());
  chart_->layout()->setContentsMargins(0, 0, 0, 0);
  // The lines are given in unit coordinates of the window, so that ranges and logarithms stay ours.
  for (const Qt::Alignment side : {Qt::AlignBottom, Qt::AlignLeft}) {
    auto* axis = new QValueAxis(chart_);
    axis->setRange(0, 1);
    axis->setVisible(false);
    chart_->addAxis(axis, side);
  }
  setFrameShape(QFrame::NoFrame);
  setRenderHint(QPainter::Antialiasing);
  setMouseTracking(true);
  viewport()->setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  setRubberBand(QChartView::NoRubberBand);
  setViewportUpdateMode(QGraphicsView::FullViewportUpdate);
  setContextMenuPolicy(Qt::NoContextMenu);
  timer_.setSingleShot(true);
  connect(&timer_, &QTimer::timeout, this, &CurvePlot::redraw);
  loading_timer_.setSingleShot(true);
  loading_timer_.setInterval(300);
  connect(&loading_timer_, &QTimer::timeout, this, [this] {
    skeleton_ = true;
    viewport()->update();
  });
  connect(&Theme::current(), &Theme::changed, this, [this] { setColors(Theme::current().colors()); });
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::setColors(const ThemeColors& colors) {
  colors_ = colors;
  redraw();
}

void CurvePlot::dataChanged() {
  const qint64 passed = since_redraw_.isValid() ? since_redraw_.elapsed() : kFrameMs;
  if (passed >= kFrameMs)
    redraw();
  else if (!timer_.isActive())
    timer_.start(static_cast<int>(kFrameMs - passed));
}

void CurvePlot::viewChanged() {
  if (!zoomed_) fitX();
  zoomed_y_ = false;
  redraw();
  emit rangeChanged();
}

void CurvePlot::setLog(bool x, bool y) {
  if (x == window_.log_x && y == window_.log_y) return;
  if (x != window_.log_x) zoomed_ = false;
  window_.log_x = x;
  window_.log_y = y;
  viewChanged();
}

void CurvePlot::setOutliers(bool on) {
  outliers_ = on;
  zoomed_y_ = false;
  redraw();
}

void CurvePlot::fit() {
  zoomed_ = zoomed_y_ = false;
  redraw();
  emit rangeChanged();
}

void CurvePlot::setFollow(bool on) {
  follow_ = on;
  redraw();
  emit rangeChanged();
}

void CurvePlot::setXRange(double from, double to) {
  if (!(to > from) || (window_.log_x && !(from > 0))) return;
  window_.x0 = from;
  window_.x1 = to;
  zoomed_ = true;
  redraw();
  emit rangeChanged();
}

void CurvePlot::setYRange(double from, double to) {
  if (!(to > from) || (window_.log_y && !(from > 0))) return;
  window_.y0 = from;
  window_.y1 = to;
  zoomed_y_ = true;
  redraw();
}

void CurvePlot::setLoading(bool on) {
  if (on && !skeleton_ && !loading_timer_.isActive()) loading_timer_.start();
  if (!on) {
    loading_timer_.stop();
    skeleton_ = false;
    viewport()->update();
  }
}

void CurvePlot::setDimmed(bool on) {
  dimmed_ = on;
  viewport()->update();
}

void CurvePlot::setHighlighted(const QString& id) {
  if (id == highlighted_) return;
  highlighted_ = id;
  redraw();
}

void CurvePlot::fitX() {
  CurveStore::Span span = store_.xSpan();
  span.add(store_.plannedX());
  if (!span.valid()) span.low = 0, span.high = 1;
  // A run that begins at step 1 shows its axis from 0.
  if (store_.axis() != CurveAxis::Clock && span.low > 0 && span.low <= 0.05 * span.high) span.low = 0;
  if (window_.log_x) {
    double positive = span.high;
    for (int i = 0; i < store_.count(); ++i) {
      const std::vector<double>& xs = store_.x(i);
      const auto it = std::upper_bound(xs.begin(), xs.end(), 0.0);
      if (it != xs.end()) positive = std::min(positive, *it);
    }
    span.low = positive > 0 ? positive : 1;
  }
  if (!(span.high > span.low)) span.high = span.low + 1;
  window_.x0 = span.low;
  window_.x1 = span.high;
}

void CurvePlot::fitY() {
  CurveStore::Span span = store_.ySpan(window_, outliers_);
  for (const CurveLimit& limit : store_.data().limits)
    if (!window_.log_y || limit.value > 0) span.add(limit.value);
  if (!span.valid()) span.low = window_.log_y ? 0.1 : 0, span.high = 1;
  if (window_.log_y) {
    // From one of 1, 2, 5 × 10^k to another, so that at least both ends have a name.
    window_.y0 = niceBelow(span.low);
    window_.y1 = span.high / niceBelow(span.high) < 1 + 1e-9 && span.high > window_.y0 ? span.high : niceAbove(span.high);
    return;
  }
  const double size = span.high > span.low ? span.high - span.low : std::max(std::abs(span.high) * 0.1, 1e-12);
  window_.y0 = span.low - (span.high > span.low ? 0.06 * size : size);
  window_.y1 = span.high + (span.high > span.low ? 0.06 * size : size);
  if (span.low >= 0 && (window_.y0 < 0 || span.low <= 0.25 * span.high)) window_.y0 = 0;
}

QRectF CurvePlot::plotRect() const { return chart_->plotArea(); }

int CurvePlot::neededLeft() const {
  const QFontMetrics metrics(themeFont(FontRole::Tick));
  int widest = metrics.horizontalAdvance(QStringLiteral("0.00"));
  for (const Tick& tick : yTicks()) widest = std::max(widest, metrics.horizontalAdvance(tick.label));
  return widest + 14;
}

void CurvePlot::setLeftMargin(int px) {
  left_margin_ = px;
  layoutPlot();
  viewport()->update();
}

void CurvePlot::layoutPlot() {
  const QSize size = viewport()->size();
  chart_->resize(size);
  setSceneRect(0, 0, size.width(), size.height());
  const int left = std::max(left_margin_, neededLeft());
  chart_->setPlotArea(QRectF(left, kTop, std::max(10, size.width() - left - kRight), std::max(10, size.height() - kTop - kBottom)));
}

SeriesStyle CurvePlot::styleOf(int i) const {
  const CurveSeries& s = store_.series(i);
  SeriesStyle style = colors_.series(s.style);
  if (s.dash) style.dash_px = *s.dash;
  if (s.planned) style.color.setAlphaF(0.6F);
  if (s.id == highlighted_) {
    style.width += 0.8;
    if (s.style < 0) style.color.setAlphaF(1);
  } else if (!highlighted_.isEmpty() && s.style >= 0) {
    style.color.setAlphaF(0.45F);
  }
  return style;
}

void CurvePlot::syncLines() {
  const auto fitCount = [&](QVector<QLineSeries*>& lines) {
    while (lines.size() > store_.count()) {
      QLineSeries* line = lines.takeLast();
      chart_->removeSeries(line);
      delete line;
    }
    while (lines.size() < store_.count()) {
      auto* line = new QLineSeries;
      chart_->addSeries(line);
      line->attachAxis(chart_->axes(Qt::Horizontal).constFirst());
      line->attachAxis(chart_->axes(Qt::Vertical).constFirst());
      lines << line;
    }
  };
  // Raw lines are added first, so that they lie under the main ones.
  if (raw_.size() != store_.count() || lines_.size() != store_.count()) {
    for (QVector<QLineSeries*>* lines : {&raw_, &lines_}) {
      for (QLineSeries* line : *lines) {
        chart_->removeSeries(line);
        delete line;
      }
      lines->clear();
    }
    fitCount(raw_);
    fitCount(lines_);
  }
}

void CurvePlot::redraw() {
  timer_.stop();
  since_redraw_.start();
  ++redraws_;
  if (!zoomed_) {
    fitX();
  } else if (follow_ && std::isfinite(store_.lastX()) && !window_.log_x) {
    const double width = window_.x1 - window_.x0;
    window_.x1 = store_.lastX() + 0.04 * width;
    window_.x0 = window_.x1 - width;
  }
  if (!zoomed_y_) fitY();
  layoutPlot();
  syncLines();
  const int columns = std::clamp(static_cast<int>(plotRect().width() * devicePixelRatioF()), 50, kMaxColumns);
  for (int i = 0; i < store_.count(); ++i) {
    const CurveSeries& s = store_.series(i);
    const bool draw = s.visible && s.line && !store_.x(i).empty();
    const SeriesStyle style = styleOf(i);
    lines_[i]->setVisible(draw);
    const bool with_raw = draw && store_.isSmoothed(i);
    raw_[i]->setVisible(with_raw);
    if (draw) {
      lines_[i]->setPen(seriesPen(style));
      lines_[i]->replace(store_.line(i, false, window_, columns));  // replace keeps NaN and so the gap; append would join over it
    }
    if (with_raw) {
      QColor faint = style.color;
      faint.setAlphaF(0.28F * faint.alphaF());
      raw_[i]->setPen(QPen(faint, 1));
      raw_[i]->replace(store_.line(i, true, window_, columns));
    }
  }
  viewport()->update();
  if (zoomed_ && follow_) emit rangeChanged();
}

int CurvePlot::pointsDrawn() const {
  qsizetype count = 0;
  for (const QLineSeries* line : lines_) count = std::max(count, line->isVisible() ? line->points().size() : 0);
  for (const QLineSeries* line : raw_) count = std::max(count, line->isVisible() ? line->points().size() : 0);
  return static_cast<int>(count);
}

void CurvePlot::setLink(CrosshairLink* link) {
  if (link_ != nullptr) link_->disconnect(this);
  link_ = link;
  if (link == nullptr) return;
  connect(link, &CrosshairLink::changed, this, [this] {
    if (!moving_) moved_here_ = false;  // another chart took it over
    viewport()->update();
  });
}

double CurvePlot::crosshairStep() const { return link_ != nullptr ? link_->step() : own_step_; }
bool CurvePlot::crosshairPinned() const { return link_ != nullptr ? link_->pinned() : own_pinned_; }

void CurvePlot::setCrosshair(double step, bool pinned) {
  moved_here_ = true;
  if (link_ != nullptr) {
    moving_ = true;
    link_->set(step, pinned);
    moving_ = false;
  } else {
    own_step_ = step;
    own_pinned_ = pinned;
  }
  viewport()->update();
}

double CurvePlot::crosshairX() const {
  const double step = crosshairStep();
  return std::isfinite(step) ? store_.stepToX(step) : kNaN;
}

QString CurvePlot::cursorSeries() const {
  if (cursor_series_ < store_.count() && store_.series(cursor_series_).visible) return store_.series(cursor_series_).id;
  for (int i = 0; i < store_.count(); ++i)
    if (store_.series(i).visible) return store_.series(i).id;
  return {};
}

void CurvePlot::moveCrosshair(int points) {
  int i = store_.indexOf(cursorSeries());
  if (i < 0 || store_.x(i).empty()) return;
  const std::vector<double>& steps = store_.series(i).step;
  const double x = crosshairX();
  int at = std::isfinite(x) ? store_.nearest(i, x) : -1;
  if (at < 0) at = points > 0 ? store_.nearest(i, window_.x0) - 1 : store_.nearest(i, window_.x1) + 1;
  at = std::clamp(at + points, 0, static_cast<int>(steps.size()) - 1);
  setCrosshair(store_.stepAt(i, static_cast<std::size_t>(at)), crosshairPinned());
  // The view follows a crosshair that leaves it.
  const double now = store_.x(i)[static_cast<std::size_t>(at)];
  if (now < window_.x0 || now > window_.x1) {
    const double width = window_.x1 - window_.x0;
    setXRange(now < window_.x0 ? now - 0.1 * width : now - 0.9 * width, now < window_.x0 ? now + 0.9 * width : now + 0.1 * width);
  }
}

std::vector<CurvePlot::BoxRow> CurvePlot::boxRows() const {
  std::vector<BoxRow> rows;
  const double x = crosshairX();
  for (int i = 0; i < store_.count(); ++i) {
    const CurveSeries& s = store_.series(i);
    const int at = s.visible ? store_.nearest(i, x) : -1;
    if (at < 0) continue;
    const auto k = static_cast<std::size_t>(at);
    // A series that has ended, or not begun, has no value here.
    const double slack = (window_.x1 - window_.x0) * 0.005;
    if (x > store_.x(i).back() + slack || x < store_.x(i).front() - slack) continue;
    const double half =
        s.low.size() == s.step.size() && s.high.size() == s.step.size() && !s.low.empty() ? (s.high[k] - s.low[k]) / 2 : kNaN;
    rows.push_back({i, store_.shown(i)[k], s.value[k], half});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const BoxRow& a, const BoxRow& b) {
    if (std::isnan(a.shown) || std::isnan(b.shown)) return !std::isnan(a.shown) && std::isnan(b.shown);
    return a.shown < b.shown;
  });
  return rows;
}

std::vector<Tick> CurvePlot::xTicks() const {
  const int most = std::clamp(static_cast<int>(plotRect().width() / 64), 2, 8);
  if (window_.log_x) return logTicks(window_.x0, window_.x1, most);
  if (store_.axis() == CurveAxis::Relative) return relativeTicks(window_.x0, window_.x1, most);
  if (store_.axis() == CurveAxis::Clock) return clockTicks(window_.x0, window_.x1, most);
  // Steps are whole: closer than one step there is nothing to name.
  const bool whole = store_.axis() == CurveAxis::Step;
  const int steps = static_cast<int>(std::clamp(window_.x1 - window_.x0, 1.0, 8.0));
  std::vector<Tick> ticks = linearTicks(window_.x0, window_.x1, whole ? std::min(most, steps) : most);
  if (whole)
    ticks.erase(std::remove_if(ticks.begin(), ticks.end(), [](const Tick& t) { return t.value != std::round(t.value); }), ticks.end());
  return ticks;
}

std::vector<Tick> CurvePlot::yTicks() const {
  const int most = std::clamp(static_cast<int>(plotRect().height() / 28), 2, 6);
  return window_.log_y ? logTicks(window_.y0, window_.y1, most) : linearTicks(window_.y0, window_.y1, most);
}

QPointF CurvePlot::toPixel(double ux, double uy) const {
  const QRectF plot = plotRect();
  return {plot.left() + ux * plot.width(), plot.bottom() - uy * plot.height()};
}

void CurvePlot::renderTo(QPainter& p, const QRectF& target) {
  exporting_ = true;
  render(&p, target, viewport()->rect(), Qt::IgnoreAspectRatio);
  exporting_ = false;
}

}  // namespace dsw
