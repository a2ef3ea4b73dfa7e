// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_facts.h"

#include <QDateTime>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/models/run_data.h"

namespace dsw {
namespace {

QString text(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  if (!json.is_object() || !json.contains(at)) return {};
  const Json& value = json.at(at);
  return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
}

const MetricSummary* metricOf(const RunData& run, const char* key) {
  const auto it = run.row().metrics.find(key);
  return it == run.row().metrics.end() ? nullptr : &it->second;
}

/// "float16, bfloat16 from step 412": the precision that the run began in, and the one that its last change left it in.
QString precisionWords(const RunData& run, const Json& record, const Json& document) {
  QString words = record.is_object() && record.contains("precision") ? text(record, "/precision") : text(document, "/precision");
  for (auto it = run.events().rbegin(); it != run.events().rend(); ++it) {
    if (it->kind != "precision") continue;
    const QString now = QString::fromStdString(it->text).section(QLatin1Char(' '), 0, 0);
    words += QObject::tr(", %1 from step %2").arg(now, formatCountExact(it->step));
    break;
  }
  return words;
}

QStringList sourcePaths(const Json& source) {
  QStringList out;
  for (const Json& one : source.is_array() ? source : Json::array({source}))
    if (one.is_string()) out << QString::fromStdString(one.get<std::string>());
  return out;
}

}  // namespace

QString sourceWords(const Json& source) {
  const QStringList paths = sourcePaths(source);
  if (paths.isEmpty()) return {};
  const QString& first = paths.front();
  if (first == QLatin1String("builtin:mnist")) return QObject::tr("MNIST, shipped");
  if (first == QLatin1String("builtin:tinyshakespeare")) return QObject::tr("Tiny Shakespeare, shipped");
  const QString name = first.section(QLatin1Char('/'), -1, -1, QString::SectionSkipEmpty);
  return paths.size() == 1   ? name
         : paths.size() == 2 ? QObject::tr("%1 and 1 more").arg(name)
                             : QObject::tr("%1 and %2 more").arg(name).arg(paths.size() - 1);
}

QString modelSummary(const std::string& resolved) {
  const Json document = Json::parse(resolved, nullptr, false);
  QString summary = text(document, "/model/type");
  const QString layers = text(document, "/model/layers"), width = text(document, "/model/width"), heads = text(document, "/model/heads"),
                depth = text(document, "/model/depth");
  if (!layers.isEmpty() && !width.isEmpty())
    summary += QStringLiteral(" %1 × %2").arg(layers, width);
  else if (!depth.isEmpty())
    summary += " " + depth;
  if (!heads.isEmpty()) summary += QObject::tr(", %1 heads").arg(heads);
  return summary;
}

std::vector<FactSection> runFacts(const RunData& run, const std::function<void(std::int64_t)>& goToStep,
                                  const std::function<void(const QString&)>& edit) {
  const RunRow& row = run.row();
  const Json record = Json::parse(run.record(), nullptr, false);
  const Json document = Json::parse(run.resolved(), nullptr, false);
  std::vector<FactSection> out;

  FactSection facts{QObject::tr("Run"), {}, {}, nullptr};
  const StateLook look = stateLook(QString::fromLatin1(run_status_name(row.status)));
  Fact state = valueFact(QObject::tr("State"), look.word);
  state.icon = look.icon;
  state.tone = look.color;
  state.mono = false;
  facts.facts.push_back(state);
  const auto add = [&](const QString& label, const QString& value) {
    if (!value.isEmpty()) facts.facts.push_back(valueFact(label, value));
  };
  add(QObject::tr("Model"), modelSummary(run.resolved()));
  if (record.is_object() && record.contains("parameters") && record["parameters"].is_number())
    add(QObject::tr("Parameters"), formatCount(record["parameters"].get<double>()));
  if (record.is_object() && record.contains("step_flops") && record["step_flops"].is_number())
    add(QObject::tr("FLOPs a step"), formatCount(record["step_flops"].get<double>()));
  if (document.is_object() && document.contains("/data/source"_json_pointer)) {
    const Json& source = document.at("/data/source"_json_pointer);
    if (const QString words = sourceWords(source); !words.isEmpty())
      facts.facts.push_back(valueFact(QObject::tr("Data"), words, sourcePaths(source).join('\n')));
  }
  if (record.is_object() && record.contains("data_notes") && record["data_notes"].is_array())
    for (const Json& note : record["data_notes"])
      if (note.is_string()) facts.facts.push_back(textFact(QString::fromStdString(note.get<std::string>()), Token::Warning));
  add(QObject::tr("Seed"), QString::number(row.seed));
  add(QObject::tr("Precision"), precisionWords(run, record, document));
  if (row.started > 0)
    add(QObject::tr("Started"), QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(row.started * 1000)).toString("yyyy-MM-dd HH:mm:ss"));
  if (row.seconds > 0) add(run.isActive() ? QObject::tr("Took so far") : QObject::tr("Took"), formatDuration(row.seconds));
  if (!row.parent.empty()) add(QObject::tr("Parent"), QString::fromStdString(row.parent));
  Fact id = valueFact(QObject::tr("Id"), QString::fromStdString(row.id), QString::fromStdString(row.id));
  facts.facts.push_back(id);
  out.push_back(std::move(facts));

