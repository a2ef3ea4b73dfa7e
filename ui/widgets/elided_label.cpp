// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/elided_label.h"

namespace dsw {

ElidedLabel::ElidedLabel(const QString& text, QWidget* parent, Token token) : QLabel(parent), token_(token) {
  setTextFormat(Qt::PlainText);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  setText(text);
}

void ElidedLabel::setText(const QString& text) {
  if (text == full_) return;
  full_ = text;
  full_width_ = -1;
  setAccessibleName(text);
  refresh();
  updateGeometry();
}

void ElidedLabel::setToken(Token token) {
  if (std::exchange(token_, token) != token) update();
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode) {
  mode_ = mode;
  refresh();
}

bool ElidedLabel::isElided() const { return QLabel::text() != full_; }

int ElidedLabel::fullWidth() const {
  if (full_width_ < 0) full_width_ = fontMetrics().horizontalAdvance(full_);
  return full_width_;
}

QSize ElidedLabel::minimumSizeHint() const {
  return {std::min(fullWidth() + 1, fontMetrics().averageCharWidth() * 4), fontMetrics().height()};
}

QSize ElidedLabel::sizeHint() const { return {fullWidth() + 2, fontMetrics().height()}; }

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  refresh();
}

void ElidedLabel::changeEvent(QEvent* event) {
  QLabel::changeEvent(event);
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
    full_width_ = -1;
    refresh();
    updateGeometry();
  }
}

void ElidedLabel::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setPen(themeColor(isEnabled() ? token_ : Token::TextOff));
  p.drawText(contentsRect(), static_cast<int>(alignment()) | Qt::TextSingleLine, QLabel::text());
}

void ElidedLabel::refresh() {
  const int room = contentsRect().width();
  const QString shown = fullWidth() <= room ? full_ : fontMetrics().elidedText(full_, mode_, room);
  if (shown != QLabel::text()) QLabel::setText(shown);
  setToolTip(shown == full_ ? QString() : full_);
}

ThemedLabel::ThemedLabel(const QString& text, FontRole role, Token token, QWidget* parent)
    : QLabel(text, parent), token_(token), role_(role) {
  connect(&Theme::current(), &Theme::changed, this, &ThemedLabel::refresh);
  refresh();
}

void ThemedLabel::setToken(Token token) {
  if (token == token_) return;
  token_ = token;
  refresh();
}

void ThemedLabel::setRole(FontRole role) {
  if (role == role_) return;
  role_ = role;
  refresh();
}

void ThemedLabel::refresh() {
  setFont(themeFont(role_));
  QPalette p = palette();
  p.setColor(QPalette::WindowText, themeColor(token_));
  setPalette(p);
}

}  // namespace dsw
