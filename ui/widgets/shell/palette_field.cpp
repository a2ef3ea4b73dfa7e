// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/palette_field.h"

#include <QAction>
#include <QPainter>

#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

PaletteField::PaletteField(const QAction* action, QWidget* parent) : QAbstractButton(parent), action_(action) {
  setFocusPolicy(Qt::TabFocus);
  setCursor(Qt::PointingHandCursor);
  setAccessibleName(QStringLiteral("Find a command or run"));
  setToolTip(QStringLiteral("Find a command, run or experiment"));
  setAttribute(Qt::WA_Hover);
  connect(this, &QAbstractButton::clicked, this, &PaletteField::activated);
  connect(action, &QAction::changed, this, qOverload<>(&QWidget::update));
}

void PaletteField::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  // Keeps 8 px from the window's edge and stays inside the bar's 27 px.
  const QRectF frame = QRectF(rect()).adjusted(0.5, 2.5, -8.5, -2.5);
  p.setPen(QPen(themeColor(hasFocus() ? Token::Focus : Token::Line), hasFocus() ? 2 : 1));
  p.setBrush(themeColor(underMouse() ? Token::Hover : Token::Surface1));
  p.drawRoundedRect(frame, 4, 4);
  drawIcon(p, "search", QRectF(frame.left() + 8, frame.center().y() - 6.5, 13, 13), themeColor(Token::Text2));
  const QString key = action_->shortcut().toString(QKeySequence::NativeText);
  p.setFont(themeFont(FontRole::NumberSmall));
  p.setPen(themeColor(Token::Text3));
  const int keyWidth = p.fontMetrics().horizontalAdvance(key);
  p.drawText(frame.adjusted(0, 0, -8, 0), Qt::AlignRight | Qt::AlignVCenter, key);
  p.setFont(themeFont(FontRole::Control));
  const QRectF text = frame.adjusted(28, 0, -keyWidth - 20, 0);
  p.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
             p.fontMetrics().elidedText(accessibleName(), Qt::ElideRight, static_cast<int>(text.width())));
}

}  // namespace dsw
