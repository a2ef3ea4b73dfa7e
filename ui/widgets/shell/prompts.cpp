// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/prompts.h"

#include <QCompleter>
#include <QDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

#include "ui/widgets/elided_label.h"

namespace dsw {

namespace {

constexpr int kWidth = 400;

/// Title, whatever stands in between, and buttons at the right.
class Prompt : public QDialog {
 public:
  Prompt(QWidget* parent, const QString& title, QWidget* content, const QString& label, const QString& ok) : QDialog(parent) {
    setWindowTitle(title);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(8);
    auto* head = new QLabel(label, this);
    head->setBuddy(content);
    head->setWordWrap(true);
    content->setAccessibleName(label);
    layout->addWidget(head);
    layout->addWidget(content);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 8, 0, 0);
    row->setSpacing(8);
    row->addStretch();
    auto* cancel = new QPushButton(QStringLiteral("Cancel"), this);
    auto* accept = new QPushButton(ok, this);
    accept->setProperty("primary", true);
    accept->setDefault(true);
    row->addWidget(cancel);
    row->addWidget(accept);
    layout->addLayout(row);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(accept, &QPushButton::clicked, this, &QDialog::accept);
    setMinimumWidth(kWidth);
    content->setFocus();
  }
};

}  // namespace

std::optional<QString> askText(QWidget* parent, const QString& title, const QString& label, const QString& value, const QString& ok) {
  auto* line = new QLineEdit(value);
  line->selectAll();
  Prompt prompt(parent, title, line, label, ok);
  if (prompt.exec() != QDialog::Accepted) return std::nullopt;
  return line->text().trimmed();
}

std::optional<QStringList> askTags(QWidget* parent, const QString& object, const QStringList& tags, const QStringList& known) {
  auto* line = new QLineEdit(tags.join(", "));
  // Completes the word behind the last comma.
  auto* completer = new QCompleter(known, line);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  completer->setWidget(line);
  const auto lastWord = [line] { return line->text().mid(line->text().lastIndexOf(',') + 1).trimmed(); };
  QObject::connect(line, &QLineEdit::textEdited, completer, [completer, lastWord] {
    completer->setCompletionPrefix(lastWord());
    if (!lastWord().isEmpty() && completer->completionCount() > 0)
      completer->complete();
    else
      completer->popup()->hide();
  });
  QObject::connect(completer, QOverload<const QString&>::of(&QCompleter::activated), line, [line](const QString& tag) {
    const qsizetype comma = line->text().lastIndexOf(',');
    line->setText(comma < 0 ? tag : line->text().left(comma + 1) + ' ' + tag);
  });
  Prompt prompt(parent, QStringLiteral("Tags"), line, QString("Tags of %1, parted by commas").arg(object), QStringLiteral("Set tags"));
  if (prompt.exec() != QDialog::Accepted) return std::nullopt;
  QStringList list;
  for (const QString& part : line->text().split(','))
    if (const QString tag = part.trimmed(); !tag.isEmpty() && !list.contains(tag)) list.push_back(tag);
  return list;
}

std::optional<QString> askNote(QWidget* parent, const QString& object, const QString& note) {
  auto* text = new QPlainTextEdit(note);
  text->setProperty("field", true);
  text->setTabChangesFocus(true);
  text->setMinimumHeight(120);
  Prompt prompt(parent, QStringLiteral("Note"), text, QString("Note on %1").arg(object), QStringLiteral("Keep note"));
  new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), &prompt, &prompt, &QDialog::accept);
  if (prompt.exec() != QDialog::Accepted) return std::nullopt;
  return text->toPlainText().trimmed();
}

int askChoice(QWidget* parent, const QString& head, const QString& text, const QStringList& buttons, int primary) {
  QDialog dialog(parent);
  dialog.setWindowTitle(QStringLiteral("Deepshock Workbench"));
  auto* layout = new QVBoxLayout(&dialog);
  layout->setContentsMargins(16, 16, 16, 16);
  layout->setSpacing(8);
  auto* title = new ThemedLabel(head, FontRole::Strong, Token::Text1);
  title->setWordWrap(true);
  auto* body = new ThemedLabel(text, FontRole::Text, Token::Text2);
  body->setWordWrap(true);
  layout->addWidget(title);
  layout->addWidget(body);
  auto* row = new QHBoxLayout;
  row->setContentsMargins(0, 8, 0, 0);
  row->setSpacing(8);
  row->addStretch();
  int answer = static_cast<int>(buttons.size()) - 1;
  for (int i = static_cast<int>(buttons.size()) - 1; i >= 0; --i) {
    auto* button = new QPushButton(buttons[i], &dialog);
    const bool enter = i == (primary < 0 ? answer : primary);
    if (i == primary) button->setProperty("primary", true);
    if (enter) button->setDefault(true);
    QObject::connect(button, &QPushButton::clicked, &dialog, [&dialog, &answer, i] {
      answer = i;
      dialog.accept();
    });
    row->addWidget(button);
    if (enter) button->setFocus();
  }
  layout->addLayout(row);
  dialog.setMinimumWidth(kWidth);
  dialog.setAccessibleName(head);
  dialog.setAccessibleDescription(text);
  dialog.exec();
  return answer;
}

}  // namespace dsw
