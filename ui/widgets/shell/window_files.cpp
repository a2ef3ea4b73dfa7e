// SPDX-License-Identifier: GPL-3.0-or-later
// What the window does with files: new and open projects, import, export, drop.
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QStandardPaths>
#include <QTimer>
#include <QUrl>

#include "ui/models/app_settings.h"
#include "ui/models/log_model.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/widgets/shell/import_dialog.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/object_commands.h"
#include "ui/widgets/shell/prompts.h"
#include "ui/widgets/shell/services.h"
#include "ui/widgets/shell/window_commands.h"

namespace dsw {

namespace {

constexpr const char* kProjects = "Projects (*.dsx)";
constexpr const char* kOpenable =
    "Projects, archives, models, documents, data (*.dsx *.dsz *.safetensors *.th *.json *.txt *.csv *.tsv);;All files (*)";
constexpr const char* kImportable =
    "Archives, models, documents, data (*.dsz *.safetensors *.th *.pt *.json *.txt *.csv *.tsv);;All files (*)";

QString withEnd(QString path, const char* end) {
  if (!path.isEmpty() && !path.endsWith(QLatin1String(end))) path += QLatin1String(end);
  return path;
}

QString projectsFolder(const AppSettings& settings) {
  const auto recent = settings.recentProjects();
  if (!recent.isEmpty()) return QFileInfo(recent.front().path).absolutePath();
  return QStandardPaths::writableLocation(QStandardPaths::HomeLocation);
}

}  // namespace

void WindowCommands::newProject(const QString& firstTemplate) {
  const QString folder = projectsFolder(window_.services_->context.settings);
  const QString suggested = folder + '/' + (firstTemplate.isEmpty() ? QStringLiteral("project") : firstTemplate) + ".dsx";
  const QString path = withEnd(QFileDialog::getSaveFileName(&window_, QStringLiteral("New project"), suggested, kProjects), ".dsx");
  if (!path.isEmpty()) window_.openProject(path, true, firstTemplate);
}

void WindowCommands::openWithDialog() {
  const QString path =
      QFileDialog::getOpenFileName(&window_, QStringLiteral("Open"), projectsFolder(window_.services_->context.settings), kOpenable);
  if (!path.isEmpty()) window_.openFile(path);
}

void WindowCommands::importFile(const QString& chosen) {
  if (!chosen.isEmpty()) return (new ImportDialog(window_.services_->context, chosen, &window_))->open();
  auto* dialog = new QFileDialog(&window_, QStringLiteral("Import"), projectsFolder(window_.services_->context.settings), kImportable);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  QObject::connect(dialog, &QFileDialog::fileSelected, &window_, [this](const QString& path) {
    QTimer::singleShot(0, &window_, [this, path] { importFile(path); });  // one dialog after the other
  });
  dialog->open();
}

void WindowCommands::exportProject() {
  ProjectActions& actions = window_.services_->actions;
  const QFileInfo project(actions.path());
  const QString path =
      withEnd(QFileDialog::getSaveFileName(&window_, QStringLiteral("Export project"),
                                           project.absolutePath() + '/' + project.completeBaseName() + ".dsz", "Project archives (*.dsz)"),
              ".dsz");
  if (path.isEmpty()) return;
  MainWindow* window = &window_;
  ObjectCommands* objects = window_.objects_.get();
  actions.exportProject(path, {}, window, [window, objects, path](const Result<void>& result) {
    if (!result) return objects->showError("Export", result.error());
    window->notice(NoticeLevel::Success, QString("%1 was written.").arg(path));
  });
}

void WindowCommands::makeReport() {
  ProjectActions& actions = window_.services_->actions;
  const QFileInfo project(actions.path());
  QStringList runs = window_.services_->selection.runs();
  const ObjectRef pointed = window_.pointedObject();
  if (runs.isEmpty() && pointed.kind == kind::kRun) runs = {pointed.id};
  const QString path =
      withEnd(QFileDialog::getSaveFileName(&window_, QStringLiteral("Make report"),
                                           project.absolutePath() + '/' + project.completeBaseName() + ".html", "Web pages (*.html)"),
              ".html");
  if (path.isEmpty()) return;
  MainWindow* window = &window_;
  ObjectCommands* objects = window_.objects_.get();
  actions.makeReport(path, runs, window, [window, objects, path](const Result<void>& result) {
    if (!result) return objects->showError("Report", result.error());
    window->notice(NoticeLevel::Success, QString("%1 was written.").arg(path), "Open",
                   [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); });
  });
}

void WindowCommands::newExperiment(const QString& templateName) {
  ProjectActions& actions = window_.services_->actions;
  if (templateName.isEmpty()) return window_.open({kind::kStart, {}, "templates"});
  if (!actions.isOpen()) return newProject(templateName);
  MainWindow* window = &window_;
  ObjectCommands* objects = window_.objects_.get();
  actions.newFromTemplate(templateName, window, [window, objects](Result<QString> id) {
    if (!id) return objects->showError("New experiment", id.error());
    window->open({kind::kExperiment, *id, {}});
    window->close({kind::kStart, {}, {}});
  });
}

void MainWindow::openFile(const QString& path) {
  const QString end = QFileInfo(path).suffix().toLower();
  ProjectActions& actions = services_->actions;
  const auto opened = [this](Result<QString> id) {
    if (id)
      open({kind::kExperiment, *id, {}});
    else
      objects_->showError("Open", id.error());
  };
  if (end == "dsx") return openProject(path, false);
  if (!actions.canWrite())
    return notice(NoticeLevel::Warning,
                  QString("%1 needs a project that can be written. Open or make one first.").arg(QFileInfo(path).fileName()));
  // What says by its name what it is and needs no answer is taken at once; the rest is looked at.
  if (end == "txt" || end == "csv" || end == "tsv") return actions.newFromData(path, end == "txt", this, opened);
  commands_->importFile(path);
}

}  // namespace dsw
