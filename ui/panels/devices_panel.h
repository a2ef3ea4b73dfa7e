// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/widgets/shell/document_panel.h"

class QLabel;
class QStandardItemModel;
class QTableView;

namespace dsw {

class Sparkline;

/// Devices of this machine, their memory and precisions, and why one cannot be used. UI thread only.
class DevicesPanel : public DocumentPanel {
  Q_OBJECT
 public:
  DevicesPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  QWidget* mainFocus() override;

 private:
  void refresh();
  void sayGivenUp();
  QStandardItemModel* model_;
  QTableView* table_;
  QLabel* use_;
  Sparkline* history_;
  QString said_;
};

}  // namespace dsw
