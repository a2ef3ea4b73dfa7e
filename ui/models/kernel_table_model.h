// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <string>
#include <vector>

namespace dsw {

/// Where the time of a training step goes, the largest share first: a sample of the kind "profile" as rows. UI thread only.
class KernelTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Kernel, Share, Time, Calls, Speed, OfPeak, ColumnCount };
  using QAbstractTableModel::QAbstractTableModel;

  /// `data`: the sample's JSON text. False and empty where it is none.
  bool setProfile(const std::string& data);
  double stepSeconds() const { return step_seconds_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Row {
    QString name;                                         ///< "matrix product", "between kernels"
    double calls = 0, seconds = 0, flops = 0, bytes = 0;  ///< of one step
  };
  QString text(const Row& row, int column, bool exact) const;

  std::vector<Row> rows_;
  double step_seconds_ = 0, peak_flops_ = 0;
};

}  // namespace dsw
