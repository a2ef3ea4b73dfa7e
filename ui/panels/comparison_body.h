// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/comparison_report.h"
#include "ui/panels/run_body.h"

class QLabel;
class QTableView;

namespace dsw {

class ArmTableModel;
class FactLine;
class IntervalView;
class RunData;
class ScatterView;
struct PanelContext;

/// Of a search comparison: whether the search was worth it, what each network costs and scores, how firmly that is known. While it goes
/// on, the same of what was trained so far. UI thread only.
class ComparisonBody : public RunBody {
  Q_OBJECT
 public:
  /// Both outlive it.
  ComparisonBody(PanelContext& context, RunData& run, QWidget* parent);
  ~ComparisonBody() override;

  void refreshRow() override;
  void showPlace(const QString&) override {}
  QWidget* mainFocus() const override;
  bool hasFocusedFigure() const override;
  void exportFigure() override;
  std::vector<FactSection> facts() override;

  const ComparisonReport& report() const { return report_; }

 private:
  QWidget* buildVerdict(QWidget* parent);
  QWidget* buildPane(const QString& title, QLabel*& note, QWidget* view, QWidget* parent);
  void read();
  void show();

  PanelContext& context_;
  RunData& run_;
  ComparisonReport report_;
  ArmTableModel* arms_;
  FactLine* line_;
  QLabel* verdict_ = nullptr;
  QTableView* table_ = nullptr;
  IntervalView* intervals_ = nullptr;
  ScatterView* plane_ = nullptr;
  QLabel* intervals_note_ = nullptr;
  QLabel* plane_note_ = nullptr;
};

}  // namespace dsw
