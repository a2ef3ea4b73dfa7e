// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/overview_panel.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

#include "engine/run/metric_direction.h"
#include "ui/models/cell_roles.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_data.h"
#include "ui/models/recent_projects_model.h"
#include "ui/models/run_filter.h"
#include "ui/models/selection.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/shell/empty_state.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {

namespace {

constexpr int kNewest = 12;
constexpr int kRefRole = Qt::UserRole + 1;

QTableView* makeTable(QStandardItemModel* model, const QString& name, QWidget* parent) {
  auto* table = new QTableView(parent);
  table->setModel(model);
  installTableLook(table);
  table->setAccessibleName(name);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->setFrameShape(QFrame::NoFrame);
  table->setTabKeyNavigation(false);
  return table;
}

void setCell(QStandardItemModel* model, int row, int column, const QString& text, const QString& ref, const QString& status = {},
             bool link = false) {
  const QModelIndex index = model->index(row, column);
  if (index.data().toString() != text) model->setData(index, text, Qt::DisplayRole);
  model->setData(index, ref, kRefRole);
  if (!status.isEmpty()) model->setData(index, status, StatusRole);
  if (link) model->setData(index, true, LinkRole);
}

}  // namespace

OverviewPanel::OverviewPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      experiments_(new QStandardItemModel(0, 5, this)),
      runs_(new QStandardItemModel(0, 6, this)),
      pages_(new QStackedWidget(this)) {
  auto* lists = new QWidget(pages_);
  experimentTable_ = makeTable(experiments_, QStringLiteral("Experiments"), lists);
  runTable_ = makeTable(runs_, QStringLiteral("Newest runs"), lists);
  line_ = new ThemedLabel({}, FontRole::Text, Token::Text2, lists);
  setTabIcon("archive");
  setTitle(QStringLiteral("Project overview"));
  header().addCommand("file.new-experiment", PanelHeader::Style::Primary);
  header().addCommand("run.all");
  header().addOverflow("file.import");
  header().addOverflow("file.export-project");
  experiments_->setHorizontalHeaderLabels({"Experiment", "Version", "Runs", "Best val/loss", "Changed"});
  runs_->setHorizontalHeaderLabels({"State", "Run", "Experiment", "Best val/loss", "Time", "Started"});
  for (const int column : {1, 2, 3}) experimentTable_->setItemDelegateForColumn(column, new NumberDelegate(experimentTable_));
  for (const int column : {3, 4}) runTable_->setItemDelegateForColumn(column, new NumberDelegate(runTable_));
  runTable_->setItemDelegateForColumn(0, new StateDelegate(runTable_));
  experimentTable_->horizontalHeader()->setStretchLastSection(false);
  runTable_->horizontalHeader()->setStretchLastSection(false);
  experimentTable_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  runTable_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
  runTable_->setColumnWidth(0, 110);
  for (const int column : {1, 3, 4, 5}) runTable_->setColumnWidth(column, 110);
  for (const int column : {1, 2, 3, 4}) experimentTable_->setColumnWidth(column, 110);
  for (QTableView* table : {experimentTable_, runTable_}) {
    table->installEventFilter(this);
    connect(table, &QTableView::clicked, this, [this, table](const QModelIndex& index) {
      const ObjectRef target = ObjectRef::fromHref(index.data(kRefRole).toString());
      this->context().selection.setObject(target);
      if (index.data(LinkRole).toBool()) openRow(table);
    });
    connect(table, &QTableView::doubleClicked, this, [this, table] { openRow(table); });
  }
  auto* column = new QVBoxLayout(lists);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  const auto addHead = [column, lists](const QString& text) {
    auto* head = new ThemedLabel(text, FontRole::Strong, Token::Text1, lists);
    head->setContentsMargins(12, 8, 12, 6);
    column->addWidget(head);
  };
  line_->setContentsMargins(12, 8, 12, 2);
  column->addWidget(line_);
  addHead(QStringLiteral("Experiments"));
  column->addWidget(experimentTable_, 2);
  addHead(QStringLiteral("Newest runs"));
  column->addWidget(runTable_, 3);
  auto* empty =
      new EmptyState(QStringLiteral("The project has no experiment yet. A template gives a first one that runs as it is."), pages_);
  empty->setCommand(context.commands, "file.new-experiment");
  pages_->addWidget(lists);
  pages_->addWidget(empty);
  setBody(pages_);
  connect(&context.project, &ProjectData::reset, this, &OverviewPanel::refresh);
  connect(&context.project, &ProjectData::experimentsChanged, this, &OverviewPanel::refresh);
  connect(&context.project, &ProjectData::runsChanged, this, &OverviewPanel::refreshRuns);
  refresh();
}

