// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/run_table_model.h"
#include "ui/widgets/shell/document_panel.h"

class QLabel;
class QStackedWidget;
class QTableView;
class QStandardItemModel;

namespace dsw {

/// What is in the project: counts in the first line, its experiments, its newest runs. UI thread only.
class OverviewPanel : public DocumentPanel {
  Q_OBJECT
 public:
  OverviewPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  QWidget* mainFocus() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void refresh();
  void refreshRuns();
  void openRow(QTableView* table);
  QStandardItemModel *experiments_, *runs_;
  QTableView *experimentTable_, *runTable_;
  QLabel* line_;
  QStackedWidget* pages_;
};

}  // namespace dsw
