// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/dock_title.h"

#include <QDockWidget>
#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/shell/dock_panel.h"
#include "ui/widgets/theme.h"

namespace dsw {

DockTitle::DockTitle(QDockWidget* dock, DockPanel* panel) : QWidget(dock), label_(new ElidedLabel(panel->title(), this)) {
  setFixedHeight(30);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(10, 0, 4, 1);
  layout->setSpacing(0);
  QFont font = themeFont(FontRole::Hint);
  font.setWeight(QFont::DemiBold);
  label_->setFont(font);
  label_->setAttribute(Qt::WA_TransparentForMouseEvents);
  layout->addWidget(label_, 1);
  for (QWidget* button : panel->titleButtons()) layout->addWidget(button);
  auto* close = new QToolButton(this);
  close->setIcon(themeIcon("x"));
  close->setFixedSize(24, 24);
  close->setFocusPolicy(Qt::TabFocus);
  close->setToolTip(QStringLiteral("Close pane"));
  close->setAccessibleName(QString("Close %1").arg(dock->windowTitle()));
  connect(close, &QToolButton::clicked, dock, &QDockWidget::close);
  layout->addWidget(close);
  connect(panel, &DockPanel::titleChanged, this, [this, panel] { label_->setText(panel->title()); });
}

void DockTitle::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface0));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
}

}  // namespace dsw
