// SPDX-License-Identifier: GPL-3.0-or-later
// The charts of a search: loss of weights and architecture, cost against its target, guards against their limits, and the plane of
// accuracy and cost. UI thread only.
#pragma once
#include <QObject>
#include <optional>

#include "ui/widgets/curve_view.h"
#include "ui/widgets/scatter_view.h"

namespace dsw {

class RunData;
class SearchModel;
struct SearchEpoch;

/// A network that the searched ones are measured against: the run that is pinned.
struct SearchBaseline {
  QString name;
  double flops = kNaN, parameters = kNaN, accuracy = kNaN, loss = kNaN;  ///< of one example, forward
};

/// Makes and fills the views; their owner places them. All charts share the crosshair, and while one looks at an earlier epoch it stands
/// there in all.
class SearchCharts : public QObject {
  Q_OBJECT
 public:
  /// Both outlive it; `parent` holds the views until they are placed.
  SearchCharts(RunData& run, SearchModel& search, QWidget* parent);

  CurveView* loss() const { return loss_; }
  CurveView* cost() const { return cost_; }
  CurveView* skipShare() const { return skip_; }
  CurveView* eigenvalue() const { return eigenvalue_; }
  ScatterView* plane() const { return plane_; }
  std::vector<CurveView*> curves() const { return {cost_, loss_, skip_, eigenvalue_}; }
  int evaluated() const { return evaluated_; }  ///< architectures on the plane
  void setBaseline(const std::optional<SearchBaseline>& baseline);
  void pinStep(double step) { link_.set(step, true); }

 private:
  double stepsPerEpoch() const;  ///< 0: not known
  void fillLoss();
  void grow(const std::map<std::string, std::size_t>& first_new, bool reset);
  void fillEpochs();
  void fillPlane();
  void followEpoch();
  void followCrosshair();
  void dress(CurveView* view, CurveData& data, const QString& quantity) const;
  CurveSeries series(const QString& id, const QString& name, int style, const std::function<double(const SearchEpoch&)>& value) const;

  RunData& run_;
  SearchModel& search_;
  CrosshairLink link_;
  CurveView* loss_;
  CurveView* cost_;
  CurveView* skip_;
  CurveView* eigenvalue_;
  ScatterView* plane_;
  std::optional<SearchBaseline> baseline_;
  int evaluated_ = 0;
  bool following_ = false;
};

/// "MFLOPs", and what values are divided by for it.
struct CostUnit {
  QString name;
  double scale = 1;
};
CostUnit costUnit(const QString& metric, double largest);

}  // namespace dsw
