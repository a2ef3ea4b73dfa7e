// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/run/metric_direction.h"
#include "engine/store/project.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"
#include "ui/models/query_runner.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"

namespace dsw {
namespace {

constexpr int kMaxRuns = 64;

bool isSeed(const QString& pointer) { return pointer == QLatin1String("/seed") || pointer == QLatin1String("/name"); }

/// Equal for runs that differ in nothing but the seed.
QString identity(const RunRow& run, const RunParamsPtr& params) {
  QString text = QString::fromStdString(run.experiment_id) + "|";
  if (!params) return text + QString::number(run.version) + "|" + QString::fromStdString(run.id);
  for (const auto& [pointer, value] : params->values)
    if (!isSeed(pointer)) text += pointer + "=" + value.toString() + ";";
  return text;
}

}  // namespace

Comparison::Comparison(const ProjectData& data, const RunParamsStore& params, Selection& selection, QueryRunner& queries,
                       StoreWatcher& watcher, QObject* parent)
    : QObject(parent), data_(data), params_(params), selection_(selection), queries_(queries) {
  connect(&selection_, &Selection::runsChanged, this, &Comparison::rebuild);
  connect(&params_, &RunParamsStore::loaded, this, &Comparison::rebuild);
  connect(&data_, &ProjectData::reset, this, [this] {
    curves_.clear();
    rebuild();
  });
  connect(&watcher, &StoreWatcher::committed, this, [this](const QStringList& ids) {
    bool ours = ids.isEmpty();
    for (const ComparedArm& arm : arms_)
      for (const RunPtr& run : arm.runs)
        if (ids.contains(QString::fromStdString(run->id))) {
          ours = true;
          curves_.remove(QString::fromStdString(run->id));
        }
    if (ours) rebuild();
  });
  rebuild();
}

void Comparison::setMetric(const QString& key) {
  if (key == metric_) return;
  metric_ = key;
  curves_.clear();
  rebuild();
}

void Comparison::setTake(Take take) {
  take_ = take;
  emit changed();
}

void Comparison::rebuild() {
  QStringList ids = selection_.runs();
  const QString baseline = selection_.baseline();
  if (!baseline.isEmpty()) {
    ids.removeAll(baseline);
    ids.prepend(baseline);
  }
  std::vector<ComparedArm> arms;
  std::map<QString, std::size_t> by_identity;
  for (const QString& id : ids.mid(0, kMaxRuns)) {
    const RunPtr run = data_.run(id);
    if (!run) continue;
    const RunParamsPtr params = params_.params(id);
    const QString key = identity(*run, params);
    const auto known = by_identity.find(key);
    if (known != by_identity.end() && id != baseline) {
      arms[known->second].runs.push_back(run);
      continue;
    }
    by_identity[key] = arms.size();
    ComparedArm arm;
    arm.baseline = id == baseline;
    arm.series = arm.baseline ? 7 : std::max(0, selection_.seriesOf(id));
    arm.title = QStringLiteral("%1 v%2").arg(QString::fromStdString(run->experiment_name)).arg(run->version);
    arm.runs = {run};
    arm.params = params;
    arms.push_back(std::move(arm));
  }
  for (ComparedArm& arm : arms) {
    arm.label = QString::fromStdString(arm.runs.front()->short_name);
    if (arm.runs.size() > 1) arm.label += QStringLiteral(" × %1").arg(arm.runs.size());
  }
  arms_ = std::move(arms);
  const QStringList keys = metricKeys();
  if (!keys.isEmpty() && !keys.contains(metric_)) {
    metric_ = keys.contains("val/loss") ? "val/loss" : keys.first();
    curves_.clear();
  }
  askCurves();
  buildCurves();
  emit changed();
  emit curvesChanged();
}

void Comparison::askCurves() {
  for (const ComparedArm& arm : arms_)
    for (const RunPtr& run : arm.runs) {
      const QString id = QString::fromStdString(run->id);
      if (curves_.contains(id)) continue;
      curves_.insert(id, {});  // asked
      ++asked_;
      queries_.askLatest<std::vector<MetricPoint>>(
          this, "curve:" + id, [id = run->id, key = metric_.toStdString()](ProjectReader& reader) { return reader.metric(id, key); },
          [this, id, key = metric_](Result<std::vector<MetricPoint>> points) {
            --asked_;
            if (!points || key != metric_) return;
            Curve curve;
            for (const MetricPoint& point : *points) {
              curve.step.push_back(static_cast<double>(point.step));
              curve.value.push_back(point.value);
              curve.time.push_back(point.time);
            }
            curves_[id] = std::move(curve);
            buildCurves();
            emit curvesChanged();
          });
    }
}

void Comparison::buildCurves() {
  for (ComparedArm& arm : arms_) {
    arm.step.clear();
    arm.value.clear();
    arm.low.clear();
    arm.high.clear();
    arm.time.clear();
    if (arm.runs.size() == 1) {
      const Curve curve = curves_.value(QString::fromStdString(arm.runs.front()->id));
      arm.step = curve.step;
      arm.value = curve.value;
      arm.time = curve.time;
      continue;
    }
    // Several seeds: the mean over the steps that all of them have.
    std::map<double, std::vector<double>> at;
    for (const RunPtr& run : arm.runs) {
      const Curve curve = curves_.value(QString::fromStdString(run->id));
      for (std::size_t i = 0; i < curve.step.size(); ++i) at[curve.step[i]].push_back(curve.value[i]);
    }
    for (const auto& [step, values] : at) {
      if (values.size() < arm.runs.size()) continue;
      double sum = 0;
      for (const double v : values) sum += v;
      arm.step.push_back(step);
      arm.value.push_back(sum / static_cast<double>(values.size()));
      arm.low.push_back(*std::min_element(values.begin(), values.end()));
      arm.high.push_back(*std::max_element(values.begin(), values.end()));
    }
  }
}

QStringList Comparison::metricKeys() const {
  std::set<std::string> keys;
  for (const ComparedArm& arm : arms_)
    for (const RunPtr& run : arm.runs)
      for (const auto& [key, summary] : run->metrics) keys.insert(key);
  std::vector<std::string> sorted(keys.begin(), keys.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const std::string& a, const std::string& b) { return metricOrder(a) < metricOrder(b); });
  QStringList out;
  for (const std::string& key : sorted) out << QString::fromStdString(key);
  return out;
}

