// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/comparison_report.h"

#include <QObject>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double number(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json.at(key).is_number() ? json.at(key).get<double>() : kNaN;
}
int count(const Json& json, const char* key) {
  const double value = number(json, key);
  return std::isfinite(value) ? static_cast<int>(std::clamp(value, 0.0, 1e9)) : 0;
}
QString text(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json.at(key).is_string() ? QString::fromStdString(json.at(key).get<std::string>())
                                                                            : QString();
}
Json part(const Json& json, const char* key) { return json.is_object() && json.contains(key) ? json.at(key) : Json(); }

QString armTitle(const QString& id) {
  if (id == QLatin1String("a")) return QObject::tr("baseline (a)");
  if (id == QLatin1String("c")) return QObject::tr("best random (c)");
  if (id == QLatin1String("d")) return QObject::tr("derived (d)");
  if (id.startsWith(QLatin1String("b-"))) return QObject::tr("shrunk by %1 (b)").arg(id.mid(2));
  return QObject::tr("control %1").arg(id);
}

int armOrder(const QString& id) {
  const int at = static_cast<int>(QStringLiteral("abcd").indexOf(id.left(1)));
  return id.size() == 1 || id.startsWith(QLatin1String("b-")) ? at : 9;
}

ArmPair pairOf(const QString& title, const Json& json, double margin) {
  ArmPair pair;
  pair.title = title;
  pair.difference = number(json, "difference");
  pair.lower = number(json, "lower");
  pair.upper = number(json, "upper");
  pair.margin = margin;
  pair.runs = count(json, "runs");
  return pair;
}

void readReport(const Json& report, ComparisonReport& out) {
  if (!report.is_object()) return;
  out.loss = text(report, "score") == QLatin1String("loss");
  out.verdict = text(report, "verdict");
  out.saving = number(report, "saving");
  const Json arms = part(report, "arms");
  const double whole = number(part(arms, "a"), "flops");
  if (arms.is_object())
    for (const auto& [name, arm] : arms.items()) {
      if (name == "b") continue;  // the better of the shrunk ones, which stand on their own
      ArmScore one;
      one.id = QString::fromStdString(name);
      one.title = armTitle(one.id);
      one.flops = number(arm, "flops");
      one.parameters = number(arm, "parameters");
      one.score = number(arm, "score_mean");
      one.sd = number(arm, "score_sd");
      one.latency_ms = number(arm, "latency_ms");
      one.share = whole > 0 ? one.flops / whole : kNaN;
      one.runs = count(arm, "runs");
      out.arms.push_back(std::move(one));
    }
  std::stable_sort(out.arms.begin(), out.arms.end(), [](const ArmScore& x, const ArmScore& y) { return armOrder(x.id) < armOrder(y.id); });
  const Json noninferior = part(report, "noninferior"), sets = part(report, "sets"), against = part(report, "against");
  if (noninferior.is_object()) out.pairs.push_back(pairOf(QObject::tr("d against a"), noninferior, number(noninferior, "margin")));
  if (sets.is_object() && sets.size() > 1)
    for (const auto& [name, set] : sets.items())
      out.pairs.push_back(pairOf(QObject::tr("d against a, %1").arg(QString::fromStdString(name)), set, number(set, "margin")));
  if (against.is_object())
    for (const auto& [name, one] : against.items())
      out.pairs.push_back(pairOf(QObject::tr("d against %1").arg(QString::fromStdString(name)), one, kNaN));
  if (const Json shrunk = part(report, "shrunk"); shrunk.is_object()) out.pairs.push_back(pairOf(QObject::tr("b against a"), shrunk, kNaN));
  const Json random = part(report, "random"), networks = part(random, "networks");
  out.training_flops = number(random, "training_flops");
  out.search_flops = number(random, "search_flops");
  if (networks.is_array() && networks.size() == 2 && networks[0].is_number_integer() && networks[1].is_number_integer()) {
    out.networks_least = networks[0].get<int>();
    out.networks_most = networks[1].get<int>();
  }
}

}  // namespace

ComparisonReport readComparison(const std::vector<SampleRow>& samples) {
  ComparisonReport out;
  const auto newest = [&](const char* kind) {
    const auto at = std::find_if(samples.rbegin(), samples.rend(), [&](const SampleRow& sample) { return sample.kind == kind; });
    return at == samples.rend() ? Json() : Json::parse(at->data, nullptr, false);
  };
  const Json told = newest("trainings"), last = newest("comparison");
  out.done = count(told, "done");
  out.total = count(told, "total");
  out.complete = last.is_object() && out.done >= out.total;
  readReport(out.complete ? last : part(told, "report"), out);
  const Json rows = part(told, "rows");
  if (rows.is_array())
    for (const Json& row : rows) {
      ArmTraining one;
      one.set = text(row, "set");
      one.arm = text(row, "arm");
      one.run = count(row, "run");
      one.flops = number(row, "flops");
      one.score = number(row, "test");
      out.trainings.push_back(std::move(one));
    }
  return out;
}

}  // namespace dsw
