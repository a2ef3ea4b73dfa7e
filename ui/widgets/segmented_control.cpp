// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/segmented_control.h"

#include "ui/widgets/icons.h"

namespace dsw {

SegmentedControl::SegmentedControl(QWidget* parent) : QWidget(parent) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(1, 1, 1, 1);
  row->setSpacing(1);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setFixedHeight(24);
}

SegmentedControl::SegmentedControl(const QStringList& options, QWidget* parent) : SegmentedControl(parent) { setOptions(options); }

void SegmentedControl::setOptions(const QStringList& options) {
  qDeleteAll(buttons_);
  buttons_.clear();
  current_ = -1;
  for (const QString& option : options) {
    auto* button = new QToolButton(this);
    button->setProperty("segment", true);
    button->setText(QString(option).replace(QLatin1Char('&'), QLatin1String("&&")));
    button->setAccessibleName(option);
    button->setCheckable(true);
    button->setAutoExclusive(true);
    button->setFixedHeight(22);
    // Room for the semibold text of the chosen one, so that nothing moves when the choice does.
    QFont strong = themeFont(FontRole::Control);
    strong.setWeight(QFont::DemiBold);
    button->setFixedWidth(QFontMetrics(strong).horizontalAdvance(option) + 24);
    button->setFocusPolicy(buttons_.isEmpty() ? Qt::StrongFocus : Qt::ClickFocus);
    button->installEventFilter(this);
    const int index = static_cast<int>(buttons_.size());
    connect(button, &QToolButton::clicked, this, [this, index] {
      setCurrent(index);
      emit chosen(index);
    });
    layout()->addWidget(button);
    buttons_ << button;
  }
  if (!buttons_.isEmpty()) setCurrent(0);
}

void SegmentedControl::setOptionIcon(int index, const QString& icon, bool icon_only) {
  QToolButton* button = buttons_.at(index);
  button->setIcon(themeIcon(icon));
  button->setToolButtonStyle(icon_only ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
  button->setToolTip(icon_only ? button->accessibleName() : QString());
  button->setFixedWidth(icon_only ? 28 : button->minimumWidth() + 20);
}

void SegmentedControl::setOptionEnabled(int index, bool enabled, const QString& reason) {
  buttons_.at(index)->setEnabled(enabled);
  buttons_.at(index)->setToolTip(enabled ? QString() : reason);
}

QString SegmentedControl::currentText() const { return current_ < 0 ? QString() : buttons_.at(current_)->accessibleName(); }

void SegmentedControl::setCurrent(int index) {
  if (index < 0 || index >= buttons_.size() || index == current_) return;
  current_ = index;
  buttons_.at(index)->setChecked(true);
  for (int i = 0; i < buttons_.size(); ++i) buttons_.at(i)->setFocusPolicy(i == index ? Qt::StrongFocus : Qt::ClickFocus);
  emit currentChanged(index);
}

bool SegmentedControl::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    const int step = key == Qt::Key_Left ? -1 : key == Qt::Key_Right ? 1 : 0;
    if (step != 0) {
      for (int i = current_ + step; i >= 0 && i < buttons_.size(); i += step) {
        if (!buttons_.at(i)->isEnabled()) continue;
        setCurrent(i);
        buttons_.at(i)->setFocus(Qt::TabFocusReason);
        emit chosen(i);
        break;
      }
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void SegmentedControl::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(themeColor(isEnabled() ? Token::LineStrong : Token::Line), 1));
  p.setBrush(themeColor(Token::Field));
  p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  p.setRenderHint(QPainter::Antialiasing, false);
  p.setPen(QPen(themeColor(Token::Line), 1));
  for (int i = 0; i + 1 < buttons_.size(); ++i) {
    const int x = buttons_.at(i)->geometry().right() + 1;
    p.drawLine(x, 1, x, height() - 2);
  }
}

}  // namespace dsw
