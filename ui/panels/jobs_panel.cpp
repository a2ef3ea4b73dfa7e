// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/jobs_panel.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/job_list_model.h"
#include "ui/models/navigator.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/shell/empty_state.h"

namespace dsw {

JobsPanel::JobsPanel(PanelContext& context, QWidget* parent)
    : DockPanel(parent), context_(context), objects_(context, this), table_(new QTableView(this)), pages_(new QStackedWidget(this)) {
  JobListModel& model = context.jobs;
  table_->setModel(&model);
  installTableLook(table_);
  table_->setItemDelegateForColumn(JobListModel::State, new StateDelegate(table_));
  table_->setItemDelegateForColumn(JobListModel::Progress, new BarDelegate(table_));
  table_->setItemDelegateForColumn(JobListModel::DeviceColumn, new NumberDelegate(table_));
  table_->setItemDelegateForColumn(JobListModel::Left, new NumberDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setAccessibleName(QStringLiteral("Jobs"));
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  QHeaderView* head = table_->horizontalHeader();
  head->setStretchLastSection(false);
  head->setSectionResizeMode(JobListModel::Job, QHeaderView::Stretch);
  table_->setColumnWidth(JobListModel::State, 108);
  table_->setColumnWidth(JobListModel::Progress, 220);
  table_->setColumnWidth(JobListModel::DeviceColumn, 84);
  table_->setColumnWidth(JobListModel::Left, 84);
  table_->setColumnWidth(JobListModel::Action, 40);
  head->setSectionResizeMode(JobListModel::Action, QHeaderView::Fixed);
  table_->installEventFilter(this);
  connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
    if (index.column() == JobListModel::Action) act(index.row());
    if (index.column() == JobListModel::Job) open(index.row());
  });
  connect(table_, &QTableView::doubleClicked, this, [this](const QModelIndex& index) { open(index.row()); });
  auto* empty = new EmptyState({});
  empty->setCommand(context.commands, "run.start");
  pages_->addWidget(table_);
  pages_->addWidget(empty);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);
  const auto showPage = [this, &model] { pages_->setCurrentIndex(model.rowCount() > 0 ? 0 : 1); };
  connect(&model, &QAbstractItemModel::modelReset, this, showPage);
  connect(&model, &JobListModel::countsChanged, this, [this] { emit titleChanged(); });
  const auto say = [&context, empty] {
    const ProjectData& project = context.project;
    const int going = project.count(RunStatus::Running) + project.count(RunStatus::Paused) + project.count(RunStatus::Queued);
    empty->setSentence(
        project.writtenElsewhere() && going > 0
            ? QString("Nothing runs in this window. %1 in the other program that has this project open; %2 stopped there.")
                  .arg(going == 1 ? QStringLiteral("1 run goes on") : QString("%1 runs go on").arg(going),
                       going == 1 ? QStringLiteral("it is") : QStringLiteral("they are"))
            : QStringLiteral("Nothing runs. A run that you start is listed here with its progress, and can be stopped here."));
  };
  connect(&context.project, &ProjectData::reset, this, say);
  say();
  showPage();
}

QString JobsPanel::title() const {
  const int count = context_.jobs.running() + context_.jobs.queued();
  return count > 0 ? QString("Jobs %1").arg(count) : QStringLiteral("Jobs");
}

QWidget* JobsPanel::mainFocus() {
  if (context_.jobs.rowCount() == 0) return pages_->currentWidget();
  if (!table_->currentIndex().isValid()) table_->selectRow(0);
  return table_;
}

ObjectRef JobsPanel::current() const {
  const QModelIndex index = table_->currentIndex();
  if (!index.isValid() || index.row() >= context_.jobs.rowCount()) return {};
  const JobInfo& job = context_.jobs.job(index.row());
  return job.run_id.empty() ? ObjectRef() : ObjectRef{kind::kRun, QString::fromStdString(job.run_id), {}};
}

void JobsPanel::open(int row) {
  const JobInfo& job = context_.jobs.job(row);
  if (!job.run_id.empty()) context_.navigator.open({kind::kRun, QString::fromStdString(job.run_id), {}});
}

void JobsPanel::act(int row) {
  const JobInfo job = context_.jobs.job(row);
  const QString action = jobAction(job);
  if (action == "stop") {
    if (job.run_id.empty())
      context_.actions.stopJob(job.id);
    else
      context_.actions.stopRun(QString::fromStdString(job.run_id));
  } else if (action == "resume") {
    objects_.run("run.resume", {kind::kRun, QString::fromStdString(job.run_id), {}});
  }
}

CommandState JobsPanel::commandState(const QString& id) const {
  const ObjectRef ref = current();
  return ref.isNull() || !table_->hasFocus() ? CommandState{} : objects_.state(id, ref);
}

void JobsPanel::runCommand(const QString& id) { objects_.run(id, current()); }

bool JobsPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == table_ && event->type() == QEvent::KeyPress && table_->currentIndex().isValid()) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      if (table_->currentIndex().column() == JobListModel::Action)
        act(table_->currentIndex().row());
      else
        open(table_->currentIndex().row());
      return true;
    }
  }
  return DockPanel::eventFilter(watched, event);
}

}  // namespace dsw
