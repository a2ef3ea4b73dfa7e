// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// TIMEOUT: 300
// SERIAL
// By keys alone: Tab goes round, each stop can be seen, and Enter opens.
#include <gtest/gtest.h>

#include <QLabel>
#include <QPlainTextEdit>
#include <QTest>

#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/project_data.h"
#include "ui/panels/template_card.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"

namespace dsw {
namespace {

class FocusWindow : public ::testing::Test {
 protected:
  void SetUp() override {
    registerPanels(registry_);
    window_ = std::make_unique<MainWindow>(workspace_, settings_, registry_);
    window_->show();
    window_->resize(1440, 900);  // the screen that is simulated here is smaller than a window made for it
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }
  void TearDown() override {
    window_.reset();
    workspace_.close_project();
  }
  QString file(const char* name) const { return QString::fromStdString((folder_ / name).string()); }
  bool waitFor(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 60'000); }
  DocumentPanel* front() { return window_->documents().active(); }
  static QString nameOf(const QWidget* widget) {
    QStringList names;
    for (const QWidget* at = widget; at && names.size() < 4; at = at->parentWidget())
      names << QString("%1 \"%2%3\"")
                   .arg(at->metaObject()->className(), at->accessibleName(), at->accessibleName().isEmpty() ? at->toolTip() : QString());
    return names.join(" in ");
  }
  /// Presses Tab until the focus comes round, and sees it at each stop; gives the stops.
  QVector<QWidget*> goRound() {
    QVector<QWidget*> stops;
    bool stayed = false;
    for (int i = 0; i < 200; ++i) {
      QWidget* now = QApplication::focusWidget();
      auto* text = qobject_cast<QPlainTextEdit*>(now);
      const bool takesTab = text && !text->tabChangesFocus();
      QTest::keyClick(now ? now : window_.get(), takesTab ? Qt::Key_F6 : Qt::Key_Tab);
      QTest::qWait(1);
      now = QApplication::focusWidget();
      if (!now) {
        ADD_FAILURE() << "the focus is gone behind " << (stops.isEmpty() ? "nothing" : nameOf(stops.back()).toStdString());
        break;
      }
      if (!stops.isEmpty() && now == stops.back() && !stayed && qobject_cast<QLabel*>(now)) {  // first itself, then its link
        stayed = true;
        continue;
      }
      stayed = false;
      if (stops.contains(now)) {
        EXPECT_EQ(now, stops.front()) << nameOf(now).toStdString() << " holds the focus";
        break;
      }
      stops.push_back(now);
      expectSeen(now);
    }
    return stops;
  }
  /// The window looks different with the focus there.
  void expectSeen(QWidget* stop) {
    if (qobject_cast<QPlainTextEdit*>(stop)) return;  // a cursor, which no picture of a test shows
    const QImage with = window_->grab().toImage();
    stop->clearFocus();
    QTest::qWait(1);
    EXPECT_NE(with, window_->grab().toImage()) << "nobody sees that the focus is on " << nameOf(stop).toStdString();
    stop->setFocus(Qt::TabFocusReason);
  }

  TempFolder folder_;
  PanelRegistry registry_;
  Workspace workspace_;
  AppSettings settings_{file("settings.ini")};
  std::unique_ptr<MainWindow> window_;
};

TEST_F(FocusWindow, TheStartPageGoesFromTheFilterToTheTemplatesAndEnterTakesOne) {
  ASSERT_TRUE(waitFor([&] { return front() && !front()->findChildren<TemplateCard*>().isEmpty(); }));
  const QVector<QWidget*> stops = goRound();
  int filter = -1;
  for (int i = 0; i < stops.size(); ++i)
    if (stops[i]->accessibleName() == "Filter templates") filter = i;
  ASSERT_GE(filter, 0);
  ASSERT_LT(filter + 1, stops.size());
  auto* card = qobject_cast<TemplateCard*>(stops[filter + 1]);
  ASSERT_NE(card, nullptr) << nameOf(stops[filter + 1]).toStdString();
  int taken = 0;
  card->disconnect(SIGNAL(clicked(bool)));
  QObject::connect(card, &QAbstractButton::clicked, [&] { ++taken; });
  card->setFocus();
  QTest::keyClick(card, Qt::Key_Return);
  EXPECT_EQ(taken, 1);
}

TEST_F(FocusWindow, EveryStopOfTheEditorAndTheRunTableIsSeen) {
  window_->openProject(file("first.dsx"), true, "shakespeare-char");
  ASSERT_TRUE(
      waitFor([&] { return front() && front()->findChild<JsonEdit*>() && window_->context().commands.state("run.start").enabled; }));
  const QVector<QWidget*> editor = goRound();
  EXPECT_GT(editor.size(), 20);
  ASSERT_TRUE(window_->context().commands.run("run.start"));
  ASSERT_TRUE(waitFor([&] { return window_->context().project.count(RunStatus::Running) == 1; }));
  ASSERT_TRUE(waitFor([&] { return window_->context().commands.state("run.stop").enabled; }));
  ASSERT_TRUE(window_->context().commands.run("run.stop"));
  ASSERT_TRUE(waitFor([&] { return window_->context().project.count(RunStatus::Stopped) == 1; }));
  window_->open({kind::kRuns, {}, {}});
  QTest::qWait(200);
  EXPECT_GT(goRound().size(), 5);
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
