// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/run/machine_rates.h"
#include "ui/widgets/shell/document_panel.h"

class QLabel;
class QPushButton;
class QTableView;

namespace dsw {

class MachineRatesModel;
class ScatterView;

/// How fast this machine is and how close the engine's kernels come to what it allows. What the person wants here: measure it once,
/// see at a glance what is bound by arithmetic and what by memory, and compare with the manual's figures. The last measurement is kept
/// with the window's settings. UI thread only.
class MachinePanel : public DocumentPanel {
  Q_OBJECT
 public:
  MachinePanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  ~MachinePanel() override;
  QWidget* mainFocus() override;

 private:
  void measure();
  void ended(const Result<MachineRates>& result);
  void show(const MachineRates& rates);
  void readKept();

  MachineRatesModel* model_;
  QTableView* table_;
  ScatterView* roofline_;
  QLabel* limits_;
  QPushButton* start_;
  qint64 job_ = 0;
};

}  // namespace dsw
