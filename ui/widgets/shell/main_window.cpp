// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/main_window.h"

#include <QApplication>
#include <QDragEnterEvent>
#include <QMenuBar>
#include <QMimeData>

#include <QTime>
#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/models/run_log.h"
#include "ui/models/work_pool.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/commands.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/notice_bar.h"
#include "ui/widgets/shell/object_commands.h"
#include "ui/widgets/shell/palette_field.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/shell/services.h"
#include "ui/widgets/shell/window_commands.h"
#include "ui/widgets/shell/window_status.h"

namespace dsw {

namespace {
/// What the verbs of the menus act on.
bool isObject(const ObjectRef& ref) { return ref.kind == kind::kRun || ref.kind == kind::kExperiment || ref.kind == kind::kModel; }
}  // namespace

MainWindow::MainWindow(Workspace& workspace, AppSettings& settings, const PanelRegistry& panels, QWidget* parent)
    : QMainWindow(parent),
      registry_(panels),
      services_(std::make_unique<WindowServices>(workspace, settings, *this)),
      objects_(std::make_unique<ObjectCommands>(services_->context, this)),
      commands_(std::make_unique<WindowCommands>(*this)) {
  setWindowTitle(QStringLiteral("Deepshock Workbench"));
  setWindowIcon(themeIcon("activity"));
  setAcceptDrops(true);
  setMinimumSize(800, 500);
  services_->commands.setRouter([this] { return commandChain(); });

  auto* centre = new QWidget(this);
  auto* layout = new QVBoxLayout(centre);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  message_ = new MessageBar(centre);
  documents_ = new DocumentArea(centre);
  layout->addWidget(message_);
  layout->addWidget(documents_, 1);
  setCentralWidget(centre);

  status_ = new WindowStatus(services_->commands, services_->monitor, services_->jobs, services_->problems, services_->data, this);
  setStatusBar(status_);
  notice_ = new NoticeBar(this);
  buildMenus();
  buildDocks(panels);
  connectModels();
  restoreLayout();
  open({kind::kStart, {}, {}});
}

MainWindow::~MainWindow() {
  // Panels and docks go before the services they use.
  services_->commands.setRouter({});
  closing_ = true;
  hide();  // what is taken apart must not get the focus
  documents_->disconnect(this);
  qApp->disconnect(this);
  delete takeCentralWidget();
  for (auto& [id, entry] : docks_) delete entry.dock;
  docks_.clear();
  delete menuBar();
  delete status_;
  workPool().waitForDone();  // checks and reads that began for a panel still use the workspace
}

PanelContext& MainWindow::context() { return services_->context; }

CommandPalette& MainWindow::palette() {
  if (!palette_) {
    palette_ = new CommandPalette(this);
    palette_->setRecent(services_->context.settings.value("palette/recent").toStringList());
    connect(palette_, &CommandPalette::chosen, this, [this](const QString& id) {
      services_->context.settings.setValue("palette/recent", palette_->recent());
      // After the palette has given the focus back: the command goes to who had it.
      QTimer::singleShot(0, this, [this, id] {
        if (services_->commands.find(id))
          services_->commands.run(id);
        else if (id.startsWith("field:")) {
          if (DocumentPanel* panel = documents_->active()) panel->showPlace(id.mid(6));
        } else
          open(ObjectRef::fromHref(id));
      });
    });
    connect(palette_, &CommandPalette::stepChosen, this, [this](qint64 step) {
      if (DocumentPanel* panel = documents_->active()) panel->showPlace(QString("step:%1").arg(step));
    });
  }
  return *palette_;
}

void MainWindow::openPalette(const QString& prefix) {
  services_->commands.refresh();
  palette();
  fillPalette();
  palette_->openWith(prefix);
}

void MainWindow::fillPalette() {
  constexpr std::size_t kMostRuns = 2000;
  QVector<PaletteEntry> entries;
  QHash<QString, QString> menuOf;
  for (const MenuPlan& menu : menuPlan())
    for (const QString& id : menu.ids)
      if (!id.isEmpty() && !menuOf.contains(id)) menuOf[id] = QString(menu.title).remove('&');
  for (const Command& command : services_->commands.commands()) {
    const QString where = menuOf.value(command.id, commandContextName(command.context));
    PaletteEntry entry = paletteEntry(*services_->commands.action(command.id), where);
    entry.icon = command.icon;
    const CommandState state = services_->commands.state(command.id);  // keys of views are never disabled as actions
    entry.enabled = state.enabled;
    entry.reason = state.enabled ? QString() : state.reason;
    entries.push_back(entry);
  }
  for (const ExperimentRow& row : services_->data.experiments()) {
    if (row.archived) continue;
    const ObjectRef ref{kind::kExperiment, QString::fromStdString(row.id), {}};
    entries.push_back({ref.href(),
                       PaletteKind::Object,
                       QString::fromStdString(row.name),
                       QString("experiment v%1").arg(row.version),
                       {},
                       "sliders2",
                       true,
                       {}});
  }
  for (const ModelRow& row : services_->data.models()) {
    if (row.archived) continue;
    const ObjectRef ref{kind::kModel, QString::fromStdString(row.id), {}};
    entries.push_back({ref.href(),
                       PaletteKind::Object,
                       QString::fromStdString(row.name),
                       QString("model, %1").arg(QString::fromStdString(row.family)),
                       {},
                       "box",
                       true,
                       {}});
  }
  std::size_t count = 0;
  for (const RunPtr& run : services_->data.runs()) {
    if (++count > kMostRuns) break;
    const ObjectRef ref{kind::kRun, QString::fromStdString(run->id), {}};
    entries.push_back({ref.href(),
                       PaletteKind::Object,
                       QString("%1 %2").arg(QString::fromStdString(run->short_name), runTitle(*run)),
                       run_status_name(run->status),
                       {},
                       "activity",
                       true,
                       {}});
  }
  if (const DocumentPanel* panel = documents_->active())
    for (PaletteEntry entry : panel->paletteEntries()) {
      entry.id.prepend("field:");
      entries.push_back(entry);
    }
  palette_->setEntries(std::move(entries));
}

void MainWindow::buildMenus() {
  CommandRegistry& registry = services_->commands;
  // Every window command is on the window, so that its key works whether or not it stands in a menu.
  for (QAction* action : registry.actions(CommandContext::Window)) addAction(action);
  menuBar()->setNativeMenuBar(false);
  menuBar()->setFixedHeight(28);
  for (const MenuPlan& plan : menuPlan()) {
    QMenu* menu = menuBar()->addMenu(plan.title);
    connect(menu, &QMenu::aboutToShow, this, [this] { services_->commands.refresh(); });
    for (const QString& id : plan.ids) {
      if (id.isEmpty()) {
        menu->addSeparator();
      } else if (id == "@recent") {
        QMenu* recent = menu->addMenu(QStringLiteral("Open &recent"));
        connect(recent, &QMenu::aboutToShow, this, [this, recent] {
          recent->clear();
          for (const RecentProject& project : services_->context.settings.recentProjects()) {
            QString text = project.path;
            recent->addAction(text.replace('&', "&&"), this, [this, path = project.path] { openProject(path, false); });
          }
          if (recent->isEmpty()) recent->addAction(QStringLiteral("No project was opened yet"))->setEnabled(false);
        });
      } else if (id == "@theme") {
        QMenu* theme = menu->addMenu(QStringLiteral("&Theme"));
        for (const char* name : {"view.theme-desktop", "view.theme-light", "view.theme-dark", "view.theme-contrast"})
          theme->addAction(registry.action(name));
      } else {
        QAction* action = registry.action(id);
        const Command* command = registry.find(id);
        // Checkable entries show their check mark where the icon would be.
        if (!command->icon.isEmpty() && !command->checkable) action->setIcon(themeIcon(command->icon));
        menu->addAction(action);
      }
    }
  }
  auto* field = new PaletteField(registry.action("view.palette"), menuBar());
  connect(field, &PaletteField::activated, this, [this] { openPalette(); });
  menuBar()->setCornerWidget(field, Qt::TopRightCorner);
}

void MainWindow::connectModels() {
  connect(documents_, &DocumentArea::activeChanged, this, &MainWindow::onActivePanel);
  connect(documents_, &DocumentArea::panelClosing, this, [this](DocumentPanel* panel) {
    for (auto& [id, entry] : docks_) entry.panel->panelClosing(panel);
  });
  connect(documents_, &DocumentArea::emptied, this, [this] {
    tabsToRestore_.clear();
    if (!closing_)
      QTimer::singleShot(0, this, [this] {
        if (documents_->panels().isEmpty() && !closing_)
          open(services_->data.state() == ProjectData::State::Ready ? ObjectRef{kind::kOverview, {}, {}} : ObjectRef{kind::kStart, {}, {}});
      });
  });
  connect(&services_->data, &ProjectData::reset, this, &MainWindow::onProjectReset);
  connect(&services_->actions, &ProjectActions::projectClosing, this, [this] {
    tabsRestoredFor_.clear();  // the tabs that are stored stay so
    tabsToRestore_.clear();
    documents_->closeAll();
  });
  connect(&services_->actions, &ProjectActions::failed, this, [this](const Error& error) { objects_->showError("Project", error); });
  connect(&services_->actions, &ProjectActions::saved, this,
          [this] { status_->setSaved("Saved " + QTime::currentTime().toString("HH:mm:ss"), services_->actions.path()); });
  connect(&services_->watcher, &StoreWatcher::committed, this, [this] {
    if (services_->actions.canWrite()) status_->setSaved("Saved " + QTime::currentTime().toString("HH:mm:ss"), services_->actions.path());
  });
  connect(&services_->watcher, &StoreWatcher::trouble, this, [this](const Error& error) {
    QString sentence = fullSentence(error.message);
    if (!sentence.isEmpty()) sentence[0] = sentence[0].toUpper();
    services_->log.append(LogLevel::Error, "Project", sentence);
    services_->problems.setProblems("store", {{sentence, {kind::kOverview, {}, {}}, services_->data.name(), false}});
    message_->showMessage(MessageLevel::Error, sentence, QString::fromStdString(error.hint));
  });
  connect(&services_->watcher, &StoreWatcher::troubleOver, this, [this] {
    const QString sentence = QStringLiteral("The project is written again; what waited is stored.");
    services_->log.append(LogLevel::Info, "Project", sentence);
    services_->problems.setProblems("store", {});
    showProjectMessage();
    notice(NoticeLevel::Success, sentence);
  });
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
    commands_->field.setField(now);
    if (now && documents_->isAncestorOf(now)) lastDocumentFocus_ = now;
    addContextActions(now);
    services_->commands.refreshLater();
  });
  connect(&services_->selection, &Selection::runsChanged, &services_->commands, &CommandRegistry::refreshLater);
  connect(&services_->selection, &Selection::objectChanged, &services_->commands, &CommandRegistry::refreshLater);
  connect(&services_->data, &ProjectData::runsChanged, &services_->commands, &CommandRegistry::refreshLater);
  auto* runLog = new RunLog(services_->data, services_->log, this);
  connect(runLog, &RunLog::runFailed, this, [this](const QString& id, const QString& sentence) {
    const RunPtr run = services_->data.run(id);
    notice(NoticeLevel::Error, QString("%1 failed. %2").arg(run ? QString::fromStdString(run->short_name) : id, sentence),
           QStringLiteral("Show"), [this, id] {
             open({kind::kRun, id, {}});
           });
  });
  connect(&services_->problems, &ProblemListModel::countChanged, &services_->commands, &CommandRegistry::refreshLater);
  connect(&services_->jobs, &JobListModel::countsChanged, &services_->commands, &CommandRegistry::refreshLater);
}

