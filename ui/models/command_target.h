// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>

namespace dsw {

/// What a target says about one command.
struct CommandState {
  bool handled = false;  ///< false: the next target is asked
  bool enabled = true;
  QString reason;        ///< why not enabled: a sentence, shown in the palette and the tooltip
  QString text;          ///< replaces the command's text ("Undo set heads to 5"); empty: as registered
  bool checked = false;  ///< of checkable commands
};

/// A widget that answers commands. A command goes to the first target that handles it, in this order: the focused widget and its
/// parents, the active document panel, the main window. Implemented by DocumentPanel and by any widget inside it that wants
/// Delete, Copy, … for itself. UI thread only.
class CommandTarget {
 public:
  virtual ~CommandTarget() = default;
  virtual CommandState commandState(const QString& id) const = 0;
  virtual void runCommand(const QString& id) = 0;
};

}  // namespace dsw
