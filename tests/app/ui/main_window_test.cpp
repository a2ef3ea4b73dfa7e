// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// SERIAL
// The whole window over a real workspace: first run, keys, panes, layout, read-only, closing. No event may hold the UI thread.
#include <gtest/gtest.h>

#include <QAccessible>
#include <QAction>
#include <QComboBox>
#include <QDockWidget>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QThreadPool>
#include <QToolButton>

#include "app/ui_stall_guard.h"
#include "engine/run/templates.h"
#include "engine/store/database.h"
#include "engine/tensor/device.h"
#include "engine/tensor/kernel_records.h"
#include "engine/workspace.h"
#include "tests/support/cpu_bars.h"
#include "tests/support/temp_folder.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/models/work_pool.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/param_form.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/notice_bar.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

/// Goes on until it is stopped.
const char* const kLongRun = R"({"deepshock": 1, "task": "train", "name": "long", "device": "cpu",
  "data": {"type": "text", "source": "builtin:tinyshakespeare", "tokenizer": "char", "context": 16},
  "model": {"type": "gpt", "layers": 1, "heads": 1, "width": 16},
  "training": {"steps": 1000000, "batch": 2, "checkpoint_every": 50}})";

struct Opened {
  explicit Opened(const QString& file) : settings(file) {
    registerPanels(registry);
    window = std::make_unique<MainWindow>(workspace, settings, registry);
    window->resize(1440, 900);
    window->show();
  }
  ProjectData& project() { return window->context().project; }
  QString front() { return window->documents().active() ? window->documents().active()->ref().kind : QString(); }
  bool run(const char* id) { return window->context().commands.run(id); }
  bool waitFor(const std::function<bool()>& condition, int ms = 60'000) { return QTest::qWaitFor(condition, ms); }
  /// In an event of its own, as a click or a key does it: what is called from a test's body no guard sees.
  void act(const std::function<void()>& deed) {
    bool done = false;
    QTimer::singleShot(0, window.get(), [&] {
      deed();
      done = true;
    });
    EXPECT_TRUE(waitFor([&] { return done; }));
  }
  void actOn(const char* command) {
    bool ran = false;
    act([&] { ran = run(command); });
    EXPECT_TRUE(ran) << command;
  }

  Workspace workspace;
  AppSettings settings;
  PanelRegistry registry;
  std::unique_ptr<MainWindow> window;
};

class MainWindowTest : public ::testing::Test {
 protected:
  void SetUp() override { UiStallGuard::instance()->clear(); }
  QString settingsFile() const { return QString::fromStdString((folder_ / "settings.ini").string()); }
  QString projectFile() const { return QString::fromStdString((folder_ / "first.dsx").string()); }
  TempFolder folder_;
};

TEST_F(MainWindowTest, FromATemplateToCurvesAndBackByKeys) {
  Opened open(settingsFile());
  ASSERT_TRUE(QTest::qWaitForWindowActive(open.window.get()));
  EXPECT_EQ(open.front(), kind::kStart);
  UiStallGuard::instance()->clear();  // making and first showing the window is the start-up benchmark's business
  open.act([&] { open.window->openProject(projectFile(), true, "shakespeare-char"); });
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment; }));
  EXPECT_EQ(open.window->documents().find({kind::kStart, {}, {}}), nullptr) << "the start page has done its work";
  ASSERT_TRUE(open.waitFor([&] { return open.project().experiments().size() == 1u; }));

  ASSERT_TRUE(open.waitFor([&] { return open.window->context().commands.action("run.start")->isEnabled(); }));
  QTest::keyClick(open.window.get(), Qt::Key_F5);
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kRun; }));
  const QString id = open.window->documents().active()->ref().id;
  ASSERT_TRUE(open.waitFor([&] { return open.project().run(id) && open.project().run(id)->metrics.contains("train/loss"); }, 120'000))
      << "no point came";

  ASSERT_TRUE(open.run("run.stop"));
  ASSERT_TRUE(open.waitFor([&] { return open.project().run(id)->status == RunStatus::Stopped; }));
  EXPECT_GT(open.project().run(id)->step, 0);
  EXPECT_TRUE(open.run("run.pin"));
  ASSERT_TRUE(open.waitFor([&] { return open.window->context().selection.baseline() == id; }));

  ASSERT_TRUE(open.run("run.all"));
  EXPECT_EQ(open.front(), kind::kRuns);
  ASSERT_TRUE(open.run("view.back"));
  EXPECT_EQ(open.front(), kind::kRun);
  ASSERT_TRUE(open.run("view.forward"));
  EXPECT_EQ(open.front(), kind::kRuns);
  EXPECT_EQ(UiStallGuard::instance()->report().toStdString(), "");
}

TEST_F(MainWindowTest, NothingThatAPersonDoesHoldsTheWindow) {
  UiStallGuard& guard = *UiStallGuard::instance();
  Opened open(settingsFile());
  ASSERT_TRUE(QTest::qWaitForWindowActive(open.window.get()));
  guard.clear();
  const auto calm = [&](const char* deed) {  // what comes after the deed is part of it
    QTest::qWait(150);
    EXPECT_EQ(guard.report().toStdString(), "") << deed;
    std::printf("%-24s %5.1f ms\n", deed, guard.longestCpuMs());
    guard.clear();
  };
  open.act([&] { open.window->openProject(projectFile(), true, "shakespeare-char"); });
  const auto canRun = [&] { return open.window->context().commands.action("run.start")->isEnabled(); };
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment && canRun(); }));
  calm("open the sample");
  const ObjectRef experiment = open.window->documents().active()->ref();
  open.act([&] { open.window->close(experiment); });
  open.act([&] { open.window->open(experiment); });
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment && canRun(); }));
  calm("open the editor");

  auto* form = open.window->documents().active()->findChild<ParamForm*>();
  ASSERT_NE(form, nullptr);
  open.act([&] { form->goTo("/training/steps"); });
  auto* field = qobject_cast<QLineEdit*>(QApplication::focusWidget());
  ASSERT_NE(field, nullptr);
  field->selectAll();
  QTest::keyClicks(field, "123456", Qt::NoModifier, 20);
  EXPECT_EQ(form->focusedPointer(), "/training/steps");
  calm("edit a field");
  open.actOn("edit.undo");
  calm("undo");
  open.act([&] { form->goTo("/optimizer"); });
  auto* box = qobject_cast<QComboBox*>(QApplication::focusWidget());
  ASSERT_NE(box, nullptr);
  QTest::keyClick(box, Qt::Key_Down);  // another type has other fields: the form is built again
  calm("choose another type");
  open.actOn("edit.undo");
  calm("undo the type");
  open.actOn("form.toggle-json");
  EXPECT_NE(qobject_cast<JsonEdit*>(QApplication::focusWidget()), nullptr);
  open.actOn("form.toggle-json");
  calm("form and text");

  for (int round = 0; round < 2; ++round) {
    open.act([&] { open.window->open(experiment); });
    ASSERT_TRUE(open.waitFor(canRun));
    QTest::keyClick(open.window.get(), Qt::Key_F5);
    ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kRun; }));
    const QString id = open.window->documents().active()->ref().id;
    ASSERT_TRUE(open.waitFor([&] { return open.project().run(id) && open.project().run(id)->step > 3; }, 120'000)) << "no point came";
    calm("start and watch a run");
    open.actOn("run.stop");
    ASSERT_TRUE(open.waitFor([&] { return open.project().run(id)->status == RunStatus::Stopped; }));
    calm("stop it");
  }
  open.actOn("run.all");
  ASSERT_EQ(open.front(), kind::kRuns);
  calm("the run table");
  open.actOn("edit.select-all");
  open.actOn("run.compare");
  ASSERT_TRUE(open.waitFor([&] { return open.window->context().selection.runs().size() == 2; }));
  calm("compare");
  open.act([&] { open.window->openPalette(); });
  QTest::keyClicks(open.window->palette().field(), "shake", Qt::NoModifier, 20);
  calm("the palette");
  open.act([&] { open.window->palette().close(); });
  guard.clear();
  {
    const UiStallGuard::Allow allow;  // the one exception
    open.actOn("view.theme-dark");
    QTest::qWait(200);
  }
  {
    const UiStallGuard::Allow allow;
    open.actOn("view.theme-light");
    QTest::qWait(200);
  }
  calm("after a theme switch");
}

