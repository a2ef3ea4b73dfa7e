// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/notice_bar.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QTimer>
#include <QToolButton>

#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {

constexpr int kShownMs = 8000, kMostWidth = 480;

struct Look {
  const char* icon;
  Token token;
};
Look lookOf(NoticeLevel level) {
  switch (level) {
    case NoticeLevel::Success:
      return {"check-circle-fill", Token::Finished};
    case NoticeLevel::Warning:
      return {"exclamation-triangle-fill", Token::Warning};
    case NoticeLevel::Error:
      return {"x-octagon-fill", Token::Failed};
    case NoticeLevel::Info:
      break;
  }
  return {"info-circle-fill", Token::Accent};
}

}  // namespace

NoticeBar::NoticeBar(QWidget* parent)
    : QWidget(parent), label_(new QLabel(this)), action_(new QToolButton(this)), close_(new QToolButton(this)), timer_(new QTimer(this)) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(36, 8, 8, 8);
  layout->setSpacing(8);
  label_->setWordWrap(true);
  label_->setTextFormat(Qt::PlainText);
  layout->addWidget(label_, 1);
  layout->addWidget(action_);
  layout->addWidget(close_);
  action_->setProperty("link", true);
  action_->setFocusPolicy(Qt::TabFocus);
  close_->setIcon(themeIcon("x"));
  close_->setFixedSize(24, 24);
  close_->setFocusPolicy(Qt::NoFocus);
  close_->setToolTip(QStringLiteral("Close"));
  close_->setAccessibleName(QStringLiteral("Close message"));
  connect(close_, &QToolButton::clicked, this, &QWidget::hide);
  connect(action_, &QToolButton::clicked, this, [this] {
    hide();
    if (const auto run = std::exchange(run_, {})) run();
  });
  timer_->setSingleShot(true);
  timer_->setInterval(kShownMs);
  connect(timer_, &QTimer::timeout, this, &QWidget::hide);
  parent->installEventFilter(this);
  hide();
}

void NoticeBar::showNotice(NoticeLevel level, const QString& text, const QString& actionText, std::function<void()> action) {
  level_ = level;
  label_->setText(text);
  action_->setText(actionText);
  action_->setVisible(!actionText.isEmpty());
  run_ = std::move(action);
  setAccessibleName(text);
  place();
  show();
  raise();
  update();
  timer_->start();
  QAccessibleEvent alert(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

QString NoticeBar::text() const { return label_->text(); }

void NoticeBar::place() {
  const QWidget* over = parentWidget();
  label_->setMinimumWidth(0);
  const int around = 36 + 8 + 24 + 8 + (action_->isHidden() ? 0 : action_->sizeHint().width() + 8);
  const int text = label_->fontMetrics().horizontalAdvance(label_->text()) + 4;
  const int wide = std::min({kMostWidth, over->width() - 24, text + around + 8});
  const int high = std::max(40, label_->heightForWidth(std::max(40, wide - around)) + 16);
  setGeometry(over->width() - wide - 12, over->height() - high - bottomMargin_, wide, high);
}

void NoticeBar::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(themeColor(Token::LineStrong));
  p.setBrush(themeColor(Token::Surface3));
  p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  const Look look = lookOf(level_);
  drawIcon(p, look.icon, QRectF(12, (height() - 16) / 2.0, 16, 16), themeColor(look.token));
}

void NoticeBar::enterEvent(QEnterEvent*) { timer_->stop(); }
void NoticeBar::leaveEvent(QEvent*) { timer_->start(); }

bool NoticeBar::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize && isVisible()) place();
  return QWidget::eventFilter(watched, event);
}

}  // namespace dsw
