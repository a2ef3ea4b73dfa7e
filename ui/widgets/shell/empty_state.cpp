// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/empty_state.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/models/command_registry.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"

namespace dsw {

EmptyState::EmptyState(const QString& sentence, QWidget* parent)
    : QWidget(parent),
      label_(new ThemedLabel(sentence, FontRole::Text, Token::Text2, this)),
      button_(new QPushButton(this)),
      key_(new ThemedLabel({}, FontRole::NumberSmall, Token::Text3, this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(8);
  label_->setWordWrap(true);
  label_->setAlignment(Qt::AlignCenter);
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  row->addStretch();
  row->addWidget(button_);
  row->addWidget(key_);
  row->addStretch();
  layout->addStretch();
  layout->addWidget(label_);
  layout->addLayout(row);
  layout->addStretch();
  button_->hide();
  key_->hide();
}

void EmptyState::setSentence(const QString& sentence) { label_->setText(sentence); }

void EmptyState::setCommand(CommandRegistry& commands, const QString& id) {
  QAction* action = commands.action(id);
  const Command* command = commands.find(id);
  QString text = action->text();
  text.remove('&');
  button_->setText(text);
  if (command && !command->icon.isEmpty()) button_->setIcon(themeIcon(command->icon));
  button_->setEnabled(action->isEnabled());
  button_->show();
  const QString key = action->shortcut().toString(QKeySequence::NativeText);
  key_->setText(key);
  key_->setVisible(!key.isEmpty());
  connect(button_, &QPushButton::clicked, action, &QAction::trigger);
  connect(action, &QAction::changed, this, [this, action] {
    button_->setEnabled(action->isEnabled());
    button_->setToolTip(action->toolTip());
  });
}

}  // namespace dsw
