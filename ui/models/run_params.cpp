// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_params.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/json.h"
#include "engine/store/project.h"
#include "ui/models/number_format.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"

namespace dsw {

namespace {

constexpr int kPiece = 200, kMostDepth = 16;

/// A list of plain values as a person writes it: "0.9, 0.1"; anything deeper stays JSON.
QString listText(const Json& value) {
  const bool plain =
      value.is_array() && !value.empty() && std::none_of(value.begin(), value.end(), [](const Json& v) { return v.is_structured(); });
  if (!plain) return QString::fromStdString(value.dump());
  QStringList parts;
  for (const Json& one : value) parts << QString::fromStdString(one.is_string() ? one.get<std::string>() : one.dump());
  return parts.join(QStringLiteral(", "));
}

void flatten(const Json& value, const QString& pointer, int depth, RunParams& out) {
  if (value.is_object() && depth < kMostDepth) {
    for (const auto& item : value.items()) {
      QString key = QString::fromStdString(item.key());
      key.replace("~", "~0").replace("/", "~1");
      flatten(item.value(), pointer + '/' + key, depth + 1, out);
    }
    return;
  }
  QVariant leaf;
  if (value.is_number())
    leaf = value.get<double>();
  else if (value.is_boolean())
    leaf = value.get<bool>();
  else if (value.is_string())
    leaf = QString::fromStdString(value.get<std::string>());
  else
    leaf = listText(value);
  out.values.emplace_back(pointer, leaf);
}

}  // namespace

QVariant RunParams::find(const QString& name) const {
  for (const auto& [pointer, value] : values)
    if (pointer == name) return value;
  const QString tail = '/' + name;
  for (const auto& [pointer, value] : values)
    if (pointer.endsWith(tail, Qt::CaseInsensitive)) return value;
  return {};
}

RunParams flattenDocument(const std::string& text) {
  RunParams params;
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_object()) flatten(document, {}, 0, params);
  return params;
}

void readCosts(const std::string& record, RunParams& params) {
  const Json json = Json::parse(record, nullptr, false);
  if (!json.is_object()) return;
  const auto number = [&](const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_number() ? it->get<double>() : 0.0;
  };
  params.parameters = number("parameters");
  params.step_flops = number("step_flops");
}

QString paramText(const QVariant& value) {
  if (!value.isValid()) return QString(kMissing);
  if (value.typeId() == QMetaType::Bool) return value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
  if (value.typeId() != QMetaType::Double) return value.toString();
  const double number = value.toDouble();
  if (number == std::floor(number) && std::abs(number) < 1e15) return QString::number(number, 'f', 0);  // 100000, not 1e+05
  return number != 0 && std::abs(number) < 0.01 ? formatRate(number) : formatExact(number);
}

RunParamsStore::RunParamsStore(QueryRunner& queries, const ProjectData& data, QObject* parent)
    : QObject(parent), queries_(queries), data_(data) {
  connect(&data, &ProjectData::reset, this, &RunParamsStore::onReset);
  connect(&data, &ProjectData::runsChanged, this, [this](const QStringList& changed, const QStringList& added) { onRuns(changed, added); });
  onReset();
}

void RunParamsStore::onReset() {
  if (data_.state() != ProjectData::State::Ready) {
    byRun_.clear();
    distinct_.clear();
    waiting_.clear();
    asking_ = false;
    return;
  }
  for (const RunPtr& run : data_.runs()) {
    const QString id = QString::fromStdString(run->id);
    if (!byRun_.contains(id)) waiting_.push_back(id);
  }
  askNext();
}

void RunParamsStore::onRuns(const QStringList&, const QStringList& added) {
  for (const QString& id : added) waiting_.push_back(id);
  askNext();
}

void RunParamsStore::askNext() {
  if (asking_ || waiting_.empty()) return;
  QStringList ids;
  while (!waiting_.empty() && ids.size() < kPiece) {
    ids.push_back(waiting_.front());
    waiting_.pop_front();
  }
  asking_ = true;
  using Answer = std::vector<RunParams>;
  queries_.ask<Answer>(
      this,
      [ids](ProjectReader& reader) -> Result<Answer> {
        Answer all;
        for (const QString& id : ids) {
          const auto text = reader.run_resolved(id.toStdString());
          all.push_back(text ? flattenDocument(*text) : RunParams());
          if (const auto record = reader.run_record(id.toStdString())) readCosts(*record, all.back());
        }
        return all;
      },
      [this, ids](Result<Answer> all) {
        asking_ = false;
        if (!all) return;
        for (qsizetype i = 0; i < ids.size(); ++i) {
          RunParams& params = (*all)[static_cast<std::size_t>(i)];
          QString flat = QStringLiteral("%1 %2\n").arg(params.parameters).arg(params.step_flops);
          for (const auto& [pointer, value] : params.values)
            if (pointer != "/seed") flat += pointer + '=' + value.toString() + '\n';
          RunParamsPtr& shared = distinct_[flat];
          if (!shared) shared = std::make_shared<const RunParams>(std::move(params));
          byRun_[ids[i]] = shared;
        }
        emit loaded(ids);
        askNext();
      });
}

}  // namespace dsw
