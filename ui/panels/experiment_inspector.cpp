// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/experiment_inspector.h"

#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/models/spec_document.h"

namespace dsw {
namespace {

void collect(const Json& before, const Json& after, const QString& pointer, std::vector<ValueChange>& out) {
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : after.items())
      collect(before.contains(key) ? before[key] : Json(nullptr), value, pointer + "/" + QString::fromStdString(key), out);
    for (const auto& [key, value] : before.items())
      if (!after.contains(key)) collect(value, Json(nullptr), pointer + "/" + QString::fromStdString(key), out);
    return;
  }
  if (before == after) return;
  const auto text = [](const Json& v) {
    if (v.is_number_float())  // as a person writes it: 1e-3, 0.1
      return QString::number(v.get<double>(), 'g', QLocale::FloatingPointShortest)
          .replace("e+", "e")
          .replace("e0", "e")
          .replace("e-0", "e-");
    return v.is_null() ? QString() : QString::fromStdString(v.is_string() ? v.get<std::string>() : v.dump());
  };
  out.push_back({pointer, text(before), text(after)});
}

}  // namespace

std::vector<ValueChange> changesBetween(const Json& before, const Json& after) {
  std::vector<ValueChange> out;
  collect(before, after, {}, out);
  return out;
}

ExperimentInspector::ExperimentInspector(SpecDocument& document, QWidget* parent) : FactSheet(parent), document_(document) {
  setAccessibleName(tr("Costs and changes of the experiment"));
  connect(&document_, &SpecDocument::problemsChanged, this, &ExperimentInspector::refresh);
  connect(&document_, &SpecDocument::estimateChanged, this, &ExperimentInspector::refresh);
  connect(&document_.undoStack(), &QUndoStack::indexChanged, this, &ExperimentInspector::refresh);
  refresh();
}

void ExperimentInspector::setVersion(int version, const std::string& document) {
  version_ = version;
  version_text_ = document;
  refresh();
}

void ExperimentInspector::refresh() {
  std::vector<FactSection> sections;
  if (const Estimate* costs = document_.estimate()) {
    FactSection step{tr("One step costs"), {}, {}, nullptr};
    step.facts.push_back(
        valueFact(tr("Parameters"), formatCount(costs->parameters), formatCountExact(static_cast<std::int64_t>(costs->parameters))));
    step.facts.push_back(valueFact(tr("FLOPs"), formatCount(costs->step_flops),
                                   tr("Forward and backward pass of one batch; a multiply and an add are two")));
    step.facts.push_back(
        valueFact(tr("Activations"), formatBytes(costs->activation_bytes), tr("Kept from the forward for the backward pass")));
    step.facts.push_back(
        valueFact(tr("Peak memory"), formatBytes(costs->peak_bytes), tr("Weights, gradients, optimizer state and activations")));
    sections.push_back(std::move(step));

    FactSection whole{tr("Whole run"), {}, {}, nullptr};
    whole.facts.push_back(valueFact(tr("Steps"), formatCountExact(static_cast<std::int64_t>(costs->steps))));
    if (costs->examples_total > 0)
      whole.facts.push_back(valueFact(tr("%1 seen")
                                          .arg(QString::fromStdString(costs->example_unit))
                                          .replace(0, 1, QString::fromStdString(costs->example_unit).left(1).toUpper()),
                                      formatCount(costs->examples_total)));
    if (costs->seconds > 0) whole.facts.push_back(valueFact(tr("Time on cpu"), QStringLiteral("≈ ") + formatDuration(costs->seconds)));
    if (costs->checkpoint_bytes > 0) whole.facts.push_back(valueFact(tr("A checkpoint"), formatBytes(costs->checkpoint_bytes)));
    if (!document_.estimateIsCurrent() && !document_.checking())
      whole.facts.push_back(textFact(tr("Values are of the last document without problems."), Token::Text3));
    sections.push_back(std::move(whole));

    FactSection parts{tr("FLOPs by part"), {}, {}, nullptr};
    double total = 0;
    for (const auto& [name, flops] : costs->network.flops_by_part) total += flops;
    for (const auto& [name, flops] : costs->network.flops_by_part)
      parts.facts.push_back(barFact(QString::fromStdString(name), total > 0 ? flops / total : 0, formatCount(flops)));
    if (!parts.facts.empty()) sections.push_back(std::move(parts));
  }
  if (version_ > 0) {
    FactSection changes{tr("Changed against v%1").arg(version_), {}, {}, nullptr};
    const Json before = Json::parse(version_text_, nullptr, false);
    if (document_.parses() && !before.is_discarded()) {
      for (const ValueChange& change : changesBetween(before, document_.json())) {
        const auto shown = [](const QString& v) { return v.isEmpty() ? QString(kMissing) : v; };
        Fact fact = linkFact(change.pointer, shown(change.before) + QStringLiteral(" → ") + shown(change.after),
                             [this, pointer = change.pointer] { emit pointerActivated(pointer); });
        fact.tone = Token::Text1;
        changes.facts.push_back(std::move(fact));
      }
    }
    if (changes.facts.empty()) changes.facts.push_back(textFact(tr("Nothing."), Token::Text3));
    sections.push_back(std::move(changes));
  }
  const QUndoStack& undo = document_.undoStack();
  FactSection steps{tr("Undo steps"), {}, {}, nullptr};
  constexpr int kShown = 8;
  for (int i = undo.index() - 1; i >= 0 && i >= undo.index() - kShown; --i) steps.facts.push_back(textFact(undo.text(i), Token::Text1));
  steps.facts.push_back(textFact(version_ > 0 ? tr("Open v%1").arg(version_) : tr("New"), Token::Text3));
  sections.push_back(std::move(steps));
  setSections(std::move(sections));
}

}  // namespace dsw
