// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// SERIAL
// The window as a person uses it, by mouse and keys through its dialogs: new project from a template, change two values and undo one, run,
// watch, stop, resume, compare two runs, export chart, report, model and project. Then tab groups, floating docks, files dropped on it.
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QApplication>
#include <QDialogButtonBox>
#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenuBar>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

#include "app/ui_stall_guard.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_data.h"
#include "ui/models/run_table_model.h"
#include "ui/models/selection.h"
#include "ui/panels/compare_samples.h"
#include "ui/panels/compare_view.h"
#include "ui/panels/run_charts.h"
#include "ui/panels/runs_panel.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/param_form.h"
#include "ui/widgets/scatter_view.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

/// Answers the next dialog that asks for a file: types the path and presses the button with the mouse, as soon as it is there.
class FileAnswer : public QObject {
 public:
  explicit FileAnswer(const QString& path) : path_(path) { startTimer(50); }
  bool given() const { return given_; }

 protected:
  void timerEvent(QTimerEvent*) override {
    if (busy_ || given_) return;
    busy_ = true;
    for (QWidget* top : QApplication::topLevelWidgets()) {
      auto* dialog = qobject_cast<QFileDialog*>(top);
      // Only once its own event loop runs: a dialog that is accepted while it is being shown would never return.
      if (!dialog || !dialog->isVisible() || QApplication::activeModalWidget() != dialog) continue;
      if (ticks_++ < 3) continue;
      auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
      auto* buttons = dialog->findChild<QDialogButtonBox*>();
      if (!name || !buttons) continue;
      if (name->text() != path_) {
        name->setCompleter(nullptr);  // its list would take the press on the button
        name->clear();
        QTest::keyClicks(name, path_);
        continue;  // the button is pressed at the next look, when the dialog has taken the name in
      }
      QPushButton* accept =
          buttons->button(dialog->acceptMode() == QFileDialog::AcceptSave ? QDialogButtonBox::Save : QDialogButtonBox::Open);
      const QPointer<QFileDialog> still(dialog);
      QTest::mouseClick(accept, Qt::LeftButton);
      given_ = !still || !still->isVisible();
    }
    busy_ = false;
  }

 private:
  QString path_;
  bool given_ = false, busy_ = false;
  int ticks_ = 0;
};