void OverviewPanel::refresh() {
  const ProjectData& project = context().project;
  header().setLinks(project.name().isEmpty() ? QStringList()
                                             : QStringList(shownPath(QString::fromStdString(project.info().path)).toHtmlEscaped()));
  std::map<std::string, double> best;
  for (const RunPtr& run : project.runs()) {
    const double value = metricOf(*run, QStringLiteral("val/loss"));
    if (std::isnan(value)) continue;
    const auto [at, fresh] = best.emplace(run->experiment_id, value);
    if (!fresh) at->second = std::min(at->second, value);
  }
  const auto& rows = project.experiments();
  experiments_->setRowCount(static_cast<int>(rows.size()));
  for (int row = 0; row < static_cast<int>(rows.size()); ++row) {
    const ExperimentRow& one = rows[static_cast<std::size_t>(row)];
    const QString ref = ObjectRef{kind::kExperiment, QString::fromStdString(one.id), {}}.href();
    setCell(experiments_, row, 0, QString::fromStdString(one.name), ref, {}, true);
    setCell(experiments_, row, 1, QString("v%1").arg(one.version), ref);
    setCell(experiments_, row, 2, formatCount(one.runs), ref);
    const auto at = best.find(one.id);
    setCell(experiments_, row, 3, at == best.end() ? QString(kMissing) : formatLoss(at->second), ref);
    setCell(experiments_, row, 4, relativeDay(static_cast<qint64>(one.changed)), ref);
  }
  pages_->setCurrentIndex(project.state() == ProjectData::State::Ready && rows.empty() && project.runs().empty() ? 1 : 0);
  refreshRuns();
}

void OverviewPanel::refreshRuns() {
  const ProjectData& project = context().project;
  const auto& all = project.runs();
  const int count = std::min(kNewest, static_cast<int>(all.size()));
  runs_->setRowCount(count);
  for (int row = 0; row < count; ++row) {
    const RunRow& run = *all[static_cast<std::size_t>(row)];
    const QString ref = ObjectRef{kind::kRun, QString::fromStdString(run.id), {}}.href();
    const double value = metricOf(run, QStringLiteral("val/loss"));
    setCell(runs_, row, 0, run_status_name(run.status), ref, run_status_name(run.status));
    setCell(runs_, row, 1, QString::fromStdString(run.short_name), ref, {}, true);
    setCell(runs_, row, 2, runTitle(run), ref);
    setCell(runs_, row, 3, std::isnan(value) ? QString(kMissing) : formatLoss(value), ref);
    setCell(runs_, row, 4, run.seconds > 0 ? formatDuration(run.seconds) : QString(kMissing), ref);
    setCell(runs_, row, 5, run.started > 0 ? relativeDay(static_cast<qint64>(run.started)) : QString(kMissing), ref);
  }
  const auto counted = [](std::size_t n, const char* one, const char* many) {
    return QString("%1 %2").arg(formatCount(static_cast<double>(n)), n == 1 ? one : many);
  };
  QStringList parts = {counted(project.experiments().size(), "experiment", "experiments"), counted(all.size(), "run", "runs")};
  for (const RunStatus status : {RunStatus::Running, RunStatus::Queued, RunStatus::Failed, RunStatus::Interrupted})
    if (const int n = project.count(status)) parts.push_back(QString("%1 %2").arg(formatCount(n), run_status_name(status)));
  line_->setText(parts.join(", "));
}

void OverviewPanel::openRow(QTableView* table) {
  const ObjectRef target = ObjectRef::fromHref(table->currentIndex().data(kRefRole).toString());
  if (!target.isNull()) context().navigator.open(target);
}

bool OverviewPanel::eventFilter(QObject* watched, QEvent* event) {
  if ((watched == experimentTable_ || watched == runTable_) && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      openRow(static_cast<QTableView*>(watched));
      return true;
    }
  }
  return DocumentPanel::eventFilter(watched, event);
}

QWidget* OverviewPanel::mainFocus() { return experimentTable_; }

}  // namespace dsw
