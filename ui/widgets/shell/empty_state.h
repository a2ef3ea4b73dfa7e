// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

class QLabel;
class QPushButton;

namespace dsw {

class CommandRegistry;

/// What belongs here, one action and its key: shown in the middle of a panel that has nothing yet.
class EmptyState : public QWidget {
  Q_OBJECT
 public:
  explicit EmptyState(const QString& sentence, QWidget* parent = nullptr);
  void setSentence(const QString& sentence);
  /// A button that runs a command; its key stands beside it.
  void setCommand(CommandRegistry& commands, const QString& id);

 private:
  QLabel* label_;
  QPushButton* button_;
  QLabel* key_;
};

}  // namespace dsw
