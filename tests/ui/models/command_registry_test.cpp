// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/command_registry.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QTest>
#include <QToolButton>

#include "tests/support/temp_folder.h"
#include "ui/models/app_settings.h"
#include "ui/models/key_list_model.h"
#include "ui/widgets/shell/commands.h"

namespace dsw {
namespace {

class Target : public CommandTarget {
 public:
  Target(QString id, bool enabled) : id_(std::move(id)), enabled_(enabled) {}
  CommandState commandState(const QString& id) const override {
    CommandState state;
    state.handled = id == id_;
    state.enabled = enabled_;
    state.reason = QStringLiteral("Not now.");
    return state;
  }
  void runCommand(const QString& id) override { ran.push_back(id); }
  QStringList ran;

 private:
  QString id_;
  bool enabled_;
};

/// Counts the keys that a chart would get.
class KeyCounter : public QWidget {
 public:
  KeyCounter() { setFocusPolicy(Qt::StrongFocus); }
  QList<int> keys;

 protected:
  void keyPressEvent(QKeyEvent* event) override { keys.push_back(event->key()); }
};

TEST(CommandRegistry, NoKeyIsGivenTwiceInOneContext) {
  CommandRegistry registry(nullptr);
  addCommands(registry);
  for (const Command& command : registry.commands()) {
    EXPECT_EQ(registry.conflict(command.id, command.keys), QString()) << command.id.toStdString();
    EXPECT_FALSE(command.help.isEmpty()) << command.id.toStdString() << " has no help line";
    EXPECT_FALSE(command.help.endsWith('.')) << command.id.toStdString();
    for (const QKeySequence& key : command.keys)
      EXPECT_FALSE(key.isEmpty()) << command.id.toStdString() << " has a key that Qt does not read";
  }
  // The check itself sees a collision.
  EXPECT_EQ(registry.conflict("run.stop", {QKeySequence("F5")}), "run.start");
  EXPECT_EQ(registry.conflict("chart.fit", {QKeySequence("F5")}), "run.start") << "window keys overlap with all";
  EXPECT_EQ(registry.conflict("chart.fit", {QKeySequence("S")}), QString()) << "a chart and a table never have the focus at once";
}

TEST(CommandRegistry, EveryMenuEntryIsACommand) {
  CommandRegistry registry(nullptr);
  addCommands(registry);
  for (const MenuPlan& menu : menuPlan())
    for (const QString& id : menu.ids) {
      if (id.isEmpty() || id.startsWith('@')) continue;
      EXPECT_NE(registry.find(id), nullptr) << id.toStdString();
    }
}

TEST(CommandRegistry, TheFirstTargetThatHandlesACommandRunsIt) {
  CommandRegistry registry(nullptr);
  addCommands(registry);
  Target other("edit.copy", true), first("run.start", true), second("run.start", true);
  registry.setRouter([&] { return std::vector<CommandTarget*>{&other, &first, &second}; });
  registry.refresh();
  EXPECT_TRUE(registry.action("run.start")->isEnabled());
  registry.action("run.start")->trigger();
  EXPECT_EQ(first.ran, QStringList{"run.start"});
  EXPECT_TRUE(second.ran.isEmpty());
  EXPECT_FALSE(registry.action("run.stop")->isEnabled()) << "nothing handles it";
  EXPECT_FALSE(registry.run("run.stop"));
}

TEST(CommandRegistry, ADisabledCommandSaysWhy) {
  CommandRegistry registry(nullptr);
  addCommands(registry);
  Target target("run.start", false);
  registry.setRouter([&] { return std::vector<CommandTarget*>{&target}; });
  registry.refresh();
  EXPECT_FALSE(registry.action("run.start")->isEnabled());
  EXPECT_TRUE(registry.action("run.start")->toolTip().contains("Not now."));
  EXPECT_FALSE(registry.run("run.start"));
  EXPECT_TRUE(target.ran.isEmpty());
}

TEST(CommandRegistry, KeysCanBeChangedAndStayChanged) {
  TempFolder folder;
  const QString file = QString::fromStdString((folder / "settings.ini").string());
  {
    AppSettings settings(file);
    CommandRegistry registry(&settings);
    addCommands(registry);
    EXPECT_EQ(registry.setKeys("run.stop", {QKeySequence("F5")}), "run.start") << "taken";
    EXPECT_EQ(registry.setKeys("run.stop", {QKeySequence("F9")}), QString());
    EXPECT_EQ(registry.action("run.stop")->shortcut(), QKeySequence("F9"));
    EXPECT_EQ(registry.setKeys("run.pin", {}), QString()) << "a key can be taken away";
  }
  AppSettings settings(file);
  CommandRegistry registry(&settings);
  addCommands(registry);
  EXPECT_EQ(registry.action("run.stop")->shortcut(), QKeySequence("F9"));
  EXPECT_TRUE(registry.action("run.pin")->shortcut().isEmpty());
  registry.resetKeys("run.stop");
  EXPECT_EQ(registry.action("run.stop")->shortcut(), QKeySequence("Shift+F5"));
  KeyListModel model(registry);
  const int row = [&] {
    for (int i = 0; i < model.rowCount(); ++i)
      if (model.commandId(i) == "run.pin") return i;
    return -1;
  }();
  QString owner;
  QObject::connect(&model, &KeyListModel::taken, [&](const QString&, const QString& by) { owner = by; });
  EXPECT_FALSE(model.setData(model.index(row, KeyListModel::Keys), "Ctrl+N", Qt::EditRole));
  EXPECT_EQ(owner, "New experiment");
  EXPECT_TRUE(model.setData(model.index(row, KeyListModel::Keys), "Ctrl+B", Qt::EditRole));
  EXPECT_EQ(model.index(row, KeyListModel::Keys).data().toString(), "Ctrl+B");
}

TEST(CommandRegistry, AChartGetsItsDefaultKeyHoweverTheCommandWasCalled) {
  TempFolder folder;
  AppSettings settings(QString::fromStdString((folder / "settings.ini").string()));  // changed keys are kept there
  CommandRegistry registry(&settings);
  addCommands(registry);
  registry.setRouter([] { return std::vector<CommandTarget*>{}; });
  KeyCounter chart;
  chart.addActions(registry.actions(CommandContext::Chart));
  EXPECT_EQ(registry.setKeys("chart.fit", {QKeySequence("Z")}), QString());
  chart.show();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&chart));
  chart.setFocus();
  QTest::keyClick(&chart, Qt::Key_Z);
  EXPECT_EQ(chart.keys, QList<int>{Qt::Key_0});
}

TEST(CommandRegistry, AKeyWithTheFocusOnAButtonOfAChartReachesTheChartOnce) {
  CommandRegistry registry(nullptr);
  addCommands(registry);
  registry.setRouter([] { return std::vector<CommandTarget*>{}; });
  QWidget view;
  KeyCounter plot;
  plot.setParent(&view);
  QToolButton button(&view);
  view.setProperty(kCommandKeys, QVariant::fromValue<QObject*>(&plot));
  view.addActions(registry.actions(CommandContext::Chart));
  view.show();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&view));
  button.setFocus();
  QTest::keyClick(&button, Qt::Key_E);  // once it called itself without end
  EXPECT_EQ(plot.keys, QList<int>{Qt::Key_E});
}

}  // namespace
}  // namespace dsw
