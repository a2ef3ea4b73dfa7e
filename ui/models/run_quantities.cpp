// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_quantities.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/run/metric_direction.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"

namespace dsw {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Pointers of settings whose value is not the same in all; settings are shared between runs, so each is looked at once.
QStringList differingPointers(const std::vector<RunPtr>& runs, const RunParamsStore& store) {
  QSet<const RunParams*> distinct;
  for (const RunPtr& run : runs)
    if (const RunParamsPtr params = store.params(QString::fromStdString(run->id))) distinct.insert(params.get());
  QHash<QString, QVariant> first;
  QHash<QString, int> seen;
  QSet<QString> differs;
  for (const RunParams* params : distinct)
    for (const auto& [pointer, value] : params->values) {
      ++seen[pointer];
      const auto known = first.constFind(pointer);
      if (known == first.constEnd())
        first[pointer] = value;
      else if (*known != value)
        differs.insert(pointer);
    }
  QStringList out;
  for (auto at = seen.constBegin(); at != seen.constEnd(); ++at)
    if (at.key() != "/seed" && at.key() != "/name" && (differs.contains(at.key()) || at.value() != distinct.size())) out << at.key();
  out.sort();
  return out;
}

double metricOf(const RunRow& run, const std::string& key, bool last) {
  const auto at = run.metrics.find(key);
  if (at == run.metrics.end()) return kNone;
  return last || metric_direction(key) == MetricDirection::Last ? at->second.last : at->second.best;
}

}  // namespace

std::vector<RunQuantity> runQuantities(const std::vector<RunPtr>& runs, const RunParamsStore& params) {
  std::vector<RunQuantity> out;
  for (const QString& pointer : differingPointers(runs, params)) out.push_back({"param:" + pointer, pointer});
  std::set<std::string> keys;
  for (const RunPtr& run : runs)
    for (const auto& [key, summary] : run->metrics) keys.insert(key);
  std::vector<std::string> sorted(keys.begin(), keys.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const std::string& a, const std::string& b) { return metricOrder(a) < metricOrder(b); });
  for (const std::string& key : sorted) out.push_back({"metric:" + QString::fromStdString(key), QString::fromStdString(key)});
  out.push_back({"parameters", QObject::tr("parameters")});
  out.push_back({"step-flops", QObject::tr("FLOPs a step")});
  out.push_back({"seconds", QObject::tr("time")});
  out.push_back({"seed", QObject::tr("seed")});
  return out;
}

RunColumnValues runColumn(const std::vector<RunPtr>& runs, const RunParamsStore& params, const QString& quantity, bool last) {
  RunColumnValues out;
  const std::string key = quantity.startsWith("metric:") ? quantity.mid(7).toStdString() : std::string();
  const QString pointer = quantity.startsWith("param:") ? quantity.mid(6) : QString();
  QStringList words;
  for (const RunPtr& run : runs) {
    double value = kNone;
    if (!key.empty()) {
      value = metricOf(*run, key, last);
    } else if (quantity == "seconds") {
      value = run->seconds > 0 ? run->seconds : kNone;
    } else if (quantity == "seed") {
      value = static_cast<double>(run->seed);
    } else if (const RunParamsPtr settings = params.params(QString::fromStdString(run->id))) {
      if (quantity == "parameters") {
        value = settings->parameters > 0 ? settings->parameters : kNone;
      } else if (quantity == "step-flops") {
        value = settings->step_flops > 0 ? settings->step_flops : kNone;
      } else if (const QVariant setting = settings->find(pointer); setting.isValid()) {
        if (setting.typeId() == QMetaType::Double)
          value = setting.toDouble();
        else if (words.isEmpty())
          words = QStringList(static_cast<qsizetype>(runs.size()));  // one word is enough: all become words
      }
    }
    out.value.push_back(value);
  }
  if (words.isEmpty()) return out;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (const RunParamsPtr settings = params.params(QString::fromStdString(runs[i]->id)))
      if (const QVariant setting = settings->find(pointer); setting.isValid()) words[static_cast<qsizetype>(i)] = paramText(setting);
  out.categories = words;
  out.categories.removeAll(QString());
  out.categories.removeDuplicates();
  out.categories.sort();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const qsizetype at = out.categories.indexOf(words[static_cast<qsizetype>(i)]);
    out.value[i] = at < 0 ? kNone : static_cast<double>(at);
  }
  return out;
}

QString quantityText(const QString& quantity, double value) {
  if (quantity.startsWith("metric:")) return formatMetric(quantity.mid(7).toStdString(), value);
  if (quantity.startsWith("param:")) return paramText(value);
  if (quantity == "seconds") return formatDuration(value);
  if (quantity == "seed") return formatExact(value);
  return formatCount(value);
}

bool wantsLog(const std::vector<double>& values) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  return low > 0 && high > 20 * low;
}

}  // namespace dsw
