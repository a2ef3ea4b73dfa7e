// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_log.h"

#include "ui/models/log_model.h"
#include "ui/models/number_format.h"
#include "ui/models/object_ref.h"
#include "ui/models/project_data.h"

namespace dsw {

RunLog::RunLog(const ProjectData& data, LogModel& log, QObject* parent) : QObject(parent), data_(data), log_(log) {
  connect(&data, &ProjectData::reset, this, &RunLog::takeAll);
  connect(&data, &ProjectData::runsChanged, this,
          [this](const QStringList& changed, const QStringList& added) { onChanged(changed + added); });
}

void RunLog::takeAll() {
  known_.clear();
  for (const RunPtr& run : data_.runs()) known_[QString::fromStdString(run->id)] = run->status;
  if (data_.state() == ProjectData::State::Ready) {
    log_.append(LogLevel::Info, data_.name(),
                QString("Opened, %1 experiments, %2 runs").arg(data_.experiments().size()).arg(data_.runs().size()),
                {kind::kOverview, {}, {}});
    const int interrupted = data_.count(RunStatus::Interrupted);
    if (interrupted > 0)
      log_.append(LogLevel::Warning, data_.name(),
                  QString("%1 interrupted; they can be resumed from their last checkpoint")
                      .arg(interrupted == 1 ? "1 run was" : QString("%1 runs were").arg(interrupted)),
                  {kind::kRuns, {}, "status:interrupted"});
  } else if (data_.state() == ProjectData::State::Failed) {
    log_.append(LogLevel::Error, "Project", QString::fromStdString(data_.error().sentence()));
  }
}

void RunLog::onChanged(const QStringList& ids) {
  for (const QString& id : ids) {
    const RunPtr run = data_.run(id);
    if (!run) continue;
    const auto former = known_.constFind(id);
    if (former != known_.constEnd() && *former == run->status) continue;
    known_[id] = run->status;
    const QString name = QString::fromStdString(run->short_name);
    const QString sentence = fullSentence(run->sentence);
    QString text = QString("%1 is %2").arg(runTitle(*run), run_status_name(run->status));
    if (run->status == RunStatus::Finished && run->seconds > 0) text += " after " + formatDuration(run->seconds);
    if (run->status == RunStatus::Running && !run->device.empty()) text += " on " + QString::fromStdString(run->device);
    if (!sentence.isEmpty()) text += ": " + sentence;
    const bool failed = run->status == RunStatus::Failed;
    const bool warning = run->status == RunStatus::Interrupted || run->status == RunStatus::Paused;
    log_.append(failed ? LogLevel::Error : warning ? LogLevel::Warning : LogLevel::Info, name, text, {kind::kRun, id, {}});
    if (failed) emit runFailed(id, sentence);
  }
}

}  // namespace dsw
