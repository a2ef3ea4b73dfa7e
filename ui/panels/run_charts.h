// SPDX-License-Identifier: GPL-3.0-or-later
// The chart grid of a run: one chart a quantity, one crosshair over all. UI thread only.
#pragma once
#include <QWidget>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ui/widgets/curve_view.h"

class QGridLayout;

namespace dsw {

class RunData;
struct Catalog;

/// Charts: Loss (train and val over one another), Accuracy of a classifier, Gradient norm (log y), Throughput, Learning rate (done,
/// planned) and one for any other metric that is asked for. Two columns down to 440 px a chart, then one; more on wide windows.
class RunCharts : public QWidget {
  Q_OBJECT
 public:
  /// Both outlive the charts. `catalog` has the schedules that plan the learning rate.
  RunCharts(RunData& run, const Catalog& catalog, QWidget* parent = nullptr);

  void setAxis(CurveAxis axis);
  void setSmoothing(double factor);
  void setOutliers(bool on);
  bool hasEpochs() const;
  /// Shows a step in all charts.
  void pinStep(double step);
  /// Brings the chart of a metric into view, made if it is not there, and gives it the focus.
  void showMetric(const std::string& key);
  CurveView* focusedChart() const;
  std::vector<CurveView*> charts() const;

 signals:
  void stepPinned(double step);
  void chartActivated(CurveView* chart);  ///< full screen asked for

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Chart {
    std::string id;
    CurveView* view;
    std::vector<std::string> keys;
  };
  void rebuild();
  void grew(const std::map<std::string, std::size_t>& firstNew, bool reset);
  void fill(Chart& chart);
  void addAnnotations(CurveData& data, const Chart& chart) const;
  void addPlannedRate(CurveData& data) const;
  void arrange();
  Chart* chartOf(const std::string& key);
  static std::string chartId(const std::string& key);
  bool isShown(const std::string& id) const;

  RunData& run_;
  const Catalog& catalog_;
  CrosshairLink link_;
  QGridLayout* grid_;
  std::vector<Chart> charts_;
  CurveAxis axis_ = CurveAxis::Step;
  double smoothing_ = 0.6;
  bool outliers_ = false, was_active_ = false;
  int columns_ = 0;
  std::set<std::string> extra_;  ///< charts that were asked for
};

}  // namespace dsw
