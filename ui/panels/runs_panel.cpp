// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/runs_panel.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSaveFile>
#include <QSplitter>
#include <QTreeView>
#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/models/cell_roles.h"
#include "ui/models/command_registry.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/selection.h"
#include "ui/panels/compare_view.h"
#include "ui/panels/run_table_place.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {
namespace {

int columnWidth(const QString& id) {
  static const std::vector<std::pair<QString, int>> kWidths = {
      {"mark", 28}, {"series", 30}, {"state", 112}, {"run", 76},  {"experiment", 170}, {"seed", 72},     {"curve", 84}, {"best", 86},
      {"last", 86}, {"delta", 104}, {"step", 80},   {"time", 92}, {"device", 70},      {"created", 128}, {"tags", 120}, {"note", 200}};
  for (const auto& [name, width] : kWidths)
    if (name == id) return width;
  return 86;
}

QPushButton* toggle(const QString& text, bool on, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  const auto show = [button](bool checked) { button->setIcon(themeIcon(checked ? "check-square" : "square")); };
  button->setCheckable(true);
  button->setChecked(on);
  QObject::connect(button, &QPushButton::toggled, button, show);
  show(on);
  return button;
}

}  // namespace

RunsPanel::RunsPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      model_(context.project, context.runParams, context.selection, context.queries),
      comparison_(context.project, context.runParams, context.selection, context.queries, context.watcher) {
  setTitle(tr("Runs"));
  setTabIcon("table");
  setBody(buildBody());
  connect(&model_, &RunTableModel::countsChanged, this, &RunsPanel::refreshCounts);
  connect(&model_, &RunTableModel::columnsReset, this, &RunsPanel::applyColumns);
  new RunTablePlace(model_, table_);
  connect(&context.selection, &Selection::runsChanged, this, &RunsPanel::showCompare);
  model_.setGrouped(context.settings.value("run-table/grouped", false).toBool());
  model_.setHideEqual(context.settings.value("run-table/hide-equal", true).toBool());
  model_.setChosenColumns(context.settings.value("run-table/columns").toStringList());
  applyColumns();
  refreshCounts();
  showCompare();
}

RunsPanel::~RunsPanel() = default;

