// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/interval_view.h"

#include <QKeyEvent>
#include <QPainter>
#include <cmath>

#include "ui/models/number_format.h"
#include "ui/widgets/curve/ticks.h"

namespace dsw {

namespace {
constexpr int kRow = 26, kLeft = 190, kValue = 150, kTop = 6, kBottom = 40, kCap = 5;
constexpr qreal kDot = 4;
}  // namespace

IntervalView::IntervalView(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void IntervalView::setRows(std::vector<IntervalRow> rows, const QString& quantity) {
  rows_ = std::move(rows);
  quantity_ = quantity;
  double low = 0, high = 0;
  QStringList said;
  for (const IntervalRow& row : rows_) {
    for (const double v : {row.mean, row.lower, row.upper, row.limit})
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    said << tr("%1 %2, from %3 to %4")
                .arg(row.name, formatDifference(row.mean, 2), std::isfinite(row.lower) ? formatDifference(row.lower, 2) : tr("unknown"),
                     std::isfinite(row.upper) ? formatDifference(row.upper, 2) : tr("unknown"));
  }
  const double room = high > low ? 0.08 * (high - low) : 1;
  low_ = low - room;
  high_ = high + room;
  setAccessibleDescription(said.join(QStringLiteral("; ")));
  updateGeometry();
  update();
}

void IntervalView::setEmptyText(const QString& sentence) {
  empty_text_ = sentence;
  update();
}

QSize IntervalView::sizeHint() const { return {520, kTop + kBottom + kRow * std::max(3, static_cast<int>(rows_.size()))}; }

QRectF IntervalView::plot() const {
  const int left = std::min(kLeft, width() / 3), right = std::min(kValue, width() / 4);
  return {1.0 * left, 1.0 * kTop, std::max(20.0, 1.0 * width() - left - right), std::max(20.0, 1.0 * height() - kTop - kBottom)};
}

double IntervalView::pixel(double value) const {
  const QRectF area = plot();
  return area.left() + area.width() * (value - low_) / (high_ - low_);
}

void IntervalView::paintEvent(QPaintEvent*) {
  QPainter p(this);
  paintAll(p, Theme::current().colors());
  if (!hasFocus()) return;
  p.setRenderHint(QPainter::Antialiasing);
  p.setBrush(Qt::NoBrush);
  p.setPen(QPen(themeColor(Token::Focus), 2));
  p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
}

void IntervalView::paintAll(QPainter& p, const ThemeColors& colors) const {
  p.fillRect(rect(), colors.color(Token::Surface2));
  if (rows_.empty()) {
    p.setFont(themeFont(FontRole::Text));
    p.setPen(colors.color(Token::Text3));
    p.drawText(QRectF(rect()).adjusted(12, 12, -12, -12), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
    return;
  }
  const QRectF area = plot();
  p.setFont(themeFont(FontRole::Tick));
  const auto vertical = [&](double value) {
    const qreal x = std::floor(pixel(value)) + 0.5;
    p.drawLine(QLineF(x, area.top(), x, area.bottom()));
  };
  for (const Tick& tick : linearTicks(low_, high_, std::max(2, static_cast<int>(area.width() / 70)))) {
    p.setPen(colors.color(Token::Grid));
    vertical(tick.value);
    p.setPen(colors.color(Token::Text3));
    p.drawText(QRectF(pixel(tick.value) - 40, area.bottom() + 3, 80, 14), Qt::AlignCenter, tick.label);
  }
  p.setPen(colors.color(Token::LineStrong));
  vertical(0);
  p.setPen(colors.color(Token::Text2));
  p.drawText(QRectF(area.left(), area.bottom() + 19, area.width(), 16), Qt::AlignCenter, quantity_);
  p.setRenderHint(QPainter::Antialiasing);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const IntervalRow& row = rows_[i];
    const qreal y = area.top() + kRow * (static_cast<qreal>(i) + 0.5);
    p.setFont(themeFont(FontRole::Text));
    p.setPen(colors.color(Token::Text1));
    const QRectF name(12, y - kRow / 2.0, area.left() - 20, kRow);
    const QFontMetricsF wide(p.font());
    p.drawText(name, Qt::AlignVCenter | Qt::TextSingleLine, wide.elidedText(row.name, Qt::ElideRight, name.width()));
    const bool judged = std::isfinite(row.limit), good = judged && row.lower > row.limit;
    const QColor ink = colors.color(!judged ? Token::Accent : good ? Token::Finished : Token::Warning);
    if (judged) {
      p.setPen(QPen(colors.color(Token::Warning), 1, Qt::DashLine, Qt::FlatCap));
      const qreal x = std::floor(pixel(row.limit)) + 0.5;
      p.drawLine(QLineF(x, y - kRow / 2.0 + 2, x, y + kRow / 2.0 - 2));
    }
    if (!std::isfinite(row.mean)) continue;
    const qreal from = std::isfinite(row.lower) ? pixel(row.lower) : area.left(),
                to = std::isfinite(row.upper) ? pixel(row.upper) : area.right();
    p.setPen(QPen(ink, 2, Qt::SolidLine, Qt::FlatCap));
    p.drawLine(QLineF(from, y, to, y));
    if (std::isfinite(row.lower)) p.drawLine(QLineF(from, y - kCap, from, y + kCap));
    if (std::isfinite(row.upper)) p.drawLine(QLineF(to, y - kCap, to, y + kCap));
    p.setPen(Qt::NoPen);
    p.setBrush(ink);
    p.drawEllipse(QPointF(pixel(row.mean), y), kDot, kDot);
    const QRectF value(area.right() + 10, y - kRow / 2.0, rect().right() - area.right() - 16, kRow);
    p.setFont(themeFont(FontRole::Number));
    p.setPen(colors.color(Token::Text1));
    const QString mean = formatDifference(row.mean, 2);
    p.drawText(value, Qt::AlignVCenter | Qt::TextSingleLine, mean);
    const qreal used = QFontMetricsF(p.font()).horizontalAdvance(mean) + 10;
    p.setFont(themeFont(FontRole::Hint));
    p.setPen(colors.color(judged && !good ? Token::Warning : Token::Text2));
    p.drawText(value.adjusted(used, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
               QFontMetricsF(p.font()).elidedText(row.note, Qt::ElideRight, value.width() - used));
  }
}

Figure IntervalView::figure() {
  return {quantity_,
          quantity_,
          provenance_,
          size(),
          [this](QPainter& p) { paintAll(p, ThemeColors::load(ThemeChoice::Light)); },
          [this] {
            QString text = provenanceHead(quantity_, provenance_) + QStringLiteral("name,mean,lower,upper,limit\n");
            const auto cell = [](double v) { return std::isfinite(v) ? formatExact(v) : QString(); };
            for (const IntervalRow& row : rows_)
              text += QStringList{csvCell(row.name), cell(row.mean), cell(row.lower), cell(row.upper), cell(row.limit)}.join(',') + '\n';
            return text;
          }};
}

void IntervalView::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty()) emit exportFailed(failed);
}

void IntervalView::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_E && event->modifiers() == Qt::NoModifier) return exportDialog();
  QWidget::keyPressEvent(event);
}

}  // namespace dsw
