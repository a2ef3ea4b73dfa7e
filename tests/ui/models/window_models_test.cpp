// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Small models of the window: selection, history, references, settings, jobs, log, problems, recent projects.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QTest>

#include "tests/support/temp_folder.h"
#include "ui/models/app_settings.h"
#include "ui/models/cell_roles.h"
#include "ui/models/job_list_model.h"
#include "ui/models/log_model.h"
#include "ui/models/object_ref.h"
#include "ui/models/problem_list_model.h"
#include "ui/models/recent_projects_model.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"
#include "ui/models/view_history.h"

namespace dsw {
namespace {

constexpr auto kMode = QAbstractItemModelTester::FailureReportingMode::Fatal;

TEST(Selection, ARunKeepsItsColourWhileItIsMarked) {
  Selection selection;
  selection.setRuns({"a", "b", "c"});
  EXPECT_EQ(selection.seriesOf("b"), 1);
  selection.toggleRun("a");
  EXPECT_EQ(selection.seriesOf("b"), 1);
  EXPECT_EQ(selection.seriesOf("a"), -1);
  selection.toggleRun("d");
  EXPECT_EQ(selection.seriesOf("d"), 0) << "a free colour is used again";
  selection.setBaseline("c");
  EXPECT_EQ(selection.seriesOf("c"), 7) << "the baseline is always the eighth";
  selection.setBaseline("b");
  EXPECT_EQ(selection.seriesOf("b"), 7);
  EXPECT_LT(selection.seriesOf("c"), 7);
  QStringList many;
  for (int i = 0; i < 20; ++i) many.push_back(QString::number(i));
  selection.setRuns(many);
  EXPECT_EQ(selection.seriesOf("6"), 6);
  EXPECT_EQ(selection.seriesOf("19"), 8) << "muted";
}

TEST(ViewHistory, GoesBackAndForward) {
  ViewHistory history;
  const ObjectRef a{"run", "a", {}}, b{"run", "b", "step:10"}, c{"runs", {}, "failed"};
  EXPECT_TRUE(history.back().isNull());
  for (const ObjectRef& ref : {a, b, b, c}) history.visit(ref);
  EXPECT_EQ(history.back(), b);
  EXPECT_EQ(history.back(), a);
  EXPECT_FALSE(history.canGoBack());
  EXPECT_EQ(history.forward(), b);
  history.visit(a);
  EXPECT_FALSE(history.canGoForward()) << "what lay ahead is dropped";
  for (int i = 0; i < 300; ++i) history.visit({"run", QString::number(i), {}});
  int steps = 0;
  while (history.canGoBack()) history.back(), ++steps;
  EXPECT_EQ(steps, 99);
}

TEST(ObjectRef, SurvivesALink) {
  const ObjectRef odd{"run", "a/b #1 \"&<", "metric:val/loss"};
  EXPECT_EQ(ObjectRef::fromHref(odd.href()), odd);
  EXPECT_TRUE(ObjectRef::fromHref("https://example.org").isNull());
  EXPECT_FALSE(objectLink(odd, "<b>").contains("<b>"));
}

TEST(AppSettings, KeepsValuesAndTheNewestProjects) {
  TempFolder folder;
  const QString file = QString::fromStdString((folder / "a" / "settings.ini").string());
  {
    AppSettings settings(file);
    settings.setTheme("dark");
    for (int i = 0; i < 20; ++i) settings.addRecentProject({QString("/p%1.dsx").arg(i), i, i, 0, 0});
    settings.addRecentProject({"/p15.dsx", 99, 1, 0, 0});
  }
  AppSettings settings(file);
  EXPECT_EQ(settings.theme(), "dark");
  ASSERT_EQ(settings.recentProjects().size(), 12);
  EXPECT_EQ(settings.recentProjects().front().path, "/p15.dsx");
  settings.removeRecentProject("/p15.dsx");
  EXPECT_EQ(settings.recentProjects().front().path, "/p19.dsx");
  RecentProjectsModel model(settings);
  QAbstractItemModelTester tester(&model, kMode);
  EXPECT_EQ(model.rowCount(), 11);
  EXPECT_EQ(model.index(0, 0).data().toString(), "p19");
}

TEST(JobListModel, RunningFirstThenQueuedThenEnded) {
  std::vector<JobInfo> jobs;
  const auto job = [](std::int64_t id, RunStatus status, std::int64_t done) {
    JobInfo info;
    info.id = id;
    info.title = "job " + std::to_string(id);
    info.run_id = "r" + std::to_string(id);
    info.status = status;
    info.done = done;
    info.total = 100;
    return info;
  };
  jobs = {job(1, RunStatus::Finished, 100), job(2, RunStatus::Queued, 0), job(3, RunStatus::Running, 82)};
  StoreWatcher watcher;
  JobListModel model([&] { return jobs; }, watcher);
  QAbstractItemModelTester tester(&model, kMode);
  const auto titles = [&] {
    QStringList list;
    for (int row = 0; row < model.rowCount(); ++row) list.push_back(model.index(row, JobListModel::Job).data().toString());
    return list;
  };
  EXPECT_EQ(titles(), (QStringList{"job 3", "job 2", "job 1"}));
  EXPECT_EQ(model.running(), 1);
  EXPECT_EQ(model.queued(), 1);
  EXPECT_EQ(model.index(0, JobListModel::Progress).data().toString(), "82 %");
  EXPECT_EQ(jobAction(model.job(0)), "stop");
  jobs[2].stopping = true;
  model.refresh();
  EXPECT_EQ(model.index(0, JobListModel::State).data(StatusRole).toString(), "stopping");
  EXPECT_EQ(jobAction(model.job(0)), QString());
  jobs[2].stopping = false;
  jobs[2].status = RunStatus::Stopped;
  model.refresh();
  EXPECT_EQ(titles(), (QStringList{"job 2", "job 3", "job 1"}));
  EXPECT_EQ(jobAction(model.job(1)), "resume");
}

TEST(ProblemListModel, ErrorsBeforeWarningsByWhoReports) {
  ProblemListModel model;
  QAbstractItemModelTester tester(&model, kMode);
  int told = 0;
  QObject::connect(&model, &ProblemListModel::countChanged, [&] { ++told; });
  model.setProblems("a", {{"a warning", {"experiment", "a", "/x"}, "a", true}});
  model.setProblems("b", {{"an error", {"experiment", "b", "/y"}, "b", false}});
  EXPECT_EQ(model.errors(), 1);
  EXPECT_EQ(model.index(0, 0).data().toString(), "an error");
  EXPECT_EQ(model.item(1).ref.place, "/x");
  model.setProblems("b", {});
  EXPECT_EQ(model.errors(), 0);
  EXPECT_EQ(told, 3);
}

TEST(LogModel, DropsTheOldestInPieces) {
  LogModel model;
  for (int i = 0; i < LogModel::kMost - 5; ++i) model.append(LogLevel::Info, "test", QString::number(i));
  QAbstractItemModelTester tester(&model, kMode);  // it looks at every row each time: only over the end
  for (int i = LogModel::kMost - 5; i < LogModel::kMost + 10; ++i) model.append(LogLevel::Info, "test", QString::number(i));
  EXPECT_LE(model.rowCount(), LogModel::kMost);
  EXPECT_EQ(model.entry(model.rowCount() - 1).text, QString::number(LogModel::kMost + 9));
  EXPECT_EQ(model.entry(0).text, QString::number(LogModel::kMost / 10));
}

}  // namespace
}  // namespace dsw
