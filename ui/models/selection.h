// SPDX-License-Identifier: GPL-3.0-or-later
// What is selected, shared by all views: choosing a run in one marks it in all. UI thread only.
#pragma once
#include <QObject>
#include <QString>
#include <QStringList>
#include <optional>

#include "ui/models/object_ref.h"

namespace dsw {

class Selection : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  /// Runs marked for comparison, in the order they were marked. A run keeps its colour while it is marked.
  const QStringList& runs() const { return runs_; }
  void setRuns(const QStringList& ids);
  void toggleRun(const QString& id);
  bool contains(const QString& id) const { return runs_.contains(id); }
  /// Series index of a run for ThemeColors::series: 0 to 6 in the order of marking (a freed one is used again), 7 for the baseline,
  /// 8 and more drawn muted, -1 when it is not marked.
  int seriesOf(const QString& id) const;
  QString baseline() const { return baseline_; }
  void setBaseline(const QString& id);

  /// The metric, step, node and object that were pointed at last.
  QString metric() const { return metric_; }
  void setMetric(const QString& key);
  std::optional<qint64> step() const { return step_; }
  void setStep(std::optional<qint64> step);
  QString node() const { return node_; }
  void setNode(const QString& id);
  /// What the inspector shows where the active panel has no inspector of its own.
  const ObjectRef& object() const { return object_; }
  void setObject(const ObjectRef& ref);

 signals:
  void runsChanged();  ///< runs or baseline, and with them colours
  void metricChanged();
  void stepChanged();
  void nodeChanged();
  void objectChanged();

 private:
  QStringList runs_;
  QHash<QString, int> series_;
  QString baseline_, metric_, node_;
  std::optional<qint64> step_;
  ObjectRef object_;
};

}  // namespace dsw
