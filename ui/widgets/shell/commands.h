// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <QStringList>
#include <QVector>

namespace dsw {

class CommandRegistry;

/// Adds every built-in command. Ids are "group.name"; the groups are file, edit, view, run, object, window, help (menus) and
/// form, table, chart, canvas (keys inside views). The list itself is the documentation: see commands.cpp.
void addCommands(CommandRegistry& registry);

/// The menu bar: title and command ids from top to bottom; an empty id is a separator, "@recent" the recent projects.
struct MenuPlan {
  QString title;
  QStringList ids;
};
QVector<MenuPlan> menuPlan();

}  // namespace dsw