TEST_F(MainWindowTest, PanesAndPaletteAreReachedByKeys) {
  Opened open(settingsFile());
  open.window->openProject(projectFile(), true);
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kOverview; }));
  ASSERT_TRUE(QTest::qWaitForWindowActive(open.window.get()));
  QWidget* navigator = open.window->dock("navigator");
  const auto inNavigator = [&] { return QApplication::focusWidget() && navigator->isAncestorOf(QApplication::focusWidget()); };
  ASSERT_TRUE(open.run("view.navigator"));
  EXPECT_TRUE(inNavigator());
  QSet<QWidget*> seen;
  for (int i = 0; i < 8 && (i == 0 || !inNavigator()); ++i) {
    QTest::keyClick(open.window.get(), Qt::Key_F6);
    ASSERT_NE(QApplication::focusWidget(), nullptr);
    seen.insert(QApplication::focusWidget());
  }
  EXPECT_TRUE(inNavigator()) << "F6 goes round";
  EXPECT_GE(seen.size(), 4);
  ASSERT_TRUE(open.run("view.navigator"));
  EXPECT_FALSE(navigator->isVisible()) << "again: closes";
  ASSERT_TRUE(open.run("view.filter"));
  EXPECT_TRUE(navigator->isVisible());
  EXPECT_NE(qobject_cast<QLineEdit*>(QApplication::focusWidget()), nullptr);

  open.window->openPalette();
  CommandPalette& palette = open.window->palette();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&palette));
  QTest::keyClicks(palette.field(), "devices");
  ASSERT_GT(palette.resultCount(), 0);
  QTest::keyClick(palette.field(), Qt::Key_Return);
  EXPECT_TRUE(open.waitFor([&] { return open.front() == kind::kDevices; }, 5000));
}

