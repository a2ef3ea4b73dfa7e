// SPDX-License-Identifier: GPL-3.0-or-later
// Painting of ScatterView.
#include "ui/widgets/scatter_view.h"

namespace dsw {
namespace {

constexpr qreal kPoint = 9, kCrowd = 5;

/// Middle of a pixel, so that a 1 px line is one row of pixels.
qreal crisp(qreal v) { return std::floor(v) + 0.5; }

}  // namespace

void ScatterView::paintEvent(QPaintEvent*) {
  QPainter p(this);
  paintAll(p, Theme::current().colors(), true);
}

void ScatterView::paintAll(QPainter& p, const ThemeColors& colors, bool with_cursor) const {
  p.fillRect(rect(), colors.color(Token::Surface2));
  if (points_.empty()) {
    p.setPen(colors.color(Token::Text3));
    p.setFont(themeFont(FontRole::Text));
    p.drawText(rect().adjusted(24, 16, -24, -16), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
  } else {
    if (target_) paintTarget(p, colors);
    paintAxes(p, colors);
    if (!front_.empty()) paintFront(p, colors);
    if (bound_.y) paintBound(p, colors);
    p.setRenderHint(QPainter::Antialiasing);
    QColor crowd = colors.color(Token::Text3);
    crowd.setAlphaF(0.45F);
    QPen dot(crowd, kCrowd, Qt::SolidLine, Qt::RoundCap);  // a round pen draws thousands of points quickly
    for (const ScatterPoint& point : points_) {
      if (point.style < 0) {
        p.setPen(dot);
        p.drawPoint(toPixel(point));
      } else {
        const SeriesStyle style = colors.series(point.style);
        drawMarker(p, point.marker.value_or(style.marker), toPixel(point), kPoint, style.color, colors.color(Token::Surface2));
      }
    }
    paintNames(p, colors);
    if (with_cursor && current_ >= 0) paintBox(p, colors);
  }
  if (with_cursor && hasFocus()) {
    p.setRenderHint(QPainter::Antialiasing);
    p.setBrush(Qt::NoBrush);
    p.setPen(QPen(colors.color(Token::Focus), 2));
    p.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 4, 4);
  }
}

void ScatterView::paintAxes(QPainter& p, const ThemeColors& colors) const {
  const QRectF plot = plotRect();
  p.setRenderHint(QPainter::Antialiasing, false);
  p.setFont(themeFont(FontRole::Tick));
  const QFontMetricsF metrics(p.font());
  const QColor ink = colors.color(Token::Text3);
  const QPen grid(colors.color(Token::Grid), 1);
  for (const Tick& tick : ticks(false)) {
    const qreal y = crisp(plot.bottom() - range_y_.unit(tick.value) * plot.height());
    if (y < plot.top() - 1 || y > plot.bottom() + 1) continue;
    p.setPen(grid);
    p.drawLine(QLineF(plot.left(), y, plot.right(), y));
    p.setPen(ink);
    p.drawText(QRectF(0, y - 9, plot.left() - 6, 18), Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine,
               metrics.elidedText(tick.label, Qt::ElideMiddle, plot.left() - 10));
  }
  const std::vector<Tick> across = ticks(true);
  const qreal each = x_.categories.isEmpty() ? plot.width() : plot.width() / static_cast<qreal>(x_.categories.size()) - 6;
  qreal free_from = -1e9;
  for (const Tick& tick : across) {
    const qreal x = crisp(plot.left() + range_x_.unit(tick.value) * plot.width());
    if (x < plot.left() - 1 || x > plot.right() + 1) continue;
    p.setPen(grid);
    p.drawLine(QLineF(x, plot.top(), x, plot.bottom()));
    const QString label = metrics.elidedText(tick.label, Qt::ElideMiddle, std::max(28.0, each));
    const qreal half = metrics.horizontalAdvance(label) / 2;
    if (x - half < free_from) continue;
    p.setPen(ink);
    p.drawText(QRectF(x - half - 2, plot.bottom() + 4, 2 * half + 4, 16), Qt::AlignCenter | Qt::TextSingleLine, label);
    free_from = x + half + 6;
  }
  p.setPen(QPen(colors.color(Token::LineStrong), 1));
  p.drawLine(QLineF(crisp(plot.left()), plot.top(), crisp(plot.left()), crisp(plot.bottom())));
  p.drawLine(QLineF(crisp(plot.left()), crisp(plot.bottom()), plot.right(), crisp(plot.bottom())));
  p.setPen(colors.color(Token::Text2));
  const auto named = [](const QString& name, bool log) { return log ? name + QStringLiteral(", log") : name; };
  p.drawText(QRectF(12, plot.top() - 22, width() - 24, 16), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
             metrics.elidedText(named(y_.name, log_y_), Qt::ElideMiddle, width() - 24));
  p.drawText(QRectF(plot.left(), plot.bottom() + 21, plot.width(), 16), Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine,
             metrics.elidedText(named(x_.name, log_x_), Qt::ElideMiddle, plot.width()));
}

void ScatterView::paintBound(QPainter& p, const ThemeColors& colors) const {
  const QRectF plot = plotRect();
  QPolygonF line;
  constexpr int kSteps = 200;
  for (int i = 0; i <= kSteps; ++i) {
    const double unit = static_cast<double>(i) / kSteps, high = range_y_.unit(bound_.y(range_x_.value(unit)));
    if (std::isfinite(high)) line << QPointF(plot.left() + unit * plot.width(), plot.bottom() - high * plot.height());
  }
  p.save();
  p.setClipRect(plot);
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(colors.color(Token::Text2), 1.5, Qt::DashLine));
  p.drawPolyline(line);
  p.restore();
  if (line.isEmpty() || bound_.name.isEmpty()) return;
  // Above the line where it reaches its last height: points lie under it.
  qreal left = line.last().x();
  for (const QPointF& at : line)
    if (std::abs(at.y() - line.last().y()) < 0.5) left = std::min(left, at.x());
  p.setFont(themeFont(FontRole::Hint));
  p.setPen(colors.color(Token::Text2));
  const qreal length = QFontMetricsF(p.font()).horizontalAdvance(bound_.name);
  p.drawText(QPointF(std::max(plot.left() + 4, std::min(left + 4, plot.right() - length - 4)), line.last().y() - 6), bound_.name);
}

