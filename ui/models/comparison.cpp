// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/store/project.h"
#include "ui/models/metric_table_model.h"
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
    : QObject(parent),
      data_(data),
      params_(params),
      selection_(selection),
      queries_(queries),
      step_(std::numeric_limits<double>::quiet_NaN()) {
  connect(&selection_, &Selection::runsChanged, this, &Comparison::rebuild);
  connect(&params_, &RunParamsStore::loaded, this, &Comparison::rebuild);
  connect(&data_, &ProjectData::reset, this, [this] {
    curves_.clear();
    all_.clear();
    fresh_.clear();
    all_fresh_.clear();
    rebuild();
  });
  connect(&watcher, &StoreWatcher::committed, this, [this](const QStringList& ids) {
    bool ours = ids.isEmpty();
    for (const ComparedArm& arm : arms_)
      for (const RunPtr& run : arm.runs)
        if (ids.contains(QString::fromStdString(run->id))) {
          ours = true;
          fresh_.remove(QString::fromStdString(run->id));
          all_fresh_.remove(QString::fromStdString(run->id));
        }
    if (ours) rebuild();
  });
  rebuild();
}

void Comparison::setMetric(const QString& key) {
  if (key == metric_) return;
  metric_ = key;
  curves_.clear();
  fresh_.clear();
  rebuild();
}

void Comparison::setTake(Take take) {
  take_ = take;
  askAll();
  emit changed();
}

void Comparison::setStep(double step) {
  if (step == step_ || (std::isnan(step) && std::isnan(step_))) return;
  step_ = step;
  if (take_ == Take::AtStep) emit changed();
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
    fresh_.clear();
  }
  askCurves();
  askAll();
  buildCurves();
  emit changed();
  emit curvesChanged();
}

void Comparison::askCurves() {
  for (const ComparedArm& arm : arms_)
    for (const RunPtr& run : arm.runs) {
      const QString id = QString::fromStdString(run->id);
      if (fresh_.contains(id)) continue;
      fresh_.insert(id);
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

void Comparison::askAll() {
  if (take_ != Take::AtStep) return;
  for (const ComparedArm& arm : arms_)
    for (const RunPtr& run : arm.runs) {
      const QString id = QString::fromStdString(run->id);
      if (all_fresh_.contains(id)) continue;
      all_fresh_.insert(id);
      using Answer = std::map<std::string, Curve>;
      queries_.askLatest<Answer>(
          this, "all:" + id,
          [id = run->id](ProjectReader& reader) -> Result<Answer> {
            Answer curves;
            DSW_TRY_ASSIGN(const auto keys, reader.metric_keys(id));
            for (const std::string& key : keys) {
              DSW_TRY_ASSIGN(const auto points, reader.metric(id, key));
              for (const MetricPoint& point : points) {
                curves[key].step.push_back(static_cast<double>(point.step));
                curves[key].value.push_back(point.value);
              }
            }
            return curves;
          },
          [this, id](Result<Answer> curves) {
            if (!curves) return;
            all_[id] = std::move(*curves);
            emit changed();
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
      arm.start = arm.runs.front()->started;
      continue;
    }
    // Several seeds: the mean over the steps that all of them have.
    struct Here {
      std::vector<double> values;
      double time = 0;
    };
    std::map<double, Here> at;
    for (const RunPtr& run : arm.runs) {
      const Curve curve = curves_.value(QString::fromStdString(run->id));
      for (std::size_t i = 0; i < curve.step.size(); ++i) {
        Here& here = at[curve.step[i]];
        here.values.push_back(curve.value[i]);
        here.time += curve.time[i] - run->started;
      }
    }
    for (const auto& [step, here] : at) {
      const std::vector<double>& values = here.values;
      if (values.size() < arm.runs.size()) continue;
      double sum = 0;
      for (const double v : values) sum += v;
      arm.step.push_back(step);
      arm.time.push_back(here.time / static_cast<double>(values.size()));
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

}  // namespace dsw
