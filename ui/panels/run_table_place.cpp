// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_table_place.h"

#include <QScrollBar>
#include <QTreeView>

#include "ui/models/run_table_model.h"

namespace dsw {

RunTablePlace::RunTablePlace(RunTableModel& model, QTreeView* view) : QObject(view), model_(model), view_(view) {
  connect(&model, &QAbstractItemModel::modelAboutToBeReset, this, &RunTablePlace::keep);
  connect(&model, &RunTableModel::columnsReset, this, &RunTablePlace::find);
}

void RunTablePlace::keep() {
  selected_.clear();
  for (const QModelIndex& row : view_->selectionModel()->selectedRows())
    if (const RunPtr run = model_.run(row)) selected_ << QString::fromStdString(run->id);
  const RunPtr now = model_.run(view_->currentIndex());
  current_ = now ? QString::fromStdString(now->id) : QString();
  column_ = model_.columns().value(view_->currentIndex().column()).id;
  rows_ = model_.rowCount();
  x_ = view_->horizontalScrollBar()->value();
  y_ = view_->verticalScrollBar()->value();
}

void RunTablePlace::find() {
  while (model_.rowCount() < rows_ && model_.canFetchMore({})) model_.fetchMore({});
  QItemSelection selection;
  for (const QString& run : std::as_const(selected_))
    if (const QModelIndex at = model_.indexOf(run); at.isValid()) selection.select(at, at);
  QItemSelectionModel* chosen = view_->selectionModel();
  if (const QModelIndex at = model_.indexOf(current_); at.isValid())
    chosen->setCurrentIndex(at.siblingAtColumn(std::max(0, model_.columnOf(column_))), QItemSelectionModel::NoUpdate);
  if (!selection.isEmpty()) chosen->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  view_->horizontalScrollBar()->setValue(x_);
  view_->verticalScrollBar()->setValue(y_);
}

}  // namespace dsw
