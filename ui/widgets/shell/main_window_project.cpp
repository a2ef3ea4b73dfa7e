// SPDX-License-Identifier: GPL-3.0-or-later
// The window's life with a project: opening it, what is said about it, its tabs, leaving it.
#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QFileInfo>
#include <QTimer>

#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/models/recent_projects_model.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/object_commands.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/shell/prompts.h"
#include "ui/widgets/shell/services.h"
#include "ui/widgets/shell/window_commands.h"
#include "ui/widgets/shell/window_status.h"

namespace dsw {

void MainWindow::openProject(const QString& path, bool create, const QString& firstTemplate) {
  if (path == services_->actions.path() && !path.isEmpty()) return;
  const auto open = [this, path, create, firstTemplate] {
    if (!documents_->closeAll()) return;
    firstTemplate_ = firstTemplate;
    services_->actions.openProject(path.toStdString(), create, this, [this](const Result<void>& result) {
      // The bar above the documents says it as long as it holds; the log keeps it.
      if (!result) services_->log.append(LogLevel::Error, "Open", QString::fromStdString(result.error().sentence()));
    });
  };
  if (!services_->actions.isOpen()) return open();
  const int going = services_->jobs.running() + services_->jobs.queued();
  if (going > 0) {
    const QString head = going == 1 ? QStringLiteral("1 run is going on.") : QString("%1 runs are going on.").arg(going);
    if (askChoice(this, head, QStringLiteral("Another project can be opened when they have stopped at their next checkpoint."),
                  {"Stop and open", "Cancel"}, 0) != 0)
      return;
  }
  leaveProject(false, open);
}

void MainWindow::onProjectReset() {
  const ProjectData& project = services_->data;
  showProjectMessage();
  setWindowTitle(project.name().isEmpty() ? QStringLiteral("Deepshock Workbench")
                                          : QString("%1 – Deepshock Workbench").arg(project.name()));
  switch (project.state()) {
    case ProjectData::State::Closed:
    case ProjectData::State::Failed:
      history_.clear();
      services_->selection.setRuns({});
      services_->selection.setObject({});
      services_->problems.setProblems("store", {});
      status_->setSaved({});
      break;
    case ProjectData::State::Loading:
      break;
    case ProjectData::State::Ready: {
      if (project.readOnly())
        status_->setSaved(QStringLiteral("Read-only"), project.readOnlyReason());
      else
        status_->setSaved(project.info().journal == "delete" ? QStringLiteral("Network file system") : QStringLiteral("Saved"),
                          project.info().journal == "delete"
                              ? QStringLiteral("The project lies on a network file system: it is written without a WAL.")
                              : services_->actions.path());
      restoreTabs();
      saveTabs();
      break;
    }
  }
  services_->commands.refreshLater();
}

void MainWindow::showProjectMessage() {
  const ProjectData& project = services_->data;
  if (project.state() == ProjectData::State::Failed) {
    const Error& error = project.error();
    const QString what = fullSentence(error.message);
    message_->showMessage(MessageLevel::Error, error.where.empty() ? what : shownPath(QString::fromStdString(error.where)) + ": " + what,
                          QString::fromStdString(error.hint),
                          {{QStringLiteral("Open another…"), [this] { commands_->openWithDialog(); }, {}}});
  } else if (project.readOnly()) {
    std::vector<MessageAction> actions;
    if (!project.info().newer)
      actions.push_back({QStringLiteral("Try again"),
                         [this, path = services_->actions.path()] {
                           services_->actions.closeProject(false, this, [this, path](const Result<void>&) { openProject(path, false); });
                         },
                         {}});
    message_->showMessage(MessageLevel::Warning, project.readOnlyReason(), project.readOnlyHint(), std::move(actions));
  } else if (project.state() == ProjectData::State::Ready && !project.info().missing_files.empty()) {
    const std::size_t count = project.info().missing_files.size();
    message_->showMessage(MessageLevel::Warning,
                          count == 1 ? QStringLiteral("1 side file is missing.") : QString("%1 side files are missing.").arg(count),
                          QString("Copy the folder %1.files from where the project was. %2 is missing in it. Everything else works.")
                              .arg(project.name(), QFileInfo(QString::fromStdString(project.info().missing_files.front())).fileName()));
  } else {
    message_->clear();
  }
}

void MainWindow::restoreTabs() {
  const QString path = services_->actions.path();
  if (tabsRestoredFor_ == path) return;
  tabsRestoredFor_ = path;
  const QString wanted = std::exchange(firstTemplate_, {});
  if (!wanted.isEmpty() && services_->data.experiments().empty() && services_->actions.canWrite()) {
    commands_->newExperiment(wanted);
    return;
  }
  struct Tab {
    ObjectRef ref;
    bool second, active;
  };
  QVector<Tab> tabs;
  for (QString line : services_->context.settings.value("tabs/" + QString::number(qHash(path), 16)).toStringList()) {
    const bool active = line.startsWith('*');
    if (active) line.remove(0, 1);
    const ObjectRef ref = ObjectRef::fromHref(line.section(' ', 1));
    const bool there = ref.kind == kind::kExperiment ? services_->data.experiment(ref.id) != nullptr
                       : ref.kind == kind::kRun      ? services_->data.run(ref.id) != nullptr
                       : ref.kind == kind::kModel    ? services_->data.run(ref.id) || services_->data.model(ref.id)
                                                     : registry_.find(ref.kind) != nullptr && ref.kind != kind::kStart;
    if (there) tabs.push_back({ref, line.startsWith('2'), active});
  }
  ObjectRef front;
  for (const Tab& tab : tabs)
    if (tab.active) front = tab.ref;
  // A tab takes up to 25 ms to make. The one in front comes first, the others behind it in events of their own; two groups that are both
  // in sight come as a whole.
  const bool spread = !front.isNull() && std::none_of(tabs.begin(), tabs.end(), [](const Tab& tab) { return tab.second; });
  if (spread) go(front);
  for (int i = 0; i < tabs.size(); ++i) {
    if (spread) {
      if (!tabs[i].active) tabsToRestore_.push_back({i, tabs[i].ref});
      continue;
    }
    go(tabs[i].ref);
    if (tabs[i].second != (documents_->groupIndex(documents_->active()) == 2)) documents_->toggleSecondGroup();
  }
  if (!front.isNull()) {
    if (DocumentPanel* panel = documents_->find(front)) documents_->activate(panel);
  } else if (services_->data.experiments().size() == 1) {
    open({kind::kExperiment, QString::fromStdString(services_->data.experiments().front().id), {}});
  } else {
    open({kind::kOverview, {}, {}});
  }
  close({kind::kStart, {}, {}});
  QTimer::singleShot(0, this, &MainWindow::restoreNextTab);
}

void MainWindow::restoreNextTab() {
  if (tabsToRestore_.isEmpty()) return;
  const auto [index, ref] = tabsToRestore_.takeFirst();
  if (!documents_->find(ref)) {  // a person may have opened it by now
    DocumentPanel* panel = makePanel(ref);
    documents_->addBehind(panel, index);
    if (!ref.place.isEmpty()) panel->showPlace(ref.place);
  }
  if (tabsToRestore_.isEmpty()) return saveTabs();
  QTimer::singleShot(0, this, &MainWindow::restoreNextTab);
}

void MainWindow::closeNow() {
  saveTabs();
  saveLayout();
  closing_ = true;
  documents_->closeAll();
  services_->actions.closeProject(false, this, [](const Result<void>&) { QCoreApplication::exit(0); });
}

void MainWindow::saveTabs() {
  const QString path = services_->actions.path();
  if (path.isEmpty() || tabsRestoredFor_ != path) return;
  const ProjectData& project = services_->data;
  services_->context.settings.addRecentProject({path, QDateTime::currentSecsSinceEpoch(), static_cast<int>(project.runs().size()),
                                                project.count(RunStatus::Running), project.count(RunStatus::Interrupted)});
  if (!tabsToRestore_.isEmpty()) return;  // what is stored knows more
  services_->context.settings.setValue("tabs/" + QString::number(qHash(path), 16), documents_->state());
}

std::optional<bool> MainWindow::askAboutRuns() {
  const int going = services_->jobs.running() + services_->jobs.queued();
  if (going == 0) return false;
  const QString head = going == 1 ? QStringLiteral("1 run is going on.") : QString("%1 runs are going on.").arg(going);
  QStringList buttons = {"Stop and close", "Keep running", "Cancel"};
  QString text = QStringLiteral("They stop at the next checkpoint, or go on in the background.");
  if (going == 1) text = QStringLiteral("It stops at the next checkpoint, or goes on in the background.");
  if (!services_->actions.runsInWorkers()) {  // a run in this process ends with it
    buttons.removeAt(1);
    text = going == 1 ? QStringLiteral("It stops at the next checkpoint and can be resumed.")
                      : QStringLiteral("They stop at the next checkpoint and can be resumed.");
  }
  const int answer = askChoice(this, head, text, buttons, 0);
  if (answer == buttons.size() - 1) return std::nullopt;
  if (answer == 0) notice(NoticeLevel::Info, QStringLiteral("Stopping…"));
  return buttons.size() == 3 && answer == 1;
}

void MainWindow::closeProject() {
  if (const auto keepRunning = askAboutRuns()) leaveProject(*keepRunning, [] {});
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (mayClose_) {
    event->accept();
    return;
  }
  event->ignore();
  const auto keepRunning = askAboutRuns();
  if (!keepRunning) return;
  saveLayout();
  closing_ = true;
  if (services_->actions.isOpen()) {
    leaveProject(*keepRunning, [this] {
      mayClose_ = true;
      QWidget::close();
    });
  } else if (documents_->closeAll()) {
    mayClose_ = true;
    event->accept();
  } else {
    closing_ = false;
  }
}

void MainWindow::leaveProject(bool keepRunning, std::function<void()> then, bool evenIfLost) {
  for (DocumentPanel* panel : documents_->panels())
    if (!panel->canClose()) {
      closing_ = false;
      return;
    }
  saveTabs();
  // Drafts are stored and runs stopped on the other thread. The tabs stay until all of it is stored: who goes back finds them as they were.
  for (DocumentPanel* panel : documents_->panels()) panel->aboutToClose();
  const QPointer<QWidget> focus = QApplication::focusWidget();
  setEnabled(false);
  services_->actions.closeProject(
      keepRunning, this,
      [this, keepRunning, focus, then = std::move(then)](const Result<void>& closed) {
        setEnabled(true);
        if (closed) return then();
        if (focus) focus->setFocus();
        const int answer = askChoice(this, QStringLiteral("Not everything can be stored."),
                                     QString::fromStdString(closed.error().sentence()), {"Try again", "Close and lose it", "Cancel"}, 0);
        if (answer != 2) return leaveProject(keepRunning, then, answer == 1);
        closing_ = false;
      },
      evenIfLost);
}

}  // namespace dsw