QWidget* RunsPanel::buildBody() {
  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);

  split_ = new QSplitter(Qt::Vertical, body);
  auto* top = new QWidget(split_);
  top->setMinimumWidth(320);  // not what the layout asks for: that changes with the width
  auto* rows = new QVBoxLayout(top);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  head_ = new QBoxLayout(QBoxLayout::LeftToRight);
  head_->setContentsMargins(12, 6, 12, 6);
  head_->setSpacing(8);
  auto* line = new QHBoxLayout;
  auto* buttons = new QHBoxLayout;
  for (QHBoxLayout* part : {line, buttons}) {
    part->setSpacing(8);
    head_->addLayout(part, part == line ? 1 : 0);
  }
  filter_ = new QLineEdit(top);
  filter_->setFont(themeFont(FontRole::Number));
  filter_->setPlaceholderText(tr("data:shakespeare loss<2.0 or failed"));
  filter_->setAccessibleName(tr("Filter runs"));
  filter_->setToolTip(
      tr("Words are looked for in names, tags and notes; key:text and key<number in settings and metrics; or, not, ( ) join them"));
  filter_->setClearButtonEnabled(true);
  filter_->addAction(themeIcon("funnel"), QLineEdit::LeadingPosition);
  filter_->setMinimumWidth(120);
  filter_->setMaximumWidth(460);
  counts_ = new ThemedLabel({}, FontRole::Text, Token::Text2, top);
  group_ = toggle(tr("Group by experiment"), context().settings.value("run-table/grouped", false).toBool(), top);
  hide_equal_ = toggle(tr("Hide equal columns"), context().settings.value("run-table/hide-equal", true).toBool(), top);
  columns_ = new QPushButton(themeIcon("layout-three-columns"), {}, top);
  csv_ = new QPushButton(themeIcon("download"), {}, top);
  columns_->setAccessibleName(tr("Columns"));
  csv_->setAccessibleName(tr("CSV"));
  group_->setAccessibleName(group_->text());
  hide_equal_->setAccessibleName(hide_equal_->text());
  line->addWidget(filter_, 3);
  line->addWidget(counts_);
  line->addStretch(1);
  for (QPushButton* button : {group_, hide_equal_, columns_, csv_}) buttons->addWidget(button);
  buttons->addStretch(0);
  rows->addLayout(head_);

  table_ = new QTreeView(top);
  table_->setModel(&model_);
  installTreeLook(table_);
  table_->setHeaderHidden(false);
  table_->setRootIsDecorated(false);
  table_->setAllColumnsShowFocus(true);
  table_->setSortingEnabled(true);
  table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  table_->setAccessibleName(tr("Runs"));
  table_->header()->setStretchLastSection(false);
  table_->header()->setSectionsMovable(true);
  table_->header()->setSortIndicator(-1, Qt::AscendingOrder);
  table_->addActions(context().commands.actions(CommandContext::Table));
  rows->addWidget(table_, 1);

  compare_ = new CompareView(
      comparison_, [this] { return model_.shownRows(); }, context().queries, context().watcher, split_);
  split_->addWidget(top);
  split_->addWidget(compare_);
  split_->setChildrenCollapsible(false);
  column->addWidget(split_, 1);

  connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) { model_.setFilter(text); });
  connect(group_, &QPushButton::toggled, this, [this](bool on) {
    model_.setGrouped(on);
    table_->setRootIsDecorated(on);
    context().settings.setValue("run-table/grouped", on);
  });
  connect(hide_equal_, &QPushButton::toggled, this, [this](bool on) {
    model_.setHideEqual(on);
    context().settings.setValue("run-table/hide-equal", on);
  });
  connect(columns_, &QPushButton::clicked, this, &RunsPanel::chooseColumns);
  connect(csv_, &QPushButton::clicked, this, &RunsPanel::exportCsv);
  connect(table_, &QTreeView::activated, this, &RunsPanel::openCurrent);
  connect(table_, &QTreeView::clicked, this, [this](const QModelIndex& index) {
    const QString id = model_.columns().value(index.column()).id;
    const QStringList runs = model_.runIds(index);
    if (id == "mark")
      for (const QString& run : runs) context().selection.toggleRun(run);
    else if (id == "run")
      openCurrent();
  });
  connect(table_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
    if (const RunPtr run = current()) context().selection.setObject({kind::kRun, QString::fromStdString(run->id), {}});
    emit commandsChanged();
  });
  connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPanel::commandsChanged);
  connect(compare_, &CompareView::metricChosen, this, [this](const QString& key) { model_.setMetric(key); });
  connect(compare_, &CompareView::runActivated, this, [this](const QString& run, double step) {
    context().navigator.open({kind::kRun, run, std::isfinite(step) ? QStringLiteral("step:%1").arg(std::llround(step)) : QString()});
  });
  connect(compare_, &CompareView::reportRequested, this, [this] { context().commands.run("file.report"); });
  return body;
}

void RunsPanel::applyColumns() {
  const auto& columns = model_.columns();
  for (int c = 0; c < columns.size(); ++c) {
    const RunColumn& column = columns[c];
    QStyledItemDelegate* delegate = nullptr;
    if (column.id == "state")
      delegate = new StateDelegate(table_);
    else if (column.id == "curve")
      delegate = new SparklineDelegate(table_);
    else if (column.id == "tags")
      delegate = new ChipDelegate(table_);
    else if (column.number)
      delegate = new NumberDelegate(table_);
    else
      delegate = new TextDelegate(table_);
    delete table_->itemDelegateForColumn(c);
    table_->setItemDelegateForColumn(c, delegate);
    table_->setColumnWidth(c, columnWidth(column.id));
  }
}

void RunsPanel::resizeEvent(QResizeEvent* event) {
  DocumentPanel::resizeEvent(event);
  fitButtons();
}