class DriveWindow : public ::testing::Test {
 protected:
  void SetUp() override {
    registerPanels(registry_);
    settings_ = std::make_unique<AppSettings>(file("settings.ini"));
    open();
  }
  void TearDown() override {
    window_.reset();
    workspace_.reset();
  }
  void open() {
    workspace_ = std::make_unique<Workspace>();
    window_ = std::make_unique<MainWindow>(*workspace_, *settings_, registry_);
    window_->resize(1440, 900);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }
  QString file(const char* name) const { return QString::fromStdString((folder_ / name).string()); }
  bool waitFor(const std::function<bool()>& condition, int ms = 30'000) { return QTest::qWaitFor(condition, ms); }
  ProjectData& project() { return window_->context().project; }
  DocumentPanel* front() { return window_->documents().active(); }
  QString frontKind() { return front() ? front()->ref().kind : QString(); }

  /// Presses with the mouse in the middle of a control that a person can see.
  void click(QWidget* widget, QPoint at = {}, Qt::MouseButton button = Qt::LeftButton) {
    ASSERT_NE(widget, nullptr);
    ASSERT_TRUE(widget->isVisible());
    ASSERT_TRUE(widget->isEnabled());
    ASSERT_FALSE(widget->visibleRegion().isEmpty()) << "nothing of it can be seen";
    QTest::mouseClick(widget, button, {}, at.isNull() ? widget->rect().center() : at);
  }
  QAbstractButton* button(const QWidget* in, const QString& text) {
    for (QAbstractButton* candidate : in->findChildren<QAbstractButton*>())
      if (candidate->isVisible() && (candidate->text() == text || candidate->accessibleName() == text)) return candidate;
    ADD_FAILURE() << "no button " << text.toStdString();
    return nullptr;
  }
  /// An entry of the menu bar, chosen by mouse.
  void menu(const QString& title, const QString& entry) {
    for (QAction* top : window_->menuBar()->actions()) {
      if (QString(top->text()).remove('&') != title) continue;
      QTest::mouseClick(window_->menuBar(), Qt::LeftButton, {}, window_->menuBar()->actionGeometry(top).center());
      for (QAction* action : top->menu()->actions()) {
        if (QString(action->text()).remove('&') != entry) continue;
        ASSERT_TRUE(action->isEnabled()) << entry.toStdString() << ": " << action->toolTip().toStdString();
        // The menu closes before the command opens its dialog.
        QTimer::singleShot(0, window_.get(), [menu = QPointer<QMenu>(top->menu()), action] {
          if (menu) QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        });
        QTest::qWait(50);
        return;
      }
    }
    FAIL() << "no entry " << title.toStdString() << " / " << entry.toStdString();
  }
  QLineEdit* field(const QString& label) {
    for (QLineEdit* edit : front()->findChild<ParamForm*>()->findChildren<QLineEdit*>())
      if (edit->accessibleName() == label && edit->isVisible()) return edit;
    ADD_FAILURE() << "no field " << label.toStdString();
    return nullptr;
  }
  void type(const QString& label, const QString& text) {
    QLineEdit* edit = field(label);
    ASSERT_NE(edit, nullptr);
    front()->findChild<ParamForm*>()->ensureWidgetVisible(edit);
    click(edit);
    QTest::keyClick(edit, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(edit, text);
    QTest::keyClick(edit, Qt::Key_Tab);
  }
  QString document() {
    auto* text = front() ? front()->findChild<JsonEdit*>() : nullptr;  // an editor is filled in an event of its own
    return text ? text->toPlainText() : QString();
  }
  QString runIt() {
    const QStringList before = ids();
    EXPECT_TRUE(waitFor([&] { return button(front(), "Run") && button(front(), "Run")->isEnabled(); }));
    click(button(front(), "Run"));
    EXPECT_TRUE(waitFor([&] { return frontKind() == kind::kRun && !before.contains(front()->ref().id); }));
    return front()->ref().id;
  }
  QStringList ids() {
    QStringList out;
    for (const RunPtr& run : project().runs()) out << QString::fromStdString(run->id);
    return out;
  }
  bool reaches(const QString& run, RunStatus status) {
    return waitFor([&] { return project().run(run) && project().run(run)->status == status; });
  }
  void newProject() {
    QAbstractButton* card = nullptr;
    ASSERT_TRUE(waitFor([&] {
      for (QAbstractButton* candidate : front()->findChildren<QAbstractButton*>())
        if (candidate->accessibleName() == "shakespeare-char" && candidate->isVisible()) card = candidate;
      return card != nullptr;
    }));
    const FileAnswer answer(file("first.dsx"));
    click(card);
    ASSERT_TRUE(waitFor([&] { return frontKind() == kind::kExperiment && front()->findChild<ParamForm*>(); }));
    EXPECT_TRUE(answer.given());
    window_->activateWindow();  // there is no window manager here that gives the focus back after a dialog
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    ASSERT_TRUE(waitFor([&] { return window_->context().commands.action("run.start")->isEnabled(); }));
  }
  /// A key as it comes from the keyboard: to what has the focus. After a dialog no window is active here (there is no window manager),
  /// and Qt answers shortcuts of the active window only.
  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
    QWidget* focus = QApplication::focusWidget();
    QTest::keyClick(focus ? focus : window_.get(), key, modifiers);
  }

  TempFolder folder_;
  PanelRegistry registry_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<MainWindow> window_;
};

TEST_F(DriveWindow, FromATemplateToTwoComparedRunsAndTheirExports) {
  ASSERT_EQ(frontKind(), kind::kStart);
  newProject();

  // Two values changed, one of them taken back by the keyboard.
  type("Width", "32");
  ASSERT_TRUE(waitFor([&] { return document().contains("\"width\": 32"); }, 5000)) << document().toStdString();
  type("Context", "16");
  ASSERT_TRUE(waitFor([&] { return document().contains("\"context\": 16"); }, 5000));
  ASSERT_TRUE(waitFor([&] { return window_->context().commands.action("edit.undo")->isEnabled(); }, 5000));
  press(Qt::Key_Z, Qt::ControlModifier);
  ASSERT_TRUE(waitFor([&] { return document().contains("\"context\": 64"); }, 5000)) << document().toStdString();
  EXPECT_TRUE(document().contains("\"width\": 32")) << "only the last step was taken back";
  EXPECT_EQ(field("Context")->text(), "64") << "the form shows what the text says";

  const QString first = runIt();
  auto* charts = front()->findChild<RunCharts*>();
  ASSERT_NE(charts, nullptr);
  ASSERT_TRUE(waitFor([&] { return project().run(first) && project().run(first)->step > 3; }));
  ASSERT_TRUE(waitFor([&] { return charts->charts().size() >= 4 && charts->charts()[0]->plot()->pointsDrawn() > 2; })) << "curves move";
  CurveView* rate = nullptr;
  for (CurveView* chart : charts->charts())
    if (chart->title() == "Learning rate") rate = chart;
  ASSERT_NE(rate, nullptr);
  ASSERT_TRUE(waitFor([&] { return rate->data().series.size() == 2; }));
  EXPECT_TRUE(rate->data().series[1].planned);
  EXPECT_EQ(rate->data().series[1].step.back(), 2000) << "what is planned goes to the end";

  // The crosshair is one for all charts.
  CurvePlot* loss = charts->charts()[0]->plot();
  const QPoint over = QPoint(static_cast<int>(loss->plotRect().left()) + 3, static_cast<int>(loss->plotRect().center().y()));
  QTest::mouseMove(loss->viewport(), over - QPoint(0, 8));
  QTest::mouseMove(loss->viewport(), over);
  EXPECT_FALSE(loss->valueBoxText().isEmpty());
  EXPECT_EQ(rate->plot()->crosshairStep(), loss->crosshairStep());
  const std::pair<const char*, CurveAxis> kAxes[] = {
      {"Epoch", CurveAxis::Epoch}, {"Relative", CurveAxis::Relative}, {"Clock", CurveAxis::Clock}, {"Step", CurveAxis::Step}};
  for (const auto& [name, axis] : kAxes) {
    click(button(front(), name));
    for (CurveView* chart : charts->charts()) EXPECT_EQ(chart->axis(), axis) << name << " of " << chart->title().toStdString();
    EXPECT_LT(charts->charts()[0]->xRange().first, charts->charts()[0]->xRange().second) << name;
  }

  click(button(front(), "Stop"));
  ASSERT_TRUE(reaches(first, RunStatus::Stopped));
  const auto stopped_at = project().run(first)->step;
  ASSERT_TRUE(waitFor([&] { return button(front(), "Resume") != nullptr && button(front(), "Resume")->isEnabled(); }));
  click(button(front(), "Resume"));
  ASSERT_TRUE(waitFor([&] { return project().run(first)->status == RunStatus::Running && project().run(first)->step > stopped_at; }));
  ASSERT_TRUE(waitFor([&] { return window_->context().commands.action("run.stop")->isEnabled(); }));
  press(Qt::Key_F5, Qt::ShiftModifier);
  ASSERT_TRUE(reaches(first, RunStatus::Stopped));

  // The model goes out from the header's menu; the command is the same.
  {
    const FileAnswer answer(file("model.safetensors"));
    menu("Run", "Export model…");
    ASSERT_TRUE(waitFor([&] { return QFile::exists(file("model.safetensors")); })) << answer.given();
  }

  // A second run with another rate, from the document's tab.
  window_->open({kind::kExperiment, QString::fromStdString(project().experiments().front().id), {}});
  type("Learning rate", "3e-3");
  ASSERT_TRUE(waitFor([&] { return document().contains("3e-3") || document().contains("0.003"); }, 5000)) << document().toStdString();
  const QString second = runIt();
  ASSERT_TRUE(waitFor([&] { return project().run(second) && project().run(second)->step > 3; }));
  ASSERT_TRUE(waitFor([&] { return window_->context().commands.action("run.stop")->isEnabled(); }));
  press(Qt::Key_F5, Qt::ShiftModifier);
  ASSERT_TRUE(reaches(second, RunStatus::Stopped));

  // Both are marked in the table with the mouse and compared.
  menu("Run", "All runs");
  ASSERT_TRUE(waitFor([&] { return frontKind() == kind::kRuns; }));
  auto* panel = qobject_cast<RunsPanel*>(front());
  auto* table = panel->findChild<QTreeView*>();
  ASSERT_TRUE(waitFor([&] { return panel->model().rowCount() == 2; }));
  for (int row = 0; row < 2; ++row) {
    const QRect cell = table->visualRect(panel->model().index(row, panel->model().columnOf("mark")));
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, cell.center());
  }
  EXPECT_EQ(window_->context().selection.runs().size(), 2);
  auto* compare = panel->findChild<CompareView*>();
  ASSERT_TRUE(waitFor([&] { return compare->isVisible() && compare->curves()->data().series.size() == 2; }));
  ASSERT_TRUE(waitFor([&] { return !compare->curves()->data().series[0].step.empty(); }));
  click(button(compare, "FLOPs"));
  EXPECT_EQ(compare->curves()->axis(), CurveAxis::Flops);
  EXPECT_GT(compare->curves()->data().series[0].step_flops, 1e6) << "what a step costs is known from the run's record";
  click(button(compare, "Scatter"));
  ASSERT_TRUE(waitFor([&] { return compare->scatter()->view()->pointCount() == 2; }));
  EXPECT_EQ(compare->mode(), CompareView::Scatter);
  click(button(compare, "Samples"));
  ASSERT_TRUE(waitFor([&] { return compare->samples()->columnCount() == 2; }));
  click(button(compare, "Curves"));
  {
    const FileAnswer answer(file("curves.svg"));
    click(button(compare, "Export figure"));
    EXPECT_TRUE(QFile::exists(file("curves.svg"))) << answer.given();
  }
  {
    const FileAnswer answer(file("report.html"));
    menu("File", "Make report…");
    ASSERT_TRUE(waitFor([&] { return QFile::exists(file("report.html")); })) << answer.given();
  }
  // A point of the scatter opens its run.
  click(button(compare, "Scatter"));
  const QPointF at = compare->scatter()->view()->pixel(first);
  QTest::mouseClick(compare->scatter()->view(), Qt::LeftButton, {}, at.toPoint());
  EXPECT_EQ(front()->ref().id, first);
  {
    window_->open({kind::kOverview, {}, {}});
    const FileAnswer answer(file("all.dsz"));
    menu("File", "Export…");
    ASSERT_TRUE(waitFor([&] { return QFile::exists(file("all.dsz")); })) << answer.given();
  }
  for (const char* name : {"model.safetensors", "curves.svg", "report.html", "all.dsz"})
    EXPECT_GT(QFileInfo(file(name)).size(), 500) << name;
}

