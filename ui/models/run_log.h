// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QHash>
#include <QObject>
#include <QString>

#include "engine/run/event.h"

namespace dsw {

class LogModel;
class ProjectData;

/// Writes into the log what becomes of runs: queued, started, stopped, failed (with the sentence), finished (with the best value).
class RunLog : public QObject {
  Q_OBJECT
 public:
  RunLog(const ProjectData& data, LogModel& log, QObject* parent = nullptr);

 signals:
  /// A run failed while the window looked on.
  void runFailed(const QString& runId, const QString& sentence);

 private:
  void takeAll();
  void onChanged(const QStringList& ids);
  const ProjectData& data_;
  LogModel& log_;
  QHash<QString, RunStatus> known_;
};

}  // namespace dsw
