// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/document_area.h"

#include <QApplication>
#include <QMenu>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QToolButton>

#include "ui/widgets/icons.h"
#include "ui/widgets/shell/document_panel.h"

namespace dsw {

namespace {

DocumentPanel* panelAt(const QTabWidget* group, int index) { return qobject_cast<DocumentPanel*>(group->widget(index)); }

}  // namespace

DocumentArea::DocumentArea(QWidget* parent) : QSplitter(Qt::Horizontal, parent) {
  setChildrenCollapsible(false);
  setHandleWidth(1);
  setAccessibleName(QStringLiteral("Documents"));
  first_ = current_ = makeGroup();
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
    if (!now || !second_) return;
    for (QTabWidget* group : {first_, second_})
      if (group && group->isAncestorOf(now) && group != current_) {
        current_ = group;
        announceActive();
      }
  });
}

QTabWidget* DocumentArea::makeGroup() {
  auto* group = new QTabWidget(this);
  group->setDocumentMode(true);
  group->setMovable(true);
  group->setElideMode(Qt::ElideRight);
  group->setUsesScrollButtons(true);
  group->tabBar()->setExpanding(false);
  group->tabBar()->setDrawBase(false);
  group->tabBar()->setContextMenuPolicy(Qt::CustomContextMenu);
  group->tabBar()->setAccessibleName(QStringLiteral("Open documents"));
  group->setIconSize({16, 16});
  connect(group, &QTabWidget::currentChanged, this, [this, group] {
    current_ = group;
    announceActive();
  });
  connect(group->tabBar(), &QTabBar::tabBarClicked, this, [this, group](int index) {
    if (index < 0) return;
    current_ = group;
    announceActive();
  });
  connect(group->tabBar(), &QWidget::customContextMenuRequested, this, [this, group](const QPoint& pos) { tabMenu(group, pos); });
  addWidget(group);
  return group;
}

QWidget* DocumentArea::parentForNew() const { return current_->findChild<QStackedWidget*>(QString(), Qt::FindDirectChildrenOnly); }

void DocumentArea::addCloseButton(QTabWidget* group, DocumentPanel* panel) {
  auto* close = new QToolButton(group->tabBar());
  close->setObjectName(QStringLiteral("tabClose"));
  close->setIcon(themeIcon("x"));
  close->setIconSize({14, 14});
  close->setFixedSize(18, 18);
  close->setFocusPolicy(Qt::NoFocus);
  close->setToolTip(QStringLiteral("Close"));
  close->setAccessibleName(QStringLiteral("Close tab"));
  connect(close, &QToolButton::clicked, this, [this, panel] { closePanel(panel); });
  group->tabBar()->setTabButton(group->indexOf(panel), QTabBar::RightSide, close);
}

void DocumentArea::addBehind(DocumentPanel* panel, int index) {
  current_->insertTab(index, panel, QString());
  addCloseButton(current_, panel);
  connect(panel, &DocumentPanel::tabChanged, this, [this, panel] { updateTab(panel); });
  connect(
      panel, &DocumentPanel::closeRequested, this, [this, panel] { closePanel(panel); }, Qt::QueuedConnection);
  updateTab(panel);
}

void DocumentArea::add(DocumentPanel* panel) {
  addBehind(panel, current_->count());
  current_->setCurrentWidget(panel);
  announceActive();
}

void DocumentArea::updateTab(DocumentPanel* panel) {
  QTabWidget* group = groupOf(panel);
  if (!group) return;
  const int index = group->indexOf(panel);
  QString text = panel->title();
  text.replace('&', "&&");
  if (panel->isModified()) text += " *";
  group->setTabText(index, text);
  QString toolTip = panel->title();
  if (!panel->lockReason().isEmpty()) {
    group->setTabIcon(index, themeIcon("lock", Token::Text2));
    toolTip += "\nRead-only. " + panel->lockReason();
  } else if (!panel->tabStatus().isEmpty()) {
    group->setTabIcon(index, stateIcon(panel->tabStatus()));
    toolTip += ", " + panel->tabStatus();
  } else if (!panel->tabIcon().isEmpty()) {
    group->setTabIcon(index, themeIcon(panel->tabIcon(), Token::Text2));
  }
  group->setTabToolTip(index, toolTip);
}

