// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <functional>
#include <vector>

#include "ui/models/command_target.h"
#include "ui/models/object_ref.h"
#include "ui/widgets/shell/panel_context.h"

namespace dsw {

class DocumentPanel;

/// The content of a dock: navigator, inspector, jobs, log, problems. UI thread only.
class DockPanel : public QWidget, public CommandTarget {
  Q_OBJECT
 public:
  explicit DockPanel(QWidget* parent = nullptr) : QWidget(parent) { setAttribute(Qt::WA_StyledBackground); }
  /// "Jobs 5"; shown in its title or tab.
  virtual QString title() const = 0;
  /// Buttons at the right end of the dock's title; owned by the panel. Called once.
  virtual std::vector<QWidget*> titleButtons() { return {}; }
  /// Gets the focus when the pane is reached.
  virtual QWidget* mainFocus() { return this; }
  /// Gets the focus by Ctrl+L; null: there is no filter.
  virtual QWidget* filterFocus() { return nullptr; }
  /// Another document is in front; null: none.
  virtual void activePanelChanged(DocumentPanel*) {}
  /// A document is about to go: keep nothing of it.
  virtual void panelClosing(DocumentPanel*) {}
  CommandState commandState(const QString&) const override { return {}; }
  void runCommand(const QString&) override {}

 signals:
  void titleChanged();
};

enum class DockPlace { Left, Right, Bottom };

/// How a dock is made; registered beside the document panels.
struct DockEntry {
  QString id, text;  ///< id: "navigator"; also the command "view.ID" and the name under which its place is kept
  DockPlace place = DockPlace::Bottom;
  int size = 0, minimum = 0;  ///< width, or height at the bottom, px
  std::function<DockPanel*(PanelContext&, QWidget* parent)> make;
};

}  // namespace dsw
