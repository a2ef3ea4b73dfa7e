// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/panel_header.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QTextDocumentFragment>
#include <QToolButton>
#include <cmath>

#include "ui/models/command_registry.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {
constexpr int kHeight = 40, kMostButtons = 5, kMargin = 12, kGap = 8, kIcon = 16, kLeastLinks = 40;
const QString kMore = QStringLiteral("…");

QString plain(const QStringList& parts) { return QTextDocumentFragment::fromHtml(parts.join(QStringLiteral(", "))).toPlainText(); }
}  // namespace

PanelHeader::PanelHeader(CommandRegistry& commands, QWidget* parent)
    : QWidget(parent),
      commands_(commands),
      icon_(new QLabel(this)),
      title_(new ElidedLabel({}, this)),
      chip_(new Chip({}, ChipTone::Neutral, this)),
      links_(new QLabel(this)),
      more_(new QToolButton(this)) {
  setFixedHeight(kHeight);
  setAccessibleName(QStringLiteral("Document header"));
  title_->setFont(themeFont(FontRole::Title));
  title_->setAccessibleName(QStringLiteral("Title"));
  links_->setTextFormat(Qt::RichText);
  links_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
  links_->setFocusPolicy(Qt::TabFocus);
  connect(links_, &QLabel::linkActivated, this, &PanelHeader::linkActivated);
  more_->setIcon(themeIcon("three-dots"));
  more_->setToolTip(QStringLiteral("More commands"));
  more_->setAccessibleName(QStringLiteral("More commands"));
  more_->setPopupMode(QToolButton::InstantPopup);
  more_->setFocusPolicy(Qt::TabFocus);
  auto* menu = new QMenu(more_);
  more_->setMenu(menu);
  connect(menu, &QMenu::aboutToShow, this, &PanelHeader::fillOverflow);
  chip_->hide();
  icon_->hide();
  more_->hide();
  connect(&Theme::current(), &Theme::changed, this, &PanelHeader::restyle);
  restyle();
}

void PanelHeader::setTitle(const QString& title) {
  title_->setText(title);
  arrange();
}

QString PanelHeader::title() const { return title_->text(); }

void PanelHeader::setStatus(const QString& status) {
  status_ = status;
  restyle();
}

void PanelHeader::setIcon(const QString& icon) {
  iconName_ = icon;
  restyle();
}

void PanelHeader::setChip(const QString& text) {
  chip_->setText(text);
  chip_->setVisible(!text.isEmpty());
  arrange();
}

void PanelHeader::setLinks(const QStringList& parts) {
  linkParts_ = parts;
  restyle();
}

void PanelHeader::addCommand(const QString& id, Style style) {
  QAction* action = commands_.action(id);
  auto* button = new QPushButton(this);
  button->setFocusPolicy(Qt::TabFocus);
  if (style == Style::Primary) button->setProperty("primary", true);
  connect(button, &QPushButton::clicked, action, &QAction::trigger);
  const Button entry{button, action, style};
  connect(action, &QAction::changed, button, [this, entry] {
    updateButton(entry);
    arrange();
  });
  buttons_.push_back(entry);
  updateButton(entry);
  arrange();
}

void PanelHeader::clearCommands() {
  for (const Button& entry : buttons_) {
    entry.button->hide();
    entry.button->deleteLater();
  }
  buttons_.clear();
  overflow_.clear();
  arrange();
}

void PanelHeader::addOverflow(const QString& id) {
  overflow_.push_back(commands_.action(id));
  arrange();
}

void PanelHeader::addWidget(QWidget* widget) {
  widget->setParent(this);
  widget->show();
  widgets_.push_back(widget);
  arrange();
}

void PanelHeader::updateButton(const Button& entry) {
  QString text = entry.action->text();
  text.remove('&');
  if (text.endsWith(QChar(0x2026))) text.chop(1);
  const Command* command = commands_.find(entry.action->objectName());
  entry.button->setProperty("label", text);
  entry.button->setAccessibleName(text);
  entry.button->setToolTip(entry.action->toolTip());
  entry.button->setEnabled(entry.action->isEnabled());
  if (command && !command->icon.isEmpty())
    entry.button->setIcon(entry.style == Style::Primary ? themeIcon(command->icon, Token::OnAccent) : themeIcon(command->icon));
  if (command && command->checkable) {
    entry.button->setCheckable(true);
    entry.button->setChecked(entry.action->isChecked());
  }
}

void PanelHeader::fillOverflow() {
  QMenu* menu = more_->menu();
  menu->clear();
  for (const Button& entry : buttons_)
    if (entry.button->isHidden()) menu->addAction(entry.action);
  if (!menu->isEmpty() && !overflow_.isEmpty()) menu->addSeparator();
  for (QAction* action : overflow_) menu->addAction(action);
}

int PanelHeader::linksRoom(const QStringList& parts) const {
  return parts.isEmpty() ? 0 : static_cast<int>(std::ceil(QFontMetricsF(links_->font()).horizontalAdvance(plain(parts)))) + 2;
}

void PanelHeader::showLinks(const QStringList& parts) {
  // The colour stands in the text: a label keeps the look of a text that stays the same.
  links_->setText(QString("<style>a { color: %1; text-decoration: none }</style>%2")
                      .arg(themeColor(Token::Accent).name(), parts.join(QStringLiteral(", "))));
}