QTabWidget* DocumentArea::groupOf(const DocumentPanel* panel) const {
  for (QTabWidget* group : {first_, second_})
    if (group && group->indexOf(const_cast<DocumentPanel*>(panel)) >= 0) return group;
  return nullptr;
}

DocumentPanel* DocumentArea::find(const ObjectRef& ref) const {
  for (DocumentPanel* panel : panels())
    if (panel->ref().sameObject(ref)) return panel;
  return nullptr;
}

QVector<DocumentPanel*> DocumentArea::panels() const {
  QVector<DocumentPanel*> list;
  for (const QTabWidget* group : {first_, second_})
    for (int i = 0; group && i < group->count(); ++i) list.push_back(panelAt(group, i));
  return list;
}

DocumentPanel* DocumentArea::active() const { return qobject_cast<DocumentPanel*>(current_->currentWidget()); }

void DocumentArea::activate(DocumentPanel* panel) {
  QTabWidget* group = groupOf(panel);
  if (!group) return;
  current_ = group;
  group->setCurrentWidget(panel);
  announceActive();
}

void DocumentArea::announceActive() {
  DocumentPanel* panel = active();
  if (panel == announced_) return;
  announced_ = panel;
  emit activeChanged(panel);
}

bool DocumentArea::closePanel(DocumentPanel* panel) {
  QTabWidget* group = groupOf(panel);
  if (!group) return true;
  if (!panel->canClose()) return false;
  panel->aboutToClose();
  emit panelClosing(panel);
  const bool hadFocus = panel->isAncestorOf(QApplication::focusWidget());
  panel->disconnect(this);
  {
    const QSignalBlocker quiet(group == current_ ? nullptr : group);  // a tab that goes in the other group does not make that one active
    group->removeTab(group->indexOf(panel));
  }
  panel->hide();
  panel->deleteLater();
  dropEmptyGroup();
  announceActive();
  if (hadFocus && active()) active()->setFocus();
  if (panels().isEmpty()) emit emptied();
  return true;
}

bool DocumentArea::closeAll() {
  for (DocumentPanel* panel : panels())
    if (!closePanel(panel)) return false;
  return true;
}

void DocumentArea::step(int by) {
  const int count = current_->count();
  if (count > 1) current_->setCurrentIndex((current_->currentIndex() + by + count) % count);
}

void DocumentArea::toggleSecondGroup() {
  DocumentPanel* panel = active();
  if (!panel) return;
  if (!second_ && current_->count() < 2) return;  // nothing would stay
  QTabWidget* from = groupOf(panel);
  if (!second_) second_ = makeGroup();
  QTabWidget* to = from == first_ ? second_ : first_;
  const QSignalBlocker quiet(from);
  from->removeTab(from->indexOf(panel));
  to->addTab(panel, QString());
  addCloseButton(to, panel);  // the former one goes with its tab
  updateTab(panel);
  dropEmptyGroup();
  current_ = groupOf(panel);
  current_->setCurrentWidget(panel);
  if (second_) setSizes({width() / 2, width() / 2});
  announced_ = nullptr;
  announceActive();
}

void DocumentArea::dropEmptyGroup() {
  if (!second_) return;
  if (first_->count() == 0) std::swap(first_, second_);
  if (second_->count() > 0) return;
  second_->hide();
  second_->deleteLater();
  second_ = nullptr;
  current_ = first_;
}

void DocumentArea::tabMenu(QTabWidget* group, const QPoint& pos) {
  const int index = group->tabBar()->tabAt(pos);
  if (index < 0) return;
  DocumentPanel* panel = panelAt(group, index);
  QMenu menu(this);
  menu.addAction(QStringLiteral("Close"), this, [this, panel] { closePanel(panel); });
  menu.addAction(QStringLiteral("Close others"), this, [this, panel] {
    for (DocumentPanel* other : panels())
      if (other != panel) closePanel(other);
  });
  menu.addSeparator();
  menu.addAction(QStringLiteral("Move to the other group"), this, [this, panel] {
    activate(panel);
    toggleSecondGroup();
  });
  menu.exec(group->tabBar()->mapToGlobal(pos));
}

QStringList DocumentArea::state() const {
  QStringList list;
  for (DocumentPanel* panel : panels())
    list.push_back(QString("%1%2 %3")
                       .arg(panel == active() ? "*" : "")
                       .arg(groupOf(panel) == first_ ? 1 : 2)
                       .arg(panel->ref().at(panel->place()).href()));
  return list;
}

}  // namespace dsw
