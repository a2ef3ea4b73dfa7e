// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/job_list_model.h"

#include <algorithm>
#include <map>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/models/store_watcher.h"

namespace dsw {

namespace {

constexpr std::size_t kMostEnded = 20;

bool isActive(RunStatus status) { return status == RunStatus::Running || status == RunStatus::Paused; }

/// 0 active, 1 queued, 2 ended.
int rank(const JobInfo& job) { return isActive(job.status) ? 0 : job.status == RunStatus::Queued ? 1 : 2; }

bool sameJob(const JobInfo& a, const JobInfo& b) { return a.id == b.id; }

}  // namespace

QString jobAction(const JobInfo& job) {
  if (rank(job) < 2) return job.stopping ? QString() : QStringLiteral("stop");
  const bool resumable = job.status == RunStatus::Stopped || job.status == RunStatus::Interrupted || job.status == RunStatus::Failed;
  return resumable && !job.run_id.empty() ? QStringLiteral("resume") : QString();
}

QString jobStatus(const JobInfo& job) {
  if (job.stopping && rank(job) < 2) return QStringLiteral("stopping");
  return QString::fromLatin1(run_status_name(job.status));
}

JobListModel::JobListModel(std::function<std::vector<JobInfo>()> jobs, StoreWatcher& watcher, QObject* parent)
    : QAbstractTableModel(parent), jobs_(std::move(jobs)) {
  connect(&watcher, &StoreWatcher::jobsChanged, this, &JobListModel::refresh);
  refresh();
}

void JobListModel::refresh() {
  std::vector<JobInfo> now = jobs_();
  std::stable_sort(now.begin(), now.end(), [](const JobInfo& a, const JobInfo& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return rank(a) == 2 ? a.id > b.id : a.id < b.id;
  });
  // A run that was resumed has one row: its newest job.
  std::map<std::string, std::int64_t> newest;
  for (const JobInfo& job : now)
    if (!job.run_id.empty()) newest[job.run_id] = std::max(newest[job.run_id], job.id);
  std::erase_if(now, [&](const JobInfo& job) { return !job.run_id.empty() && newest[job.run_id] != job.id; });
  std::size_t ended = 0;
  std::erase_if(now, [&](const JobInfo& job) { return rank(job) == 2 && ++ended > kMostEnded; });
  const bool sameRows = std::equal(now.begin(), now.end(), rows_.begin(), rows_.end(), sameJob);
  if (sameRows) {
    rows_ = std::move(now);
    if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
  } else {
    beginResetModel();
    rows_ = std::move(now);
    endResetModel();
  }
  const int running = static_cast<int>(std::count_if(rows_.begin(), rows_.end(), [](const JobInfo& job) { return rank(job) == 0; }));
  const int queued = static_cast<int>(std::count_if(rows_.begin(), rows_.end(), [](const JobInfo& job) { return rank(job) == 1; }));
  if (running == running_ && queued == queued_ && sameRows) return;
  running_ = running;
  queued_ = queued;
  emit countsChanged();
}

int JobListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int JobListModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant JobListModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const JobInfo& row = job(index.row());
  const double share = row.total > 0 ? static_cast<double>(row.done) / static_cast<double>(row.total) : 0;
  const bool ended = rank(row) == 2;
  switch (role) {
    case Qt::DisplayRole:
      switch (index.column()) {
        case State:
          return jobStatus(row);
        case Job:
          return QString::fromStdString(row.title);
        case Progress:
          return row.total > 0 ? formatPercent(std::min(share, 1.0), 0) : QString(kMissing);
        case DeviceColumn:
          return row.device.empty() ? QString(kMissing) : QString::fromStdString(row.device);
        case Left:
          return !ended && isActive(row.status) && row.seconds_left > 0 ? formatRemaining(row.seconds_left) : QString(kMissing);
        default:
          return {};
      }
    case Qt::ToolTipRole:
      if (index.column() == Action) {
        const QString action = jobAction(row);
        return action == "stop"     ? QStringLiteral("Stop at the next checkpoint")
               : action == "resume" ? QStringLiteral("Resume from the last checkpoint")
                                    : QString();
      }
      if (!row.sentence.empty()) return QString::fromStdString(row.hint.empty() ? row.sentence : row.sentence + " " + row.hint);
      if (index.column() == Progress && row.total > 0)
        return QString("%1 of %2%3")
            .arg(formatCountExact(row.done), formatCountExact(row.total),
                 row.rate > 0 ? QString(", %1 %2").arg(formatNumber(row.rate), QString::fromStdString(row.unit)) : QString());
      return data(index, Qt::DisplayRole);
    case Qt::AccessibleTextRole:
      if (index.column() == Action) return jobAction(row);
      if (index.column() == Job)
        return QString("%1, %2, %3").arg(QString::fromStdString(row.title), jobStatus(row), formatPercent(share, 0));
      return data(index, Qt::DisplayRole);
    case IconRole: {
      if (index.column() != Action) return {};
      const QString action = jobAction(row);
      return action == "stop"     ? QVariant(QStringLiteral("stop-circle"))
             : action == "resume" ? QVariant(QStringLiteral("arrow-repeat"))
                                  : QVariant();
    }
    case StatusRole:
      return index.column() == State ? QVariant(jobStatus(row)) : QVariant();
    case FractionRole:
      return index.column() == Progress && row.total > 0 ? QVariant(std::min(share, 1.0)) : QVariant();
    case LinkRole:
      return index.column() == Job && !row.run_id.empty();
    case ToneRole:
      return static_cast<int>(ended && index.column() != Job ? CellTone::Muted : CellTone::Normal);
    default:
      return {};
  }
}

QVariant JobListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  static const char* const kHeads[ColumnCount] = {"State", "Job", "Progress", "Device", "Left", ""};
  if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
  if (role == Qt::TextAlignmentRole)
    return static_cast<int>((section == DeviceColumn || section == Left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  return role == Qt::DisplayRole ? QVariant(QString::fromLatin1(kHeads[section])) : QVariant();
}

}  // namespace dsw
