// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// SERIAL
// Leaving a project: what goes on is asked about, and what cannot be stored is not lost unseen.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>

#include <QPushButton>
#include <QTest>

#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"

namespace dsw {
namespace {

/// While it lives, no file of this process grows beyond a few bytes, as if the disk were full.
class FullDisk {
 public:
  FullDisk() {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = 512;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class ClosingWindow : public ::testing::Test {
 protected:
  void SetUp() override {
    registerPanels(registry_);
    open();
    window_->openProject(file("first.dsx"), true, "shakespeare-char");
    ASSERT_TRUE(waitFor([&] { return text() != nullptr; }));
    ASSERT_TRUE(waitFor([&] { return command("run.start").enabled; }));
  }
  void TearDown() override {
    window_.reset();
    workspace_.reset();
  }
  void open() {
    window_.reset();
    settings_.reset();  // stored before they are read again
    workspace_ = std::make_unique<Workspace>();
    settings_ = std::make_unique<AppSettings>(file("settings.ini"));
    window_ = std::make_unique<MainWindow>(*workspace_, *settings_, registry_);
    window_->resize(1440, 900);
    window_->show();
  }
  QString file(const char* name) const { return QString::fromStdString((folder_ / name).string()); }
  bool waitFor(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 60'000); }
  ProjectData& project() { return window_->context().project; }
  JsonEdit* text() {
    DocumentPanel* front = window_->documents().active();
    return front ? front->findChild<JsonEdit*>() : nullptr;
  }
  CommandState command(const char* id) { return window_->context().commands.state(id); }
  /// Types a name into the document's text.
  void edit(const char* name) {
    QTextCursor cursor = text()->document()->find("\"name\": \"");
    ASSERT_FALSE(cursor.isNull());
    cursor.setPosition(cursor.selectionEnd());
    text()->setTextCursor(cursor);
    text()->setFocus();
    QTest::keyClicks(text(), name);
    ASSERT_TRUE(text()->toPlainText().contains(name));
  }
  /// Presses this button of the next dialog.
  void answer(const QString& button) {
    question_.clear();
    QTimer::singleShot(0, window_.get(), [this, button] { press(button, 600); });
  }
  void press(const QString& wanted, int tries) {
    QWidget* dialog = QApplication::activeModalWidget();
    if (!dialog && tries > 0) return QTimer::singleShot(100, window_.get(), [=, this] { press(wanted, tries - 1); });
    ASSERT_NE(dialog, nullptr) << "nothing asks";
    question_ = dialog->accessibleName();
    for (QPushButton* button : dialog->findChildren<QPushButton*>())
      if (button->text() == wanted) return button->click();
    FAIL() << "no button " << wanted.toStdString();
  }

  TempFolder folder_;
  PanelRegistry registry_;
  std::unique_ptr<AppSettings> settings_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<MainWindow> window_;
  QString question_;
};

TEST_F(ClosingWindow, ADraftThatCannotBeStoredKeepsTheWindowOpen) {
  window_->open({kind::kRuns, {}, {}});
  window_->open({kind::kExperiment, QString::fromStdString(project().experiments().front().id), {}});
  {
    const FullDisk full;
    edit("bold ");
    answer("Cancel");
    window_->QWidget::close();
    ASSERT_TRUE(waitFor([&] { return !question_.isEmpty(); }));
    EXPECT_EQ(question_, "Not everything can be stored.");
    ASSERT_TRUE(waitFor([&] { return window_->isEnabled(); }));
    EXPECT_TRUE(window_->isVisible());
    EXPECT_EQ(window_->documents().panels().size(), 2) << "the tabs are as they were";
    ASSERT_NE(text(), nullptr);
    EXPECT_TRUE(text()->toPlainText().contains("bold "));
  }
  // There is room again: the same draft goes with the window and is there at the next opening.
  window_->QWidget::close();
  ASSERT_TRUE(waitFor([&] { return !window_->isVisible(); }));
  open();
  window_->openProject(file("first.dsx"), false);
  ASSERT_TRUE(waitFor([&] { return text() != nullptr; }));
  EXPECT_TRUE(text()->toPlainText().contains("bold ")) << text()->toPlainText().toStdString();
  EXPECT_TRUE(waitFor([&] { return window_->documents().panels().size() == 2; })) << "the other tab comes behind";
}

TEST_F(ClosingWindow, WhatIsGivenUpIsGoneAndNothingElse) {
  {
    const FullDisk full;
    edit("lost ");
    answer("Close and lose it");
    window_->QWidget::close();
    ASSERT_TRUE(waitFor([&] { return !window_->isVisible(); }));
  }
  EXPECT_EQ(question_, "Not everything can be stored.");
  open();
  window_->openProject(file("first.dsx"), false);
  ASSERT_TRUE(waitFor([&] { return text() != nullptr; }));
  EXPECT_FALSE(text()->toPlainText().contains("lost "));
}

TEST_F(ClosingWindow, ClosingTheProjectAsksAboutItsRuns) {
  window_->context().commands.run("run.start");
  ASSERT_TRUE(waitFor([&] { return project().count(RunStatus::Running) == 1; }));
  const qsizetype tabs = window_->documents().panels().size();
  answer("Cancel");
  window_->context().commands.run("file.close-project");
  EXPECT_EQ(question_, "1 run is going on.");
  EXPECT_EQ(window_->documents().panels().size(), tabs);
  EXPECT_EQ(project().count(RunStatus::Running), 1);
  answer("Stop and close");
  window_->context().commands.run("file.close-project");
  ASSERT_TRUE(waitFor([&] { return project().state() == ProjectData::State::Closed; }));
  ASSERT_TRUE(waitFor([&] { return window_->documents().active() && window_->documents().active()->ref().kind == kind::kStart; }));
  // Its tabs come back with it.
  window_->openProject(file("first.dsx"), false);
  ASSERT_TRUE(waitFor([&] { return window_->documents().panels().size() == tabs; }));
  EXPECT_EQ(project().count(RunStatus::Stopped), 1);
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