TEST_F(MainWindowTest, KernelsThatWereGivenUpAreSaidAndTrustedAgain) {
  const QByteArray before = qgetenv("XDG_STATE_HOME");
  qputenv("XDG_STATE_HOME", QByteArray::fromStdString(folder_.path().string()));
  KernelRecords records(kernel_records_file(), make_cpu_device()->info().description);
  records.give_up("matmul", "3 of 812 launches failed");
  records.give_up("matmul", "3 of 812 launches failed");
  ASSERT_TRUE(records.save());
  Opened open(settingsFile());
  open.act([&] { open.window->open({kind::kDevices, {}, {}}); });
  const MessageBar* bar = open.window->documents().active()->findChild<MessageBar*>();
  ASSERT_NE(bar, nullptr);
  ASSERT_TRUE(open.waitFor([&] { return bar->hasMessage(); }));
  EXPECT_EQ(bar->message().toStdString(), "Kernels were given up. matmul of cpu runs on the CPU: 3 of 812 launches failed.");
  for (QToolButton* button : bar->findChildren<QToolButton*>())
    if (button->text() == "Trust them again") QTest::mouseClick(button, Qt::LeftButton);
  EXPECT_TRUE(open.waitFor([&] { return !bar->hasMessage(); }));
  EXPECT_TRUE(given_up_kernels(kernel_records_file()).empty());
  before.isNull() ? qunsetenv("XDG_STATE_HOME") : qputenv("XDG_STATE_HOME", before);
}

