// SPDX-License-Identifier: GPL-3.0-or-later
// The tables and the verdict of a comparison.
#include <algorithm>
#include <cmath>

#include "engine/run/metric_direction.h"
#include "ui/models/comparison.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"

namespace dsw {
namespace {

bool isSeed(const QString& pointer) { return pointer == QLatin1String("/seed") || pointer == QLatin1String("/name"); }

/// The newest value at or before a step; NaN: none. A NaN step asks for the last.
double valueAt(const std::vector<double>& steps, const std::vector<double>& values, double step) {
  if (steps.empty()) return std::nan("");
  if (std::isnan(step)) return values.back();
  const auto at = std::upper_bound(steps.begin(), steps.end(), step);
  return at == steps.begin() ? std::nan("") : values[static_cast<std::size_t>(at - steps.begin() - 1)];
}

}  // namespace

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

double Comparison::runValue(const RunRow& run, const std::string& key) const {
  if (take_ == Take::AtStep) {
    const auto& curves = all_.value(QString::fromStdString(run.id));
    const auto at = curves.find(key);
    return at == curves.end() ? std::nan("") : valueAt(at->second.step, at->second.value, step_);
  }
  const auto it = run.metrics.find(key);
  if (it == run.metrics.end()) return std::nan("");
  return take_ == Take::Best && metric_direction(key) != MetricDirection::Last ? it->second.best : it->second.last;
}

double Comparison::valueOf(const ComparedArm& arm, const std::string& key, double* half_range) const {
  double sum = 0, low = INFINITY, high = -INFINITY;
  int count = 0;
  for (const RunPtr& run : arm.runs) {
    const double v = runValue(*run, key);
    if (std::isnan(v)) continue;
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
  const auto costs = {std::pair(QStringLiteral("parameters"), &RunParams::parameters),
                      std::pair(QStringLiteral("FLOPs/step"), &RunParams::step_flops)};
  for (const auto& [name, cost] : costs) {
    ComparedRow row{name, {}, {}};
    std::vector<double> values;
    for (const ComparedArm& arm : arms_) values.push_back(arm.params ? (*arm.params).*cost : 0);
    double least = 0;
    for (const double v : values)
      if (v > 0 && (least <= 0 || v < least)) least = v;
    if (least <= 0) continue;
    const bool equal = std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
    for (const double v : values) {
      row.cells << (v > 0 ? formatCount(v) : QString(kMissing));
      row.differs.push_back(!equal && v == least);
    }
    out.push_back(std::move(row));
  }
  return out;
}

QString Comparison::atEqualFlops(const ComparedArm& winner, const ComparedArm& reference) const {
  const double cost = winner.params ? winner.params->step_flops : 0, base_cost = reference.params ? reference.params->step_flops : 0;
  if (cost <= 0 || base_cost <= 0 || std::abs(cost / base_cost - 1) < 0.02) return {};
  const double ratio = cost / base_cost;
  QString text = tr("A step costs it %1 × the FLOPs.").arg(formatNumber(ratio, 2));
  if (reference.step.empty() || winner.step.empty()) return text;
  // What the dearer one had reached when it had spent what the cheaper one spent in all.
  const bool dearer = ratio > 1;
  const ComparedArm &cut = dearer ? winner : reference, &whole = dearer ? reference : winner;
  const double step = whole.step.back() / (dearer ? ratio : 1 / ratio);
  if (step >= cut.step.back() || step < cut.step.front()) return text;
  const std::string key = metric_.toStdString();
  const auto reached = [&](const ComparedArm& arm, double until) {
    if (take_ != Take::Best) return valueAt(arm.step, arm.value, until);
    double best = std::nan("");
    for (std::size_t i = 0; i < arm.step.size() && arm.step[i] <= until; ++i)
      if (!std::isnan(arm.value[i]) && (std::isnan(best) || is_better(key, arm.value[i], best))) best = arm.value[i];
    return best;
  };
  const double mine = reached(winner, dearer ? step : winner.step.back());
  const double theirs = reached(reference, dearer ? reference.step.back() : step);
  if (std::isnan(mine) || std::isnan(theirs) || mine == theirs) return text;
  const QString where = dearer ? tr("its step %1").arg(formatCountExact(std::llround(step)))
                               : tr("step %1 of %2").arg(formatCountExact(std::llround(step)), reference.label);
  const QString by = formatNumber(std::abs(mine - theirs), 3);
  return text + " " +
         (is_better(key, mine, theirs) ? tr("At equal FLOPs (%1) it leads by %2.") : tr("At equal FLOPs (%1) it trails by %2."))
             .arg(where, by);
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
  const QString cost = atEqualFlops(*winner, reference);
  if (!cost.isEmpty()) text += " " + cost;
  if (winner->runs.size() < 3 || reference.runs.size() < 3)
    text += " " + tr("With fewer than three seeds each, chance alone may explain it.");
  else if (std::abs(best - base) < best_half)
    text += " " + tr("The seeds spread by more than that.");
  return text;
}

}  // namespace dsw
