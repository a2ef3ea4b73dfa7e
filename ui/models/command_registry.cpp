// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/command_registry.h"

#include <QAction>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QTimer>

#include "engine/core/result.h"
#include "ui/models/app_settings.h"

namespace dsw {

QString commandContextName(CommandContext context) {
  switch (context) {
    case CommandContext::Window:
      return QStringLiteral("anywhere");
    case CommandContext::Form:
      return QStringLiteral("form and JSON");
    case CommandContext::Table:
      return QStringLiteral("tables");
    case CommandContext::Chart:
      return QStringLiteral("charts");
    case CommandContext::Canvas:
      return QStringLiteral("canvas");
  }
  return {};
}

QString commandContextNeeds(CommandContext context) {
  switch (context) {
    case CommandContext::Window:
      return {};
    case CommandContext::Form:
      return QStringLiteral("Open an experiment first.");
    case CommandContext::Table:
      return QStringLiteral("Open the run table first.");
    case CommandContext::Chart:
      return QStringLiteral("Click a chart first.");
    case CommandContext::Canvas:
      return QStringLiteral("Click a network first.");
  }
  return {};
}

Command needing(const QString& needs, Command command) {
  command.needs = needs;
  return command;
}

CommandRegistry::CommandRegistry(AppSettings* settings, QObject* parent)
    : QObject(parent), settings_(settings), refreshTimer_(new QTimer(this)) {
  refreshTimer_->setSingleShot(true);
  refreshTimer_->setInterval(0);
  connect(refreshTimer_, &QTimer::timeout, this, &CommandRegistry::refresh);
}

CommandRegistry::~CommandRegistry() = default;

QAction* CommandRegistry::add(const Command& command) {
  DSW_CHECK(index_.emplace(command.id, commands_.size()).second, "a command id is given once");
  commands_.push_back(command);
  auto* action = new QAction(command.text, this);
  action->setObjectName(command.id);
  action->setCheckable(command.checkable);
  action->setStatusTip(command.help);
  action->setMenuRole(QAction::NoRole);
  action->setShortcutContext(command.context == CommandContext::Window ? Qt::WindowShortcut : Qt::WidgetWithChildrenShortcut);
  actions_[command.id] = action;
  applyKeys(command.id);
  connect(action, &QAction::triggered, this, [this, id = command.id] { run(id); });
  return action;
}

const Command* CommandRegistry::find(const QString& id) const {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &commands_[it->second];
}

QAction* CommandRegistry::action(const QString& id) const {
  const auto it = actions_.find(id);
  DSW_CHECK(it != actions_.end(), "the command is registered");
  return it->second;
}

void CommandRegistry::setRouter(Router router) {
  router_ = std::move(router);
  refreshLater();
}

CommandState CommandRegistry::state(const QString& id) const {
  if (router_) {
    for (const CommandTarget* target : router_()) {
      CommandState state = target->commandState(id);
      if (state.handled) return state;
    }
  }
  const Command* command = find(id);
  return command ? unanswered(*command) : CommandState{false, false, QStringLiteral("There is no such command."), {}, false};
}

CommandState CommandRegistry::unanswered(const Command& command) const {
  CommandState none;
  none.enabled = false;
  none.reason = command.needs.isEmpty() ? commandContextNeeds(command.context) : command.needs;
  if (!command.needs.isEmpty()) return none;
  // Charts and canvases answer their keys themselves, while they have the focus: see run().
  if (command.context != CommandContext::Chart && command.context != CommandContext::Canvas) return none;
  const QList<QObject*> views = actions_.at(command.id)->associatedObjects();
  for (QObject* at = QGuiApplication::focusObject(); at; at = at->parent())
    if (views.contains(at)) return {false, true, {}, {}, false};
  return none;
}

bool CommandRegistry::run(const QString& id) {
  const Command* command = find(id);
  if (!command) return false;
  if (router_) {
    for (CommandTarget* target : router_()) {
      const CommandState state = target->commandState(id);
      if (!state.handled) continue;
      if (!state.enabled) {
        refreshLater();
        return false;
      }
      target->runCommand(id);
      refreshLater();
      emit ran(id);
      return true;
    }
  }
  const bool ownKeys = command->context == CommandContext::Chart || command->context == CommandContext::Canvas;
  if (!ownKeys || command->keys.isEmpty()) return false;
  // The focus may be on the view or on a button of it.
  const QList<QObject*> views = actions_.at(id)->associatedObjects();
  QObject* view = QGuiApplication::focusObject();
  while (view && !views.contains(view)) view = view->parent();
  if (!view) return false;
  if (auto* keys = view->property(kCommandKeys).value<QObject*>()) view = keys;
  // The view knows its default keys; a key that a person gave the command arrives as the default one.
  const QKeyCombination key = command->keys.front()[0];
  const QString text = key.keyboardModifiers() == Qt::NoModifier ? QKeySequence(key.key()).toString().toLower() : QString();
  QKeyEvent press(QEvent::KeyPress, key.key(), key.keyboardModifiers(), text);
  view->event(&press);  // not sent: on its way it would be a shortcut again, and come back here
  return press.isAccepted();
}

void CommandRegistry::refreshLater() { refreshTimer_->start(); }

void CommandRegistry::refresh() {
  const std::vector<CommandTarget*> targets = router_ ? router_() : std::vector<CommandTarget*>{};
  for (const Command& command : commands_) {
    if (command.context != CommandContext::Window) continue;  // keys of views stay live; run() looks at the state
    CommandState state = unanswered(command);
    for (const CommandTarget* target : targets) {
      CommandState answer = target->commandState(command.id);
      if (answer.handled) {
        state = answer;
        break;
      }
    }
    QAction* action = actions_.at(command.id);
    action->setEnabled(state.enabled);
    action->setText(state.text.isEmpty() ? command.text : state.text);
    if (command.checkable) action->setChecked(state.checked);
    action->setProperty("disabledReason", state.enabled ? QString() : state.reason);
    updateToolTip(command.id);
  }
}

QList<QAction*> CommandRegistry::actions(CommandContext context) const {
  QList<QAction*> list;
  for (const Command& command : commands_)
    if (command.context == context) list.push_back(actions_.at(command.id));
  return list;
}

QVector<QKeySequence> CommandRegistry::keys(const QString& id) const {
  if (settings_)
    if (const auto changed = settings_->keys(id)) return *changed;
  const Command* command = find(id);
  return command ? command->keys : QVector<QKeySequence>{};
}

QString CommandRegistry::conflict(const QString& id, const QVector<QKeySequence>& wanted) const {
  const Command* self = find(id);
  if (!self) return {};
  for (const Command& other : commands_) {
    if (other.id == id) continue;
    const bool overlap =
        other.context == self->context || other.context == CommandContext::Window || self->context == CommandContext::Window;
    if (!overlap) continue;
    for (const QKeySequence& key : keys(other.id))
      if (!key.isEmpty() && wanted.contains(key)) return other.id;
  }
  return {};
}

QString CommandRegistry::setKeys(const QString& id, const QVector<QKeySequence>& wanted) {
  const QString taken = conflict(id, wanted);
  if (!taken.isEmpty()) return taken;
  if (settings_) settings_->setKeys(id, wanted);
  applyKeys(id);
  emit keysChanged(id);
  return {};
}

void CommandRegistry::resetKeys(const QString& id) {
  if (settings_) settings_->setKeys(id, std::nullopt);
  applyKeys(id);
  emit keysChanged(id);
}

void CommandRegistry::applyKeys(const QString& id) {
  actions_.at(id)->setShortcuts(keys(id).toList());
  updateToolTip(id);
}

void CommandRegistry::updateToolTip(const QString& id) {
  QAction* action = actions_.at(id);
  QString text = action->text();
  text.remove('&');
  const QVector<QKeySequence> shown = keys(id);
  if (!shown.isEmpty() && !shown.front().isEmpty()) text += QStringLiteral(" (%1)").arg(shown.front().toString(QKeySequence::NativeText));
  const QString reason = action->property("disabledReason").toString();
  if (!action->isEnabled() && !reason.isEmpty()) text += '\n' + reason;
  if (action->toolTip() != text) action->setToolTip(text);
}

}  // namespace dsw
