// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/navigator_panel.h"

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/models/cell_roles.h"
#include "ui/models/command_registry.h"
#include "ui/models/navigator.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/shell/document_panel.h"
#include "ui/widgets/shell/empty_state.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {

/// Filters, and gives runs by state the icon of that state in its colour.
class NavigatorProxy : public QSortFilterProxyModel {
 public:
  using QSortFilterProxyModel::QSortFilterProxyModel;
  QVariant data(const QModelIndex& index, int role) const override {
    if (role != Qt::DecorationRole) return QSortFilterProxyModel::data(index, role);
    const QString status = QSortFilterProxyModel::data(index, StatusRole).toString();
    return status.isEmpty() ? QVariant() : QVariant(stateIcon(status));
  }
};

}  // namespace

NavigatorPanel::NavigatorPanel(PanelContext& context, QWidget* parent)
    : DockPanel(parent),
      context_(context),
      model_(context.project),
      objects_(context, this),
      proxy_(new NavigatorProxy(this)),
      filter_(new QLineEdit(this)),
      tree_(new QTreeView(this)),
      pages_(new QStackedWidget(this)) {
  proxy_->setSourceModel(&model_);
  proxy_->setRecursiveFilteringEnabled(true);
  proxy_->setFilterCaseSensitivity(Qt::CaseInsensitive);

  auto* page = new QWidget(this);
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(0, 8, 0, 0);
  layout->setSpacing(6);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(8, 0, 8, 0);
  line->addWidget(filter_);
  layout->addLayout(line);
  filter_->setPlaceholderText(QStringLiteral("Filter"));
  filter_->setAccessibleName(QStringLiteral("Filter the navigator"));
  filter_->setClearButtonEnabled(true);
  filter_->addAction(themeIcon("funnel"), QLineEdit::LeadingPosition);
  filter_->installEventFilter(this);
  connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
    proxy_->setFilterFixedString(text);
    tree_->expandAll();
  });

  tree_->setModel(proxy_);
  installTreeLook(tree_);
  tree_->setHeaderHidden(true);
  tree_->setIndentation(14);
  tree_->setFrameShape(QFrame::NoFrame);
  tree_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  tree_->setExpandsOnDoubleClick(false);
  tree_->setAccessibleName(QStringLiteral("Project"));
  tree_->setContextMenuPolicy(Qt::CustomContextMenu);
  tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  tree_->viewport()->setBackgroundRole(QPalette::Window);
  layout->addWidget(tree_, 1);
  connect(tree_, &QTreeView::clicked, this, &NavigatorPanel::openIndex);
  tree_->installEventFilter(this);
  connect(tree_, &QWidget::customContextMenuRequested, this, &NavigatorPanel::menuAt);
  connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
    const ObjectRef ref = current();
    if (tree_->hasFocus() && (ref.kind == kind::kExperiment || ref.kind == kind::kRun || ref.kind == kind::kModel))
      context_.selection.setObject(ref);
    context_.commands.refreshLater();
  });
  connect(&model_, &NavigatorModel::renameRequested, this,
          [this](const QString& id, const QString& name) { context_.actions.rename(id, name); });
  connect(&model_, &QAbstractItemModel::modelReset, this, [this] { tree_->expandAll(); });
  connect(&model_, &QAbstractItemModel::rowsInserted, this,
          [this](const QModelIndex& section) { tree_->expand(proxy_->mapFromSource(section)); });

  auto* empty = new EmptyState(QStringLiteral("No project is open. Its experiments, runs and models are listed here."));
  empty->setCommand(context.commands, "file.open");
  pages_->addWidget(page);
  pages_->addWidget(empty);
  auto* all = new QVBoxLayout(this);
  all->setContentsMargins(0, 0, 0, 0);
  all->addWidget(pages_);
  connect(&context.project, &ProjectData::reset, this, &NavigatorPanel::showPage);
  showPage();
}

void NavigatorPanel::showPage() {
  const auto state = context_.project.state();
  pages_->setCurrentIndex(state == ProjectData::State::Ready || state == ProjectData::State::Loading ? 0 : 1);
  tree_->expandAll();
  emit titleChanged();
}

QString NavigatorPanel::title() const {
  const QString name = context_.project.name();
  return name.isEmpty() ? QStringLiteral("Project") : name;
}

