// SPDX-License-Identifier: GPL-3.0-or-later
// Everything of CurvePlot that is not a line: ground, axes, bands, markers, limits, crosshair.
#include <algorithm>

#include "ui/models/number_format.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/legend_row.h"

namespace dsw {
namespace {

/// Middle of a device pixel, so that a 1 px line is one row of pixels.
qreal crisp(qreal v) { return std::floor(v) + 0.5; }

void drawCrispLine(QPainter& p, QPointF a, QPointF b) {
  p.setRenderHint(QPainter::Antialiasing, false);
  p.drawLine(QLineF(a, b));
}

QPen dashed(const QColor& color, qreal width = 1) {
  QPen pen(color, width, Qt::SolidLine, Qt::FlatCap);
  pen.setDashPattern({4 / width, 3 / width});
  return pen;
}

}  // namespace

void CurvePlot::drawBackground(QPainter* p, const QRectF&) {
  p->save();
  p->setRenderHint(QPainter::Antialiasing, false);
  p->fillRect(QRectF(viewport()->rect()), colors_.color(Token::Surface2));
  if (skeleton_ && !store_.hasPoints()) {
    paintSkeleton(*p);
  } else if (store_.hasPoints()) {
    p->save();
    p->setClipRect(plotRect(), Qt::IntersectClip);
    paintGround(*p);
    p->restore();
    paintAxes(*p);
    p->save();
    p->setClipRect(plotRect(), Qt::IntersectClip);
    paintBands(*p);
    p->restore();
  }
  p->restore();
}

void CurvePlot::drawForeground(QPainter* p, const QRectF&) {
  p->save();
  if (store_.hasPoints()) {
    paintLimitsAndMarks(*p);
    paintMarkers(*p);
    paintNotes(*p);
    if (dimmed_) {
      QColor veil = colors_.color(Token::Surface2);
      veil.setAlphaF(0.4F);
      p->fillRect(QRectF(viewport()->rect()), veil);
    }
    if (!exporting_) paintCrosshair(*p);
  } else if (!skeleton_ && !empty_text_.isEmpty()) {
    p->setPen(colors_.color(Token::Text3));
    p->setFont(themeFont(FontRole::Text));
    // The upper half: the owner's action button stands under the middle.
    const QRectF all = viewport()->rect();
    p->drawText(all.adjusted(16, 0, -16, -all.height() / 2 + 4), Qt::AlignHCenter | Qt::AlignBottom | Qt::TextWordWrap, empty_text_);
  }
  if (drag_ == Drag::Box && (drag_at_ - press_).manhattanLength() > 4) {
    QColor fill = colors_.color(Token::Accent);
    fill.setAlphaF(0.15F);
    p->setPen(QPen(colors_.color(Token::Accent), 1));
    p->setBrush(fill);
    p->drawRect(QRectF(press_, drag_at_).normalized().intersected(plotRect()));
  }
  if (hasFocus() && !exporting_) {
    p->setRenderHint(QPainter::Antialiasing);
    p->setBrush(Qt::NoBrush);
    p->setPen(QPen(colors_.color(Token::Focus), 2));
    p->drawRoundedRect(QRectF(viewport()->rect()).adjusted(2, 2, -2, -2), 4, 4);
  }
  p->restore();
}

void CurvePlot::paintGround(QPainter& p) const {
  const QRectF plot = plotRect();
  const auto xAt = [&](double x) { return toPixel(CurveStore::unitX(window_, x), 0).x(); };
  const auto yAt = [&](double y) { return toPixel(0, CurveStore::unitY(window_, y)).y(); };
  const double planned = store_.plannedX(), last = store_.lastX();
  if (std::isfinite(planned) && std::isfinite(last) && planned > last) {
    p.fillRect(QRectF(QPointF(xAt(last), plot.top()), QPointF(xAt(planned), plot.bottom())), colors_.color(Token::Surface1));
  }
  for (const CurveRegion& region : store_.data().regions) {
    const qreal left = std::isfinite(region.x_from) ? xAt(store_.stepToX(region.x_from)) : plot.left();
    const qreal right = std::isfinite(region.x_to) ? xAt(store_.stepToX(region.x_to)) : plot.right();
    const qreal bottom = std::isfinite(region.y_from) ? yAt(region.y_from) : plot.bottom();
    const qreal top = std::isfinite(region.y_to) ? yAt(region.y_to) : plot.top();
    p.fillRect(QRectF(QPointF(left, top), QPointF(right, bottom)), colors_.color(Token::AccentSoft));
  }
  const bool times = store_.axis() == CurveAxis::Clock || store_.axis() == CurveAxis::Relative;
  for (const CurveStripe& stripe : store_.data().stripes) {
    double from = store_.stepToX(stripe.from_step), to = store_.stepToX(stripe.to_step);
    if (times && std::isfinite(stripe.from_time) && store_.count() > 0 && !store_.series(0).time.empty()) {
      const double zero = store_.axis() == CurveAxis::Clock ? 0 : store_.series(0).time.front() - store_.x(0).front();
      from = stripe.from_time - zero;
      to = stripe.to_time - zero;
    }
    qreal left = xAt(from), right = xAt(to);
    if (right - left < 10) {  // no step passed while it stood still
      left -= (10 - (right - left)) / 2;
      right = left + 10;
    }
    if (!std::isfinite(left) || right < plot.left() || left > plot.right()) continue;
    p.fillRect(QRectF(QPointF(left, plot.top()), QPointF(right, plot.bottom())), colors_.color(Token::SelectIdle));
    p.setFont(themeFont(FontRole::Tick));
    p.setPen(colors_.color(Token::Text3));
    const qreal wide = QFontMetricsF(p.font()).horizontalAdvance(stripe.label);
    const bool at_right = right + 4 + wide < plot.right();
    // In the half that the curves leave free here.
    double highest = 0;
    for (int i = 0; i < store_.count(); ++i) {
      const int at = store_.series(i).visible ? store_.nearest(i, to) : -1;
      const double unit = at < 0 ? kNaN : CurveStore::unitY(window_, store_.shown(i)[static_cast<std::size_t>(at)]);
      if (unit > highest) highest = unit;
    }
    p.drawText(QRectF(at_right ? right + 3 : left - 3 - wide, highest < 0.75 ? plot.top() + 2 : plot.bottom() - 20, wide + 2, 18),
               Qt::AlignVCenter, stripe.label);
  }
}

void CurvePlot::paintAxes(QPainter& p) const {
  const QRectF plot = plotRect();
  const qreal left = crisp(plot.left()), bottom = crisp(plot.bottom());
  p.setFont(themeFont(FontRole::Tick));
  const QFontMetricsF metrics(p.font());
  const QColor ink = colors_.color(Token::Text3);
  const QPen grid(colors_.color(Token::Grid), 1);
  for (const Tick& tick : yTicks()) {
    const qreal y = crisp(toPixel(0, CurveStore::unitY(window_, tick.value)).y());
    if (y < plot.top() - 1 || y > plot.bottom() + 1) continue;
    p.setPen(grid);
    if (std::abs(y - bottom) > 1) drawCrispLine(p, {plot.left(), y}, {plot.right(), y});
    p.setPen(ink);
    p.drawText(QRectF(0, y - 9, plot.left() - 6, 18), Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, tick.label);
  }
  const QString name = axisName(store_.axis());
  const qreal name_left = plot.right() - metrics.horizontalAdvance(name);
  qreal free_from = -1e9;
  const QRectF row(0, plot.bottom() + 4, viewport()->width(), 16);
  for (const Tick& tick : xTicks()) {
    const qreal x = crisp(toPixel(CurveStore::unitX(window_, tick.value), 0).x());
    if (x < plot.left() - 1 || x > plot.right() + 1) continue;
    p.setPen(grid);
    if (std::abs(x - left) > 1) drawCrispLine(p, {x, plot.top()}, {x, plot.bottom()});
    const qreal half = metrics.horizontalAdvance(tick.label) / 2;
    if (x + half > name_left - 8 || x - half < free_from) continue;
    p.setPen(ink);
    p.drawText(QRectF(x - half - 2, row.top(), 2 * half + 4, row.height()), Qt::AlignCenter | Qt::TextSingleLine, tick.label);
    free_from = x + half + 8;
  }
  p.setPen(ink);
  p.drawText(QRectF(name_left - 1, row.top(), plot.right() - name_left + 2, row.height()), Qt::AlignRight | Qt::AlignVCenter, name);
  p.setPen(QPen(colors_.color(Token::LineStrong), 1));
  drawCrispLine(p, {left, plot.top()}, {left, bottom});
  drawCrispLine(p, {left, bottom}, {plot.right(), bottom});
}

void CurvePlot::paintBands(QPainter& p) const {
  const QRectF plot = plotRect();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(Qt::NoPen);
  for (int i = 0; i < store_.count(); ++i) {
    if (!store_.series(i).visible) continue;
    QColor fill = styleOf(i).color;
    fill.setAlphaF(0.18F);
    p.setBrush(fill);
    for (const QPolygonF& unit : store_.band(i, window_, std::min(kMaxColumns, static_cast<int>(plot.width())))) {
      QPolygonF polygon;
      polygon.reserve(unit.size());
      for (const QPointF& u : unit) polygon << toPixel(u.x(), u.y());
      p.drawPolygon(polygon);
    }
  }
}

void CurvePlot::paintMarkers(QPainter& p) const {
  const QRectF plot = plotRect();
  p.save();
  p.setClipRect(plot.adjusted(-5, -5, 5, 5), Qt::IntersectClip);
  for (int i = 0; i < store_.count(); ++i) {
    const CurveSeries& s = store_.series(i);
    if (!s.visible) continue;
    const SeriesStyle style = styleOf(i);
    if (s.markers || !s.line) {
      const QList<QPointF> points = store_.line(i, false, window_, kMaxColumns);
      const bool room = !s.line || static_cast<double>(points.size()) * 9 < plot.width();
      for (const QPointF& u : points)
        if (room && std::isfinite(u.y()) && u.x() >= -0.001 && u.x() <= 1.001 && u.y() >= -0.01 && u.y() <= 1.01)
          drawMarker(p, style.marker == Marker::Disc || !s.line ? style.marker : Marker::Disc, toPixel(u.x(), u.y()), s.line ? 5 : 7,
                     style.color, colors_.color(Token::Surface2));
    } else if (store_.x(i).size() == 1 && s.line && std::isfinite(store_.shown(i)[0])) {
      // A single point makes no line: show it all the same.
      drawMarker(p, Marker::Disc, toPixel(CurveStore::unitX(window_, store_.x(i)[0]), CurveStore::unitY(window_, store_.shown(i)[0])), 6,
                 style.color, Qt::white);
    }
    p.setPen(QPen(colors_.color(Token::Failed), 2));
    p.setRenderHint(QPainter::Antialiasing, false);
    qreal free_from = plot.left();
    for (const double x : store_.gaps(i, window_, kMaxColumns)) {
      const QPointF at = toPixel(CurveStore::unitX(window_, x), 0);
      if (at.x() < free_from || at.x() > plot.right()) continue;
      p.drawLine(QLineF(std::round(at.x()), plot.bottom() - 5, std::round(at.x()), plot.bottom() + 3));
      free_from = at.x() + 4;  // a run of gaps is a row of ticks, not a block
    }
  }
  p.restore();
}

/// Where a label beside the level line at `y` covers the least of the curves: right before left, above before below.
QRectF CurvePlot::freePlace(QSizeF size, qreal y) const {
  const QRectF plot = plotRect();
  QVector<QRectF> places;
  for (const qreal x : {plot.right() - size.width(), plot.left() + 2})
    for (const qreal top : {y - size.height() - 1, y + 1})
      if (top >= plot.top() && top + size.height() <= plot.bottom()) places.push_back({QPointF(x, top), size});
  if (places.isEmpty()) places.push_back({QPointF(plot.right() - size.width(), plot.top()), size});  // a plot of no more than two lines
  QVector<qsizetype> covered(places.size());
  for (int i = 0; i < store_.count(); ++i) {
    if (!store_.series(i).visible) continue;
    for (const QPointF& unit : store_.line(i, false, window_, kMaxColumns)) {
      const QPointF at = toPixel(unit.x(), unit.y());
      for (qsizetype k = 0; k < places.size(); ++k) covered[k] += places[k].contains(at);
    }
  }
  return places[std::min_element(covered.begin(), covered.end()) - covered.begin()];
}

void CurvePlot::paintLimitsAndMarks(QPainter& p) const {
  const QRectF plot = plotRect();
  p.setFont(themeFont(FontRole::Tick));
  const QFontMetricsF metrics(p.font());
  for (const CurveLimit& limit : store_.data().limits) {
    const double u = CurveStore::unitY(window_, limit.value);
    if (!(u >= 0 && u <= 1)) continue;
    const qreal y = crisp(toPixel(0, u).y());
    p.setPen(dashed(colors_.color(Token::Warning)));
    drawCrispLine(p, {plot.left() + 1, y}, {plot.right(), y});
    const qreal wide = metrics.horizontalAdvance(limit.label) + 4;
    const QRectF box = freePlace(QSizeF(wide, 15), y);
    QColor ground = colors_.color(Token::Surface2);
    ground.setAlphaF(0.85F);
    p.fillRect(box, ground);
    p.setPen(colors_.color(Token::Warning));
    p.drawText(box, Qt::AlignCenter, limit.label);
  }
  for (const CurveMark& mark : store_.data().marks) {
    const double u = CurveStore::unitX(window_, store_.stepToX(mark.step));
    if (!(u >= 0 && u <= 1)) continue;
    const qreal x = crisp(toPixel(u, 0).x());
    const QColor ink = colors_.color(mark.warning ? Token::Warning : Token::Text3);
    p.setPen(QPen(ink, 1));
    drawCrispLine(p, {x, plot.top()}, {x, plot.bottom()});
    const qreal wide = metrics.horizontalAdvance(mark.label) + 6;
    const bool right = x + 5 + wide < plot.right();
    const QRectF box(right ? x + 3 : x - 3 - wide, plot.top() + 2, wide, 16);
    QColor ground = colors_.color(Token::Surface2);
    ground.setAlphaF(0.85F);
    p.fillRect(box, ground);
    p.setPen(colors_.color(mark.warning ? Token::Warning : Token::Text2));
    p.drawText(box, Qt::AlignCenter, mark.label);
  }
}

void CurvePlot::paintNotes(QPainter& p) const {
  const QRectF plot = plotRect();
  p.setFont(themeFont(FontRole::Tick));
  const QFontMetricsF metrics(p.font());
  for (const CurveNote& note : store_.data().notes) {
    const int i = store_.indexOf(note.series);
    if (i < 0 || !store_.series(i).visible) continue;
    const int at = store_.nearest(i, store_.stepToX(note.step));
    if (at < 0) continue;
    const auto k = static_cast<std::size_t>(at);
    const double ux = CurveStore::unitX(window_, store_.x(i)[k]), uy = CurveStore::unitY(window_, store_.series(i).value[k]);
    if (!(ux >= 0 && ux <= 1 && uy >= 0 && uy <= 1)) continue;
    const QPointF dot = toPixel(ux, uy);
    drawMarker(p, Marker::Disc, dot, 6, styleOf(i).color, Qt::white);
    const qreal wide = metrics.horizontalAdvance(note.text) + 2;
    const bool left = dot.x() - 8 - wide > plot.left();
    QRectF box(left ? dot.x() - 7 - wide : dot.x() + 7, dot.y() - 9, wide, 16);
    box.moveTop(std::clamp(box.top(), plot.top() + 1, plot.bottom() - 17));
    QColor ground = colors_.color(Token::Surface2);
    ground.setAlphaF(0.8F);
    p.fillRect(box, ground);
    p.setPen(colors_.color(Token::Text2));
    p.drawText(box, Qt::AlignCenter, note.text);
  }
}

QStringList CurvePlot::valueBoxText() const {
  QStringList lines;
  if (!std::isfinite(crosshairX())) return lines;
  lines << axisPositionText(store_.axis(), crosshairX());
  for (const BoxRow& row : boxRows()) {
    const CurveSeries& s = store_.series(row.series);
    QString text =
        s.name + QLatin1Char(' ') + (std::isfinite(row.half) ? formatPlusMinus(row.shown, row.half) : formatFixed(row.shown, s.decimals));
    if (store_.isSmoothed(row.series)) text += QStringLiteral(" (%1)").arg(formatFixed(row.raw, s.decimals));
    lines << text;
  }
  return lines;
}

void CurvePlot::paintCrosshair(QPainter& p) const {
  const double x = crosshairX();
  const double u = std::isfinite(x) ? CurveStore::unitX(window_, x) : kNaN;
  if (!(u >= -1e-6 && u <= 1 + 1e-6)) return;
  const QRectF plot = plotRect();
  const qreal px = crisp(toPixel(u, 0).x());
  p.setPen(crosshairPinned() ? QPen(colors_.color(Token::Text2), 1) : dashed(colors_.color(Token::Text3)));
  drawCrispLine(p, {px, plot.top()}, {px, plot.bottom()});
  const std::vector<BoxRow> rows = boxRows();
  for (const BoxRow& row : rows) {
    const double uy = CurveStore::unitY(window_, row.shown);
    const int at = store_.nearest(row.series, x);
    const double ux = CurveStore::unitX(window_, store_.x(row.series)[static_cast<std::size_t>(at)]);
    if (uy >= 0 && uy <= 1 && ux >= 0 && ux <= 1)
      drawMarker(p, Marker::Disc, toPixel(ux, uy), 7, styleOf(row.series).color, colors_.color(Token::Surface2));
  }
  // The box stands in the chart one looks at; the others show the line only.
  if (rows.empty() || !(hovered_ || hasFocus() || (crosshairPinned() && moved_here_))) return;
  struct Cell {
    QString name, value, raw;
  };
  const QFont text = themeFont(FontRole::Hint), number = themeFont(FontRole::Number), strong = [] {
    QFont f = themeFont(FontRole::Hint);
    f.setWeight(QFont::DemiBold);
    return f;
  }();
  const QFontMetricsF text_metrics(text), number_metrics(number), strong_metrics(strong);
  const std::size_t most = std::max<std::size_t>(1, static_cast<std::size_t>((plot.height() - 34) / 17));
  std::vector<Cell> cells;
  qreal name_width = 0, value_width = 0, raw_width = 0;
  for (std::size_t k = 0; k < std::min(most, rows.size()); ++k) {
    const BoxRow& row = rows[k];
    const CurveSeries& s = store_.series(row.series);
    Cell cell{text_metrics.elidedText(s.name, Qt::ElideMiddle, 180),
              std::isfinite(row.half) ? formatPlusMinus(row.shown, row.half) : formatFixed(row.shown, s.decimals),
              store_.isSmoothed(row.series) ? formatFixed(row.raw, s.decimals) : QString()};
    name_width = std::max(name_width, text_metrics.horizontalAdvance(cell.name));
    value_width = std::max(value_width, number_metrics.horizontalAdvance(cell.value));
    raw_width = std::max(raw_width, number_metrics.horizontalAdvance(cell.raw));
    cells.push_back(std::move(cell));
  }
  const QString head = axisPositionText(store_.axis(), x) + (crosshairPinned() ? tr(", pinned") : QString());
  const QString more = rows.size() > cells.size() ? tr("and %1 more").arg(rows.size() - cells.size()) : QString();
  const qreal inner = std::max(24 + name_width + 14 + value_width + (raw_width > 0 ? raw_width + 12 : 0),
                               strong_metrics.horizontalAdvance(head) + (raw_width > 0 ? raw_width + 20 : 0));
  QRectF box(0, plot.top() + 4, inner + 18, 12 + 17 * (static_cast<qreal>(cells.size()) + 1) + (more.isEmpty() ? 0 : 17));
  const bool flips = px + 9 + box.width() > viewport()->width() - 4;
  box.moveLeft(std::round(flips ? px - 9 - box.width() : px + 9));
  box.moveLeft(std::max(2.0, box.left()));
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(colors_.color(Token::LineStrong), 1));
  p.setBrush(colors_.color(Token::Surface3));
  p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
  qreal y = box.top() + 5;
  const QRectF line_box(box.left() + 9, 0, inner, 17);
  p.setPen(colors_.color(Token::Text1));
  p.setFont(strong);
  p.drawText(line_box.translated(0, y), Qt::AlignLeft | Qt::AlignVCenter, head);
  if (raw_width > 0) {
    p.setFont(themeFont(FontRole::Tick));
    p.setPen(colors_.color(Token::Text3));
    p.drawText(line_box.translated(0, y), Qt::AlignRight | Qt::AlignVCenter, tr("raw"));
  }
  const QString cursor = cursorSeries();
  for (std::size_t k = 0; k < cells.size(); ++k) {
    y += 17;
    const QRectF at = line_box.translated(0, y);
    drawSeriesSample(p, QPointF(at.left(), at.center().y()), styleOf(rows[k].series), store_.series(rows[k].series).line, false);
    p.setFont(text);
    const bool is_cursor = hasFocus() && store_.series(rows[k].series).id == cursor && rows.size() > 1;
    p.setPen(colors_.color(is_cursor ? Token::Text1 : Token::Text2));
    p.drawText(at.adjusted(24, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, cells[k].name);
    p.setFont(number);
    if (raw_width > 0) {
      p.setPen(colors_.color(Token::Text3));
      p.drawText(at, Qt::AlignRight | Qt::AlignVCenter, cells[k].raw);
    }
    p.setPen(colors_.color(Token::Text1));
    p.drawText(at.adjusted(0, 0, raw_width > 0 ? -raw_width - 12 : 0, 0), Qt::AlignRight | Qt::AlignVCenter, cells[k].value);
  }
  if (!more.isEmpty()) {
    p.setFont(text);
    p.setPen(colors_.color(Token::Text3));
    p.drawText(line_box.translated(0, y + 17), Qt::AlignLeft | Qt::AlignVCenter, more);
  }
}

void CurvePlot::paintSkeleton(QPainter& p) const {
  const QRectF plot = plotRect();
  p.setPen(QPen(colors_.color(Token::Grid), 1));
  for (int k = 0; k < 4; ++k) {
    const qreal y = crisp(plot.top() + plot.height() * k / 4);
    drawCrispLine(p, {plot.left(), y}, {plot.right(), y});
    p.fillRect(QRectF(plot.left() - 34, y - 4, 26, 8), colors_.color(Token::Hover));
  }
  for (int k = 0; k < 5; ++k) p.fillRect(QRectF(plot.left() + plot.width() * k / 5, plot.bottom() + 8, 30, 8), colors_.color(Token::Hover));
  p.setPen(QPen(colors_.color(Token::LineStrong), 1));
  drawCrispLine(p, {crisp(plot.left()), plot.top()}, {crisp(plot.left()), crisp(plot.bottom())});
  drawCrispLine(p, {crisp(plot.left()), crisp(plot.bottom())}, {plot.right(), crisp(plot.bottom())});
}

}  // namespace dsw