TEST_F(MainWindowTest, EveryVisibleControlHasANameAndNoTwoActionsShareAKey) {
  Opened open(settingsFile());
  open.window->openProject(projectFile(), true, "shakespeare-char");
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment; }));
  open.run("file.settings");
  QTest::qWait(100);
  int looked = 0;
  for (const QWidget* widget : open.window->findChildren<QWidget*>()) {
    if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
    ++looked;
    QAccessibleInterface* face = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
    if (!face || widget->inherits("QTabBar") || widget->inherits("QScrollArea") || widget->focusProxy()) continue;
    EXPECT_FALSE(face->text(QAccessible::Name).isEmpty())
        << widget->metaObject()->className() << " in " << widget->parentWidget()->metaObject()->className();
  }
  EXPECT_GT(looked, 20);
  QHash<QString, QString> owner;
  for (const QAction* action : open.window->actions())
    for (const QKeySequence& key : action->shortcuts()) {
      const QString text = key.toString();
      EXPECT_FALSE(owner.contains(text)) << text.toStdString() << " of " << action->objectName().toStdString() << " and "
                                         << owner[text].toStdString();
      owner[text] = action->objectName();
    }
  EXPECT_GT(owner.size(), 20);
}

TEST_F(MainWindowTest, LayoutAndTabsComeBackAndCanBeReset) {
  {
    Opened open(settingsFile());
    open.window->openProject(projectFile(), true, "shakespeare-char");
    ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment; }));
    open.window->open({kind::kRuns, {}, {}});
    open.window->dock("inspector")->close();
    open.window->QWidget::close();
    ASSERT_TRUE(open.waitFor([&] { return !open.window->isVisible(); }));
  }
  Opened open(settingsFile());
  open.window->openProject(projectFile(), false);
  ASSERT_TRUE(open.waitFor([&] { return open.window->documents().panels().size() == 2; }));
  EXPECT_EQ(open.front(), kind::kRuns) << "the tab that was in front";
  EXPECT_FALSE(open.window->dock("inspector")->isVisible());
  EXPECT_TRUE(open.window->dock("navigator")->isVisible());
  open.window->resize(1440, 900);  // the offscreen screen is small, and a narrow window has no inspector
  open.run("view.reset-layout");
  EXPECT_TRUE(open.window->dock("inspector")->isVisible());
}

TEST_F(MainWindowTest, TabsComeBackOneAnEventBehindTheOneInFront) {
  QStringList before;
  {
    Opened open(settingsFile());
    open.window->openProject(projectFile(), true, "shakespeare-char");
    ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment; }));
    for (const QString& id : {kind::kRuns, kind::kOverview, kind::kDevices}) open.window->open({id, {}, {}});
    open.window->open({kind::kRuns, {}, {}});
    before = open.window->documents().state();
    ASSERT_EQ(before.size(), 4);
    open.window->QWidget::close();
    ASSERT_TRUE(open.waitFor([&] { return !open.window->isVisible(); }));
  }
  Opened open(settingsFile());
  ASSERT_TRUE(QTest::qWaitForWindowExposed(open.window.get()));
  UiStallGuard::instance()->clear();
  open.act([&] { open.window->openProject(projectFile(), false); });
  qsizetype seen = 0;
  int most = 0;  // tabs that came between two looks; a timer of 0 ms looks after each event
  QTimer look;
  QObject::connect(&look, &QTimer::timeout, [&] {
    const qsizetype now = open.window->documents().panels().size();
    if (open.front() == kind::kStart) return;
    most = std::max(most, static_cast<int>(now - seen));
    seen = now;
  });
  look.start(0);
  ASSERT_TRUE(open.waitFor([&] { return open.window->documents().panels().size() == 4; }));
  EXPECT_EQ(open.window->documents().state(), before) << "in their order";
  EXPECT_EQ(open.front(), kind::kRuns);
  EXPECT_LE(most, 1) << "two tabs in one event";
  QTest::qWait(100);
  std::printf("restoring 4 tabs, the longest event: %.1f ms\n", UiStallGuard::instance()->longestCpuMs());
  EXPECT_EQ(UiStallGuard::instance()->report().toStdString(), "");
  EXPECT_EQ(open.window->context().settings.value("tabs/" + QString::number(qHash(projectFile()), 16)).toStringList(), before);
}

