// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/message_bar.h"

#include "ui/widgets/icons.h"

namespace dsw {
namespace {

struct LevelLook {
  const char* icon;
  Token ink;
  Token ground;
  const char* word;
};

LevelLook lookOf(MessageLevel level) {
  switch (level) {
    case MessageLevel::Success:
      return {"check-circle-fill", Token::Finished, Token::FinishedSoft, "Done"};
    case MessageLevel::Warning:
      return {"exclamation-triangle-fill", Token::Warning, Token::WarningSoft, "Warning"};
    case MessageLevel::Error:
      return {"x-octagon-fill", Token::Failed, Token::FailedSoft, "Error"};
    case MessageLevel::Info:
      break;
  }
  return {"info-circle", Token::Accent, Token::AccentSoft, "Note"};
}

}  // namespace

MessageBar::MessageBar(QWidget* parent)
    : QWidget(parent), icon_(new QLabel(this)), label_(new QLabel(this)), close_(new QToolButton(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 4, 6, 4);
  row->setSpacing(8);
  label_->setWordWrap(true);
  label_->setTextFormat(Qt::RichText);
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label_->setFocusPolicy(Qt::NoFocus);
  label_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  icon_->setFixedSize(16, 24);
  label_->setContentsMargins(0, 3, 0, 3);
  label_->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  buttons_ = new QHBoxLayout;
  buttons_->setSpacing(4);
  close_->setFixedSize(24, 24);
  close_->setToolTip(tr("Hide this message"));
  close_->setAccessibleName(close_->toolTip());
  connect(close_, &QToolButton::clicked, this, &MessageBar::clear);
  connect(&Theme::current(), &Theme::changed, this, &MessageBar::restyle);
  row->addWidget(icon_, 0, Qt::AlignTop);
  row->addWidget(label_, 1);
  row->addLayout(buttons_);
  row->setAlignment(buttons_, Qt::AlignTop);
  row->addWidget(close_, 0, Qt::AlignTop);
  row->setAlignment(icon_, Qt::AlignTop);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  hide();
}

void MessageBar::showMessage(MessageLevel level, const QString& head, const QString& text, std::vector<MessageAction> actions,
                             bool closable) {
  level_ = level;
  head_ = head;
  text_ = text;
  has_message_ = true;
  for (QWidget* old : action_buttons_) old->deleteLater();
  action_buttons_.clear();
  for (MessageAction& action : actions) {
    auto* button = new QToolButton(this);
    button->setProperty("link", true);
    button->setText(QString(action.text).replace(QLatin1Char('&'), QLatin1String("&&")));
    button->setToolTip(action.tooltip);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setCursor(Qt::PointingHandCursor);
    button->setMinimumHeight(24);
    connect(button, &QToolButton::clicked, this, [run = std::move(action.run)] {
      if (run) run();
    });
    buttons_->addWidget(button);
    action_buttons_.push_back(button);
  }
  close_->setVisible(closable);
  restyle();
  show();
  updateGeometry();
  setAccessibleName(QStringLiteral("%1: %2").arg(QLatin1String(lookOf(level).word), message()));
  QAccessibleEvent event(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&event);
}

void MessageBar::clear() {
  if (!has_message_) return;
  has_message_ = false;
  hide();
  emit closed();
}

QString MessageBar::message() const { return head_.isEmpty() ? text_ : text_.isEmpty() ? head_ : head_ + QLatin1Char(' ') + text_; }

void MessageBar::restyle() {
  const LevelLook look = lookOf(level_);
  icon_->setPixmap(iconPixmap(QLatin1String(look.icon), 16, themeColor(look.ink), devicePixelRatioF()));
  QString html;
  if (!head_.isEmpty()) html = QStringLiteral("<b>%1</b> ").arg(head_.toHtmlEscaped());
  label_->setText(html + text_.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>")));
  close_->setIcon(themeIcon(QStringLiteral("x-lg"), look.ink));
  close_->setIconSize({12, 12});
  update();
}

int MessageBar::heightForWidth(int width) const { return std::max(32, layout()->heightForWidth(width)); }

void MessageBar::paintEvent(QPaintEvent*) {
  QPainter p(this);
  const LevelLook look = lookOf(level_);
  p.fillRect(rect(), themeColor(look.ground));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
}

}  // namespace dsw
