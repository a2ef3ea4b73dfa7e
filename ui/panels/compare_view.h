// SPDX-License-Identifier: GPL-3.0-or-later
// The lower half of the run table: marked runs over one another, differences first; as curves, tables, points or sample outputs.
// UI thread only.
#pragma once
#include <QTimer>
#include <QWidget>

#include "ui/panels/compare_scatter.h"
#include "ui/widgets/curve_view.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QPushButton;
class QScrollArea;
class QSplitter;
class QStackedWidget;
class QTableWidget;

namespace dsw {

class CompareSamples;
class Comparison;
class ElidedLabel;
class MessageBar;
class QueryRunner;
class SegmentedControl;
class StoreWatcher;

class CompareView : public QWidget {
  Q_OBJECT
 public:
  enum Mode { Curves, Table, Scatter, Samples };

  /// `shown`: the runs that the table above shows.
  CompareView(Comparison& comparison, CompareScatter::Shown shown, QueryRunner& queries, StoreWatcher& watcher, QWidget* parent = nullptr);
  void setMetric(const QString& key);
  void setMode(Mode mode);
  Mode mode() const;
  void shownRunsChanged() { scatter_->refresh(); }
  CurveView* curves() const { return curves_; }
  CompareScatter* scatter() const { return scatter_; }
  CompareSamples* samples() const { return samples_; }
  QWidget* pictures() const;   ///< curves, scatter or samples
  QWidget* mainFocus() const;  ///< of the mode that is shown
  void exportFigure();

 signals:
  void metricChosen(const QString& key);
  void runActivated(const QString& runId, double step);
  void reportRequested();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildHead();
  QScrollArea* buildTables();
  void connectAll();
  void refresh();
  void refreshCurves();
  void showMode();
  void fitHead();
  void fitTables(int width);

  Comparison& comparison_;
  CrosshairLink link_;
  QTimer step_timer_;
  QLabel* title_;
  ElidedLabel* note_;
  QHBoxLayout* head_line_ = nullptr;
  QHBoxLayout* second_line_ = nullptr;
  QWidget* second_ = nullptr;
  QPushButton* report_ = nullptr;
  QPushButton* figure_ = nullptr;
  QComboBox* metric_;
  SegmentedControl* axis_;
  SegmentedControl* take_;
  SegmentedControl* mode_;
  CurveView* curves_;
  CompareScatter* scatter_;
  CompareSamples* samples_;
  QStackedWidget* pictures_;
  QScrollArea* side_ = nullptr;
  QLabel* params_title_;
  QLabel* results_title_;
  QTableWidget* params_;
  QTableWidget* results_;
  MessageBar* verdict_;
  QSplitter* split_;
};

}  // namespace dsw
