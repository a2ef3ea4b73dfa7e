// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/metric_table_model.h"

#include <algorithm>
#include <cmath>

#include "engine/run/metric_direction.h"
#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {
namespace {

std::string nameOf(const std::string& key) { return key.substr(key.find('/') + 1); }
bool endsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

QString formatMetric(const std::string& key, double value) {
  const std::string name = nameOf(key);
  if (std::isnan(value) || std::isinf(value)) return formatNumber(value);
  if (name == "loss" || name == "accuracy" || name == "error") return formatLoss(value);
  if (name == "lr") return formatRate(value);
  if (endsWith(name, "-bytes")) return formatBytes(value);
  if (endsWith(name, "-per-s")) return formatNumber(value, 4);
  return formatNumber(value, 4);
}

int metricOrder(const std::string& key) {
  static const std::vector<std::string> kSplits = {"train", "val", "test"};
  static const std::vector<std::string> kNames = {"loss", "accuracy", "error", "perplexity", "bits-per-char", "grad-norm", "lr"};
  const std::string split = key.substr(0, key.find('/')), name = nameOf(key);
  const auto place = [](const std::vector<std::string>& list, const std::string& word) {
    return static_cast<int>(std::find(list.begin(), list.end(), word) - list.begin());
  };
  return place(kNames, name) * 10 + place(kSplits, split);
}

void MetricTableModel::setRow(const RunRow& run) {
  std::vector<Row> rows;
  for (const auto& [key, summary] : run.metrics) rows.push_back({key, summary});
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return metricOrder(a.key) < metricOrder(b.key); });
  const bool same = rows.size() == rows_.size() &&
                    std::equal(rows.begin(), rows.end(), rows_.begin(), [](const Row& a, const Row& b) { return a.key == b.key; });
  if (same) {  // the cursor and the scroll place stay
    rows_ = std::move(rows);
    if (!rows_.empty()) emit dataChanged(index(0, Last), index(static_cast<int>(rows_.size()) - 1, AtStep));
    return;
  }
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

int MetricTableModel::rowOf(const std::string& key) const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].key == key) return static_cast<int>(i);
  return -1;
}

QStringList MetricTableModel::lines() const {
  QStringList out;
  for (int row = 0; row < rowCount(); ++row) {
    QStringList cells;
    for (int column = 0; column < ColumnCount; ++column) cells << data(index(row, column), Qt::DisplayRole).toString();
    out << cells.join(' ');
  }
  return out;
}

int MetricTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int MetricTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant MetricTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  const bool has_best = metric_direction(row.key) != MetricDirection::Last;
  const double value = index.column() == Best ? row.summary.best : row.summary.last;
  switch (role) {
    case Qt::DisplayRole:
      switch (index.column()) {
        case Name:
          return QString::fromStdString(row.key);
        case Last:
          return formatMetric(row.key, row.summary.last);
        case Best:
          return has_best ? formatMetric(row.key, row.summary.best) : QString(kMissing);
        case AtStep:
          return formatCountExact(has_best ? row.summary.best_step : row.summary.last_step);
      }
      break;
    case SeriesRole:  // the lines of the loss chart; the names of the others stand in line with them
      if (index.column() != Name) break;
      return row.key == "train/loss" ? 0 : row.key == "val/loss" ? 1 : row.key == "test/loss" ? 2 : -1;
    case DashRole:
      if (index.column() != Name || row.key.find("/loss") == std::string::npos) break;
      return QVariant::fromValue(row.key == "val/loss"    ? QVector<double>{7, 3}
                                 : row.key == "test/loss" ? QVector<double>{2, 3}
                                                          : QVector<double>{});
    case Qt::TextAlignmentRole:
      return QVariant(index.column() == Name ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter);
    case Qt::ToolTipRole:
      if (index.column() == Last)
        return tr("%1 at step %2, %3 points")
            .arg(formatExact(row.summary.last), formatCountExact(row.summary.last_step), formatCountExact(row.summary.points));
      if (index.column() == Best && has_best) return formatExact(row.summary.best);
      break;
    case ExactRole:
      return index.column() == Name     ? QString::fromStdString(row.key)
             : index.column() == AtStep ? QString::number(row.summary.best_step)
                                        : formatExact(value);
    case SortRole:
      return index.column() == Name ? QVariant(metricOrder(row.key))
                                    : QVariant(index.column() == AtStep ? static_cast<double>(row.summary.best_step) : value);
    case EmphasisRole:
      return index.column() == Best && has_best && row.summary.best_step == row.summary.last_step;
    default:
      break;
  }
  return {};
}

QVariant MetricTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant(section == Name ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const char* const kNames[] = {QT_TR_NOOP("Metric"), QT_TR_NOOP("Last"), QT_TR_NOOP("Best"), QT_TR_NOOP("At step")};
  return tr(kNames[section]);
}

}  // namespace dsw
