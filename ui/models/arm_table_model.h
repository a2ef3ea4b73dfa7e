// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>

#include "ui/models/comparison_report.h"

namespace dsw {

/// The arms of a search comparison: what each costs and scores. UI thread only.
class ArmTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Title, Flops, Share, Parameters, Latency, Score, Deviation, Runs, ColumnCount };
  using QAbstractTableModel::QAbstractTableModel;
  void setReport(const ComparisonReport& report);
  QStringList lines() const;  ///< for tests and copies: cells joined by two spaces

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  std::vector<ArmScore> arms_;
  bool loss_ = false;
};

}  // namespace dsw
