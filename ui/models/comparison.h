// SPDX-License-Identifier: GPL-3.0-or-later
// Marked runs side by side: curves over seeds, settings that differ, results, against the baseline. UI thread only.
#pragma once
#include <QHash>
#include <QObject>
#include <QSet>
#include <QStringList>
#include <map>
#include <string>
#include <vector>

#include "ui/models/project_data.h"
#include "ui/models/run_params.h"

namespace dsw {

class QueryRunner;
class Selection;
class StoreWatcher;

/// One line of a comparison: a run, or several that differ in the seed alone.
struct ComparedArm {
  QString label;   ///< "r-0138", "r-0138 × 3"
  QString title;   ///< "shakespeare-rope v1"
  int series = 0;  ///< colour; kBaselineSeries for the baseline
  bool baseline = false;
  std::vector<RunPtr> runs;
  RunParamsPtr params;  ///< of the first run; null: not read yet
  // The chosen metric over steps that all runs have; low and high only with several runs.
  std::vector<double> step, value, low, high, time;
  double start = 0;  ///< zero of `time`; several seeds: `time` is the mean time since each one's start, and this is 0
};

/// A row of a comparison table: one cell an arm.
struct ComparedRow {
  QString name;
  QStringList cells;
  std::vector<bool> differs;  ///< from the baseline (settings), or is the best (results)
};

class Comparison : public QObject {
  Q_OBJECT
 public:
  enum class Take { Best, Last, AtStep };
  Comparison(const ProjectData& data, const RunParamsStore& params, Selection& selection, QueryRunner& queries, StoreWatcher& watcher,
             QObject* parent = nullptr);

  void setMetric(const QString& key);
  const QString& metric() const { return metric_; }
  void setTake(Take take);
  Take take() const { return take_; }
  /// The step of Take::AtStep; the newest value at or before it counts. NaN: the last step.
  void setStep(double step);
  double step() const { return step_; }
  const ProjectData& data() const { return data_; }
  const RunParamsStore& params() const { return params_; }
  QStringList metricKeys() const;  ///< of any compared run
  const std::vector<ComparedArm>& arms() const { return arms_; }
  std::vector<ComparedRow> differingParams(int* total = nullptr) const;
  std::vector<ComparedRow> results() const;
  /// What the numbers say, as one to three sentences; empty below two arms. Where the arms cost differently, also at equal FLOPs.
  QString verdict() const;
  bool loading() const { return asked_ > 0; }

 signals:
  void changed();  ///< arms, settings or results
  void curvesChanged();

 private:
  struct Curve {
    std::vector<double> step, value, time;
  };
  void rebuild();
  void askCurves();
  void buildCurves();
  void askAll();
  double valueOf(const ComparedArm& arm, const std::string& key, double* half_range) const;
  double runValue(const RunRow& run, const std::string& key) const;  ///< NaN: none
  QString atEqualFlops(const ComparedArm& winner, const ComparedArm& reference) const;

  const ProjectData& data_;
  const RunParamsStore& params_;
  Selection& selection_;
  QueryRunner& queries_;
  QString metric_ = QStringLiteral("val/loss");
  Take take_ = Take::Best;
  std::vector<ComparedArm> arms_;
  QHash<QString, Curve> curves_;     ///< by run id, of metric_
  QSet<QString> fresh_, all_fresh_;  ///< runs whose curves are as new as the store, or asked for; older ones stay in view meanwhile
  QHash<QString, std::map<std::string, Curve>> all_;  ///< by run id, every metric; read for Take::AtStep only
  double step_;
  int asked_ = 0;
};

}  // namespace dsw