/// A chart or canvas gets its commands when it first has the focus, so that changed keys and the palette reach it.
void MainWindow::addContextActions(QWidget* focus) {
  for (QWidget* widget = focus; widget && widget != this; widget = widget->parentWidget()) {
    const QVariant context = widget->property(kCommandContext);
    if (!context.isValid()) continue;
    if (widget->actions().isEmpty()) widget->addActions(services_->commands.actions(static_cast<CommandContext>(context.toInt())));
    return;
  }
}

std::vector<CommandTarget*> MainWindow::commandChain() {
  std::vector<CommandTarget*> chain;
  QWidget* focus = QApplication::focusWidget();
  chain.push_back(&commands_->field);
  for (QWidget* widget = focus; widget && widget != this; widget = widget->parentWidget())
    if (auto* target = dynamic_cast<CommandTarget*>(widget)) chain.push_back(target);
  DocumentPanel* panel = documents_->active();
  if (panel && std::find(chain.begin(), chain.end(), panel) == chain.end()) chain.push_back(panel);
  chain.push_back(this);
  return chain;
}

ObjectRef MainWindow::pointedObject() const {
  const DocumentPanel* panel = documents_->active();
  if (panel && isObject(panel->ref())) return panel->ref();
  return services_->selection.object();
}

CommandState MainWindow::commandState(const QString& id) const {
  const CommandState object = objects_->state(id, pointedObject());
  return object.handled ? object : commands_->commandState(id);
}