/// Right to left: "…", buttons, own widgets; what is left goes to icon, title, chip and links. First all buttons with text, then
/// icon only from the right until it fits, then buttons into "…"; the primary one comes last in both.
void PanelHeader::arrange() {
  const int count = static_cast<int>(buttons_.size());
  int left = kMargin;
  const bool icon = !icon_->pixmap(Qt::ReturnByValue).isNull();
  if (icon) left += kIcon + kGap;
  const int titleWidth = title_->sizeHint().width();
  const int chipPart = chip_->isHidden() ? 0 : chip_->sizeHint().width() + kGap;
  const int linksWidth = linksRoom(linkParts_);
  links_->setVisible(linksWidth > 0);
  int own = 0;
  for (QWidget* widget : widgets_) own += widget->sizeHint().width() + kGap;

  QVector<int> textWidth(count), iconWidth(count);
  for (int i = 0; i < count; ++i) {
    QPushButton* button = buttons_[i].button;
    const QString label = button->property("label").toString();
    button->setText(label);
    textWidth[i] = buttons_[i].style == Style::IconOnly ? 32 : button->sizeHint().width();
    iconWidth[i] = button->icon().isNull() ? textWidth[i] : 32;
  }
  QVector<bool> shown(count), text(count);
  for (int i = 0; i < count; ++i) shown[i] = text[i] = i < kMostButtons;
  const int room = width() - left - kMargin - own - std::min(titleWidth, 200) - chipPart - (linksWidth > 0 ? kLeastLinks : 0);
  const auto anyHidden = [&] { return shown.contains(false) || !overflow_.isEmpty(); };
  const auto needed = [&] {
    int sum = anyHidden() ? 32 + kGap : 0;
    for (int i = 0; i < count; ++i)
      if (shown[i]) sum += (text[i] ? textWidth[i] : iconWidth[i]) + kGap;
    return sum;
  };
  const auto giveUp = [&](QVector<bool>& what) {  // the next one of it
    for (const bool primary : {false, true})
      for (int i = count - 1; i >= 0; --i)
        if (what[i] && (buttons_[i].style == Style::Primary) == primary) {
          what[i] = false;
          return true;
        }
    return false;
  };
  // Links give way before the texts of buttons do, but not all of them.
  const int links = std::min(linksWidth, 160) - (linksWidth > 0 ? kLeastLinks : 0);
  while (needed() + links > room && giveUp(text)) {
  }
  while (needed() > room && giveUp(shown)) {
  }

  int right = width() - kMargin;
  const bool more = anyHidden();
  more_->setVisible(more);
  const auto place = [&](QWidget* widget, int wide, int high) {
    right -= wide;
    widget->setGeometry(right, (kHeight - high) / 2, wide, high);
    right -= kGap;
  };
  if (more) place(more_, 32, 24);
  for (int i = count - 1; i >= 0; --i) {
    const Button& entry = buttons_[i];
    entry.button->setVisible(shown[i]);
    if (!shown[i]) continue;
    const bool iconOnly = entry.style == Style::IconOnly || (!text[i] && !entry.button->icon().isNull());
    if (iconOnly) entry.button->setText({});
    place(entry.button, iconOnly ? iconWidth[i] : textWidth[i], 24);
  }
  for (qsizetype i = widgets_.size() - 1; i >= 0; --i)
    place(widgets_[i], widgets_[i]->sizeHint().width(), widgets_[i]->sizeHint().height());

  if (icon) icon_->setGeometry(kMargin, (kHeight - kIcon) / 2, kIcon, kIcon);
  const int free = right - left;
  const int titleShown = std::max(0, std::min(titleWidth, free - chipPart));
  title_->setGeometry(left, 0, titleShown, kHeight);
  left += titleShown + kGap;
  if (chipPart > 0) {
    chip_->setGeometry(left, (kHeight - 18) / 2, chip_->sizeHint().width(), 18);
    left += chipPart;
  }
  QStringList parts = linkParts_;
  while (parts.size() > 1 && linksRoom(parts) > right - left) {
    if (parts.last() == kMore) parts.removeLast();
    parts.last() = kMore;  // the last ones go first
  }
  showLinks(parts);
  links_->setGeometry(left, 0, std::max(0, right - left), kHeight);
  // Buttons stand in reading order also for Tab.
  QWidget* before = links_;
  for (QWidget* widget : widgets_) setTabOrder(std::exchange(before, widget), widget);
  for (const Button& entry : buttons_) setTabOrder(std::exchange(before, entry.button), entry.button);
  setTabOrder(before, more_);
}

void PanelHeader::restyle() {
  title_->setFont(themeFont(FontRole::Title));
  links_->setFont(themeFont(FontRole::Text));
  if (!status_.isEmpty()) {
    const StateLook look = stateLook(status_);
    icon_->setPixmap(iconPixmap(look.icon, kIcon, themeColor(look.color), devicePixelRatioF()));
    icon_->setToolTip(look.word);
    icon_->setAccessibleName(look.word);
  } else if (!iconName_.isEmpty()) {
    icon_->setPixmap(iconPixmap(iconName_, kIcon, themeColor(Token::Text2), devicePixelRatioF()));
  } else {
    icon_->setPixmap({});
  }
  icon_->setVisible(!icon_->pixmap(Qt::ReturnByValue).isNull());
  QPalette palette = links_->palette();
  palette.setColor(QPalette::WindowText, themeColor(Token::Text2));
  palette.setColor(QPalette::Link, themeColor(Token::Accent));
  links_->setPalette(palette);
  links_->setToolTip(plain(linkParts_));
  links_->setAccessibleName(links_->toolTip());
  arrange();
  update();
}

void PanelHeader::resizeEvent(QResizeEvent*) { arrange(); }

void PanelHeader::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
}

}  // namespace dsw
