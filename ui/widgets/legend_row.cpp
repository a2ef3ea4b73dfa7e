// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/legend_row.h"

namespace dsw {
namespace {

constexpr int kSample = 20, kGap = 6, kBetween = 12, kPad = 2;

}  // namespace

void drawSeriesSample(QPainter& p, QPointF at, const SeriesStyle& style, bool line, bool marker) {
  p.save();
  p.setRenderHint(QPainter::Antialiasing, false);
  if (line) {
    QPen pen = seriesPen(style);
    pen.setWidthF(2);
    if (!style.dash_px.isEmpty()) {
      QVector<qreal> units;
      for (const qreal px : style.dash_px) units << px / 2;
      pen.setDashPattern(units);
    }
    p.setPen(pen);
    const qreal y = std::round(at.y());
    p.drawLine(QPointF(at.x(), y), QPointF(at.x() + 18, y));
  }
  if (marker || !line) drawMarker(p, style.marker, at + QPointF(9, 0), 7, style.color, themeColor(Token::Surface2));
  p.restore();
}

LegendRow::LegendRow(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
  setFixedHeight(24);
  setFocusPolicy(Qt::TabFocus);
  setProperty("ownFocus", true);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  setFont(themeFont(FontRole::Hint));
  setAccessibleName(tr("Legend"));
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void LegendRow::setItems(QVector<LegendItem> items) {
  items_ = std::move(items);
  cursor_ = std::clamp(cursor_, 0, std::max(0, static_cast<int>(items_.size()) - 1));
  setFocusPolicy(items_.isEmpty() ? Qt::NoFocus : Qt::TabFocus);
  QStringList words;
  for (const LegendItem& item : items_) words << (item.visible ? item.name : tr("%1, hidden").arg(item.name));
  setAccessibleDescription(words.join(QLatin1String(", ")));
  updateGeometry();
  update();
}

QSize LegendRow::sizeHint() const {
  int width = 0;
  for (const LegendItem& item : items_) width += 2 * kPad + kSample + kGap + fontMetrics().horizontalAdvance(item.name) + kBetween;
  return {width, 24};
}

QSize LegendRow::minimumSizeHint() const {
  if (items_.isEmpty()) return {0, 24};
  return {std::min(sizeHint().width(), 150), 24};  // titles and captions elide before the legend folds
}

QVector<QRect> LegendRow::rects() const {
  QVector<QRect> out;
  const int more = fontMetrics().horizontalAdvance(QStringLiteral("+ 99")) + kBetween;
  int x = 0;
  for (qsizetype i = 0; i < items_.size(); ++i) {
    const int w = 2 * kPad + kSample + kGap + fontMetrics().horizontalAdvance(items_[i].name);
    const bool last = i + 1 == items_.size();
    if (x + w + (last ? 0 : more) > width() && x + w > width() - (last ? 0 : more)) break;
    out << QRect(x, 0, w, height());
    x += w + kBetween;
  }
  return out;
}

int LegendRow::indexAt(QPoint pos) const {
  const QVector<QRect> boxes = rects();
  for (int i = 0; i < boxes.size(); ++i)
    if (boxes[i].contains(pos)) return i;
  return -1;
}

void LegendRow::paintEvent(QPaintEvent*) {
  QPainter p(this);
  const QVector<QRect> boxes = rects();
  p.setFont(font());
  for (int i = 0; i < boxes.size(); ++i) {
    const LegendItem& item = items_[i];
    p.setOpacity(item.visible ? 1 : 0.45);
    if (i == hover_) p.fillRect(boxes[i].adjusted(-2, 2, 2, -2), themeColor(Token::Hover));
    drawSeriesSample(p, QPointF(boxes[i].left() + kPad, height() / 2.0), item.style, item.line, item.marker);
    p.setPen(themeColor(Token::Text2));
    QFont f = font();
    f.setStrikeOut(!item.visible);
    p.setFont(f);
    p.drawText(boxes[i].adjusted(kPad + kSample + kGap, 0, 20, 0), Qt::AlignVCenter | Qt::TextSingleLine, item.name);
    p.setOpacity(1);
    if (hasFocus() && i == cursor_) {
      p.setPen(QPen(themeColor(Token::Focus), 2));
      p.drawRect(boxes[i].adjusted(-1, 3, 1, -3));
    }
  }
  if (boxes.size() < items_.size()) {
    const int x = boxes.isEmpty() ? 0 : boxes.last().right() + kBetween;
    p.setPen(themeColor(Token::Accent));
    p.setFont(font());
    p.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter, QStringLiteral("+ %1").arg(items_.size() - boxes.size()));
  }
}

void LegendRow::openOverflow() {
  QMenu menu(this);
  for (qsizetype i = rects().size(); i < items_.size(); ++i) {
    QAction* action = menu.addAction(QString(items_[i].name).replace(QLatin1Char('&'), QLatin1String("&&")));
    action->setCheckable(true);
    action->setChecked(items_[i].visible);
    connect(action, &QAction::triggered, this, [this, id = items_[i].id] { emit toggled(id); });
  }
  menu.exec(mapToGlobal(QPoint(width() - 60, height())));
}

void LegendRow::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  const int i = indexAt(event->pos());
  if (i >= 0) {
    cursor_ = i;
    if (event->modifiers() & Qt::AltModifier)
      emit isolated(items_[i].id);
    else
      emit toggled(items_[i].id);
  } else if (const QVector<QRect> boxes = rects();
             boxes.size() < items_.size() && event->pos().x() > (boxes.isEmpty() ? 0 : boxes.last().right())) {
    openOverflow();
  }
}

void LegendRow::mouseMoveEvent(QMouseEvent* event) {
  const int i = indexAt(event->pos());
  if (i == hover_) return;
  hover_ = i;
  setCursor(i >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  emit hovered(i >= 0 ? items_[i].id : QString());
  update();
}

void LegendRow::leaveEvent(QEvent*) {
  hover_ = -1;
  emit hovered({});
  update();
}

void LegendRow::keyPressEvent(QKeyEvent* event) {
  const int fit = static_cast<int>(rects().size());
  if (items_.isEmpty()) return QWidget::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Left:
      cursor_ = std::max(0, cursor_ - 1);
      break;
    case Qt::Key_Right:
      if (cursor_ + 1 < fit)
        ++cursor_;
      else if (fit < items_.size())
        openOverflow();
      break;
    case Qt::Key_Space:
      emit toggled(items_[cursor_].id);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      emit isolated(items_[cursor_].id);
      break;
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  update();
}

void LegendRow::focusInEvent(QFocusEvent*) { update(); }
void LegendRow::focusOutEvent(QFocusEvent*) { update(); }

bool LegendRow::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const QPoint pos = static_cast<QHelpEvent*>(event)->pos();
    const int i = indexAt(pos);
    if (i >= 0) {
      QToolTip::showText(mapToGlobal(pos), tr("%1: click hides or shows, Alt+click isolates").arg(items_[i].name), this, rects().at(i));
    } else {
      QStringList rest;
      for (qsizetype k = rects().size(); k < items_.size(); ++k) rest << items_[k].name;
      if (!rest.isEmpty()) QToolTip::showText(mapToGlobal(pos), rest.join(QLatin1Char('\n')), this);
    }
    return true;
  }
  return QWidget::event(event);
}

}  // namespace dsw
