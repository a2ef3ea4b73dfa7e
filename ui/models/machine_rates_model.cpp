// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/machine_rates_model.h"

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {

void MachineRatesModel::setRates(MachineRates rates) {
  beginResetModel();
  rates_ = std::move(rates);
  endResetModel();
}

int MachineRatesModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rates_.kernels.size()); }
int MachineRatesModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant MachineRatesModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const KernelRate& kernel = rates_.kernels[static_cast<std::size_t>(index.row())];
  const double share = bounded(kernel) && kernel.seconds > 0 ? rates_.bound_seconds(kernel) / kernel.seconds : 0;
  if (role == FractionRole) return index.column() == OfBound && share > 0 ? QVariant(std::min(1.0, share)) : QVariant();
  if (role == Qt::ToolTipRole && index.column() == OfBound && share <= 0)
    return tr("The bound is that of float32 arithmetic; this kernel computes in less.");
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  const bool exact = role == ExactRole;
  switch (index.column()) {
    case Kernel:
      return QString::fromStdString(kernel.name);
    case Time:
      return exact ? formatExact(kernel.seconds * 1e3) : formatNumber(kernel.seconds * 1e3, 3);
    case Arithmetic:
      return exact ? formatExact(kernel.flops_per_second() / 1e9) : formatNumber(kernel.flops_per_second() / 1e9, 3);
    case Memory:
      return exact ? formatExact(kernel.bytes_per_second() / 1e9) : formatNumber(kernel.bytes_per_second() / 1e9, 3);
    default:
      if (share <= 0) return exact ? QString() : QString(kMissing);
      return exact ? formatExact(share) : formatPercent(share, 0);
  }
}

QVariant MachineRatesModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return int((section == Kernel || section == OfBound ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole && section == OfBound)
    return tr("Of the least time that arithmetic and memory of this machine allow, whichever is longer");
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  static const char* const kHeads[] = {QT_TR_NOOP("Kernel"), QT_TR_NOOP("ms"), QT_TR_NOOP("GFLOP/s"), QT_TR_NOOP("GB/s"),
                                       QT_TR_NOOP("Of the bound")};
  return section >= 0 && section < ColumnCount ? QVariant(tr(kHeads[section])) : QVariant();
}

}  // namespace dsw
