// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_table_model.h"

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {

QString shapeText(const Shape& shape) {
  QStringList parts;
  for (const std::int64_t length : shape) parts << QString::number(length);
  return parts.join(QChar(0xD7));
}

void LayerTableModel::setNetwork(const NetworkPlan& plan) {
  beginResetModel();
  rows_.clear();
  for (const NetworkNode& node : plan.nodes) {
    if (node.kind == "add" && node.cost.parameters == 0) continue;  // a sum is an edge to whoever reads a table
    Row row;
    row.id = QString::fromStdString(node.id);
    row.name = QString::fromStdString(node.title);
    double repeat = 1;
    for (const NetworkGroup& group : plan.groups)
      if (group.id == node.group && group.repeat > 1) {
        repeat = static_cast<double>(group.repeat);
        row.name += QStringLiteral(" %1 %2").arg(QChar(0xD7)).arg(group.repeat);
      }
    row.output = shapeText(node.output);
    row.parameters = node.cost.parameters * repeat;
    row.flops = node.cost.flops * repeat;
    row.share = plan.total.flops > 0 ? row.flops / plan.total.flops : 0;
    rows_.push_back(std::move(row));
  }
  endResetModel();
}

int LayerTableModel::rowOf(const QString& node) const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].id == node) return static_cast<int>(i);
  return -1;
}

int LayerTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int LayerTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant LayerTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  if (role == Qt::DisplayRole || role == ExactRole) {
    const bool exact = role == ExactRole;
    switch (index.column()) {
      case Layer:
        return row.name;
      case Output:
        return row.output;
      case Parameters:
        return exact ? formatExact(row.parameters) : formatCount(row.parameters);
      case Flops:
        return exact ? formatExact(row.flops) : formatCount(row.flops);
      case Share:
        return exact ? formatExact(row.share) : formatPercent(row.share);
      default:
        return {};
    }
  }
  if (role == FractionRole && index.column() == Share) return row.share;
  if (role == Qt::ToolTipRole && index.column() == Parameters) return formatCountExact(static_cast<std::int64_t>(row.parameters));
  if (role == Qt::ToolTipRole && index.column() == Flops) return formatCountExact(static_cast<std::int64_t>(row.flops));
  return {};
}

QVariant LayerTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return int((section >= Output ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const char* const kHeads[] = {"Layer", "Output", "Parameters", "FLOPs", "Share"};
  return tr(kHeads[section]);
}

}  // namespace dsw
