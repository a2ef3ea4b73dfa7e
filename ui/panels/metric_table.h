// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

class QLabel;
class QTableView;

namespace dsw {

class MetricTableModel;

/// "Metrics 14" over the table of a run's metrics with their last and best values. UI thread only.
class MetricTable : public QWidget {
  Q_OBJECT
 public:
  /// The model outlives it.
  explicit MetricTable(MetricTableModel& model, QWidget* parent = nullptr);
  QTableView* table() const { return table_; }

 private:
  QLabel* count_;
  QTableView* table_;
};

}  // namespace dsw
