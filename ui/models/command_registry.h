// SPDX-License-Identifier: GPL-3.0-or-later
// Every command of the window: one QAction each, with id, text, default keys and help. UI thread only.
#pragma once
#include <QKeySequence>
#include <QObject>
#include <QString>
#include <QVector>
#include <functional>
#include <map>
#include <memory>

#include "ui/models/command_target.h"

class QAction;
class QTimer;

namespace dsw {

class AppSettings;

/// Where a key acts. Window keys act everywhere in the window; the others only while a view of that sort has the focus
/// (`view->addActions(commands.actions(…))`; charts and canvases only say so by the property kCommandContext, and the window adds the
/// actions when they get the focus). Window overlaps with all, the others only with themselves.
inline constexpr const char* kCommandContext = "commandContext";  ///< of a widget: an int, one of
/// Of a widget with kCommandContext: the QObject that its keys go to, where that is another than the widget itself.
inline constexpr const char* kCommandKeys = "commandKeys";
enum class CommandContext { Window, Form, Table, Chart, Canvas };
QString commandContextName(CommandContext context);   ///< "anywhere", "form and JSON", "tables", "charts", "canvas"
QString commandContextNeeds(CommandContext context);  ///< "Click a chart first."; of Window empty

struct Command {
  QString id;                  ///< stable: "run.start"
  QString text;                ///< "&Run"; a verb first; the mnemonic is for the menu
  QString icon;                ///< name in resources/icons, or empty
  QVector<QKeySequence> keys;  ///< defaults; the first is shown
  QString help;                ///< one line: what it does
  CommandContext context = CommandContext::Window;
  bool checkable = false;
  /// What a person has to do first where nothing answers to the command: "Open a run first." Empty: the window always answers, or the
  /// context says it.
  QString needs = {};
};
/// The same command with what it needs, for the place where it is registered.
Command needing(const QString& needs, Command command);

/// Commands are added once at start (ui/widgets/shell/commands.cpp lists them all); panels look them up by id.
/// Triggering asks the router for the target that handles the command and runs it there.
class CommandRegistry : public QObject {
  Q_OBJECT
 public:
  /// `settings` keeps the keys that a person changed; may be null (tests).
  explicit CommandRegistry(AppSettings* settings, QObject* parent = nullptr);
  ~CommandRegistry() override;

  /// Adding an id twice is a programming error (DSW_CHECK).
  QAction* add(const Command& command);
  const Command* find(const QString& id) const;
  QAction* action(const QString& id) const;                           ///< DSW_CHECK that it exists
  const std::vector<Command>& commands() const { return commands_; }  ///< in the order added

  /// The chain of targets to ask, first first. Set by the main window.
  using Router = std::function<std::vector<CommandTarget*>()>;
  void setRouter(Router router);
  /// Runs a command now, as its key would. False where nothing handles it or it is disabled.
  bool run(const QString& id);
  /// A command that is not enabled always has a reason.
  CommandState state(const QString& id) const;
  /// Asks all targets again for enabled, checked and text; coalesced to one pass at the end of this event.
  void refreshLater();
  void refresh();

  /// The actions of one context. A view is given its keys by `view->addActions(commands.actions(CommandContext::Chart))`:
  /// they act while it or a child has the focus.
  QList<QAction*> actions(CommandContext context) const;

  /// Keys: as changed by the person, else the defaults.
  QVector<QKeySequence> keys(const QString& id) const;
  /// Empty: none. The id of a command that has one of these keys in an overlapping context, or empty when they were set.
  QString setKeys(const QString& id, const QVector<QKeySequence>& keys);
  void resetKeys(const QString& id);
  /// The command that `keys` would collide with; empty when none.
  QString conflict(const QString& id, const QVector<QKeySequence>& keys) const;

 signals:
  void keysChanged(const QString& id);
  /// After a command ran: the palette keeps what was used last.
  void ran(const QString& id);

 private:
  CommandState unanswered(const Command& command) const;
  void applyKeys(const QString& id);
  void updateToolTip(const QString& id);
  AppSettings* settings_;
  std::vector<Command> commands_;
  std::map<QString, std::size_t> index_;
  std::map<QString, QAction*> actions_;
  Router router_;
  QTimer* refreshTimer_;
};

}  // namespace dsw