void ScatterView::paintTarget(QPainter& p, const ThemeColors& colors) const {
  const QRectF plot = plotRect();
  const qreal x = crisp(plot.left() + range_x_.unit(target_->x) * plot.width());
  p.fillRect(QRectF(plot.topLeft(), QPointF(x, plot.bottom())), colors.color(Token::AccentSoft));
  QPen pen(colors.color(Token::Warning), 1);
  pen.setDashPattern({4, 3});
  p.setPen(pen);
  p.drawLine(QLineF(x, plot.top(), x, plot.bottom()));
  p.setFont(themeFont(FontRole::Tick));
  p.setPen(colors.color(Token::Warning));
  const qreal length = QFontMetricsF(p.font()).horizontalAdvance(target_->label) + 2;
  const qreal left = x + 5 + length < plot.right() ? x + 5 : x - 5 - length;
  p.drawText(QRectF(left, plot.bottom() - 22, length, 16), Qt::AlignCenter | Qt::TextSingleLine, target_->label);
}

void ScatterView::paintFront(QPainter& p, const ThemeColors& colors) const {
  QPolygonF line;
  for (const QPointF& at : front_) line << toPixel({{}, {}, at.x(), at.y(), -1});
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(colors.color(Token::Text2), 1));
  p.drawPolyline(line);
  p.setPen(QPen(colors.color(Token::Text2), kCrowd, Qt::SolidLine, Qt::RoundCap));
  p.drawPoints(line);
}

