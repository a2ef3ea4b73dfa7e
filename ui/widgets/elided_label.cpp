// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/elided_label.h"

namespace dsw {

ElidedLabel::ElidedLabel(const QString& text, QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  setText(text);
}

void ElidedLabel::setText(const QString& text) {
  full_ = text;
  setAccessibleName(text);
  refresh();
  updateGeometry();
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode) {
  mode_ = mode;
  refresh();
}

bool ElidedLabel::isElided() const { return QLabel::text() != full_; }

QSize ElidedLabel::minimumSizeHint() const {
  return {std::min(fontMetrics().horizontalAdvance(full_) + 1, fontMetrics().averageCharWidth() * 4), fontMetrics().height()};
}

QSize ElidedLabel::sizeHint() const { return {fontMetrics().horizontalAdvance(full_) + 2, fontMetrics().height()}; }

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  refresh();
}

void ElidedLabel::changeEvent(QEvent* event) {
  QLabel::changeEvent(event);
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
    refresh();
    updateGeometry();
  }
}

void ElidedLabel::refresh() {
  const QString shown = fontMetrics().elidedText(full_, mode_, contentsRect().width());
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
