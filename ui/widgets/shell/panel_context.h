// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw {

class AppSettings;
class CommandRegistry;
class JobListModel;
class LogModel;
class Navigator;
class ProblemListModel;
class ProjectActions;
class ProjectData;
class QueryRunner;
class RunParamsStore;
class Selection;
class StoreWatcher;
class SystemMonitor;
class Workspace;

/// What every panel is given; made by WindowServices (services.h), which outlives all panels. A panel takes from here only what it needs.
struct PanelContext {
  Workspace& workspace;     ///< catalog(), data() (any thread); start long work by start_job
  QueryRunner& queries;     ///< all reads of the project
  ProjectActions& actions;  ///< all changes of the project
  ProjectData& project;     ///< experiments and runs as rows in memory, kept up to date
  StoreWatcher& watcher;    ///< committed(run ids): ask for what is new after the last seq you show
  Selection& selection;     ///< shared by all views
  CommandRegistry& commands;
  AppSettings& settings;       ///< how a person left a view ("run-table/columns"); never data
  ProblemListModel& problems;  ///< report with setProblems(ref().id, …)
  LogModel& log;
  Navigator& navigator;  ///< open(ObjectRef), notice(…)
  JobListModel& jobs;
  SystemMonitor& monitor;     ///< devices, memory, use
  RunParamsStore& runParams;  ///< settings of all runs, read in the background
};

}  // namespace dsw
