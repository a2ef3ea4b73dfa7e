// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <map>
#include <string>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// What a model scored, newest first: when, on what, how much, and a column a metric that any row has. UI thread only.
class EvaluationTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { When, Data, Part, Targets, FirstMetric };
  using QAbstractTableModel::QAbstractTableModel;

  void setRows(const std::vector<EvaluationRow>& rows);
  const EvaluationRow& row(int row) const { return rows_[static_cast<std::size_t>(row)].row; }
  /// The whole table with heads and full precision.
  QString csv() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Row {
    EvaluationRow row;
    std::map<std::string, double> metrics;  ///< by the name behind the slash
  };
  std::vector<Row> rows_;
  std::vector<std::string> metrics_;
};

}  // namespace dsw