void MainWindow::runCommand(const QString& id) {
  const ObjectRef ref = pointedObject();
  if (objects_->state(id, ref).handled)
    objects_->run(id, ref);
  else
    commands_->runCommand(id);
}

void MainWindow::open(const ObjectRef& ref) {
  if (ref.isNull()) return;
  if (ref.kind == kind::kProjectFile) return openProject(ref.id, false);
  if (ref.kind == kind::kTemplate) return commands_->newExperiment(ref.id);
  if (!documents_->find(ref) && !registry_.find(ref.kind))
    return notice(NoticeLevel::Warning, QString("There is no view for %1 yet.").arg(ref.kind));
  // Where we are now, so that Alt+Left comes back to this place and not only to this tab.
  if (const DocumentPanel* now = documents_->active()) history_.visit(now->ref().at(now->place()));
  go(ref);
  history_.visit(ref);
  services_->commands.refreshLater();
}

DocumentPanel* MainWindow::makePanel(const ObjectRef& ref) {
  const PanelRegistry::Entry* entry = registry_.find(ref.kind);
  if (!entry) return nullptr;
  DocumentPanel* panel = entry->make(services_->context, ref.withoutPlace(), documents_->parentForNew());
  connect(panel, &DocumentPanel::commandsChanged, &services_->commands, &CommandRegistry::refreshLater);
  connect(panel, &DocumentPanel::inspectorChanged, this, [this, panel] {
    if (panel == documents_->active()) onActivePanel(panel);
  });
  return panel;
}

