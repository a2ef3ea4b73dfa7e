// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/search_model.h"
#include "ui/panels/run_body.h"
#include "ui/panels/search_charts.h"

class QSplitter;

namespace dsw {

class FactLine;
class RunData;
class SearchInspector;
class SearchPicture;
class TimeSlider;
struct PanelContext;

/// Of a search: what it has decided and how firmly, whether it is healthy, what it would cost if derived now, how the evaluated
/// architectures lie against the baseline, and what happened when. UI thread only.
class SearchBody : public RunBody {
  Q_OBJECT
 public:
  SearchBody(PanelContext& context, RunData& run, QWidget* parent);
  ~SearchBody() override;

  void refreshRow() override;
  void showPlace(const QString& place) override;  ///< "epoch:21", "step:8862", "choice:3"
  QWidget* mainFocus() const override;
  bool hasFocusedFigure() const override;
  void exportFigure() override;
  std::vector<FactSection> facts() override;
  std::optional<Message> message() override;
  QVector<PaletteEntry> paletteEntries() const override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;
  QStringList headCommands() const override;

  SearchModel& model() { return model_; }
  SearchCharts& charts() { return *charts_; }

 protected:
  void resizeEvent(QResizeEvent*) override;

 private:
  void build();
  void refreshData();
  void refreshEpoch();
  void readBaseline();
  void derive(bool retrain);
  std::function<void()> focusedExport() const;
  bool canDerive() const;

  PanelContext& context_;
  RunData& run_;
  SearchModel model_;
  FactLine* line_ = nullptr;
  SearchPicture* picture_ = nullptr;
  TimeSlider* slider_ = nullptr;
  SearchCharts* charts_ = nullptr;
  SearchInspector* inspector_ = nullptr;
  QSplitter* upper_ = nullptr;
  QSplitter* lower_ = nullptr;
  QWidget* plane_pane_ = nullptr;
  class QLabel* plane_note_ = nullptr;
  QString baseline_;
  bool chosen_ = false, deriving_ = false;
};

}  // namespace dsw