void RunsPanel::fitButtons() {
  // What the buttons of the first line say gets shorter where the filter would have no room; tool tips and names stay whole.
  const bool lines = width() < 600;
  head_->setDirection(lines ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
  head_->setSpacing(lines ? 6 : 8);
  const bool words = width() >= 900, long_words = width() >= 740 || (lines && width() >= 460);
  columns_->setText(words ? tr("Columns") : QString());
  csv_->setText(words ? tr("CSV") : QString());
  group_->setText(long_words ? tr("Group by experiment") : tr("Group"));
  hide_equal_->setText(long_words ? tr("Hide equal columns") : tr("Hide equal"));
  columns_->setToolTip(tr("Choose the columns"));
  csv_->setToolTip(tr("Save the table as CSV"));
  group_->setToolTip(tr("Group by experiment"));
  hide_equal_->setToolTip(tr("Hide columns that are equal in all runs"));
}

void RunsPanel::refreshCounts() {
  const QString error = model_.filterError();
  counts_->setText(error.isEmpty() ? tr("%1 of %2 runs").arg(formatCountExact(model_.shownRuns()), formatCountExact(model_.totalRuns()))
                                   : error);
  compare_->shownRunsChanged();
  static_cast<ThemedLabel*>(counts_)->setToken(error.isEmpty() ? Token::Text2 : Token::Failed);
  if (model_.totalRuns() == 0 && context().project.state() == ProjectData::State::Ready)
    messages().showMessage(MessageLevel::Info, tr("No runs yet."), tr("Open an experiment and press F5; its runs are listed here."),
                           {{tr("New experiment"), [this] { context().commands.run("file.new-experiment"); }, {}}}, false);
  else
    messages().clear();
}

void RunsPanel::showCompare() {
  const bool any = !comparison_.arms().empty();
  compare_->setVisible(any);
  if (any && !sized_) {
    sized_ = true;
    split_->setSizes({std::max(180, height() * 2 / 5), std::max(240, height() * 3 / 5)});
  }
  emit commandsChanged();
}

QString RunsPanel::place() const { return filter_->text(); }

void RunsPanel::showPlace(const QString& place) {
  if (!place.isEmpty()) filter_->setText(place);
}

QWidget* RunsPanel::mainFocus() { return table_; }

RunPtr RunsPanel::current() const {
  if (table_->currentIndex().isValid()) return model_.run(table_->currentIndex());
  const QItemSelection& selected = table_->selectionModel()->selection();  // after "select all" nothing is current
  return selected.isEmpty() ? RunPtr() : model_.run(selected.first().topLeft());
}

QStringList RunsPanel::targets() const {
  QStringList out;
  QSet<QString> seen;
  for (const QModelIndex& index : table_->selectionModel()->selectedRows())
    for (const QString& id : model_.runIds(index))
      if (!seen.contains(id)) {
        seen.insert(id);
        out << id;
      }
  if (out.isEmpty())
    if (const RunPtr run = current()) out << QString::fromStdString(run->id);
  return out;
}

CommandState RunsPanel::commandState(const QString& id) const {
  CommandState state;
  state.handled = true;
  const RunPtr run = current();
  const bool writable = !context().project.readOnly();
  const auto needsRun = [&](bool writes) {
    state.enabled = run != nullptr && (writable || !writes);
    if (!run)
      state.reason = tr("No run is selected.");
    else if (writes && !writable)
      state.reason = context().project.readOnlyReason();
    return state;
  };
  if (id == "object.open" || id == "table.mark" || id == "edit.copy" || id == "object.source") return needsRun(false);
  if (id == "table.pin" || id == "run.pin") {
    needsRun(true);
    state.checked = run && run->baseline;
    return state;
  }
  if (id == "object.duplicate" || id == "object.rename" || id == "object.tag" || id == "object.note" || id == "object.archive")
    return needsRun(true);
  if (id == "run.stop") {
    needsRun(true);
    if (run && run->status != RunStatus::Running && run->status != RunStatus::Queued) {
      state.enabled = false;
      state.reason = tr("It is not running.");
    }
    return state;
  }
  if (id == "run.resume") {
    needsRun(true);
    if (run && run->status != RunStatus::Stopped && run->status != RunStatus::Interrupted && run->status != RunStatus::Failed &&
        run->status != RunStatus::Paused) {
      state.enabled = false;
      state.reason = tr("It is running or has ended.");
    }
    return state;
  }
  if (id == "run.compare") {
    int rows = 0;
    for (const QItemSelectionRange& range : table_->selectionModel()->selection()) rows += range.height();
    state.enabled = rows > 1 || !context().selection.runs().isEmpty();
    if (!state.enabled) state.reason = tr("Select two or more runs, or mark them with Space.");
    return state;
  }
  for (const char* known : {"edit.find", "edit.select-all", "table.columns", "table.sort", "table.filter", "table.open-group",
                            "table.close-group", "file.export"})
    if (id == known) return state;
  return DocumentPanel::commandState(id);
}

void RunsPanel::runCommand(const QString& id) {
  PanelContext& c = context();
  const RunPtr run = current();
  const QString run_id = run ? QString::fromStdString(run->id) : QString();
  if (id == "object.open") return openCurrent();
  if (id == "table.mark") {
    for (const QString& target : targets()) c.selection.toggleRun(target);
  } else if (id == "run.compare") {
    if (targets().size() > 1) c.selection.setRuns(targets());
    compare_->mainFocus()->setFocus(Qt::ShortcutFocusReason);
  } else if (id == "table.pin" || id == "run.pin") {
    c.actions.setBaseline(run->baseline ? QString() : run_id);
  } else if (id == "edit.copy") {
    copyRows();
  } else if (id == "edit.select-all") {
    table_->selectAll();
  } else if (id == "edit.find" || id == "table.filter") {
    filter_->setFocus(Qt::ShortcutFocusReason);
    filter_->selectAll();
  } else if (id == "table.columns") {
    chooseColumns();
  } else if (id == "table.sort") {
    const int column = std::max(0, table_->currentIndex().column());
    const bool same = table_->header()->sortIndicatorSection() == column;
    table_->sortByColumn(column,
                         same && table_->header()->sortIndicatorOrder() == Qt::AscendingOrder ? Qt::DescendingOrder : Qt::AscendingOrder);
  } else if (id == "table.open-group") {
    table_->expand(table_->currentIndex().siblingAtColumn(0));
  } else if (id == "table.close-group") {
    table_->collapse(table_->currentIndex().siblingAtColumn(0));
  } else if (id == "file.export") {
    if (compare_->pictures()->isAncestorOf(QApplication::focusWidget()))
      compare_->exportFigure();
    else
      exportCsv();
  } else if (id == "run.stop") {
    for (const QString& target : targets()) c.actions.stopRun(target);
  } else if (id == "run.resume") {
    c.actions.resumeRun(run_id);
  } else if (id == "object.source") {
    c.navigator.open({kind::kExperiment, QString::fromStdString(run->experiment_id), QStringLiteral("version:%1").arg(run->version)});
  } else if (id == "object.duplicate") {
    c.actions.duplicateRun(run_id, this, [this](Result<QString> experiment) {
      if (experiment) context().navigator.open({kind::kExperiment, *experiment, {}});
    });
  } else if (id == "object.archive") {
    const QStringList ids = targets();
    c.actions.setArchived(ids, true);
    c.navigator.notice(
        NoticeLevel::Info,
        ids.size() == 1 ? tr("%1 is archived.").arg(QString::fromStdString(run->short_name)) : tr("%1 runs are archived.").arg(ids.size()),
        tr("Undo"), [&actions = c.actions, ids] { actions.setArchived(ids, false); });
  } else if (id == "object.rename") {
    if (const auto name = askText(this, tr("Rename"), tr("Name of %1").arg(QString::fromStdString(run->short_name)),
                                  QString::fromStdString(run->name), tr("Rename")))
      c.actions.rename(run_id, name->trimmed());
  } else if (id == "object.tag") {
    tagTargets();
  } else if (id == "object.note") {
    if (const auto note = askNote(this, QString::fromStdString(run->short_name), QString::fromStdString(run->note)))
      c.actions.setNote(run_id, *note);
  } else {
    DocumentPanel::runCommand(id);
  }
}

void RunsPanel::openCurrent() {
  if (const RunPtr run = current()) context().navigator.open({kind::kRun, QString::fromStdString(run->id), {}});
}

void RunsPanel::tagTargets() {
  const RunPtr run = current();
  QStringList tags;
  for (const std::string& tag : run->tags) tags << QString::fromStdString(tag);
  const QStringList ids = targets();
  const QString object = ids.size() == 1 ? QString::fromStdString(run->short_name) : tr("%1 runs").arg(ids.size());
  if (const auto wanted = askTags(this, object, tags, context().project.tags()))
    for (const QString& id : ids) context().actions.setTags(id, *wanted);
}

void RunsPanel::chooseColumns() {
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Columns"));
  auto* column = new QVBoxLayout(dialog);
  auto* list = new QListWidget;
  list->setDragDropMode(QAbstractItemView::InternalMove);
  list->setAccessibleName(tr("Columns, in their order"));
  QStringList shown;
  for (const RunColumn& c : model_.columns()) shown << c.id;
  const auto add = [&](const RunColumn& c, bool on) {
    auto* item = new QListWidgetItem(c.title.isEmpty() ? c.id : c.title, list);
    item->setData(Qt::UserRole, c.id);
    item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
    item->setCheckState(on ? Qt::Checked : Qt::Unchecked);
  };
  for (const RunColumn& c : model_.columns()) add(c, true);
  for (const RunColumn& c : model_.possibleColumns())
    if (!shown.contains(c.id)) add(c, false);
  column->addWidget(new ThemedLabel(tr("Check what is shown; drag to change the order."), FontRole::Hint, Token::Text2));
  column->addWidget(list, 1);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel | QDialogButtonBox::RestoreDefaults);
  column->addWidget(buttons);
  const auto set = [this](const QStringList& ids) {
    model_.setChosenColumns(ids);
    context().settings.setValue("run-table/columns", ids.isEmpty() ? QVariant() : QVariant(ids));
  };
  connect(buttons, &QDialogButtonBox::accepted, dialog, [dialog, list, set] {
    QStringList ids;
    for (int i = 0; i < list->count(); ++i)
      if (list->item(i)->checkState() == Qt::Checked) ids << list->item(i)->data(Qt::UserRole).toString();
    set(ids);
    dialog->accept();
  });
  connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  connect(buttons->button(QDialogButtonBox::RestoreDefaults), &QPushButton::clicked, dialog, [dialog, set] {
    set({});
    dialog->accept();
  });
  dialog->resize(360, 460);
  dialog->open();
}

