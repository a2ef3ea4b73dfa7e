// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPointer>
#include <QWidget>

#include "engine/core/result.h"
#include "ui/models/command_target.h"
#include "ui/models/object_ref.h"
#include "ui/widgets/shell/panel_context.h"

namespace dsw {

/// The verbs of WINDOW.md section 1 on an experiment, a run or a model, wherever it is pointed at: navigator, tables, dashboards and
/// editors ask here for what they do not do themselves. Handles "object.*" and "run.start|stop|resume|pin|compare|open-model". UI thread
/// only.
class ObjectCommands {
 public:
  /// `window` is the parent of its dialogs.
  ObjectCommands(PanelContext& context, QWidget* window) : context_(context), window_(window) {}

  CommandState state(const QString& id, const ObjectRef& ref) const;
  void run(const QString& id, const ObjectRef& ref);

  // Also called by the window's own commands.
  void archive(const ObjectRef& ref);
  void showError(const QString& what, const Error& error);

 private:
  void openExperiment(const QString& id);
  QString nameOf(const ObjectRef& ref) const;
  PanelContext& context_;
  QPointer<QWidget> window_;
};

}  // namespace dsw