TEST_F(DriveWindow, ASecondGroupAndFloatingDocksComeBack) {
  newProject();
  window_->open({kind::kRuns, {}, {}});
  press(Qt::Key_Backslash, Qt::ControlModifier);
  ASSERT_EQ(window_->documents().groups(), 2);
  EXPECT_EQ(frontKind(), kind::kRuns);
  for (DocumentPanel* panel : window_->documents().panels()) EXPECT_TRUE(panel->isVisible()) << "both groups are seen at once";
  QDockWidget* log = window_->dock("log");
  log->setFloating(true);
  log->show();
  log->resize(500, 300);
  QTest::qWait(50);
  window_->QWidget::close();
  ASSERT_TRUE(waitFor([&] { return !window_->isVisible(); }));
  window_.reset();
  workspace_.reset();
  open();
  window_->openProject(file("first.dsx"), false);
  ASSERT_TRUE(waitFor([&] { return window_->documents().panels().size() == 2; }));
  EXPECT_EQ(window_->documents().groups(), 2) << "the second group is there again";
  EXPECT_EQ(frontKind(), kind::kRuns);
  log = window_->dock("log");
  EXPECT_TRUE(log->isFloating());
  EXPECT_EQ(log->size(), QSize(500, 300));
  menu("Window", "Reset layout");
  EXPECT_FALSE(log->isFloating());
  // Closing all tabs of a group takes the group away.
  ASSERT_TRUE(window_->context().commands.run("window.close-tab"));
  EXPECT_EQ(window_->documents().groups(), 1);
}

TEST_F(DriveWindow, FilesDroppedOnItAreOpened) {
  newProject();
  const auto drop = [&](const QString& path) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(window_.get(), &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDropEvent event(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(window_.get(), &event);
    EXPECT_TRUE(event.isAccepted());
  };
  write_text(folder_ / "words.txt", std::string(5000, 'a') + std::string(5000, 'b'));
  drop(file("words.txt"));
  ASSERT_TRUE(
      waitFor([&] { return project().experiments().size() == 2 && frontKind() == kind::kExperiment && document().contains("words.txt"); }));
  drop(file("picture.bmp"));
  QWidget* notice = nullptr;
  ASSERT_TRUE(waitFor(
      [&] {
        for (QLabel* label : window_->findChildren<QLabel*>())
          if (label->isVisible() && label->text().contains("picture.bmp")) notice = label;
        return notice != nullptr;
      },
      5000))
      << "what it cannot open it says";
  EXPECT_EQ(project().experiments().size(), 2u);
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
