// SPDX-License-Identifier: GPL-3.0-or-later
// The window: menus, docks, tabs, palette, status. Built from the registries; owns no data of a project but the parts that read it.
#pragma once
#include <QMainWindow>
#include <QPointer>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "ui/models/command_target.h"
#include "ui/models/navigator.h"
#include "ui/models/view_history.h"
#include "ui/widgets/shell/panel_context.h"

class QDockWidget;
class QLineEdit;

namespace dsw {

class CommandPalette;
class DockPanel;
class DocumentArea;
class DocumentPanel;
class MessageBar;
class NoticeBar;
class ObjectCommands;
class PanelRegistry;
class WindowCommands;
class WindowStatus;
struct DockEntry;
struct WindowServices;

/// UI thread only. Opens on the start page; openProject() brings a project.
class MainWindow : public QMainWindow, public CommandTarget, public Navigator {
  Q_OBJECT
 public:
  /// Both outlive the window. `settings` also gives the layout that was left.
  MainWindow(Workspace& workspace, AppSettings& settings, const PanelRegistry& panels, QWidget* parent = nullptr);
  ~MainWindow() override;

  PanelContext& context();
  DocumentArea& documents() { return *documents_; }
  QDockWidget* dock(const QString& id) const;  ///< "navigator", "inspector", "jobs", "log", "problems"
  CommandPalette& palette();

  /// Opens a project; `firstTemplate`: a project without experiments gets one from this template, and its tab is opened.
  void openProject(const QString& path, bool create, const QString& firstTemplate = {});
  void resetLayout();
  /// Closes without a question, as a signal wants it: drafts are stored, runs stop at a checkpoint, then the application ends.
  void closeNow();
  /// A file that was dropped or chosen: project, archive, document or data, by its name's end.
  void openFile(const QString& path);
  /// The palette with "#" or a prefix typed.
  void openPalette(const QString& prefix = {});

  // Navigator
  void open(const ObjectRef& ref) override;
  void close(const ObjectRef& ref) override;
  void remember(const ObjectRef& ref) override;
  void notice(NoticeLevel level, const QString& text, const QString& actionText = {}, std::function<void()> action = {}) override;

  // CommandTarget: what nothing else answers.
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 protected:
  void closeEvent(QCloseEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  bool focusNextPrevChild(bool next) override;

 private:
  friend class WindowCommands;
  void buildMenus();
  void buildDocks(const PanelRegistry& panels);
  void buildDock(const DockEntry& entry);
  void placeDocks();
  void restoreLayout();
  void saveLayout();
  void connectModels();
  std::vector<CommandTarget*> commandChain();
  void addContextActions(QWidget* focus);
  void onActivePanel(DocumentPanel* panel);
  void onProjectReset();
  void restoreTabs();
  void restoreNextTab();
  DocumentPanel* makePanel(const ObjectRef& ref);  ///< nothing where no view is known
  void closeProject();
  std::optional<bool> askAboutRuns();  ///< true: those that go on are left to their workers; nothing: the person goes back
  /// Closes the project; `then` comes when it is closed, and not at all when something could not be stored and the person goes back.
  void leaveProject(bool keepRunning, std::function<void()> then, bool evenIfLost = false);
  void saveTabs();
  void showProjectMessage();
  void fillPalette();
  void go(const ObjectRef& ref);  ///< shows a place without touching the history
  void focusPane(const QString& id, bool toggle);
  bool isParked(const QWidget* widget) const;
  void walkPanes(int by);
  QVector<QWidget*> panes() const;
  void adaptToWidth();
  ObjectRef pointedObject() const;

  const PanelRegistry& registry_;
  std::unique_ptr<WindowServices> services_;
  std::unique_ptr<ObjectCommands> objects_;
  std::unique_ptr<WindowCommands> commands_;
  DocumentArea* documents_ = nullptr;
  MessageBar* message_ = nullptr;
  WindowStatus* status_ = nullptr;
  NoticeBar* notice_ = nullptr;
  CommandPalette* palette_ = nullptr;
  struct Dock {
    QDockWidget* dock;
    DockPanel* panel;
    const DockEntry* entry;
  };
  std::map<QString, Dock> docks_;
  QPointer<QWidget> lastDocumentFocus_;
  ViewHistory history_;
  QString firstTemplate_, tabsRestoredFor_;
  QVector<std::pair<int, ObjectRef>> tabsToRestore_;  ///< index in the first group; one is made in each event, behind what is in front
  bool narrow_ = false, whole_ = false, closing_ = false, mayClose_ = false;
  QStringList hiddenForWhole_;
};

}  // namespace dsw
