// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/widgets/shell/dock_panel.h"
#include "ui/widgets/shell/object_commands.h"

class QStackedWidget;
class QTableView;

namespace dsw {

/// The queue: what runs, waits and ended in this session. Enter opens a run, Shift+F5 stops, Ctrl+F5 resumes. UI thread only.
class JobsPanel : public DockPanel {
  Q_OBJECT
 public:
  JobsPanel(PanelContext& context, QWidget* parent);
  QString title() const override;
  QWidget* mainFocus() override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  ObjectRef current() const;
  void act(int row);
  void open(int row);
  PanelContext& context_;
  ObjectCommands objects_;
  QTableView* table_;
  QStackedWidget* pages_;
};

}  // namespace dsw
