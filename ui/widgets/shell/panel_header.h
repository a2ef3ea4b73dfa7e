// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QVector>
#include <QWidget>

class QAction;
class QLabel;
class QPushButton;
class QToolButton;

namespace dsw {

class Chip;
class CommandRegistry;
class ElidedLabel;

/// The 40 px head of a document: state icon, name (15 px semibold), a chip, where it comes from (links), then at most five buttons,
/// one primary at most; the rest and what does not fit go into "…". When it is narrow, buttons drop their text from the right (icon
/// and tooltip stay), then the links elide. UI thread only.
class PanelHeader : public QWidget {
  Q_OBJECT
 public:
  explicit PanelHeader(CommandRegistry& commands, QWidget* parent = nullptr);

  void setTitle(const QString& title);
  QString title() const;
  /// A run status shows its coloured icon before the name; empty: `icon` if set, else none.
  void setStatus(const QString& status);
  void setIcon(const QString& icon);
  void setChip(const QString& text);  ///< "draft of v5"; empty hides it
  /// Rich texts made of plain escaped text and objectLink(): "<a …>shakespeare-char v4</a>", "seed 1337". Where they do not fit, the
  /// last ones give way to "…". Links are announced by linkActivated.
  void setLinks(const QStringList& parts);

  enum class Style { Normal, Primary, IconOnly };
  /// A button of a registered command, in the order added; it is disabled and re-texted with the command. The first five are shown.
  void addCommand(const QString& id, Style style = Style::Normal);
  /// Removes all command buttons (a run that ended offers others).
  void clearCommands();
  /// Commands only in "…".
  void addOverflow(const QString& id);
  /// Any widget between links and buttons (segmented control); the header owns it.
  void addWidget(QWidget* widget);

  QSize sizeHint() const override { return {400, 40}; }
  QSize minimumSizeHint() const override { return {160, 40}; }

 signals:
  void linkActivated(const QString& href);

 protected:
  void resizeEvent(QResizeEvent*) override;
  void paintEvent(QPaintEvent*) override;

 private:
  struct Button {
    QPushButton* button;
    QAction* action;
    Style style;
  };
  void arrange();
  void updateButton(const Button& button);
  void restyle();
  int linksRoom(const QStringList& parts) const;  ///< px
  void showLinks(const QStringList& parts);
  void fillOverflow();
  CommandRegistry& commands_;
  QLabel* icon_;
  ElidedLabel* title_;
  Chip* chip_;
  QLabel* links_;
  QStringList linkParts_;
  QString status_, iconName_;
  QVector<Button> buttons_;
  QVector<QWidget*> widgets_;
  QVector<QAction*> overflow_;
  QToolButton* more_;
};

}  // namespace dsw
