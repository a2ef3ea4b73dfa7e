// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/arm_table_model.h"

#include <cmath>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {

void ArmTableModel::setReport(const ComparisonReport& report) {
  beginResetModel();
  arms_ = report.arms;
  loss_ = report.loss;
  endResetModel();
}

QStringList ArmTableModel::lines() const {
  QStringList all;
  for (int r = 0; r < rowCount(); ++r) {
    QStringList cells;
    for (int c = 0; c < ColumnCount; ++c) cells << data(index(r, c)).toString();
    all << cells.join(QStringLiteral("  "));
  }
  return all;
}

int ArmTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(arms_.size()); }
int ArmTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant ArmTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const ArmScore& arm = arms_[static_cast<std::size_t>(index.row())];
  if (role == EmphasisRole) return arm.id == QLatin1String("d");
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  const auto shown = [&](double value, const QString& text) {
    return !std::isfinite(value) ? QString(kMissing) : role == ExactRole ? formatExact(value) : text;
  };
  switch (index.column()) {
    case Title:
      return arm.title;
    case Flops:
      return shown(arm.flops, formatCount(arm.flops));
    case Share:
      return shown(arm.share, formatPercent(arm.share));
    case Parameters:
      return shown(arm.parameters, formatCount(arm.parameters));
    case Latency:
      return shown(arm.latency_ms, formatNumber(arm.latency_ms, 3));
    case Score:
      return shown(arm.score, loss_ ? formatFixed(arm.score, 4) : formatFixed(100 * arm.score, 2));
    case Deviation:
      return shown(arm.sd, loss_ ? formatFixed(arm.sd, 4) : formatFixed(100 * arm.sd, 2));
    case Runs:
      return QString::number(arm.runs);
    default:
      return {};
  }
}

QVariant ArmTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return static_cast<int>((section == Title ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[] = {tr("Network"), tr("FLOPs"), tr("of (a)"), tr("Params"), tr("ms"), loss_ ? tr("Loss") : tr("Accuracy, %"),
                           tr("SD"),      tr("Runs")};
  return section >= 0 && section < ColumnCount ? QVariant(names[section]) : QVariant();
}

}  // namespace dsw
