// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 240
// Navigator tree and run table over real projects, one of them with 15,000 runs.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QScrollBar>
#include <QTest>
#include <QTreeView>

#include "tests/support/big_project.h"
#include "tests/support/cpu_bars.h"
#include "tests/support/project_fixture.h"
#include "ui/models/cell_roles.h"
#include "ui/models/navigator_model.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_params.h"
#include "ui/models/run_table_model.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"
#include "ui/panels/run_table_place.h"

namespace dsw {
namespace {

constexpr auto kMode = QAbstractItemModelTester::FailureReportingMode::Fatal;

const char* const kDocument = R"({"task":"train","seed":%1,"model":{"type":"gpt","width":%2},"optimizer":{"lr":0.001}})";

struct Models {
  explicit Models(const std::filesystem::path& path) : data(queries, watcher), params(queries, data) {
    queries.setProject(path);
    data.load({});
    if (!QTest::qWaitFor([&] { return data.state() == ProjectData::State::Ready && params.complete(); }, 60'000))
      throw std::runtime_error("the project was not read");
  }
  QueryRunner queries;
  StoreWatcher watcher;
  ProjectData data;
  Selection selection;
  RunParamsStore params;
};

QString run(ProjectFixture& fixture, int seed, int width, RunStatus status, double loss) {
  const RunRow row = fixture.new_run(QString(kDocument).arg(seed).arg(width).toStdString());
  fixture.store(row, {event_of(1, StatusBody{RunStatus::Running, 0, {}, {}}), event_of(2, MetricBody{"val/loss", 10, loss}),
                      event_of(3, StatusBody{status, 10, {}, {}})});
  return QString::fromStdString(row.id);
}

QStringList rowsOf(const QAbstractItemModel& model, const QModelIndex& parent = {}, int column = 0) {
  QStringList texts;
  for (int row = 0; row < model.rowCount(parent); ++row) texts.push_back(model.index(row, column, parent).data().toString());
  return texts;
}

TEST(NavigatorModel, ShowsTheProjectAndFollowsIt) {
  ProjectFixture fixture;
  run(fixture, 1, 128, RunStatus::Finished, 2.0);
  run(fixture, 2, 128, RunStatus::Failed, 9.0);
  Models models(fixture.path());
  NavigatorModel tree(models.data);
  QAbstractItemModelTester tester(&tree, kMode);
  EXPECT_EQ(rowsOf(tree), (QStringList{"Project overview", "Experiments", "Runs", "Models"}));
  const QModelIndex runs = tree.index(2, 0);
  EXPECT_EQ(rowsOf(tree, runs), (QStringList{"Finished", "Failed"}));
  EXPECT_EQ(runs.data(CountRole).toString(), "2");
  EXPECT_EQ(tree.ref(tree.index(1, 0, runs)).place, "status:failed");
  const QPersistentModelIndex kept(tree.index(0, 0, runs));

  run(fixture, 3, 128, RunStatus::Stopped, 3.0);
  const RunRow baseline = value_of(fixture.reader()->run("r-0001"));
  value_of(fixture.project->set_baseline(baseline.id));
  models.watcher.post({});
  ASSERT_TRUE(QTest::qWaitFor([&] { return tree.rowCount(tree.index(2, 0)) == 4; }));
  EXPECT_EQ(rowsOf(tree, tree.index(2, 0)), (QStringList{"Finished", "Stopped", "Failed", "Baseline r-0001"}));
  EXPECT_TRUE(kept.isValid()) << "what is selected stays selected";
  EXPECT_EQ(tree.ref(tree.indexOf({kind::kRun, QString::fromStdString(baseline.id), {}})).kind, kind::kRun);

  const QModelIndex experiment = tree.index(0, 0, tree.index(1, 0));
  QString renamed;
  QObject::connect(&tree, &NavigatorModel::renameRequested, [&](const QString&, const QString& name) { renamed = name; });
  EXPECT_TRUE(tree.setData(experiment, "wide", Qt::EditRole));
  EXPECT_EQ(renamed, "wide");
  models.data.clear();
  EXPECT_EQ(tree.rowCount(), 0);
}

TEST(RunTableModel, FiltersSortsGroupsAndMarks) {
  ProjectFixture fixture;
  const QString a = run(fixture, 1, 128, RunStatus::Finished, 2.0);
  const QString b = run(fixture, 2, 128, RunStatus::Finished, 1.8);
  const QString c = run(fixture, 1, 192, RunStatus::Failed, 9.0);
  Models models(fixture.path());
  RunTableModel table(models.data, models.params, models.selection, models.queries);
  QAbstractItemModelTester tester(&table, kMode);
  const auto names = [&] { return rowsOf(table, {}, table.columnOf("run")); };
  EXPECT_EQ(names(), (QStringList{"r-0003", "r-0002", "r-0001"})) << "newest first";
  EXPECT_GE(table.columnOf("param:/model/width"), 0) << "a setting that differs has a column";
  EXPECT_LT(table.columnOf("param:/optimizer/lr"), 0) << "one that is equal has none";

  table.sort(table.columnOf("best"), Qt::AscendingOrder);
  EXPECT_EQ(names(), (QStringList{"r-0002", "r-0001", "r-0003"}));
  table.setFilter("width=128 loss<1.9 or failed");
  EXPECT_EQ(names(), (QStringList{"r-0002", "r-0003"}));
  EXPECT_EQ(table.shownRuns(), 2);
  EXPECT_EQ(table.totalRuns(), 3);
  table.setFilter({});

  models.selection.setBaseline(a);
  const QModelIndex second = table.indexOf(b);
  EXPECT_EQ(second.siblingAtColumn(table.columnOf("delta")).data().toString(), "−0.2000");
  EXPECT_EQ(second.siblingAtColumn(table.columnOf("delta")).data(ToneRole).toInt(), static_cast<int>(CellTone::Better));
  EXPECT_TRUE(table.setData(second.siblingAtColumn(table.columnOf("mark")), Qt::Checked, Qt::CheckStateRole));
  EXPECT_EQ(models.selection.runs(), QStringList{b});
  EXPECT_EQ(second.siblingAtColumn(table.columnOf("series")).data(SeriesRole).toInt(), 0);
  EXPECT_FALSE(second.siblingAtColumn(table.columnOf("run")).data(SeriesRole).isValid()) << "other columns keep no room for a sample";

  table.setGrouped(true);
  ASSERT_EQ(table.rowCount(), 2) << "two seeds of one setting are one row";
  const QModelIndex group = table.index(0, 0);
  EXPECT_EQ(table.rowCount(group), 2);
  EXPECT_EQ(group.siblingAtColumn(table.columnOf("seed")).data().toString(), "2 seeds");
  EXPECT_EQ(group.siblingAtColumn(table.columnOf("best")).data().toString(), "1.9000") << "the mean";
  EXPECT_TRUE(table.csv().startsWith("State,Run,")) << table.csv().toStdString();
  EXPECT_EQ(table.csv().count('\n'), 4);
}

TEST(RunTableModel, RunsThatComeAndGoMoveNothingElse) {
  ProjectFixture fixture;
  QStringList ids;
  for (int seed = 1; seed <= 60; ++seed) ids << run(fixture, seed, 128, RunStatus::Finished, 3.0 - 0.01 * seed);
  Models models(fixture.path());
  RunTableModel table(models.data, models.params, models.selection, models.queries);
  QAbstractItemModelTester tester(&table, kMode);
  QTreeView view;
  view.setModel(&table);
  new RunTablePlace(table, &view);
  view.setSelectionMode(QAbstractItemView::ExtendedSelection);
  view.resize(400, 200);
  view.show();
  table.sort(table.columnOf("best"), Qt::AscendingOrder);
  const auto row = [&](const QString& id) { return table.indexOf(id).row(); };
  const auto selected = [&] {
    QStringList out;
    for (const QModelIndex& at : view.selectionModel()->selectedRows()) out << QString::fromStdString(table.run(at)->short_name);
    out.sort();
    return out.join(' ').toStdString();
  };
  for (const int i : {20, 30})
    view.selectionModel()->select(table.indexOf(ids[i]), QItemSelectionModel::Select | QItemSelectionModel::Rows);
  const std::string before = selected();
  ASSERT_EQ(before, "r-0021 r-0031");
  view.scrollTo(table.indexOf(ids[10]), QAbstractItemView::PositionAtTop);
  const int scrolled = view.verticalScrollBar()->value();
  ASSERT_GT(scrolled, 0);
  int resets = 0;
  QObject::connect(&table, &QAbstractItemModel::modelReset, [&] { ++resets; });

  const QString best = run(fixture, 61, 128, RunStatus::Finished, 0.5), worst = run(fixture, 62, 128, RunStatus::Finished, 8.0);
  models.watcher.post({});
  ASSERT_TRUE(QTest::qWaitFor([&] { return table.rowCount() == 62 && models.params.complete(); }));
  QTest::qWait(50);
  EXPECT_EQ(resets, 0);
  EXPECT_EQ(row(best), 0) << "sorted in";
  EXPECT_EQ(row(worst), 61);
  EXPECT_EQ(selected(), before);
  EXPECT_EQ(view.verticalScrollBar()->value(), scrolled);

  value_of(fixture.project->set_archived(best.toStdString(), true));
  models.watcher.post({});
  table.setFilter("finished");
  ASSERT_TRUE(QTest::qWaitFor([&] { return table.rowCount() == 61; })) << table.rowCount();
  EXPECT_EQ(selected(), before) << "also where the filter changes";
  EXPECT_FALSE(table.indexOf(best).isValid());

  const QString wide = run(fixture, 63, 192, RunStatus::Finished, 2.5);  // its width differs: a column comes
  models.watcher.post({});
  ASSERT_TRUE(QTest::qWaitFor([&] { return table.columnOf("param:/model/width") >= 0; }));
  EXPECT_EQ(selected(), before) << "also where a column comes";
  EXPECT_EQ(view.verticalScrollBar()->value(), scrolled);
  EXPECT_TRUE(table.indexOf(wide).isValid());

  // Closing the project resets it under the open view, which asks once more what is selected.
  int asked = 0;
  QObject::connect(&table, &QAbstractItemModel::modelAboutToBeReset, &view, [&] {
    for (const QModelIndex& at : view.selectionModel()->selectedRows()) asked += table.run(at) != nullptr;
  });
  models.data.clear();
  EXPECT_GT(asked, 0);
  EXPECT_EQ(table.rowCount(), 0);
}

TEST(RunTableModel, FifteenThousandRunsFilterInUnder200Milliseconds) {
  TempFolder folder;
  make_big_project(folder / "big.dsx", {50, 300, 5});
  Models models(folder / "big.dsx");
  RunTableModel table(models.data, models.params, models.selection, models.queries);
  EXPECT_GT(table.totalRuns(), 14'000);
  EXPECT_LE(table.rowCount(), 500) << "rows are shown in pieces";
  EXPECT_TRUE(table.canFetchMore({}));
  table.fetchMore({});
  EXPECT_LE(table.rowCount(), 1000);
  const auto took = [](const auto& work) {
    const double begin = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    work();
    return cpu_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
  };
  double longest = 0;
  for (const char* filter : {"failed", "loss<2.0 or failed", "data:e lr<1", "zzz", ""})
    longest = std::max(longest, took([&] { table.setFilter(filter); }));
  const double sorted = took([&] { table.sort(table.columnOf("best"), Qt::AscendingOrder); });
  const double grouped = took([&] { table.setGrouped(true); });
  RecordProperty("filter_ms", static_cast<int>(longest));
  RecordProperty("sort_ms", static_cast<int>(sorted));
  std::printf("filter %.1f ms, sort %.1f ms, group %.1f ms\n", longest, sorted, grouped);
  EXPECT_LT(longest, 200 * kSanitizerFactor);
}

}  // namespace
}  // namespace dsw