std::vector<ComparedRow> Comparison::differingParams(int* total) const {
  QStringList pointers;
  for (const ComparedArm& arm : arms_)
    if (arm.params)
      for (const auto& [pointer, value] : arm.params->values)
        if (!isSeed(pointer) && !pointers.contains(pointer)) pointers << pointer;
  if (total) *total = static_cast<int>(pointers.size());
  std::vector<ComparedRow> out;
  for (const QString& pointer : pointers) {
    ComparedRow row{pointer, {}, {}};
    bool any = false;
    for (const ComparedArm& arm : arms_) {
      const QVariant value = arm.params ? arm.params->find(pointer) : QVariant();
      row.cells << (value.isValid() ? paramText(value) : QString(kMissing));
      row.differs.push_back(row.cells.back() != row.cells.front());
      any = any || row.differs.back();
    }
    if (any) out.push_back(std::move(row));
  }
  return out;
}

double Comparison::valueOf(const ComparedArm& arm, const std::string& key, double* half_range) const {
  double sum = 0, low = INFINITY, high = -INFINITY;
  int count = 0;
  for (const RunPtr& run : arm.runs) {
    const auto it = run->metrics.find(key);
    if (it == run->metrics.end()) continue;
    const double v = take_ == Take::Best && metric_direction(key) != MetricDirection::Last ? it->second.best : it->second.last;
    sum += v;
    low = std::min(low, v);
    high = std::max(high, v);
    ++count;
  }
  if (half_range) *half_range = count > 1 ? (high - low) / 2 : 0;
  return count ? sum / count : std::nan("");
}

std::vector<ComparedRow> Comparison::results() const {
  std::vector<ComparedRow> out;
  for (const QString& key : metricKeys()) {
    const std::string name = key.toStdString();
    ComparedRow row{key, {}, {}};
    std::vector<double> values;
    for (const ComparedArm& arm : arms_) {
      double half = 0;
      const double v = valueOf(arm, name, &half);
      values.push_back(v);
      row.cells << (std::isnan(v) ? QString(kMissing) : half > 0 ? formatPlusMinus(v, half) : formatMetric(name, v));
    }
    double best = std::nan("");
    if (metric_direction(name) != MetricDirection::Last)
      for (const double v : values)
        if (!std::isnan(v) && (std::isnan(best) || is_better(name, v, best))) best = v;
    const bool equal = std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
    for (const double v : values) row.differs.push_back(!equal && v == best);
    out.push_back(std::move(row));
  }
  return out;
}

QString Comparison::verdict() const {
  if (arms_.size() < 2) return {};
  const std::string key = metric_.toStdString();
  if (metric_direction(key) == MetricDirection::Last) return {};
  const ComparedArm& reference = arms_.front();
  const double base = valueOf(reference, key, nullptr);
  const ComparedArm* winner = nullptr;
  double best = std::nan(""), best_half = 0;
  for (const ComparedArm& arm : arms_) {
    double half = 0;
    const double v = valueOf(arm, key, &half);
    if (&arm != &reference && !std::isnan(v) && (std::isnan(best) || is_better(key, v, best))) best = v, best_half = half, winner = &arm;
  }
  if (!winner || std::isnan(base)) return {};
  if (best == base) return tr("%1 equals %2 in %3.").arg(winner->label, reference.label, metric_);
  const bool better = is_better(key, best, base);
  QString text =
      better ? tr("%1 (%2) is better than %3 by %4 in %5.") : tr("Nothing is better than %3 in %5; %1 (%2) comes nearest, %4 away.");
  text = text.arg(winner->label, winner->title, reference.label, formatNumber(std::abs(best - base), 3), metric_);
  if (winner->runs.size() < 3 || reference.runs.size() < 3)
    text += " " + tr("With fewer than three seeds each, chance alone may explain it.");
  else if (std::abs(best - base) < best_half)
    text += " " + tr("The seeds spread by more than that.");
  return text;
}

}  // namespace dsw
