// SPDX-License-Identifier: GPL-3.0-or-later
// The tab of one run: is it learning, how far is it, what came out. UI thread only.
#pragma once
#include "ui/models/run_data.h"
#include "ui/widgets/shell/document_panel.h"

class QTableView;

namespace dsw {

class FactSheet;
class MetricTableModel;
class RunCharts;
class RunProgressLine;
class RunSamples;

/// What the person wants here: see in the first line how far it is and its best value; watch the curves; stop, go on, duplicate; read
/// samples; learn why it failed and get back to the last good checkpoint.
class RunDashboard : public DocumentPanel {
  Q_OBJECT
 public:
  RunDashboard(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  ~RunDashboard() override;

  QString place() const override;
  void showPlace(const QString& place) override;
  QWidget* inspector() override;
  QWidget* mainFocus() override;
  QVector<PaletteEntry> paletteEntries() const override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 private:
  QWidget* buildBody();
  void refreshRow();
  void refreshButtons();
  void refreshMessage();
  void refreshInspector();
  void showPendingPlace();
  void exportFocused();
  void editTags();
  void editNote();
  void editName();
  void showChartAlone(QWidget* chart);
  QString runId() const { return ref().id; }

  RunData run_;
  MetricTableModel* metric_model_;
  RunCharts* charts_ = nullptr;
  RunSamples* samples_ = nullptr;
  QTableView* metrics_ = nullptr;
  RunProgressLine* line_ = nullptr;
  FactSheet* inspector_;
  QString buttons_for_, message_for_, wanted_place_, place_;
  bool stopping_ = false;
};

}  // namespace dsw
