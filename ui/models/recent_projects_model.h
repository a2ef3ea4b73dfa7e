// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QVector>

#include "ui/models/app_settings.h"

namespace dsw {

/// Recent projects, newest first. Columns: Name, Path, Opened, Runs, State. A project that is open shows what it has now. UI thread only.
class RecentProjectsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit RecentProjectsModel(const AppSettings& settings, QObject* parent = nullptr);
  QString path(int row) const { return rows_[row].path; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  void refresh();
  const AppSettings& settings_;
  QVector<RecentProject> rows_;
};

/// "today 13:58", "yesterday", "20 Nov".
QString relativeDay(qint64 seconds);
/// The home folder as "~".
QString shownPath(const QString& path);

}  // namespace dsw