TEST_F(MainWindowTest, AProjectOfAnotherWriterOpensReadOnly) {
  Workspace other;
  ASSERT_TRUE(other.open_project(projectFile().toStdString(), Project::Mode::Create));
  Opened open(settingsFile());
  open.window->openProject(projectFile(), false);
  ASSERT_TRUE(open.waitFor([&] { return open.project().state() == ProjectData::State::Ready; }));
  EXPECT_TRUE(open.project().readOnly());
  const auto* bar = open.window->findChild<MessageBar*>();
  ASSERT_TRUE(bar && bar->isVisible());
  EXPECT_TRUE(bar->message().startsWith("first.dsx is being written by process ")) << bar->message().toStdString();
  EXPECT_TRUE(bar->message().endsWith(". It opens read-only. Close it there and try again to change it.")) << bar->message().toStdString();
  EXPECT_FALSE(open.window->context().commands.state("file.import").enabled);
  const auto jobs = [&] { return open.window->findChild<QToolButton*>("status-jobs")->text(); };
  EXPECT_EQ(jobs(), "Nothing running");

  // What the other program runs is said here, and nothing here claims that it had ended.
  Workspace::RunRequest request;
  request.text = kLongRun;
  const auto run = other.start_run(request);
  ASSERT_TRUE(run) << run.error().sentence();
  ASSERT_TRUE(open.waitFor([&] { return open.project().count(RunStatus::Running) == 1; }));
  EXPECT_EQ(jobs(), "1 running in the other program");
  open.window->open({kind::kRun, QString::fromStdString(run->id), {}});
  const CommandRegistry& commands = open.window->context().commands;
  ASSERT_TRUE(open.waitFor([&] { return commands.state("run.stop").reason.startsWith("first.dsx is being written by process "); }))
      << commands.state("run.stop").reason.toStdString();
  other.stop_run(run->id);
  ASSERT_TRUE(open.waitFor([&] { return jobs() == "Nothing running"; })) << jobs().toStdString();
  other.close_project();
}

TEST_F(MainWindowTest, AReadOnlyExperimentSaysOnceHowToEditItAndANewerOneOffersNoExport) {
  std::string id;
  {
    Workspace writer;
    ASSERT_TRUE(writer.open_project(projectFile().toStdString(), Project::Mode::Create));
    const auto stored = writer.project()->save_experiment({}, "kept", "train", *template_document("shakespeare-char"), "");
    ASSERT_TRUE(stored);
    id = *stored;
  }
  const auto editorBars = [&](Opened& open) {
    open.window->openProject(projectFile(), false);
    EXPECT_TRUE(open.waitFor([&] { return open.project().state() == ProjectData::State::Ready && open.project().readOnly(); }));
    open.window->open({kind::kExperiment, QString::fromStdString(id), {}});
    const auto bars = [&] {
      std::vector<const MessageBar*> shown;
      if (DocumentPanel* panel = open.window->documents().active())
        for (const MessageBar* bar : panel->findChildren<MessageBar*>())
          if (bar->isVisible()) shown.push_back(bar);
      return shown;
    };
    EXPECT_TRUE(open.waitFor([&] { return !bars().empty(); }));
    return bars();
  };
  const std::string first = "Read-only. To edit it, ";
  {
    Workspace other;
    ASSERT_TRUE(other.open_project(projectFile().toStdString(), Project::Mode::Open));
    Opened open(settingsFile());
    const auto bars = editorBars(open);
    ASSERT_EQ(bars.size(), 1u);
    EXPECT_EQ(bars[0]->message().toStdString(), first + "export the project and import it into one of your own.");
  }
  Database(projectFile().toStdString(), Database::Access::ReadWrite).script("PRAGMA user_version = 9");
  Opened open(settingsFile());
  const auto bars = editorBars(open);
  ASSERT_EQ(bars.size(), 1u);
  EXPECT_EQ(bars[0]->message().toStdString(), first + "copy its text into an experiment of your own.");
}

