// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/services.h"

#include "engine/workspace.h"
#include "ui/widgets/shell/commands.h"

namespace dsw {

namespace {

/// A job that ended without its run's last word ("failed") shows what the store knows of the run: "interrupted".
std::vector<JobInfo> withRunsStatus(std::vector<JobInfo> jobs, const ProjectData& data) {
  for (JobInfo& job : jobs)
    if (job.status == RunStatus::Failed)
      if (const RunPtr run = data.run(QString::fromStdString(job.run_id)); run && run->status == RunStatus::Interrupted)
        job.status = run->status;
  return jobs;
}

}  // namespace

WindowServices::WindowServices(Workspace& workspace, AppSettings& settings, Navigator& navigator, QueryRunner::Open open)
    : queries(nullptr, std::move(open)),
      data(queries, watcher),
      actions(workspace, queries, watcher, data),
      commands(&settings),
      jobs([this, &workspace] { return withRunsStatus(workspace.jobs(), data); }, watcher),
      monitor(workspace.catalog()),
      runParams(queries, data),
      context{workspace, queries,  actions, data,      watcher, selection, commands,
              settings,  problems, log,     navigator, jobs,    monitor,   runParams} {
  addCommands(commands);
  watcher.watchJobs(workspace);
  // The baseline of the project is the baseline of the selection.
  const auto takeBaseline = [this] {
    for (const RunPtr& run : data.runs())
      if (run->baseline) return selection.setBaseline(QString::fromStdString(run->id));
    selection.setBaseline({});
  };
  QObject::connect(&data, &ProjectData::reset, &selection, takeBaseline);
  QObject::connect(&data, &ProjectData::runsChanged, &selection, takeBaseline);
  QObject::connect(&data, &ProjectData::runsChanged, &jobs, &JobListModel::refresh);
}

}  // namespace dsw
