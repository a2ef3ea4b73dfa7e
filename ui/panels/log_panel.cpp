// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/log_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/log_model.h"
#include "ui/models/navigator.h"
#include "ui/models/problem_list_model.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/shell/empty_state.h"

namespace dsw {

namespace {

QStackedWidget* tableOrEmpty(QWidget* panel, QTableView* table, EmptyState* empty) {
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setFrameShape(QFrame::NoFrame);
  table->setTabKeyNavigation(false);
  auto* pages = new QStackedWidget(panel);
  pages->addWidget(table);
  pages->addWidget(empty);
  auto* layout = new QVBoxLayout(panel);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages);
  return pages;
}

}  // namespace

LogPanel::LogPanel(PanelContext& context, QWidget* parent) : DockPanel(parent), context_(context), table_(new QTableView(this)) {
  table_->setModel(&context.log);
  installTableLook(table_);
  table_->setItemDelegateForColumn(0, new NumberDelegate(table_));
  table_->setAccessibleName(QStringLiteral("Log"));
  table_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
  table_->setColumnWidth(0, 84);
  table_->setColumnWidth(1, 150);
  pages_ = tableOrEmpty(this, table_,
                        new EmptyState(QStringLiteral("Nothing happened yet. Starts, ends, warnings and errors are written down here.")));
  pages_->setCurrentIndex(context.log.rowCount() > 0 ? 0 : 1);
  connect(&context.log, &QAbstractItemModel::rowsAboutToBeInserted, this, [this] {
    const QScrollBar* bar = table_->verticalScrollBar();
    atEnd_ = bar->value() == bar->maximum();
  });
  connect(&context.log, &QAbstractItemModel::rowsInserted, this, [this] {
    pages_->setCurrentIndex(0);
    if (atEnd_) table_->scrollToBottom();
  });
  connect(table_, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
    const ObjectRef ref = context_.log.entry(index.row()).ref;
    if (!ref.isNull()) context_.navigator.open(ref);
  });
}

QWidget* LogPanel::mainFocus() { return table_; }

CommandState LogPanel::commandState(const QString& id) const {
  CommandState state;
  if (id == "edit.copy" || id == "edit.select-all") {
    state.handled = true;
    state.enabled = context_.log.rowCount() > 0;
    state.reason = QStringLiteral("The log is empty.");
  }
  return state;
}

void LogPanel::runCommand(const QString& id) {
  if (id == "edit.select-all") return table_->selectAll();
  const QModelIndexList rows = table_->selectionModel()->selectedRows();
  QString text;
  for (const QModelIndex& row : rows) {
    const LogEntry& entry = context_.log.entry(row.row());
    text += QString("%1\t%2\t%3\n").arg(entry.time.toString(Qt::ISODate), entry.source, entry.text);
  }
  QGuiApplication::clipboard()->setText(rows.isEmpty() ? context_.log.text() : text);
}

ProblemsPanel::ProblemsPanel(PanelContext& context, QWidget* parent) : DockPanel(parent), context_(context), table_(new QTableView(this)) {
  table_->setModel(&context.problems);
  installTableLook(table_);
  table_->setAccessibleName(QStringLiteral("Problems"));
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->horizontalHeader()->setStretchLastSection(false);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->setColumnWidth(1, 160);
  table_->setColumnWidth(2, 200);
  table_->installEventFilter(this);
  pages_ = tableOrEmpty(
      this, table_,
      new EmptyState(QStringLiteral("No problem. What keeps a document from running is listed here, with a jump to its place (F8).")));
  const auto refresh = [this] {
    pages_->setCurrentIndex(context_.problems.rowCount() > 0 ? 0 : 1);
    emit titleChanged();
  };
  connect(&context.problems, &ProblemListModel::countChanged, this, refresh);
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) { jump(index.row()); });
  refresh();
}

QString ProblemsPanel::title() const { return QString("Problems %1").arg(context_.problems.errors()); }

QWidget* ProblemsPanel::mainFocus() {
  if (!table_->currentIndex().isValid() && context_.problems.rowCount() > 0) table_->selectRow(0);
  return table_;
}

void ProblemsPanel::jump(int row) {
  if (row >= 0 && row < context_.problems.rowCount()) context_.navigator.open(context_.problems.item(row).ref);
}

bool ProblemsPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == table_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      jump(table_->currentIndex().row());
      return true;
    }
  }
  return DockPanel::eventFilter(watched, event);
}

}  // namespace dsw
