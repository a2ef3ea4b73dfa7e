// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/navigator_model.h"
#include "ui/widgets/shell/dock_panel.h"
#include "ui/widgets/shell/object_commands.h"

class QLineEdit;
class QSortFilterProxyModel;
class QStackedWidget;
class QTreeView;

namespace dsw {

/// The project as a tree. A click or Enter opens; Delete, F2, Ctrl+D and F5 act on the row. UI thread only.
class NavigatorPanel : public DockPanel {
  Q_OBJECT
 public:
  NavigatorPanel(PanelContext& context, QWidget* parent);
  QString title() const override;
  std::vector<QWidget*> titleButtons() override;
  QWidget* mainFocus() override;
  QWidget* filterFocus() override;
  void activePanelChanged(DocumentPanel* panel) override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;
  QTreeView* tree() const { return tree_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  ObjectRef current() const;
  void openIndex(const QModelIndex& index);
  void showPage();
  void menuAt(const QPoint& pos);
  PanelContext& context_;
  NavigatorModel model_;
  ObjectCommands objects_;
  QSortFilterProxyModel* proxy_;
  QLineEdit* filter_;
  QTreeView* tree_;
  QStackedWidget* pages_;
};

}  // namespace dsw
