// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/stacked_history.h"

#include "ui/models/number_format.h"
#include "ui/widgets/curve/ticks.h"

namespace dsw {

namespace {
constexpr int kLeft = 34, kTop = 8, kRight = 14, kBottom = 22;
}

StackedHistory::StackedHistory(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void StackedHistory::setData(StackedData data) {
  data_ = std::move(data);
  if (!data_.shares.empty()) {
    QStringList now;
    for (qsizetype i = 0; i < data_.names.size(); ++i)
      now << data_.names[i] + QLatin1Char(' ') + formatProbability(data_.shares.back()[static_cast<std::size_t>(i)]);
    setAccessibleDescription(now.join(QStringLiteral(", ")));
  }
  update();
}

void StackedHistory::setCursor(double at) {
  cursor_ = at;
  update();
}

void StackedHistory::setTitle(const QString& title, const Provenance& provenance) {
  title_ = title;
  provenance_ = provenance;
  setAccessibleName(title);
}

QRectF StackedHistory::plotRect() const {
  return {kLeft, kTop, std::max(10.0, width() - 1.0 * kLeft - kRight), std::max(10.0, height() - 1.0 * kTop - kBottom)};
}

double StackedHistory::lastAt() const { return std::max({data_.last, data_.at.empty() ? 0 : data_.at.back(), 1.0}); }

void StackedHistory::paintEvent(QPaintEvent*) {
  QPainter p(this);
  paintAll(p, Theme::current().colors(), true);
}

void StackedHistory::paintAll(QPainter& p, const ThemeColors& colors, bool with_cursor) const {
  const QRectF plot = plotRect();
  if (!with_cursor) p.fillRect(rect(), colors.color(Token::Surface2));
  const auto x = [&](double at) { return plot.left() + plot.width() * at / lastAt(); };
  p.fillRect(plot, colors.color(Token::Surface2));
  p.setFont(themeFont(FontRole::Tick));
  for (const Tick& tick : linearTicks(0, lastAt(), 5)) {
    const qreal at = std::floor(x(tick.value)) + 0.5;
    p.setPen(colors.color(Token::Grid));
    p.drawLine(QLineF(at, plot.top(), at, plot.bottom()));
    p.setPen(colors.color(Token::Text3));
    p.drawText(QRectF(at - 30, plot.bottom() + 4, 60, 16), Qt::AlignCenter, tick.label);
  }
  for (const double share : {0.0, 0.5, 1.0}) {
    p.setPen(colors.color(Token::Text3));
    p.drawText(QRectF(0, plot.bottom() - share * plot.height() - 8, plot.left() - 6, 16), Qt::AlignRight | Qt::AlignVCenter,
               share == 0.5 ? QStringLiteral("0.5") : QString::number(share));
  }
  p.setRenderHint(QPainter::Antialiasing);
  std::vector<double> below(data_.at.size(), 0);
  for (std::size_t part = 0; part < data_.colors.size(); ++part) {
    QPolygonF upper, lower;
    for (std::size_t s = 0; s < data_.at.size(); ++s) {
      lower.prepend({x(data_.at[s]), plot.bottom() - below[s] * plot.height()});
      below[s] += data_.shares[s][part];
      upper << QPointF(x(data_.at[s]), plot.bottom() - std::min(1.0, below[s]) * plot.height());
    }
    p.setPen(Qt::NoPen);
    p.setBrush(colors.series(data_.colors[part]).color);
    if (data_.at.size() > 1) p.drawPolygon(upper + lower);
  }
  p.setRenderHint(QPainter::Antialiasing, false);
  p.setPen(colors.color(Token::LineStrong));
  p.drawLine(plot.bottomLeft(), plot.topLeft());
  p.drawLine(plot.bottomLeft(), plot.bottomRight());
  if (with_cursor && cursor_ >= 0) {
    p.setPen(QPen(colors.color(Token::Text1), 1));
    const qreal at = std::floor(x(cursor_)) + 0.5;
    p.drawLine(QLineF(at, plot.top(), at, plot.bottom()));
  }
  if (with_cursor && hasFocus()) {
    p.setRenderHint(QPainter::Antialiasing);
    p.setBrush(Qt::NoBrush);
    p.setPen(QPen(colors.color(Token::Focus), 2));
    p.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 4, 4);
  }
}

void StackedHistory::mousePressEvent(QMouseEvent* event) {
  const QRectF plot = plotRect();
  if (event->button() == Qt::LeftButton && !data_.at.empty())
    emit chosen(std::clamp((event->position().x() - plot.left()) / plot.width(), 0.0, 1.0) * lastAt());
}

void StackedHistory::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_E && event->modifiers() == Qt::NoModifier) return exportDialog();
  QWidget::keyPressEvent(event);
}

void StackedHistory::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  menu.addAction(tr("Export…") + QStringLiteral("\tE"), this, &StackedHistory::exportDialog);
  menu.exec(event->globalPos());
}

void StackedHistory::focusInEvent(QFocusEvent*) { update(); }
void StackedHistory::focusOutEvent(QFocusEvent*) { update(); }

Figure StackedHistory::figure() {
  const auto table = [this] {
    QString out = provenanceHead(title_, provenance_) + QStringLiteral("epoch");
    for (const QString& name : data_.names) out += ',' + csvCell(name);
    out += '\n';
    for (std::size_t s = 0; s < data_.at.size(); ++s) {
      out += formatExact(data_.at[s]);
      for (const double share : data_.shares[s]) out += ',' + formatExact(share);
      out += '\n';
    }
    return out;
  };
  return {title_, title_, provenance_, size(), [this](QPainter& p) { paintAll(p, ThemeColors::load(ThemeChoice::Light), false); }, table};
}

void StackedHistory::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty()) emit exportFailed(failed);
}

}  // namespace dsw
