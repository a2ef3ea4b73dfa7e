// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/evaluation_table_model.h"

#include <QDateTime>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ui/models/cell_roles.h"
#include "ui/models/csv_text.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"

namespace dsw {

void EvaluationTableModel::setRows(const std::vector<EvaluationRow>& rows) {
  beginResetModel();
  rows_.clear();
  metrics_.clear();
  for (const EvaluationRow& stored : rows) {
    Row row{stored, {}};
    const Json result = Json::parse(stored.result, nullptr, false);
    if (result.is_object() && result.contains("metrics") && result["metrics"].is_object())
      for (const auto& [key, value] : result["metrics"].items()) {
        const std::string name = key.substr(key.find('/') + 1);
        row.metrics[name] = value.is_number() ? value.get<double>() : std::nan("");
        if (std::find(metrics_.begin(), metrics_.end(), name) == metrics_.end()) metrics_.push_back(name);
      }
    rows_.push_back(std::move(row));
  }
  std::stable_sort(metrics_.begin(), metrics_.end(),
                   [](const auto& a, const auto& b) { return metricOrder("val/" + a) < metricOrder("val/" + b); });
  endResetModel();
}

QString EvaluationTableModel::csv() const {
  QString text;
  for (int c = 0; c < columnCount(); ++c) text += (c ? "," : "") + csvCell(headerData(c, Qt::Horizontal, ExactRole).toString());
  text += '\n';
  for (int r = 0; r < rowCount(); ++r) {
    for (int c = 0; c < columnCount(); ++c) text += (c ? "," : "") + csvCell(index(r, c).data(ExactRole).toString());
    text += '\n';
  }
  return text;
}

int EvaluationTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int EvaluationTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : FirstMetric + static_cast<int>(metrics_.size());
}

QVariant EvaluationTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || (role != Qt::DisplayRole && role != ExactRole && role != Qt::ToolTipRole)) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  const bool exact = role == ExactRole;
  const QDateTime when = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(row.row.time * 1000));
  if (role == Qt::ToolTipRole) return index.column() == When ? QVariant(when.toString("yyyy-MM-dd HH:mm:ss")) : QVariant();
  switch (index.column()) {
    case When:
      return row.row.time <= 0 ? QString(kMissing) : exact ? when.toUTC().toString(Qt::ISODate) : when.toString("d MMM HH:mm");
    case Data:
      return QString::fromStdString(row.row.data);
    case Part:
      return QString::fromStdString(row.row.part);
    case Targets:
      return exact ? QString::number(row.row.targets) : formatCount(static_cast<double>(row.row.targets));
    default: {
      const std::string& name = metrics_[static_cast<std::size_t>(index.column() - FirstMetric)];
      const auto value = row.metrics.find(name);
      if (value == row.metrics.end()) return exact ? QString() : QString(kMissing);
      return exact ? formatExact(value->second) : formatMetric("val/" + name, value->second);
    }
  }
}

QVariant EvaluationTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return int((section >= Targets ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  static const char* const kHeads[] = {"When", "Data", "Part", "Targets"};
  if (section < FirstMetric) return tr(kHeads[section]);
  return QString::fromStdString(metrics_[static_cast<std::size_t>(section - FirstMetric)]);
}

}  // namespace dsw