void ScatterView::paintNames(QPainter& p, const ThemeColors& colors) const {
  p.setFont(themeFont(FontRole::Hint));
  p.setPen(colors.color(Token::Text2));
  const QFontMetricsF metrics(p.font());
  std::vector<QRectF> taken;
  for (const ScatterPoint& point : points_) {
    const QPointF at = toPixel(point);
    taken.emplace_back(at.x() - kPoint / 2, at.y() - kPoint / 2, kPoint, kPoint);
  }
  for (const ScatterPoint& point : points_) {
    const QString name = named_ ? point.name : point.label;
    if (name.isEmpty()) continue;
    const QPointF at = toPixel(point);
    const qreal length = metrics.horizontalAdvance(name), high = 14;
    const QRectF places[] = {{at.x() + 8, at.y() - high / 2, length, high},
                             {at.x() - 8 - length, at.y() - high / 2, length, high},
                             {at.x() - length / 2, at.y() + 7, length, high},
                             {at.x() - length / 2, at.y() - 7 - high, length, high}};
    for (const QRectF& place : places) {
      const bool free = rect().adjusted(4, 4, -4, -4).contains(place.toAlignedRect()) &&
                        std::none_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(place); });
      if (!free) continue;
      p.drawText(place, Qt::AlignCenter | Qt::TextSingleLine, name);
      taken.push_back(place);
      break;
    }
  }
}

void ScatterView::paintBox(QPainter& p, const ThemeColors& colors) const {
  const ScatterPoint& point = points_[static_cast<std::size_t>(current_)];
  const QPointF at = toPixel(point);
  p.setRenderHint(QPainter::Antialiasing);
  p.setBrush(Qt::NoBrush);
  p.setPen(QPen(colors.color(Token::Accent), 2));
  p.drawEllipse(at, kPoint - 1, kPoint - 1);
  QFont strong = themeFont(FontRole::Hint);
  strong.setWeight(QFont::DemiBold);
  const QFont text = themeFont(FontRole::Hint), number = themeFont(FontRole::Number);
  const QFontMetricsF strong_metrics(strong), text_metrics(text), number_metrics(number);
  const QString name = strong_metrics.elidedText(point.name, Qt::ElideMiddle, 280);
  const std::array<QString, 2> labels = {text_metrics.elidedText(x_.name, Qt::ElideMiddle, 170),
                                         text_metrics.elidedText(y_.name, Qt::ElideMiddle, 170)};
  const std::array<QString, 2> values = {number_metrics.elidedText(valueText(x_, point.x), Qt::ElideMiddle, 150),
                                         number_metrics.elidedText(valueText(y_, point.y), Qt::ElideMiddle, 150)};
  qreal inner = strong_metrics.horizontalAdvance(name);
  for (std::size_t i = 0; i < 2; ++i)
    inner = std::max(inner, text_metrics.horizontalAdvance(labels[i]) + 16 + number_metrics.horizontalAdvance(values[i]));
  QRectF box(0, 0, std::ceil(inner) + 20, 3 * 17 + 12);
  box.moveLeft(at.x() + 14 + box.width() > width() - 4 ? at.x() - 14 - box.width() : at.x() + 14);
  box.moveTop(std::clamp(at.y() - box.height() / 2, 4.0, std::max(4.0, height() - box.height() - 4)));
  box.moveLeft(std::max(4.0, std::round(box.left())));
  box.moveTop(std::round(box.top()));
  p.setPen(QPen(colors.color(Token::LineStrong), 1));
  p.setBrush(colors.color(Token::Surface3));
  p.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
  QRectF line(box.left() + 10, box.top() + 6, box.width() - 20, 17);
  p.setFont(strong);
  p.setPen(colors.color(Token::Text1));
  p.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, name);
  for (std::size_t i = 0; i < 2; ++i) {
    line.translate(0, 17);
    p.setFont(text);
    p.setPen(colors.color(Token::Text2));
    p.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, labels[i]);
    p.setFont(number);
    p.setPen(colors.color(Token::Text1));
    p.drawText(line, Qt::AlignRight | Qt::AlignVCenter, values[i]);
  }
}

}  // namespace dsw
