// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <string>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// A run's metrics as rows: Metric, Last, Best, At step. Order: loss, error and accuracy before others, train before val before test. UI
/// thread.
class MetricTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Name, Last, Best, AtStep, ColumnCount };
  using QAbstractTableModel::QAbstractTableModel;

  void setRow(const RunRow& run);
  const std::string& key(int row) const { return rows_[static_cast<std::size_t>(row)].key; }
  int rowOf(const std::string& key) const;
  QStringList lines() const;  ///< for tests: "val/loss 1.9127 1.9127 1 600"

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Row {
    std::string key;
    MetricSummary summary;
  };
  std::vector<Row> rows_;
};

/// A metric's value in the style of its name: losses 4 decimals, rates with groups, learning rates as 1e-3, shares as they are.
QString formatMetric(const std::string& key, double value);
/// Where a key stands among others; smaller first.
int metricOrder(const std::string& key);

}  // namespace dsw
