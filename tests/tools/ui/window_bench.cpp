// SPDX-License-Identifier: GPL-3.0-or-later
// build/tests/window_bench BIG.dsx [CASE…] [--rounds N]: drives the real window over a big project (make_big_project) and a fresh one,
// and prints one JSON object: case → {"ms": from the deed to its picture, "event_ms": CPU of the longest event on the way}. Each round
// starts with a new window; all rounds are listed. `./dev bench window` reads it.
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QTreeView>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "app/ui_stall_guard.h"
#include "engine/workspace.h"
#include "tests/support/ui/noisy_curves.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_data.h"
#include "ui/models/run_params.h"
#include "ui/panels/runs_panel.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/param_form.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

using test::noisy;

class Report {
 public:
  explicit Report(QStringList wanted) : wanted_(std::move(wanted)) {}
  bool wants(const char* name) const { return wanted_.isEmpty() || wanted_.contains(name); }
  void add(const char* name, double ms, double event_ms) {
    Json& one = all_[name];
    one["ms"].push_back(std::round(ms * 10) / 10);
    one["event_ms"].push_back(std::round(event_ms * 10) / 10);
  }
  std::string text() const { return Json(all_).dump(); }

 private:
  QStringList wanted_;
  std::map<std::string, Json> all_;
};

