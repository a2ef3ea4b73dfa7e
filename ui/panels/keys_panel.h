// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/key_list_model.h"
#include "ui/widgets/shell/document_panel.h"

class QComboBox;
class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace dsw {

class SegmentedControl;

/// Settings of the window and the list of all commands, whose keys are changed in place. UI thread only.
class KeysPanel : public DocumentPanel {
  Q_OBJECT
 public:
  KeysPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  QWidget* mainFocus() override;
  void showPlace(const QString& place) override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildSettings();
  QWidget* buildKeys();
  int sourceRow() const;
  void resetAll();
  KeyListModel model_;
  QSortFilterProxyModel* proxy_;
  QLineEdit* filter_ = nullptr;
  QTableView* table_ = nullptr;
  SegmentedControl* theme_ = nullptr;
};

}  // namespace dsw