  QStringList tags;
  for (const std::string& tag : row.tags) tags << QString::fromStdString(tag);
  FactSection tag_section{QObject::tr("Tags"), {}, {}, nullptr};
  if (edit)
    tag_section.facts.push_back(linkFact({}, tags.isEmpty() ? QObject::tr("Add a tag") : tags.join(", "), [edit] { edit("object.tag"); }));
  else
    tag_section.facts.push_back(textFact(tags.isEmpty() ? QObject::tr("None.") : tags.join(", "), Token::Text3));
  out.push_back(std::move(tag_section));
  FactSection note{QObject::tr("Note"), {}, {}, nullptr};
  if (!row.note.empty()) note.facts.push_back(textFact(QString::fromStdString(row.note), Token::Text1));
  if (edit)
    note.facts.push_back(
        linkFact({}, row.note.empty() ? QObject::tr("Write a note") : QObject::tr("Change the note"), [edit] { edit("object.note"); }));
  else if (row.note.empty())
    note.facts.push_back(textFact(QObject::tr("None."), Token::Text3));
  out.push_back(std::move(note));

  FactSection device{QObject::tr("Device"), QString::fromStdString(row.device), {}, nullptr};
  for (const char* key : {"sys/tokens-per-s", "sys/images-per-s", "sys/examples-per-s"})
    if (const MetricSummary* rate = metricOf(run, key))
      device.facts.push_back(valueFact(QString::fromLatin1(key + 4).replace("-per-", "/"), formatNumber(rate->last, 4),
                                       QObject::tr("best %1").arg(formatNumber(rate->best, 4))));
  if (const MetricSummary* scale = metricOf(run, "sys/loss-scale"))
    device.facts.push_back(valueFact(QObject::tr("Loss scale"), formatCountExact(std::llround(scale->last))));
  if (const MetricSummary* memory = metricOf(run, "sys/activation-bytes"))
    device.facts.push_back(valueFact(QObject::tr("Activations"), formatBytes(memory->last)));
  if (record.is_object() && record.value("threads", 0) > 0)
    device.facts.push_back(valueFact(QObject::tr("Threads"), text(record, "/threads")));
  if (!device.facts.empty()) out.push_back(std::move(device));

  if (!run.checkpoints().empty()) {
    FactSection checkpoints{QObject::tr("Checkpoints"), {}, {}, nullptr};
    std::size_t shown = 0;
    for (auto it = run.checkpoints().rbegin(); it != run.checkpoints().rend() && shown < 6; ++it, ++shown) {
      Fact fact = linkFact(QObject::tr("step %1").arg(formatCountExact(it->step)),
                           it->missing ? QObject::tr("file missing")
                                       : formatBytes(static_cast<double>(it->bytes)) + (it->best ? QObject::tr(", best") : QString()),
                           [goToStep, step = it->step] { goToStep(step); });
      fact.tone = it->missing ? Token::Failed : it->best ? Token::Finished : Token::Text1;
      fact.tooltip = QString::fromStdString(it->sha256);
      checkpoints.facts.push_back(std::move(fact));
    }
    out.push_back(std::move(checkpoints));
  }

  if (!run.events().empty()) {
    FactSection events{QObject::tr("Events"), {}, {}, nullptr};
    std::size_t shown = 0;
    for (auto it = run.events().rbegin(); it != run.events().rend() && shown < 14; ++it, ++shown) {
      Fact fact = linkFact(formatCountExact(it->step) + "  " + QString::fromStdString(it->text), {},
                           [goToStep, step = it->step] { goToStep(step); });
      fact.tooltip = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(it->time * 1000)).toString("HH:mm:ss") + "  " +
                     QString::fromStdString(it->text);
      events.facts.push_back(std::move(fact));
    }
    out.push_back(std::move(events));
  }
  return out;
}

}  // namespace dsw
