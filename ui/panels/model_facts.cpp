// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_facts.h"

#include <QDateTime>
#include <nlohmann/json.hpp>
#include <set>

#include "ui/models/model_session.h"
#include "ui/models/number_format.h"
#include "ui/models/object_ref.h"
#include "ui/panels/run_facts.h"

namespace dsw {
namespace {

QString inputWords(const InputSpec& input) {
  switch (input.kind) {
    case InputSpec::Kind::Tokens:
      return QObject::tr("up to %1 tokens of %2")
          .arg(formatCount(static_cast<double>(input.context)), formatCount(static_cast<double>(input.vocabulary)));
    case InputSpec::Kind::TokenSequence:
      return QObject::tr("%1 tokens of %2")
          .arg(formatCount(static_cast<double>(input.context)), formatCount(static_cast<double>(input.vocabulary)));
    case InputSpec::Kind::Image:
      return QStringLiteral("%1×%2×%3").arg(input.channels).arg(input.height).arg(input.width);
  }
  return {};
}

QString typeWords(const ModelFacts& facts) {
  std::set<std::string> names;
  for (const StoredTensor& tensor : facts.tensors) names.insert(dtype_name(tensor.dtype));
  QStringList words;
  for (const std::string& name : names) words << QString::fromStdString(name);
  return words.join(", ");
}

QString dataSource(const std::string& data) {
  const Json json = Json::parse(data, nullptr, false);
  if (!json.is_object() || !json.contains("source")) return {};
  return sourceWords(json["source"]);
}

}  // namespace

QString sectionSummary(const std::string& section) { return modelSummary(Json{{"model", Json::parse(section, nullptr, false)}}.dump()); }

std::vector<FactSection> modelFacts(const ModelSession& session, const ModelRow* row, const std::function<void(const ObjectRef&)>& open,
                                    const std::function<void(const QString&)>& edit) {
  std::vector<FactSection> out;
  if (!session.isLoaded()) return out;
  const ProjectModel& model = session.model();
  const ModelFacts& facts = session.facts();
  const auto when = [](double time) {
    return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(time * 1000)).toString("yyyy-MM-dd HH:mm:ss");
  };

  FactSection what{QObject::tr("Model"), QString::fromStdString(facts.family), {}, nullptr};
  what.facts.push_back(valueFact(QObject::tr("Architecture"), sectionSummary(facts.section), QString::fromStdString(facts.section)));
  what.facts.push_back(valueFact(QObject::tr("Parameters"), formatCount(facts.network.total.parameters),
                                 formatCountExact(static_cast<std::int64_t>(facts.network.total.parameters))));
  what.facts.push_back(
      valueFact(QObject::tr("FLOPs, forward"), formatCount(facts.network.total.flops),
                QObject::tr("Of one example: %1").arg(formatCountExact(static_cast<std::int64_t>(facts.network.total.flops)))));
  what.facts.push_back(valueFact(QObject::tr("Input"), inputWords(facts.input)));
  what.facts.push_back(valueFact(QObject::tr("Tensors"), formatCount(static_cast<double>(facts.tensors.size()))));
  what.facts.push_back(valueFact(QObject::tr("Number format"), typeWords(facts)));
  what.facts.push_back(valueFact(QObject::tr("File"), formatBytes(static_cast<double>(model.bytes))));
  out.push_back(std::move(what));

  FactSection from{QObject::tr("Where it comes from"), {}, {}, nullptr};
  if (model.of_run) {
    const ObjectRef run{kind::kRun, QString::fromStdString(model.id), {}};
    from.facts.push_back(linkFact(QObject::tr("Run"), QString::fromStdString(model.name + " " + model.source), [open, run] { open(run); }));
    from.facts.push_back(
        linkFact(QObject::tr("Checkpoint"),
                 QObject::tr("step %1%2").arg(formatCountExact(model.step), model.best ? QObject::tr(", best") : QString()),
                 [open, run, step = model.step] { open(run.at(QStringLiteral("step:%1").arg(step))); }));
    from.facts.push_back(valueFact(QObject::tr("Saved"), when(model.time)));
  } else {
    from.facts.push_back(valueFact(QObject::tr("Imported from"), QString::fromStdString(model.source)));
    from.facts.push_back(valueFact(QObject::tr("Imported"), when(model.time)));
  }
  if (const QString source = dataSource(facts.data); !source.isEmpty())
    from.facts.push_back(valueFact(QObject::tr("Data"), source, QString::fromStdString(facts.data)));
  const QString hash = QString::fromStdString(model.sha256);
  from.facts.push_back(valueFact(QObject::tr("SHA-256"), hash.left(8) + QChar(0x2026) + hash.right(4), hash));
  out.push_back(std::move(from));

  if (facts.input.kind != InputSpec::Kind::Image) {
    FactSection tokenizer{QObject::tr("Tokenizer"), {}, {}, nullptr};
    if (facts.tokenizer.empty()) {
      tokenizer.facts.push_back(textFact(QObject::tr("None. Import it again with its vocab.json and merges.txt to let it write text.")));
    } else {
      tokenizer.facts.push_back(valueFact(QObject::tr("Kind"), QString::fromStdString(facts.tokenizer)));
      tokenizer.facts.push_back(valueFact(QObject::tr("Symbols"), formatCount(static_cast<double>(facts.symbols))));
    }
    out.push_back(std::move(tokenizer));
  }
  if (facts.input.kind != InputSpec::Kind::Tokens) {
    FactSection classes{QObject::tr("Classes"), QString::number(facts.input.classes), {}, nullptr};
    QStringList names;
    for (const std::string& name : facts.classes) names << QString::fromStdString(name);
    classes.facts.push_back(
        textFact(names.isEmpty() ? QObject::tr("The file names none; those of the data are taken.") : names.join(", ")));
    out.push_back(std::move(classes));
  }
  if (row) {
    FactSection note{QObject::tr("Note"), {}, {}, nullptr};
    if (!row->note.empty()) note.facts.push_back(textFact(QString::fromStdString(row->note), Token::Text1));
    if (edit)
      note.facts.push_back(
          linkFact({}, row->note.empty() ? QObject::tr("Write a note") : QObject::tr("Change the note"), [edit] { edit("object.note"); }));
    else if (row->note.empty())
      note.facts.push_back(textFact(QObject::tr("None."), Token::Text3));
    out.push_back(std::move(note));
  }
  return out;
}

}  // namespace dsw
