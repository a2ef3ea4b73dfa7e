// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/command_registry.h"
#include "ui/models/job_list_model.h"
#include "ui/models/log_model.h"
#include "ui/models/problem_list_model.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_params.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"
#include "ui/models/system_monitor.h"
#include "ui/widgets/shell/panel_context.h"

namespace dsw {

/// All that panels stand on, made once a window. A test makes one with its own Workspace, an AppSettings on a temporary file and a
/// Navigator that writes down what it is asked for; then any panel by `Panel(services.context, ref)`.
struct WindowServices {
  WindowServices(Workspace& workspace, AppSettings& settings, Navigator& navigator, QueryRunner::Open open = {});

  QueryRunner queries;
  StoreWatcher watcher;
  ProjectData data;
  ProjectActions actions;  ///< destroyed before what it uses
  Selection selection;
  CommandRegistry commands;  ///< all built-in commands are in it
  ProblemListModel problems;
  LogModel log;
  JobListModel jobs;
  SystemMonitor monitor;
  RunParamsStore runParams;
  PanelContext context;
};

}  // namespace dsw
