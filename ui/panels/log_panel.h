// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/widgets/shell/dock_panel.h"

class QStackedWidget;
class QTableView;

namespace dsw {

/// What happened since the window opened. Follows the newest line while it stands at the end. UI thread only.
class LogPanel : public DockPanel {
  Q_OBJECT
 public:
  LogPanel(PanelContext& context, QWidget* parent);
  QString title() const override { return QStringLiteral("Log"); }
  QWidget* mainFocus() override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 private:
  PanelContext& context_;
  QTableView* table_;
  QStackedWidget* pages_;
  bool atEnd_ = true;
};

/// Every open problem with a jump to its place. UI thread only.
class ProblemsPanel : public DockPanel {
  Q_OBJECT
 public:
  ProblemsPanel(PanelContext& context, QWidget* parent);
  QString title() const override;
  QWidget* mainFocus() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void jump(int row);
  PanelContext& context_;
  QTableView* table_;
  QStackedWidget* pages_;
};

}  // namespace dsw
