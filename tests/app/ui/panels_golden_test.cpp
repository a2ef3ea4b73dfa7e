// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui golden
// TIMEOUT: 180
// SERIAL
// Golden pictures of whole views over a project that is the same each time: start page, experiment, run, compared runs; light and dark.
#include <gtest/gtest.h>

#include <QApplication>
#include <QScrollArea>
#include <QTest>
#include <nlohmann/json.hpp>

#include "engine/run/machine_rates.h"
#include "engine/workspace.h"
#include "tests/support/sample_project.h"
#include "tests/support/ui/golden.h"
#include "ui/models/app_settings.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/panels/compare_view.h"
#include "ui/panels/run_charts.h"
#include "ui/panels/runs_panel.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

class Panels : public ::testing::TestWithParam<ThemeChoice> {
 protected:
  static void SetUpTestSuite() { sample_ = new SampleProject; }
  static void TearDownTestSuite() { delete sample_; }
  void SetUp() override {
    Theme::current().apply(GetParam());
    settings_ = std::make_unique<AppSettings>(QString::fromStdString((folder_ / "settings.ini").string()));
    registerPanels(registry_);
    window_ = std::make_unique<MainWindow>(workspace_, *settings_, registry_);
    window_->resize(1100, 700);
    window_->show();
  }
  void TearDown() override {
    window_.reset();
    Theme::current().apply(ThemeChoice::Light);
  }
  void openProject() {
    window_->openProject(QString::fromStdString(sample_->path().string()), false);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->context().project.state() == ProjectData::State::Ready; }, 30'000));
    QTest::qWait(50);
  }
  DocumentPanel* front() { return window_->documents().active(); }
  /// The view as it is drawn alone at `size`, without what is different each time (devices, times of this day).
  testing::AssertionResult looks(QWidget& view, QSize size, const char* name) {
    QTest::qWait(300);
    const char* theme = GetParam() == ThemeChoice::Light ? "light" : "dark";
    view.setParent(nullptr);
    const QImage picture = test::drawn(view, size);
    const auto result = test::matchesGolden(picture, QStringLiteral("panels/%1-%2").arg(QLatin1String(name), QLatin1String(theme)));
    view.deleteLater();
    return result;
  }

  /// The whole view in front, drawn where it stands, the panes beside it closed.
  testing::AssertionResult standsAs(const char* name) {
    for (const char* pane : {"navigator", "inspector", "jobs", "log", "problems"}) window_->dock(pane)->close();
    window_->resize(1200, 720);  // again: the screen that is simulated here is smaller than a window made for it
    QTest::qWait(400);
    const char* theme = GetParam() == ThemeChoice::Light ? "light" : "dark";
    return test::matchesGolden(front()->grab().toImage(), QStringLiteral("panels/%1-%2").arg(QLatin1String(name), QLatin1String(theme)));
  }

  static SampleProject* sample_;
  TempFolder folder_;
  PanelRegistry registry_;
  Workspace workspace_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<MainWindow> window_;
};
SampleProject* Panels::sample_ = nullptr;

TEST_P(Panels, StartPage) {
  QScrollArea* main = nullptr;
  ASSERT_TRUE(QTest::qWaitFor(
      [&] {
        main = front()->findChild<QScrollArea*>();
        return main && main->widget()->findChildren<QAbstractButton*>().size() >= 6;
      },
      10'000));
  EXPECT_TRUE(looks(*main, {820, 460}, "start"));
}

TEST_P(Panels, Experiment) {
  openProject();
  for (const ExperimentRow& row : window_->context().project.experiments())
    if (row.name == "shakespeare-wide") window_->open({kind::kExperiment, QString::fromStdString(row.id), {}});
  ASSERT_TRUE(QTest::qWaitFor([&] { return front()->findChild<JsonEdit*>() && !front()->findChild<JsonEdit*>()->toPlainText().isEmpty(); },
                              20'000));
  QTest::qWait(1500);  // the estimate and the drawing of the network come from another thread
  QWidget* view = front()->findChild<JsonEdit*>();
  while (view && !view->inherits("dsw::ExperimentView")) view = view->parentWidget();
  ASSERT_NE(view, nullptr);
  EXPECT_TRUE(looks(*view, {900, 560}, "experiment"));
}

TEST_P(Panels, Run) {
  openProject();
  window_->open({kind::kRun, QString::fromStdString(sample_->id("char-1")), {}});
  RunCharts* charts = nullptr;
  ASSERT_TRUE(QTest::qWaitFor(
      [&] {
        charts = front()->findChild<RunCharts*>();
        return charts && charts->charts().size() == 4 && !charts->charts()[0]->data().series.empty();
      },
      20'000));
  EXPECT_TRUE(standsAs("run"));
}

TEST_P(Panels, Compare) {
  openProject();
  window_->open({kind::kRuns, {}, {}});
  QStringList runs;
  for (const char* name : {"wide-1", "wide-2", "wide-3", "stopped"}) runs << QString::fromStdString(sample_->id(name));
  window_->context().selection.setBaseline(QString::fromStdString(sample_->id("char-1")));
  window_->context().selection.setRuns(runs);
  auto* compare = front()->findChild<CompareView*>();
  ASSERT_NE(compare, nullptr);
  ASSERT_TRUE(QTest::qWaitFor(
      [&] {
        const auto& series = compare->curves()->data().series;
        return series.size() == 3 && std::all_of(series.begin(), series.end(), [](const CurveSeries& s) { return !s.step.empty(); });
      },
      20'000));
  EXPECT_TRUE(standsAs("compare"));
}

TEST_P(Panels, Machine) {
  window_->context().navigator.open({kind::kMachine, {}, {}});
  window_->resize(1200, 720);
  QTest::qWait(200);
  EXPECT_TRUE(standsAs("machine-empty"));
  MachineRates rates;
  rates.processor = "Processor of 2 cores, AVX-512";
  rates.threads = 2;
  rates.measured_at = 1'790'000'000;
  rates.peak_flops = 228e9;
  rates.read_bytes_per_second = 31e9;
  rates.kernels = {{"gemm-1024-f32", 0.0101, 2.147e9, 12.6e6},
                   {"attention-1024-full-f32", 0.051, 8.59e9, 33.6e6},
                   {"attention-512-causal-f32", 0.0083, 1.07e9, 16.8e6},
                   {"conv-3x3-64-f32", 0.0074, 1.208e9, 8.5e6},
                   {"one-row-4096-f32", 0.0024, 33.6e6, 67.1e6},
                   {"layer-norm-1024-f32", 0.0031, 67e6, 67.1e6},
                   {"add-f32", 0.0044, 8.4e6, 100.7e6},
                   {"gemm-1024-bf16", 0.0049, 2.147e9, 6.3e6}};
  settings_->setValue("machine/rates", QString::fromStdString(machine_rates_json(rates).dump()));
  window_->documents().closeAll();
  window_->context().navigator.open({kind::kMachine, {}, {}});
  EXPECT_TRUE(standsAs("machine"));
}

INSTANTIATE_TEST_SUITE_P(Themes, Panels, testing::Values(ThemeChoice::Light, ThemeChoice::Dark),
                         [](const auto& made) { return made.param == ThemeChoice::Light ? "light" : "dark"; });

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  qputenv("TZ", "UTC");
  QStandardPaths::setTestModeEnabled(true);
  QApplication app(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);
  QApplication::setCursorFlashTime(0);
  QLocale::setDefault(QLocale::c());
  dsw::Theme::current().setReducedMotion(true);
  dsw::Theme::current().apply(dsw::ThemeChoice::Light);
  return RUN_ALL_TESTS();
}