TEST_F(MainWindowTest, WhatBeganForAPanelEndsBeforeTheWindowIsGone) {
  std::atomic<bool> ended = false;
  {
    Opened open(settingsFile());
    workPool().start([&] {
      QThread::msleep(200);
      ended = true;
    });
  }
  EXPECT_TRUE(ended) << "a check of a document would go on in a workspace that is gone";
}

TEST_F(MainWindowTest, AMissingProjectSaysSo) {
  Opened open(settingsFile());
  open.window->openProject(QString::fromStdString((folder_ / "nowhere.dsx").string()), false);
  ASSERT_TRUE(open.waitFor([&] { return open.project().state() == ProjectData::State::Failed; }));
  EXPECT_EQ(open.front(), kind::kStart);
  const auto* bar = open.window->findChild<MessageBar*>();
  ASSERT_TRUE(bar && bar->isVisible());
  EXPECT_TRUE(bar->message().contains("nowhere.dsx: there is no such project. Check the path")) << bar->message().toStdString();
  const auto* notice = open.window->findChild<NoticeBar*>();
  EXPECT_TRUE(!notice || notice->isHidden()) << "the bar says it already";
}

TEST_F(MainWindowTest, ClosingAsksWhileARunGoesOn) {
  Opened open(settingsFile());
  open.window->openProject(projectFile(), true, "shakespeare-char");
  ASSERT_TRUE(open.waitFor([&] { return open.front() == kind::kExperiment; }));
  ASSERT_TRUE(open.waitFor([&] { return open.window->context().commands.action("run.start")->isEnabled(); }));
  ASSERT_TRUE(open.run("run.start"));
  ASSERT_TRUE(open.waitFor([&] { return open.project().count(RunStatus::Running) == 1; }));
  QString question;
  const auto press = [&](const QString& wanted) {
    QTimer::singleShot(300, open.window.get(), [&question, wanted] {
      QWidget* dialog = QApplication::activeModalWidget();
      ASSERT_NE(dialog, nullptr);
      question = dialog->accessibleName();
      for (QPushButton* button : dialog->findChildren<QPushButton*>())
        if (button->text() == wanted) return button->click();
      FAIL() << "no button " << wanted.toStdString();
    });
  };
  press("Cancel");
  open.window->QWidget::close();
  EXPECT_EQ(question, "1 run is going on.");
  EXPECT_TRUE(open.window->isVisible());
  press("Stop and close");
  open.window->QWidget::close();
  ASSERT_TRUE(open.waitFor([&] { return !open.window->isVisible(); }));
  auto reader = ProjectReader::open(projectFile().toStdString());
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->runs()->front().status, RunStatus::Stopped);
}

TEST(UiStallGuard, SeesWorkAndBlockingButNotNestedLoops) {
  UiStallGuard& guard = *UiStallGuard::instance();
  const double limit = guard.limitMs();
  const auto ms = [limit](double limits) { return static_cast<int>(limits * limit); };
  guard.clear();
  QTimer::singleShot(0, [limit] {
    const double begin = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    while (cpu_ms(CLOCK_THREAD_CPUTIME_ID) - begin < 1.6 * limit) {
    }
  });
  QTest::qWait(ms(4));
  ASSERT_EQ(guard.stalls().size(), 1u) << guard.report().toStdString();
  EXPECT_GT(guard.stalls()[0].cpu_ms, limit);
  guard.clear();
  QTimer::singleShot(0, [&] { QThread::msleep(static_cast<unsigned long>(ms(2.4))); });
  QTest::qWait(ms(5));
  ASSERT_EQ(guard.stalls().size(), 1u);
  EXPECT_GT(guard.stalls()[0].blocked_ms, limit);
  guard.clear();
  QTimer::singleShot(0, [&] {
    QEventLoop loop;
    QTimer::singleShot(ms(3), &loop, &QEventLoop::quit);
    loop.exec();
  });
  QTest::qWait(ms(6));
  EXPECT_EQ(guard.report().toStdString(), "");
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
