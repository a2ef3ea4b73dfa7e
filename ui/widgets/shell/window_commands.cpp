// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/window_commands.h"

#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QLineEdit>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QWhatsThis>

#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/problem_list_model.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/object_commands.h"
#include "ui/widgets/shell/prompts.h"
#include "ui/widgets/shell/services.h"
#include "ui/widgets/theme.h"

namespace dsw {

CommandState TextFieldTarget::commandState(const QString& id) const {
  static constexpr const char* kFixed = "This text cannot be changed.";
  CommandState state;
  if (auto* line = qobject_cast<QLineEdit*>(field_)) {
    const bool writable = !line->isReadOnly();
    if (id == "edit.undo")
      state = {line->isUndoAvailable(), true, {}, {}, false};
    else if (id == "edit.redo")
      state = {line->isRedoAvailable(), true, {}, {}, false};
    else if (id == "edit.copy")
      state = {true, line->hasSelectedText(), "Nothing is selected.", {}, false};
    else if (id == "edit.cut")
      state = {true, writable && line->hasSelectedText(), writable ? "Nothing is selected." : kFixed, {}, false};
    else if (id == "edit.paste")
      state = {true, writable, kFixed, {}, false};
    else if (id == "edit.select-all")
      state = {true, true, {}, {}, false};
  } else if (auto* text = qobject_cast<QPlainTextEdit*>(field_)) {
    const bool writable = !text->isReadOnly(), selected = text->textCursor().hasSelection();
    if (id == "edit.undo")
      state = {text->isUndoRedoEnabled() && text->document()->isUndoAvailable(), true, {}, {}, false};
    else if (id == "edit.redo")
      state = {text->isUndoRedoEnabled() && text->document()->isRedoAvailable(), true, {}, {}, false};
    else if (id == "edit.copy")
      state = {true, selected, "Nothing is selected.", {}, false};
    else if (id == "edit.cut")
      state = {true, writable && selected, writable ? "Nothing is selected." : kFixed, {}, false};
    else if (id == "edit.paste")
      state = {true, writable, kFixed, {}, false};
    else if (id == "edit.select-all")
      state = {true, true, {}, {}, false};
  }
  return state;
}

void TextFieldTarget::runCommand(const QString& id) {
  static const std::pair<const char*, const char*> kSlots[] = {{"edit.undo", "undo"},   {"edit.redo", "redo"},
                                                               {"edit.copy", "copy"},   {"edit.cut", "cut"},
                                                               {"edit.paste", "paste"}, {"edit.select-all", "selectAll"}};
  for (const auto& [command, slot] : kSlots)
    if (id == command && field_) QMetaObject::invokeMethod(field_, slot);
}

CommandState WindowCommands::commandState(const QString& id) const {
  const ProjectActions& actions = window_.services_->actions;
  CommandState state{true, true, {}, {}, false};
  const auto needsProject = [&](bool write) {
    state.enabled = actions.isOpen() && (!write || actions.canWrite());
    if (!state.enabled)
      state.reason = actions.isOpen() ? QStringLiteral("The project is open read-only.") : QStringLiteral("No project is open.");
    return state;
  };
  if (id == "file.new-experiment") return state;
  if (id == "file.new-project" || id == "file.open" || id == "file.settings" || id == "file.quit") return state;
  if (id == "file.import") return needsProject(true);
  if (id == "file.report") {
    needsProject(false);
    if (state.enabled && window_.services_->data.runs().empty()) {
      state.enabled = false;
      state.reason = QStringLiteral("The project has no run yet.");
    }
    return state;
  }
  if (id == "file.export" || id == "file.export-project" || id == "file.close-project" || id == "view.overview" || id == "run.all" ||
      id == "view.filter" || id == "view.navigator")
    if (id != "view.navigator") return needsProject(false);
  const auto enabled = [&](bool possible, const char* reason) {
    state.enabled = possible;
    if (!possible) state.reason = QLatin1String(reason);
    return state;
  };
  if (id == "view.back") return enabled(window_.history_.canGoBack(), "This is the first place of this session.");
  if (id == "view.forward") return enabled(window_.history_.canGoForward(), "This is the last place of this session.");
  if (id == "view.next-problem" || id == "view.previous-problem") {
    return enabled(window_.services_->problems.rowCount() > 0, "There is no problem.");
  }
  if (id == "view.full-screen") return state.checked = window_.isFullScreen(), state;
  if (id.startsWith("view.theme-")) {
    const QString name = window_.services_->context.settings.theme();
    state.checked = id.mid(11) == (name == "as-desktop" ? QStringLiteral("desktop") : name);
    return state;
  }
  if (id.startsWith("window.")) {
    const bool any = window_.documents_->active() != nullptr;
    if (id == "window.start") return state;
    return enabled(any, "No tab is open.");
  }
  if (id.startsWith("view.")) {
    if (QDockWidget* dock = window_.dock(id.mid(5))) state.checked = dock->isVisible();
    return state;
  }
  if (id.startsWith("help.")) return state;
  return {};
}

void WindowCommands::runCommand(const QString& id) {
  if (runFileCommand(id) || runViewCommand(id)) return;
  DocumentArea& documents = *window_.documents_;
  if (id == "run.all")
    window_.open({kind::kRuns, {}, {}});
  else if (id == "window.next-tab")
    documents.step(1);
  else if (id == "window.previous-tab")
    documents.step(-1);
  else if (id == "window.close-tab") {
    if (documents.active()) documents.closePanel(documents.active());
  } else if (id == "window.close-all")
    documents.closeAll();
  else if (id == "window.second-group")
    documents.toggleSecondGroup();
  else if (id == "window.start")
    window_.open({kind::kStart, {}, {}});
  else if (id == "help.keys")
    window_.open({kind::kKeys, {}, {}});
  else if (id == "help.first-run")
    window_.open({kind::kHelp, {}, "first-run"});
  else if (id == "help.about")
    window_.open({kind::kHelp, {}, "about"});
  else if (id == "help.context") {
    const QWidget* focus = QApplication::focusWidget();
    QString text;
    for (const QWidget* widget = focus; widget && text.isEmpty(); widget = widget->parentWidget())
      text = !widget->whatsThis().isEmpty() ? widget->whatsThis()
             : !widget->toolTip().isEmpty() ? widget->toolTip()
                                            : widget->accessibleDescription();
    if (text.isEmpty())
      window_.open({kind::kHelp, {}, "first-run"});
    else
      QWhatsThis::showText(focus->mapToGlobal(QPoint(0, focus->height())), text, const_cast<QWidget*>(focus));
  }
}

bool WindowCommands::runFileCommand(const QString& id) {
  if (id == "file.new-experiment")
    newExperiment();
  else if (id == "file.new-project")
    newProject();
  else if (id == "file.open")
    openWithDialog();
  else if (id == "file.import")
    importFile();
  else if (id == "file.export" || id == "file.export-project")
    exportProject();
  else if (id == "file.report")
    makeReport();
  else if (id == "file.settings")
    window_.open({kind::kKeys, {}, "settings"});
  else if (id == "file.quit")
    window_.QWidget::close();
  else if (id == "file.close-project")
    window_.closeProject();
  else
    return false;
  return true;
}

bool WindowCommands::runViewCommand(const QString& id) {
  if (!id.startsWith("view.")) return false;
  const QString name = id.mid(5);
  AppSettings& settings = window_.services_->context.settings;
  if (name == "palette")
    window_.openPalette();
  else if (name == "go-to")
    window_.openPalette("#");
  else if (name == "overview")
    window_.open({kind::kOverview, {}, {}});
  else if (name == "devices")
    window_.open({kind::kDevices, {}, {}});
  else if (name == "machine")
    window_.open({kind::kMachine, {}, {}});
  else if (name == "document")
    window_.focusPane("document", false);
  else if (name == "next-pane")
    window_.walkPanes(1);
  else if (name == "previous-pane")
    window_.walkPanes(-1);
  else if (name == "back" || name == "forward") {
    const ObjectRef ref = name == "back" ? window_.history_.back() : window_.history_.forward();
    if (!ref.isNull()) window_.go(ref);
  } else if (name == "filter")
    window_.focusPane("filter", false);
  else if (name == "next-problem")
    jumpToProblem(1);
  else if (name == "previous-problem")
    jumpToProblem(-1);
  else if (name == "full-screen")
    window_.setWindowState(window_.windowState() ^ Qt::WindowFullScreen);
  else if (name == "reset-layout")
    window_.resetLayout();
  else if (name == "scale-up")
    changeScale(std::min(200, settings.scale() + 25));
  else if (name == "scale-down")
    changeScale(std::max(75, settings.scale() - 25));
  else if (name == "scale-reset")
    changeScale(100);
  else if (name.startsWith("theme-"))
    setTheme(name == "theme-desktop" ? QStringLiteral("as-desktop") : name.mid(6));
  else if (window_.dock(name))
    window_.focusPane(name, true);
  else
    return false;
  return true;
}

void WindowCommands::jumpToProblem(int by) {
  const ProblemListModel& problems = window_.services_->problems;
  const int count = problems.rowCount();
  if (count == 0) return;
  problem_ = problem_ < 0 ? (by > 0 ? 0 : count - 1) : (problem_ + by + count) % count;
  window_.open(problems.item(problem_).ref);
}

void WindowCommands::setTheme(const QString& name) {
  window_.services_->context.settings.setTheme(name);
  Theme::current().apply(themeChoiceFromName(name));
}

void WindowCommands::changeScale(int percent) {
  AppSettings& settings = window_.services_->context.settings;
  if (percent == settings.scale()) return window_.notice(NoticeLevel::Info, QString("The scale is %1 %.").arg(percent));
  settings.setScale(percent);
  window_.notice(NoticeLevel::Info, QString("The scale will be %1 % from the next start.").arg(percent));
}

}  // namespace dsw
