// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/chip.h"

#include "ui/widgets/icons.h"

namespace dsw {
namespace {

constexpr qreal kHeight = 18, kPad = 6;

struct ToneLook {
  Token ink, ground;
};
ToneLook lookOf(ChipTone tone) {
  switch (tone) {
    case ChipTone::Accent:
      return {Token::Accent, Token::AccentSoft};
    case ChipTone::Running:
      return {Token::Running, Token::RunningSoft};
    case ChipTone::Finished:
      return {Token::Finished, Token::FinishedSoft};
    case ChipTone::Failed:
      return {Token::Failed, Token::FailedSoft};
    case ChipTone::Warning:
      return {Token::Warning, Token::WarningSoft};
    case ChipTone::Neutral:
      break;
  }
  return {Token::Text1, Token::SelectIdle};
}

void paintChip(QPainter& p, const QRectF& box, const QString& text, ChipTone tone) {
  const ToneLook look = lookOf(tone);
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(Qt::NoPen);
  p.setBrush(themeColor(look.ground));
  p.drawRoundedRect(box, 3, 3);
  p.setPen(themeColor(look.ink));
  p.setFont(themeFont(FontRole::Hint));
  p.drawText(box.adjusted(kPad, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, text);
  p.restore();
}

}  // namespace

qreal chipWidth(const QString& text) { return std::ceil(QFontMetricsF(themeFont(FontRole::Hint)).horizontalAdvance(text)) + 2 * kPad; }

qreal drawChip(QPainter& p, qreal left, qreal center_y, const QString& text, ChipTone tone) {
  const QRectF box(left, std::round(center_y - kHeight / 2), chipWidth(text), kHeight);
  paintChip(p, box, text, tone);
  return box.right();
}

Chip::Chip(const QString& text, ChipTone tone, QWidget* parent) : QWidget(parent), text_(text), tone_(tone) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setAccessibleName(text);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Chip::setText(const QString& text) {
  text_ = text;
  setAccessibleName(text);
  updateGeometry();
  update();
}

void Chip::setTone(ChipTone tone) {
  tone_ = tone;
  update();
}

void Chip::setRemovable(bool on) {
  removable_ = on;
  setFocusPolicy(on ? Qt::StrongFocus : Qt::NoFocus);
  setProperty("focusRing", on);
  updateGeometry();
  update();
}

QSize Chip::sizeHint() const { return {static_cast<int>(chipWidth(text_)) + (removable_ ? 14 : 0), static_cast<int>(kHeight)}; }

void Chip::paintEvent(QPaintEvent*) {
  QPainter p(this);
  paintChip(p, rect(), text_, tone_);
  if (removable_) drawIcon(p, QStringLiteral("x"), QRectF(width() - 17, 2, 14, 14), themeColor(lookOf(tone_).ink));
}

void Chip::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !rect().contains(event->pos())) return;
  if (removable_ && event->pos().x() > width() - 18)
    emit removeRequested();
  else
    emit clicked();
}

void Chip::keyPressEvent(QKeyEvent* event) {
  if (removable_ && (event->key() == Qt::Key_Delete || event->key() == Qt::Key_Backspace))
    emit removeRequested();
  else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Space)
    emit clicked();
  else
    QWidget::keyPressEvent(event);
}

}  // namespace dsw