/// From before `deed` until `done` holds and the events that it brought are through.
void timed(Report& report, const char* name, const std::function<void()>& deed, const std::function<bool()>& done) {
  UiStallGuard& guard = *UiStallGuard::instance();
  QTest::qWait(50);
  guard.clear();
  QElapsedTimer clock;
  clock.start();
  bool did = false;
  QTimer::singleShot(0, [&] {  // in an event, as a key or a click is
    deed();
    did = true;
  });
  qint64 last = -1;
  const bool came = QTest::qWaitFor(
      [&] {
        if (last < 0 && did && done()) last = clock.nsecsElapsed();
        return last >= 0;
      },
      60'000);
  if (!came) qFatal("%s did not come to an end", name);
  QTest::qWait(120);  // what comes after the picture may not hold the window either
  report.add(name, static_cast<double>(last) / 1e6, guard.longestCpuMs());
}

struct Window {
  explicit Window(const QString& settings_file) : settings(settings_file) {
    registerPanels(registry);
    window = std::make_unique<MainWindow>(workspace, settings, registry);
    window->resize(1440, 900);
    window->show();
    QTest::qWait(200);
  }
  Workspace workspace;
  AppSettings settings;
  PanelRegistry registry;
  std::unique_ptr<MainWindow> window;
  PanelContext& context() { return window->context(); }
  DocumentPanel* front() { return window->documents().active(); }
  bool frontIs(const QString& kind) { return front() && front()->ref().kind == kind; }
};

void bigProject(Report& report, const QString& project, const QString& folder) {
  Window w(folder + "/big.ini");
  timed(
      report, "open-project", [&] { w.window->openProject(project, false); },
      [&] { return w.context().project.state() == ProjectData::State::Ready && w.front() && w.front()->ref().kind != kind::kStart; });
  timed(
      report, "settings-of-all-runs", [] {}, [&] { return w.context().runParams.complete(); });
  timed(
      report, "open-run-table",
      [&] {
        w.window->open({kind::kRuns, {}, {}});
      },
      [&] { return w.frontIs(kind::kRuns); });
  auto* panel = qobject_cast<RunsPanel*>(w.front());
  RunTableModel& model = panel->model();
  auto* table = panel->findChild<QTreeView*>();
  auto* filter = panel->findChild<QLineEdit*>();
  const auto button = [&](const QString& text) {
    for (QPushButton* one : panel->findChildren<QPushButton*>())
      if (one->accessibleName() == text) return one;  // what it says gets shorter in a narrow document
    qFatal("no button %s", qPrintable(text));
  };
  const auto still = [&] { return true; };
  const auto changed = [&](const char* name, const std::function<void()>& deed) { timed(report, name, deed, still); };
  changed("filter", [&] { filter->setText("failed or loss<2.0"); });
  changed("filter-settings", [&] { filter->setText("lr<0.001"); });
  changed("filter-cleared", [&] { filter->clear(); });
  changed("sort-by-number", [&] { table->sortByColumn(model.columnOf("best"), Qt::AscendingOrder); });
  changed("sort-by-text", [&] { table->sortByColumn(model.columnOf("experiment"), Qt::AscendingOrder); });
  changed("hide-equal", [&] { button("Hide equal columns")->click(); });
  changed("choose-columns", [&] { model.setChosenColumns({"state", "run", "experiment", "best", "last", "time", "created"}); });
  changed("group", [&] { button("Group by experiment")->click(); });
  changed("ungroup", [&] { button("Group by experiment")->click(); });
  timed(
      report, "select-all", [&] { table->selectAll(); }, still);
  timed(
      report, "palette", [&] { w.window->openPalette(); }, [&] { return w.window->palette().isVisible(); });
  timed(
      report, "palette-typing", [&] { w.window->palette().field()->setText("shake"); },
      [&] { return w.window->palette().resultCount() > 0; });
  w.window->palette().close();
  const QString run = QString::fromStdString(w.context().project.runs()[20]->id);
  timed(
      report, "open-run",
      [&] {
        w.window->open({kind::kRun, run, {}});
      },
      [&] {
        int drawn = 0;
        if (w.frontIs(kind::kRun))
          for (CurveView* view : w.front()->findChildren<CurveView*>()) drawn += view->plot()->pointsDrawn() > 100 ? 1 : 0;
        return drawn >= 3;
      });
  timed(
      report, "close-project", [&] { w.window->QWidget::close(); }, [&] { return !w.window->isVisible(); });
}

void editor(Report& report, const QString& folder) {
  Window w(folder + "/editor.ini");
  static int count = 0;
  const QString project = folder + QString("/editor-%1.dsx").arg(++count);
  timed(
      report, "new-project-to-editor", [&] { w.window->openProject(project, true, "shakespeare-char"); },
      [&] { return w.frontIs(kind::kExperiment) && w.front()->findChild<ParamForm*>(); });
  const QString id = w.front()->ref().id;
  w.window->close({kind::kExperiment, id, {}});
  QTest::qWait(100);
  timed(
      report, "open-editor",
      [&] {
        w.window->open({kind::kExperiment, id, {}});
      },
      [&] { return w.frontIs(kind::kExperiment) && w.context().commands.action("run.start")->isEnabled(); });
  timed(
      report, "switch-theme", [] { Theme::current().apply(ThemeChoice::Dark); }, [] { return true; });
  timed(
      report, "switch-theme-back", [] { Theme::current().apply(ThemeChoice::Light); }, [] { return true; });
  timed(
      report, "close-window", [&] { w.window->QWidget::close(); }, [&] { return !w.window->isVisible(); });
}

void charts(Report& report) {
  QElapsedTimer clock;
  {
    std::vector<std::unique_ptr<CurveView>> views;
    for (int k = 0; k < 5; ++k) {
      views.push_back(std::make_unique<CurveView>());
      views.back()->resize(480, 240);
      views.back()->show();
    }
    QTest::qWait(100);
    const CurveData data = noisy(1'500, 2);
    double worst = 0;
    clock.start();
    for (const auto& view : views) {
      QElapsedTimer one;
      one.start();
      view->setSmoothing(0.88);
      view->setData(data);
      view->plot()->repaint();
      worst = std::max(worst, static_cast<double>(one.nsecsElapsed()) / 1e6);
    }
    report.add("five-charts", static_cast<double>(clock.nsecsElapsed()) / 1e6, worst);
  }
  CurveView view;
  view.resize(900, 400);
  view.show();
  view.setSmoothing(0.9);
  view.setData(noisy(1'000'000, 1));
  QTest::qWait(100);
  double sum = 0, worst = 0;
  constexpr int kFrames = 60;
  for (int frame = 0; frame < kFrames; ++frame) {
    clock.start();
    view.setXRange(200'000 + 5'000 * frame, 700'000 + 5'000 * frame);
    view.plot()->repaint();
    const double took = static_cast<double>(clock.nsecsElapsed()) / 1e6;
    sum += took;
    worst = std::max(worst, took);
  }
  report.add("pan-a-million-points", sum / kFrames, worst);  // mean and worst frame
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) {
  using namespace dsw;
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  UiStallGuard app(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);
  QLocale::setDefault(QLocale::c());
  Theme::current().setReducedMotion(true);
  Theme::current().apply(ThemeChoice::Light);
  QStringList words = QApplication::arguments().mid(1);
  int rounds = 1;
  if (const qsizetype at = words.indexOf("--rounds"); at >= 0) {
    rounds = words.value(at + 1).toInt();
    words.remove(at, 2);
  }
  if (words.isEmpty() || rounds < 1) {
    std::fprintf(stderr, "usage: window_bench BIG.dsx [project editor charts] [--rounds N]\n");
    return 2;
  }
  const QString project = words.takeFirst();
  const QTemporaryDir folder;
  Report report(words);
  for (int round = 0; round < rounds; ++round) {
    if (report.wants("project")) bigProject(report, project, folder.path());
    if (report.wants("editor")) editor(report, folder.path());
    if (report.wants("charts")) charts(report);
  }
  std::printf("%s\n", report.text().c_str());
  return 0;
}
