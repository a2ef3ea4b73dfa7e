// SPDX-License-Identifier: GPL-3.0-or-later
// Docks of the main window: where they stand, how they are kept, and how the keyboard walks over them.
#include <QApplication>
#include <QDockWidget>
#include <QScreen>
#include <QTabBar>

#include "ui/models/app_settings.h"
#include "ui/widgets/shell/dock_panel.h"
#include "ui/widgets/shell/dock_title.h"
#include "ui/widgets/shell/document_area.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/shell/services.h"
#include "ui/widgets/shell/window_status.h"

namespace dsw {

namespace {

// A new number when docks come, go or change their names: an older state would put them wrongly.
constexpr const char* kGeometry = "layout/1/geometry";
constexpr const char* kState = "layout/1/state";
constexpr int kStateVersion = 1;
constexpr int kNarrow = 1360, kNarrowNavigator = 188, kWide = 2300, kWideInspector = 320;

Qt::DockWidgetArea areaOf(DockPlace place) {
  return place == DockPlace::Left ? Qt::LeftDockWidgetArea : place == DockPlace::Right ? Qt::RightDockWidgetArea : Qt::BottomDockWidgetArea;
}

/// The first widget below `root` that Tab reaches.
QWidget* firstFocusable(QWidget* root) {
  if (!root) return nullptr;
  QWidget* widget = root;
  do {
    widget = widget->nextInFocusChain();
    const bool takes = (widget->focusPolicy() & Qt::TabFocus) && widget->isVisible() && widget->isEnabled() && !widget->focusProxy();
    if (takes && root->isAncestorOf(widget)) return widget;
  } while (widget != root);
  return nullptr;
}

}  // namespace

void MainWindow::buildDocks(const PanelRegistry& panels) {
  setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
  setTabPosition(Qt::BottomDockWidgetArea, QTabWidget::North);
  setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  for (const DockEntry& entry : panels.docks()) buildDock(entry);
  placeDocks();
  // Tab goes through the window as a person reads it.
  qApp->installEventFilter(this);
}

void MainWindow::buildDock(const DockEntry& entry) {
  auto* dock = new QDockWidget(entry.text, this);
  dock->setObjectName(entry.id);
  DockPanel* panel = entry.make(services_->context, dock);
  dock->setWidget(panel);
  dock->setWindowTitle(panel->title());
  dock->setAccessibleName(entry.text);
  panel->setAccessibleName(entry.text);
  if (entry.place == DockPlace::Bottom)
    panel->setMinimumHeight(entry.minimum);
  else
    panel->setMinimumWidth(entry.minimum);
  connect(panel, &DockPanel::titleChanged, dock, [dock, panel] { dock->setWindowTitle(panel->title()); });
  connect(dock, &QDockWidget::visibilityChanged, &services_->commands, &CommandRegistry::refreshLater);
  if (entry.place == DockPlace::Bottom) {
    // Stacked docks are named by their tabs; one that floats has a title again.
    dock->setTitleBarWidget(new QWidget(dock));
    auto* title = new DockTitle(dock, panel);
    title->hide();
    connect(dock, &QDockWidget::topLevelChanged, dock, [dock, title, empty = dock->titleBarWidget()](bool floating) {
      dock->setTitleBarWidget(floating ? static_cast<QWidget*>(title) : empty);
      title->setVisible(floating);
    });
  } else {
    dock->setTitleBarWidget(new DockTitle(dock, panel));
  }
  docks_[entry.id] = {dock, panel, &entry};
  addDockWidget(areaOf(entry.place), dock);
}

void MainWindow::placeDocks() {
  QDockWidget* firstBottom = nullptr;
  QDockWidget* before = nullptr;
  for (const DockEntry& entry : registry_.docks()) {
    QDockWidget* dock = docks_.at(entry.id).dock;
    dock->setFloating(false);
    addDockWidget(areaOf(entry.place), dock);
    dock->show();
    if (entry.place != DockPlace::Bottom) continue;
    if (before) tabifyDockWidget(before, dock);
    if (!firstBottom) firstBottom = dock;
    before = dock;
  }
  if (firstBottom) firstBottom->raise();
  for (const DockEntry& entry : registry_.docks()) {
    if (entry.place == DockPlace::Bottom && docks_.at(entry.id).dock != firstBottom) continue;
    int size = entry.size;
    if (entry.place == DockPlace::Left && width() < kNarrow) size = kNarrowNavigator;
    if (entry.place == DockPlace::Right && width() >= kWide) size = kWideInspector;
    resizeDocks({docks_.at(entry.id).dock}, {size}, entry.place == DockPlace::Bottom ? Qt::Vertical : Qt::Horizontal);
  }
}

void MainWindow::restoreLayout() {
  const AppSettings& settings = services_->context.settings;
  const QRect screen = QGuiApplication::primaryScreen()->availableGeometry();
  // The first time: the mock-ups' size where the screen has room for it.
  resize(std::min(1440, screen.width()), std::min(900, screen.height()));
  const int frame = 40;  // title bars are not known before the window is shown
  if (screen.width() < 1440 + 8 || screen.height() < 900 + frame) setWindowState(Qt::WindowMaximized);
  const QByteArray geometry = settings.value(kGeometry).toByteArray();
  const bool known = !geometry.isEmpty() && restoreGeometry(geometry);
  // Only on a screen that is still there.
  bool onScreen = false;
  for (const QScreen* one : QGuiApplication::screens()) onScreen = onScreen || one->availableGeometry().intersects(frameGeometry());
  if (!onScreen) move(screen.topLeft());
  if (width() > screen.width() || height() > screen.height())
    resize(std::min(width(), screen.width()), std::min(height(), screen.height()));
  const QByteArray state = settings.value(kState).toByteArray();
  if (!known || state.isEmpty() || !restoreState(state, kStateVersion)) {
    placeDocks();
    narrow_ = width() < kNarrow;
    if (narrow_ && docks_.contains("inspector")) docks_.at("inspector").dock->hide();
  } else {
    narrow_ = width() < kNarrow;
  }
}

void MainWindow::saveLayout() {
  AppSettings& settings = services_->context.settings;
  // The start page hides the docks; what is kept is how they are for documents.
  for (const QString& id : hiddenForWhole_) docks_.at(id).dock->show();
  hiddenForWhole_.clear();
  settings.setValue(kGeometry, saveGeometry());
  settings.setValue(kState, saveState(kStateVersion));
}

void MainWindow::resetLayout() {
  services_->context.settings.removeGroup("layout/1");
  hiddenForWhole_.clear();
  whole_ = false;
  placeDocks();
  narrow_ = width() < kNarrow;
  if (narrow_ && docks_.contains("inspector")) docks_.at("inspector").dock->hide();
  adaptToWidth();
  services_->commands.refreshLater();
}

QDockWidget* MainWindow::dock(const QString& id) const {
  const auto at = docks_.find(id);
  return at == docks_.end() ? nullptr : at->second.dock;
}

/// The start page has the window to itself; canvases fold the bottom away; a window that gets narrow closes the inspector.
void MainWindow::adaptToWidth() {
  const DocumentPanel* panel = documents_->active();
  const bool whole = panel && panel->wantsWholeWindow();
  const bool noBottom = panel && !panel->wantsBottomDocks();
  const auto hideDock = [&](const QString& id) {
    QDockWidget* dock = docks_.at(id).dock;
    if (dock->isHidden() || hiddenForWhole_.contains(id)) return;
    hiddenForWhole_.push_back(id);
    dock->hide();
  };
  for (const QString& id : QStringList(hiddenForWhole_)) {
    const bool bottom = docks_.at(id).entry->place == DockPlace::Bottom;
    if (whole || (bottom && noBottom)) continue;
    hiddenForWhole_.removeOne(id);
    docks_.at(id).dock->show();
  }
  for (const auto& [id, entry] : docks_)
    if (whole || (noBottom && entry.entry->place == DockPlace::Bottom)) hideDock(id);
  whole_ = whole;

  const bool narrow = width() < kNarrow;
  if (narrow == narrow_ || !isVisible()) return;
  narrow_ = narrow;
  if (docks_.contains("inspector")) {
    if (narrow) hiddenForWhole_.removeOne("inspector");
    if (!whole) docks_.at("inspector").dock->setVisible(!narrow);
  }
  if (docks_.contains("navigator"))
    resizeDocks({docks_.at("navigator").dock}, {narrow ? kNarrowNavigator : docks_.at("navigator").entry->size}, Qt::Horizontal);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  adaptToWidth();
}

void MainWindow::focusPane(const QString& id, bool toggle) {
  if (id == "document") {
    DocumentPanel* panel = documents_->active();
    if (!panel) return;
    QWidget* target = lastDocumentFocus_ && panel->isAncestorOf(lastDocumentFocus_) && lastDocumentFocus_->isVisible()
                          ? lastDocumentFocus_.data()
                          : panel->mainFocus();
    if (!target) target = firstFocusable(panel);
    if (target) target->setFocus(Qt::ShortcutFocusReason);
    return;
  }
  if (id == "filter") {
    for (const auto& [name, entry] : docks_) {
      QWidget* field = entry.panel->filterFocus();
      if (!field) continue;
      entry.dock->show();
      entry.dock->raise();
      field->setFocus(Qt::ShortcutFocusReason);
    }
    return;
  }
  const auto at = docks_.find(id);
  if (at == docks_.end()) return;
  QDockWidget* dock = at->second.dock;
  const QWidget* focus = QApplication::focusWidget();
  if (toggle && focus && dock->isAncestorOf(focus)) {
    dock->close();
    hiddenForWhole_.removeOne(id);
    focusPane("document", false);
    return;
  }
  dock->show();
  dock->raise();
  QWidget* target = at->second.panel->mainFocus();
  if (target && target->focusPolicy() == Qt::NoFocus) target = firstFocusable(target);
  if (target) target->setFocus(Qt::ShortcutFocusReason);
}

QVector<QWidget*> MainWindow::panes() const {
  QVector<QWidget*> list;
  const auto docksAt = [&](DockPlace place) {
    for (const auto& [id, entry] : docks_)
      if (entry.entry->place == place && entry.dock->isVisible() && !entry.panel->visibleRegion().isEmpty()) list.push_back(entry.panel);
  };
  docksAt(DockPlace::Left);
  if (DocumentPanel* panel = documents_->active()) {
    if (panel->header().isVisible() && firstFocusable(&panel->header())) list.push_back(&panel->header());
    list.push_back(panel);
  }
  docksAt(DockPlace::Right);
  docksAt(DockPlace::Bottom);
  list.push_back(status_);
  return list;
}

void MainWindow::walkPanes(int by) {
  const QVector<QWidget*> list = panes();
  const QWidget* focus = QApplication::focusWidget();
  int now = -1;
  for (int i = 0; i < list.size(); ++i)
    if (focus && (list[i] == focus || list[i]->isAncestorOf(focus)) &&
        (now < 0 || list[now]->isAncestorOf(list[i]) || list[now] == list[i]))
      now = i;
  // The header lies inside its panel: the panel itself means the rest.
  for (int i = 0; i < list.size(); ++i)
    if (focus && list[i] != focus && qobject_cast<PanelHeader*>(list[i]) && list[i]->isAncestorOf(focus)) now = i;
  const int count = static_cast<int>(list.size());
  for (int tried = 0, next = now; tried < count; ++tried) {
    next = (next + by + count) % count;
    QWidget* pane = list[next];
    QWidget* target = nullptr;
    if (auto* dock = qobject_cast<DockPanel*>(pane))
      target = dock->mainFocus();
    else if (auto* panel = qobject_cast<DocumentPanel*>(pane)) {
      target = panel->mainFocus();
      for (QWidget* child : panel->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
        if (!target && child != &panel->header()) target = child->focusPolicy() & Qt::TabFocus ? child : firstFocusable(child);
    } else
      target = firstFocusable(pane);
    if (target && !(target->focusPolicy() & Qt::TabFocus)) target = firstFocusable(target);
    if (!target) continue;
    target->setFocus(Qt::TabFocusReason);
    return;
  }
}

/// Docks behind another one's tab and the tab bar of docks that are closed count as visible, outside of the window.
bool MainWindow::isParked(const QWidget* widget) const {
  if (widget->parentWidget() == this) return widget->visibleRegion().isEmpty();
  for (const auto& [id, entry] : docks_)
    if (entry.dock->isAncestorOf(widget)) return entry.panel->visibleRegion().isEmpty();
  return false;
}

bool MainWindow::focusNextPrevChild(bool next) {
  const QWidget* const first = focusWidget();
  do
    if (!QMainWindow::focusNextPrevChild(next)) return false;
  while (focusWidget() && focusWidget() != first && isParked(focusWidget()));
  return true;
}

/// The tab bars of stacked docks belong to the main window and come and go: they get their look when they come.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Polish || event->type() == QEvent::Show) {
    auto* bar = qobject_cast<QTabBar*>(watched);
    if (bar && bar->parentWidget() == this) {
      bar->setDrawBase(false);
      bar->setExpanding(false);
      bar->setFocusPolicy(Qt::TabFocus);
      bar->setAccessibleName(QStringLiteral("Jobs, log and problems"));
    }
  }
  return QMainWindow::eventFilter(watched, event);
}

}  // namespace dsw
