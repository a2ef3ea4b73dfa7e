// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/services.h"

#include "engine/workspace.h"
#include "ui/widgets/shell/commands.h"

namespace dsw {

WindowServices::WindowServices(Workspace& workspace, AppSettings& settings, Navigator& navigator, QueryRunner::Open open)
    : queries(nullptr, std::move(open)),
      data(queries, watcher),
      actions(workspace, queries, watcher, data),
      commands(&settings),
      jobs([&workspace] { return workspace.jobs(); }, watcher),
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
}

}  // namespace dsw
