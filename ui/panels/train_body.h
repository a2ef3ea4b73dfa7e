// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/panels/run_body.h"

class QTableView;

namespace dsw {

class CurveView;
class MetricTableModel;
class RunCharts;
class RunData;
class RunProgressLine;
class RunSamples;
struct PanelContext;

/// Of a training run: how far and how good, the curves, the values, the samples.
class TrainBody : public RunBody {
  Q_OBJECT
 public:
  TrainBody(PanelContext& context, RunData& run, QWidget* parent);
  void refreshRow() override;
  void showPlace(const QString& place) override;
  QWidget* mainFocus() const override;
  bool hasFocusedFigure() const override;
  void exportFigure() override;
  QVector<PaletteEntry> paletteEntries() const override;

 private:
  QWidget* buildBottom(QWidget* parent);
  void showChartAlone(CurveView* view);

  PanelContext& context_;
  RunData& run_;
  MetricTableModel* metric_model_;
  RunProgressLine* line_;
  RunCharts* charts_ = nullptr;
  RunSamples* samples_ = nullptr;
  QTableView* metrics_ = nullptr;
};

}  // namespace dsw
