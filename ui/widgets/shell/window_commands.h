// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPointer>
#include <QWidget>

#include "ui/models/command_target.h"

namespace dsw {

class MainWindow;

/// Cut, copy, paste, undo, select all for the text field that has the focus, when they come from the menu or the palette
/// (by key the field answers itself). Not handled where there is no such field, or its own undo is off.
class TextFieldTarget : public CommandTarget {
 public:
  void setField(QWidget* field) { field_ = field; }
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 private:
  QPointer<QWidget> field_;
};

/// The commands of the window itself: project files, docks, tabs, look. The last target that is asked.
class WindowCommands : public CommandTarget {
 public:
  explicit WindowCommands(MainWindow& window) : window_(window) {}
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

  /// Project files: asks for a place, then acts.
  void newProject(const QString& firstTemplate = {});
  void openWithDialog();
  void importFile(const QString& path = {});
  void exportProject();
  void makeReport();
  void newExperiment(const QString& templateName = {});
  void jumpToProblem(int by);
  void setTheme(const QString& name);
  void changeScale(int percent);

  TextFieldTarget field;

 private:
  bool runFileCommand(const QString& id);
  bool runViewCommand(const QString& id);
  MainWindow& window_;
  int problem_ = -1;
};

}  // namespace dsw
