// SPDX-License-Identifier: GPL-3.0-or-later
// The lower half of the run table: marked runs over one another, differences first. UI thread only.
#pragma once
#include <QWidget>

class QComboBox;
class QLabel;
class QSplitter;
class QTableWidget;

namespace dsw {

class Comparison;
class CurveView;
class MessageBar;
class SegmentedControl;

class CompareView : public QWidget {
  Q_OBJECT
 public:
  explicit CompareView(Comparison& comparison, QWidget* parent = nullptr);
  void setMetric(const QString& key);
  CurveView* curves() const { return curves_; }

 signals:
  void metricChosen(const QString& key);
  void runActivated(const QString& runId, double step);
  void reportRequested();

 private:
  void refresh();
  void refreshCurves();

  Comparison& comparison_;
  QLabel* title_;
  QLabel* note_;
  QComboBox* metric_;
  SegmentedControl* axis_;
  SegmentedControl* take_;
  SegmentedControl* mode_;
  CurveView* curves_;
  QLabel* params_title_;
  QTableWidget* params_;
  QTableWidget* results_;
  MessageBar* verdict_;
  QSplitter* split_;
};

}  // namespace dsw
