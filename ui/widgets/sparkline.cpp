// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/sparkline.h"

namespace dsw {

void drawSparkline(QPainter& p, const QRectF& rect, const QVector<double>& values, const QColor& color) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values)
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  if (!(low <= high)) return;
  if (high == low) low -= 1, high += 1;
  const qreal dx = values.size() > 1 ? rect.width() / static_cast<qreal>(values.size() - 1) : 0;
  const QRectF area = rect.adjusted(0, 1, 0, -1);
  const auto at = [&](qsizetype i) {
    return QPointF(area.left() + dx * static_cast<qreal>(i), area.bottom() - (values[i] - low) / (high - low) * area.height());
  };
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(color, 1.2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  QPolygonF piece;
  QPointF last = area.bottomLeft();
  const auto flush = [&] {
    if (piece.size() > 1)
      p.drawPolyline(piece);
    else if (piece.size() == 1)
      p.drawPoint(piece.first());
    piece.clear();
  };
  for (qsizetype i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i]))
      piece << (last = at(i));
    else
      flush();
  }
  flush();
  if (!std::isfinite(values.last())) {
    p.setPen(QPen(themeColor(Token::Failed), 1.4));
    const QPointF c = last + QPointF(4, 0);
    p.drawLine(c + QPointF(-2.5, -2.5), c + QPointF(2.5, 2.5));
    p.drawLine(c + QPointF(-2.5, 2.5), c + QPointF(2.5, -2.5));
  }
  p.restore();
}

Sparkline::Sparkline(QWidget* parent) : QWidget(parent) {
  setMinimumHeight(16);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Sparkline::setValues(QVector<double> values) {
  values_ = std::move(values);
  update();
}

void Sparkline::setSeries(int index) {
  series_ = index;
  update();
}

void Sparkline::paintEvent(QPaintEvent*) {
  QPainter p(this);
  if (!values_.isEmpty()) drawSparkline(p, QRectF(rect()).adjusted(1, 1, -8, -1), values_, Theme::current().series(series_).color);
}

void drawShareBar(QPainter& p, const QRectF& rect, double share, const QColor& color) {
  const QRectF track(rect.left(), std::round(rect.center().y()) - 3, rect.width(), 6);
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(Qt::NoPen);
  p.setBrush(themeColor(Token::Line));
  p.drawRoundedRect(track, 3, 3);
  if (share > 0) {
    QPainterPath clip;
    clip.addRoundedRect(track, 3, 3);
    p.setClipPath(clip, Qt::IntersectClip);
    p.fillRect(QRectF(track.left(), track.top(), std::max(2.0, track.width() * std::min(1.0, share)), track.height()), color);
  }
  p.restore();
}

ShareBar::ShareBar(QWidget* parent) : QWidget(parent) {
  setMinimumHeight(8);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ShareBar::setShare(double share) {
  share_ = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0;
  setAccessibleName(tr("%1 percent").arg(std::lround(share_ * 100)));
  update();
}

void ShareBar::setToken(Token token) {
  token_ = token;
  update();
}

void ShareBar::paintEvent(QPaintEvent*) {
  QPainter p(this);
  drawShareBar(p, rect(), share_, themeColor(token_));
}

}  // namespace dsw