void RunsPanel::copyRows() {
  QStringList lines;
  QStringList head;
  for (const RunColumn& c : model_.columns())
    if (c.id != "mark" && c.id != "series" && c.id != "curve") head << c.title;
  lines << head.join('\t');
  for (const QModelIndex& row : table_->selectionModel()->selectedRows()) {
    QStringList cells;
    for (int c = 0; c < model_.columns().size(); ++c) {
      const QString id = model_.columns()[c].id;
      if (id == "mark" || id == "series" || id == "curve") continue;
      const QModelIndex cell = row.siblingAtColumn(c);
      const QVariant exact = cell.data(ExactRole);
      cells << (exact.isValid() ? exact.toString() : cell.data(Qt::DisplayRole).toString());
    }
    lines << cells.join('\t');
  }
  QGuiApplication::clipboard()->setText(lines.join('\n'));
}

void RunsPanel::exportCsv() {
  auto* dialog = new QFileDialog(this, tr("Export the table"), "runs.csv", tr("CSV (*.csv)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix("csv");
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    context().workspace.start_job(
        tr("Export %1").arg(QFileInfo(path).fileName()).toStdString(),
        [path, text = model_.csv()](std::stop_token, const std::function<void(std::int64_t, std::int64_t)>&) -> Result<void> {
          QSaveFile file(path);
          if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0 || !file.commit())
            return fail(ErrorCode::Io, "The table cannot be written: " + file.errorString().toStdString(), "Choose another place.",
                        path.toStdString());
          return {};
        });
  });
  dialog->open();
}

}  // namespace dsw
