// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/problem_list_model.h"

#include <algorithm>

#include "ui/models/cell_roles.h"

namespace dsw {

void ProblemListModel::setProblems(const QString& owner, QVector<ProblemItem> items) {
  const auto it = byOwner_.find(owner);
  if (items.isEmpty()) {
    if (it == byOwner_.end()) return;
    byOwner_.erase(it);
  } else {
    byOwner_[owner] = std::move(items);
  }
  beginResetModel();
  rows_.clear();
  for (const auto& [who, list] : byOwner_) rows_ += list;
  std::stable_partition(rows_.begin(), rows_.end(), [](const ProblemItem& item) { return !item.warning; });
  errors_ = static_cast<int>(std::count_if(rows_.begin(), rows_.end(), [](const ProblemItem& item) { return !item.warning; }));
  endResetModel();
  emit countChanged();
}

int ProblemListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int ProblemListModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 3; }

QVariant ProblemListModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rows_.size()) return {};
  const ProblemItem& item = rows_[index.row()];
  switch (role) {
    case Qt::DisplayRole:
      return index.column() == 0 ? item.text : index.column() == 1 ? item.source : item.ref.place;
    case Qt::ToolTipRole:
      return item.text;
    case Qt::AccessibleTextRole:
      return index.column() == 0 ? QString("%1: %2").arg(item.warning ? "Warning" : "Problem", item.text) : data(index, Qt::DisplayRole);
    case IconRole:
      return index.column() == 0 ? (item.warning ? QStringLiteral("exclamation-triangle-fill") : QStringLiteral("x-octagon-fill"))
                                 : QVariant();
    case ToneRole:
      if (index.column() != 0) return static_cast<int>(CellTone::Muted);
      return static_cast<int>(CellTone::Normal);
    default:
      return {};
  }
}

QVariant ProblemListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return section == 0 ? "Problem" : section == 1 ? "In" : "Place";
}

}  // namespace dsw
