// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>

#include "engine/run/machine_rates.h"

namespace dsw {

/// The kernels of a measured machine: time, speed, and the share of what the machine allows. UI thread only.
class MachineRatesModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Kernel, Time, Arithmetic, Memory, OfBound, ColumnCount };
  using QAbstractTableModel::QAbstractTableModel;

  void setRates(MachineRates rates);
  const MachineRates& rates() const { return rates_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  /// Of the bound, where float32's applies.
  static bool bounded(const KernelRate& kernel) { return kernel.name.ends_with("-f32"); }
  MachineRates rates_;
};

}  // namespace dsw