std::vector<QWidget*> NavigatorPanel::titleButtons() {
  auto* plus = new QToolButton(this);
  plus->setIcon(themeIcon("plus-lg"));
  plus->setFixedSize(24, 24);
  plus->setFocusPolicy(Qt::TabFocus);
  QAction* create = context_.commands.action("file.new-experiment");
  plus->setToolTip(QStringLiteral("New experiment"));
  plus->setAccessibleName(QStringLiteral("New experiment"));
  connect(plus, &QToolButton::clicked, create, &QAction::trigger);
  auto* more = new QToolButton(this);
  more->setIcon(themeIcon("three-dots"));
  more->setFixedSize(24, 24);
  more->setFocusPolicy(Qt::TabFocus);
  more->setPopupMode(QToolButton::InstantPopup);
  more->setToolTip(QStringLiteral("Project commands"));
  more->setAccessibleName(QStringLiteral("Project commands"));
  auto* menu = new QMenu(more);
  for (const char* id : {"view.overview", "run.all", "", "file.import", "file.export-project", "file.report", "", "file.close-project"}) {
    if (*id)
      menu->addAction(context_.commands.action(id));
    else
      menu->addSeparator();
  }
  more->setMenu(menu);
  return {plus, more};
}

QWidget* NavigatorPanel::mainFocus() {
  if (pages_->currentIndex() == 0 && !tree_->currentIndex().isValid()) tree_->setCurrentIndex(proxy_->index(0, 0));
  return pages_->currentIndex() == 0 ? static_cast<QWidget*>(tree_) : pages_->currentWidget();
}

QWidget* NavigatorPanel::filterFocus() {
  filter_->selectAll();
  return filter_;
}

void NavigatorPanel::activePanelChanged(DocumentPanel* panel) {
  if (!panel || tree_->hasFocus()) return;
  const QModelIndex index = proxy_->mapFromSource(model_.indexOf(panel->ref().at(panel->place())));
  if (index.isValid())
    tree_->setCurrentIndex(index);
  else
    tree_->selectionModel()->clear();
}

ObjectRef NavigatorPanel::current() const { return model_.ref(proxy_->mapToSource(tree_->currentIndex())); }

void NavigatorPanel::openIndex(const QModelIndex& index) {
  const ObjectRef ref = model_.ref(proxy_->mapToSource(index));
  if (ref.isNull())
    tree_->setExpanded(index, !tree_->isExpanded(index));
  else
    context_.navigator.open(ref);
}

CommandState NavigatorPanel::commandState(const QString& id) const {
  const ObjectRef ref = current();
  return ref.isNull() || !tree_->hasFocus() ? CommandState{} : objects_.state(id, ref);
}

void NavigatorPanel::runCommand(const QString& id) {
  const ObjectRef ref = current();
  if (id == "object.rename" && (ref.kind == kind::kExperiment || ref.kind == kind::kModel))
    tree_->edit(tree_->currentIndex());
  else
    objects_.run(id, ref);
}

bool NavigatorPanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (watched == tree_ && enter) {
      openIndex(tree_->currentIndex());
      return true;
    }
    if (watched == filter_ && (key->key() == Qt::Key_Down || enter)) {
      tree_->setFocus();
      return true;
    }
    if (watched == filter_ && key->key() == Qt::Key_Escape) {
      filter_->clear();
      tree_->setFocus();
      return true;
    }
  }
  return DockPanel::eventFilter(watched, event);
}

void NavigatorPanel::menuAt(const QPoint& pos) {
  const QModelIndex index = tree_->indexAt(pos);
  if (!index.isValid()) return;
  tree_->setCurrentIndex(index);
  const ObjectRef ref = current();
  QMenu menu(this);
  for (const char* id : {"object.open", "run.start", "run.stop", "run.resume", "run.pin", "run.open-model", "object.duplicate",
                         "object.rename", "object.tag", "object.note", "object.archive"}) {
    const CommandState state = objects_.state(id, ref);
    if (!state.handled) continue;
    const Command* command = context_.commands.find(id);
    QAction* action =
        menu.addAction(command->icon.isEmpty() ? QIcon() : themeIcon(command->icon), state.text.isEmpty() ? command->text : state.text);
    action->setEnabled(state.enabled);
    connect(action, &QAction::triggered, this, [this, name = QString(id)] { runCommand(name); });
  }
  if (!menu.isEmpty()) menu.exec(tree_->viewport()->mapToGlobal(pos));
}

}  // namespace dsw
