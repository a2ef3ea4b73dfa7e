// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/selection.h"

namespace dsw {

namespace {
constexpr int kBaseline = 7;  // the eighth colour is the baseline's
constexpr int kMuted = 8;     // the ninth and later look alike
}  // namespace

void Selection::setRuns(const QStringList& ids) {
  if (ids == runs_) return;
  runs_ = ids;
  QHash<QString, int> kept;
  bool used[kBaseline] = {};
  for (const QString& id : runs_) {
    const int series = series_.value(id, -1);
    if (series < 0 || series >= kBaseline) continue;
    kept[id] = series;
    used[series] = true;
  }
  for (const QString& id : runs_) {
    if (kept.contains(id) || id == baseline_) continue;
    int free = 0;
    while (free < kBaseline && used[free]) ++free;
    kept[id] = free < kBaseline ? free : kMuted;
    if (free < kBaseline) used[free] = true;
  }
  series_ = kept;
  emit runsChanged();
}

void Selection::toggleRun(const QString& id) {
  QStringList ids = runs_;
  if (!ids.removeOne(id)) ids.push_back(id);
  setRuns(ids);
}

int Selection::seriesOf(const QString& id) const {
  if (id == baseline_ && !id.isEmpty()) return kBaseline;
  return series_.value(id, -1);
}

void Selection::setBaseline(const QString& id) {
  if (id == baseline_) return;
  const QString former = baseline_;
  baseline_ = id;
  series_.remove(id);
  if (runs_.contains(former)) {  // it needs a colour of its own now
    const QStringList ids = std::exchange(runs_, {});
    setRuns(ids);
    return;
  }
  emit runsChanged();
}

void Selection::setMetric(const QString& key) {
  if (std::exchange(metric_, key) != key) emit metricChanged();
}

void Selection::setStep(std::optional<qint64> step) {
  if (std::exchange(step_, step) != step) emit stepChanged();
}

void Selection::setNode(const QString& id) {
  if (std::exchange(node_, id) != id) emit nodeChanged();
}

void Selection::setObject(const ObjectRef& ref) {
  if (std::exchange(object_, ref) != ref) emit objectChanged();
}

}  // namespace dsw
