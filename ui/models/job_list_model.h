// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QString>
#include <functional>
#include <vector>

#include "engine/workspace.h"

namespace dsw {

class StoreWatcher;

/// Jobs of the workspace: running first, then queued, then what ended in this session (the last 20). Columns: State, Job, Progress,
/// Device, Left, and an icon that stops or resumes. Read again when the watcher says so. UI thread only.
class JobListModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { State, Job, Progress, DeviceColumn, Left, Action, ColumnCount };
  /// `jobs` gives the present list (Workspace::jobs, cheap and never waiting long).
  JobListModel(std::function<std::vector<JobInfo>()> jobs, StoreWatcher& watcher, QObject* parent = nullptr);

  int running() const { return running_; }
  int queued() const { return queued_; }
  const JobInfo& job(int row) const { return rows_[static_cast<std::size_t>(row)]; }
  void refresh();

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 signals:
  void countsChanged();

 private:
  std::function<std::vector<JobInfo>()> jobs_;
  std::vector<JobInfo> rows_;
  int running_ = 0, queued_ = 0;
};

/// What a click on the action column does: "stop", "resume" or nothing.
QString jobAction(const JobInfo& job);

/// Word of a job's state, "stopping" included.
QString jobStatus(const JobInfo& job);

}  // namespace dsw