void MainWindow::go(const ObjectRef& ref) {
  DocumentPanel* panel = documents_->find(ref);
  if (!panel) {
    panel = makePanel(ref);
    if (!panel) return;
    documents_->add(panel);
  }
  documents_->activate(panel);
  if (!ref.place.isEmpty()) panel->showPlace(ref.place);
  QWidget* focus = panel->mainFocus();
  (focus ? focus : panel)->setFocus(Qt::OtherFocusReason);
}

void MainWindow::close(const ObjectRef& ref) {
  if (DocumentPanel* panel = documents_->find(ref)) documents_->closePanel(panel);
}

void MainWindow::remember(const ObjectRef& ref) {
  history_.visit(ref);
  services_->commands.refreshLater();
}

void MainWindow::notice(NoticeLevel level, const QString& text, const QString& actionText, std::function<void()> action) {
  notice_->showNotice(level, text, actionText, std::move(action));
}

void MainWindow::onActivePanel(DocumentPanel* panel) {
  if (closing_) return;
  for (auto& [id, entry] : docks_) entry.panel->activePanelChanged(panel);
  if (panel && isObject(panel->ref())) services_->selection.setObject(panel->ref());
  adaptToWidth();
  services_->commands.refreshLater();
  saveTabs();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) QTimer::singleShot(0, this, [this, path = url.toLocalFile()] { openFile(path); });
  event->acceptProposedAction();
}

}  // namespace dsw
