// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/log_model.h"

#include "ui/models/cell_roles.h"

namespace dsw {

void LogModel::append(LogLevel level, const QString& source, const QString& text, const ObjectRef& ref) {
  if (rowCount() >= kMost) {
    const int drop = kMost / 10;  // a tenth at once: one signal, not one a line
    beginRemoveRows({}, 0, drop - 1);
    rows_.erase(rows_.begin(), rows_.begin() + drop);
    endRemoveRows();
  }
  beginInsertRows({}, rowCount(), rowCount());
  rows_.push_back({QDateTime::currentDateTime(), level, source, text, ref});
  endInsertRows();
}

void LogModel::clear() {
  beginResetModel();
  rows_.clear();
  endResetModel();
}

QString LogModel::text() const {
  QString all;
  for (const LogEntry& entry : rows_) all += QString("%1  %2  %3\n").arg(entry.time.toString(Qt::ISODate), entry.source, entry.text);
  return all;
}

int LogModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int LogModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 3; }

QVariant LogModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const LogEntry& row = entry(index.row());
  switch (role) {
    case Qt::DisplayRole:
      return index.column() == 0 ? row.time.toString("HH:mm:ss") : index.column() == 1 ? row.source : row.text;
    case ExactRole:
      return index.column() == 0 ? row.time.toString(Qt::ISODate) : data(index, Qt::DisplayRole).toString();
    case Qt::ToolTipRole:
      return row.text;
    case LinkRole:
      return index.column() == 1 && !row.ref.isNull();
    case ToneRole:
      if (index.column() == 0) return static_cast<int>(CellTone::Muted);
      if (index.column() == 1) return static_cast<int>(CellTone::Normal);
      return static_cast<int>(row.level == LogLevel::Error     ? CellTone::Worse
                              : row.level == LogLevel::Warning ? CellTone::Warning
                                                               : CellTone::Normal);
    default:
      return {};
  }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == 0 ? "Time" : section == 1 ? "Source" : "Text";
}

}  // namespace dsw
