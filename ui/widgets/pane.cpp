// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/pane.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QSplitter>
#include <QToolButton>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

PaneTitle::PaneTitle(const QString& title, const QString& note, QWidget* parent) : QWidget(parent), line_(new QHBoxLayout(this)) {
  setFixedHeight(31);
  line_->setContentsMargins(12, 0, 8, 1);
  line_->setSpacing(8);
  line_->addWidget(new ThemedLabel(title, FontRole::Strong, Token::Text1, this));
  if (!note.isEmpty()) line_->addWidget(new ThemedLabel(note, FontRole::Text, Token::Text2, this));
  line_->addStretch(1);
}

void PaneTitle::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
}

Pane::Pane(const QString& title, const QString& note, QSplitter* parent)
    : QWidget(parent), column_(new QVBoxLayout(this)), head_(new PaneTitle(title, note, this)) {
  column_->setContentsMargins(0, 0, 0, 0);
  column_->setSpacing(0);
  column_->addWidget(head_);
}

QToolButton* iconButton(const QString& icon, const QString& name, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setIcon(themeIcon(icon));
  button->setToolTip(name);
  button->setAccessibleName(name);
  button->setAutoRaise(true);
  button->setFixedSize(24, 24);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

}  // namespace dsw
