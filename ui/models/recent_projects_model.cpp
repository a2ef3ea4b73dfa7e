// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/recent_projects_model.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QLocale>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {

QString relativeDay(qint64 seconds) {
  const QDateTime at = QDateTime::fromSecsSinceEpoch(seconds);
  const qint64 days = at.date().daysTo(QDate::currentDate());
  if (days == 0) return at.toString("'today' HH:mm");
  if (days == 1) return QStringLiteral("yesterday");
  return QLocale::c().toString(at.date(), at.date().year() == QDate::currentDate().year() ? "d MMM" : "d MMM yyyy");
}

QString shownPath(const QString& path) {
  const QString home = QDir::homePath();
  return path.startsWith(home + '/') ? '~' + path.mid(home.size()) : path;
}

RecentProjectsModel::RecentProjectsModel(const AppSettings& settings, QObject* parent) : QAbstractTableModel(parent), settings_(settings) {
  connect(&settings, &AppSettings::recentChanged, this, &RecentProjectsModel::refresh);
  refresh();
}

void RecentProjectsModel::refresh() {
  beginResetModel();
  rows_ = settings_.recentProjects();
  endResetModel();
}

int RecentProjectsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int RecentProjectsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : 5; }

QVariant RecentProjectsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rows_.size()) return {};
  const RecentProject& row = rows_[index.row()];
  const bool attention = row.running > 0 || row.interrupted > 0;
  switch (role) {
    case Qt::DisplayRole:
      switch (index.column()) {
        case 0:
          return QFileInfo(row.path).completeBaseName();
        case 1:
          return shownPath(row.path);
        case 2:
          return relativeDay(row.opened);
        case 3:
          return QString("%1 %2").arg(formatCount(row.runs), row.runs == 1 ? "run" : "runs");
        case 4:
          return row.running > 0       ? QString("%1 running").arg(row.running)
                 : row.interrupted > 0 ? QString("%1 interrupted").arg(row.interrupted)
                                       : QString();
        default:
          return {};
      }
    case Qt::ToolTipRole:
      return row.path;
    case Qt::AccessibleTextRole:
      return index.column() == 0 ? QString("%1, %2").arg(QFileInfo(row.path).completeBaseName(), relativeDay(row.opened))
                                 : data(index, Qt::DisplayRole);
    case IconRole:
      return index.column() == 0 ? QVariant(QStringLiteral("file-earmark-binary")) : QVariant();
    case EmphasisRole:
      return index.column() == 0;
    case StatusRole:
      return index.column() == 4 && attention ? QVariant(row.running > 0 ? QStringLiteral("running") : QStringLiteral("interrupted"))
                                              : QVariant();
    case ToneRole:
      return static_cast<int>(index.column() == 0 || index.column() == 3 ? CellTone::Normal : CellTone::Muted);
    default:
      return {};
  }
}

QVariant RecentProjectsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  static const char* const kHeads[] = {"Name", "Path", "Opened", "Runs", "State"};
  return orientation == Qt::Horizontal && role == Qt::DisplayRole && section < 5 ? QVariant(QString::fromLatin1(kHeads[section]))
                                                                                 : QVariant();
}

}  // namespace dsw
