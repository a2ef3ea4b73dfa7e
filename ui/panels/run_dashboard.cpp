// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_dashboard.h"

#include <QDialog>
#include <QScrollArea>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "engine/run/metric_direction.h"
#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"
#include "ui/panels/metric_table.h"
#include "ui/panels/model_export.h"
#include "ui/panels/run_charts.h"
#include "ui/panels/run_facts.h"
#include "ui/panels/run_progress_line.h"
#include "ui/panels/run_samples.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {
namespace {

constexpr int kLeastHalf = 160;  // px of what stands under the charts

/// The metric that the first line names: what the run is judged by.
const std::string* headMetric(const RunRow& row) {
  // A language model has a perplexity and is judged by its loss; a classifier by its accuracy.
  const bool language = row.metrics.count("val/perplexity") || row.metrics.count("test/perplexity");
  static const std::vector<std::string> kLanguage = {"test/loss", "val/loss", "train/loss"},
                                        kClasses = {"test/accuracy", "val/accuracy", "train/accuracy", "val/loss", "train/loss"};
  const std::vector<std::string>& wanted = language ? kLanguage : kClasses;
  for (const std::string& key : wanted)
    if (row.metrics.count(key)) return &key;
  return nullptr;
}

bool canResume(RunStatus status) {
  return status == RunStatus::Stopped || status == RunStatus::Interrupted || status == RunStatus::Failed || status == RunStatus::Paused;
}

}  // namespace

RunDashboard::RunDashboard(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      run_(context.queries, context.watcher, ref.id),
      metric_model_(new MetricTableModel(this)),
      inspector_(new FactSheet(this)) {
  inspector_->hide();
  inspector_->setAccessibleName(tr("Facts about the run"));
  setTabIcon("activity");
  const RunPtr known = context.project.run(ref.id);
  setTitle(known ? QString::fromStdString(known->short_name) : tr("Run"));
  setBody(buildBody());
  connect(&run_, &RunData::rowChanged, this, &RunDashboard::refreshRow);
  connect(&run_, &RunData::eventsChanged, this, &RunDashboard::refreshInspector);
  connect(&run_, &RunData::loaded, this, &RunDashboard::showPendingPlace, Qt::QueuedConnection);
  connect(&run_, &RunData::failed, this, [this](const Error& error) {
    messages().showMessage(MessageLevel::Error, tr("This run cannot be read."), QString::fromStdString(error.sentence()),
                           {{tr("Try again"),
                             [this] {
                               messages().clear();
                               run_.refresh();
                             },
                             {}}},
                           false);
  });
  connect(&context.selection, &Selection::runsChanged, this, &RunDashboard::commandsChanged);
  connect(&context.watcher, &StoreWatcher::jobsChanged, this, &RunDashboard::refreshRow);
}

RunDashboard::~RunDashboard() = default;

QWidget* RunDashboard::buildBody() {
  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  line_ =
      new RunProgressLine(context().settings.value("run/axis", 0).toInt(), context().settings.value("run/smoothing", 0.6).toDouble(), body);
  column->addWidget(line_);

  // Each is made with the parent that it keeps: a tree that moves is polished again as a whole.
  auto* split = new QSplitter(Qt::Vertical, body);
  auto* scroll = new QScrollArea(split);
  charts_ = new RunCharts(run_, context().workspace.catalog(), scroll->viewport());
  scroll->setWidget(charts_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);

  auto* bottom = new QSplitter(Qt::Horizontal, split);
  auto* metrics = new MetricTable(*metric_model_, bottom);
  metrics_ = metrics->table();
  metrics_->addActions(context().commands.actions(CommandContext::Table));
  connect(metrics_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
    if (now.isValid()) context().selection.setMetric(QString::fromStdString(metric_model_->key(now.row())));
  });
  connect(metrics_, &QTableView::doubleClicked, this,
          [this](const QModelIndex& index) { charts_->showMetric(metric_model_->key(index.row())); });

  samples_ = new RunSamples(run_, bottom);
  bottom->addWidget(metrics);
  bottom->addWidget(samples_);
  metrics->setMinimumWidth(kLeastHalf);
  samples_->setMinimumWidth(kLeastHalf);
  bottom->setSizes({460, 460});
  bottom->setChildrenCollapsible(false);
  split->addWidget(scroll);
  split->addWidget(bottom);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 1);
  split->setSizes({400, 230});
  split->setChildrenCollapsible(false);
  column->addWidget(split, 1);

  connect(line_, &RunProgressLine::axisChanged, this, [this](int index) {
    charts_->setAxis(static_cast<CurveAxis>(index));
    context().settings.setValue("run/axis", index);
  });
  connect(line_, &RunProgressLine::smoothingChanged, this, [this](double factor) {
    charts_->setSmoothing(factor);
    context().settings.setValue("run/smoothing", factor);
  });
  connect(line_, &RunProgressLine::outliersToggled, charts_, &RunCharts::setOutliers);
  connect(charts_, &RunCharts::stepPinned, this, [this](double step) {
    place_ = QStringLiteral("step:%1").arg(std::llround(step));
    context().selection.setStep(std::llround(step));
  });
  connect(charts_, &RunCharts::chartActivated, this, &RunDashboard::showChartAlone);
  charts_->setAxis(static_cast<CurveAxis>(line_->axis()));
  charts_->setSmoothing(line_->smoothing());
  return body;
}

void RunDashboard::refreshRow() {
  if (!run_.isLoaded()) return;
  const RunRow& row = run_.row();
  const QString status = QString::fromLatin1(run_status_name(row.status));
  stopping_ = false;
  for (const JobInfo& job : context().workspace.jobs())
    if (job.run_id == row.id && job.stopping && run_.isActive()) stopping_ = true;
  setTitle(QString::fromStdString(row.name.empty() ? row.short_name : row.short_name + " " + row.name));
  setTabStatus(status);
  header().setStatus(status);
  header().setChip(stopping_ ? tr("Stopping…") : row.baseline ? tr("baseline") : QString());
  QStringList links;
  links << objectLink({kind::kExperiment, QString::fromStdString(row.experiment_id), QStringLiteral("version:%1").arg(row.version)},
                      QStringLiteral("%1 v%2").arg(QString::fromStdString(row.experiment_name)).arg(row.version));
  links << tr("seed %1").arg(row.seed);
  if (row.started > 0)
    links << tr("started %1").arg(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(row.started * 1000)).toString("HH:mm:ss"));
  header().setLinks(links);

  line_->showStep(row.total_steps > 0 ? tr("Step %1 / %2").arg(formatCountExact(row.step), formatCountExact(row.total_steps))
                                      : tr("Step %1").arg(formatCountExact(row.step)),
                  row.total_steps > 0 ? static_cast<double>(row.step) / static_cast<double>(row.total_steps) : 0, stateLook(status).color);
  const bool running = row.status == RunStatus::Running;
  line_->showLeft(running && row.seconds_left > 0 ? tr("%1 left").arg(formatRemaining(row.seconds_left))
                  : run_.isActive()               ? QString()
                                                  : stateLook(status).word);
  const std::string* key = headMetric(row);
  line_->showBest(key ? tr("%1 %2").arg(QString::fromStdString(*key), formatMetric(*key, row.metrics.at(*key).best)) : QString());
  line_->setHasEpochs(charts_->hasEpochs());
  metric_model_->setRow(row);
  refreshButtons();
  refreshMessage();
  refreshInspector();
  emit commandsChanged();
}

void RunDashboard::refreshButtons() {
  const RunRow& row = run_.row();
  const QString wanted = run_.isActive() ? "active" : canResume(row.status) ? "resumable" : "ended";
  if (wanted == buttons_for_) return;
  buttons_for_ = wanted;
  header().clearCommands();
  if (wanted == "active") header().addCommand("run.stop");
  if (wanted == "resumable") header().addCommand("run.resume", PanelHeader::Style::Primary);
  header().addCommand("object.duplicate");
  header().addCommand("run.pin");
  for (const char* id : {"run.open-model", "run.compare", "run.export-model", "file.report", "file.export", "object.rename", "object.tag",
                         "object.note", "object.archive"})
    header().addOverflow(id);
}

void RunDashboard::refreshMessage() {
  const RunRow& row = run_.row();
  const QString key = QString::fromLatin1(run_status_name(row.status)) + QString::fromStdString(row.sentence + row.hint);
  if (key == message_for_) return;
  message_for_ = key;
  std::vector<MessageAction> actions;
  const QString resume = run_.checkpoints().empty() ? tr("Start from the beginning")
                                                    : tr("Resume from step %1").arg(formatCountExact(run_.checkpoints().back().step));
  if (canResume(row.status) && !context().project.readOnly()) actions.push_back({resume, [this] { runCommand("run.resume"); }, {}});
  const QString sentence = fullSentence(row.sentence), hint = QString::fromStdString(row.hint);
  if (row.status == RunStatus::Failed) {
    actions.push_back({tr("Copy details"),
                       [sentence, hint, id = runId()] { QGuiApplication::clipboard()->setText(id + "\n" + sentence + "\n" + hint); },
                       {}});
    messages().showMessage(MessageLevel::Error, sentence.isEmpty() ? tr("The run failed.") : sentence, hint, std::move(actions), false);
  } else if (row.status == RunStatus::Interrupted) {
    messages().showMessage(MessageLevel::Warning, tr("Interrupted at step %1.").arg(formatCountExact(row.step)), sentence,
                           std::move(actions), false);
  } else if (row.status == RunStatus::Paused) {
    messages().showMessage(MessageLevel::Warning, tr("Paused."), (sentence + " " + hint).trimmed(), std::move(actions), false);
  } else if (row.status == RunStatus::Stopped) {
    messages().showMessage(MessageLevel::Info, tr("Stopped at step %1.").arg(formatCountExact(row.step)), {}, std::move(actions), true);
  } else {
    messages().clear();
  }
}

void RunDashboard::refreshInspector() {
  if (!run_.isLoaded()) return;
  inspector_->setSections(runFacts(
      run_, [this](std::int64_t step) { showPlace(QStringLiteral("step:%1").arg(step)); },
      context().project.readOnly() ? std::function<void(const QString&)>() : [this](const QString& id) { runCommand(id); }));
}

QString RunDashboard::place() const { return place_; }

void RunDashboard::showPlace(const QString& place) {
  wanted_place_ = place;
  if (run_.isLoaded()) showPendingPlace();
}

void RunDashboard::showPendingPlace() {
  const QString place = std::exchange(wanted_place_, {});
  if (place.isEmpty()) return;
  place_ = place;
  if (place.startsWith(QLatin1String("step:")))
    charts_->pinStep(place.mid(5).toDouble());
  else if (place.startsWith(QLatin1String("metric:")))
    charts_->showMetric(place.mid(7).toStdString());
  else if (place == QLatin1String("sample"))
    samples_->setFocus();
}

QWidget* RunDashboard::inspector() { return inspector_; }

QWidget* RunDashboard::mainFocus() {
  const auto charts = charts_->charts();
  return charts.empty() ? static_cast<QWidget*>(metrics_) : charts.front();
}

QVector<PaletteEntry> RunDashboard::paletteEntries() const {
  QVector<PaletteEntry> out;
  for (const auto& [key, columns] : run_.metrics()) {
    PaletteEntry entry;
    entry.id = "metric:" + QString::fromStdString(key);
    entry.text = QString::fromStdString(key);
    entry.detail = columns.value.empty() ? QString() : formatMetric(key, columns.value.back());
    out.push_back(entry);
  }
  return out;
}

CommandState RunDashboard::commandState(const QString& id) const {
  CommandState state;
  state.handled = true;
  const bool writable = !context().project.readOnly();
  const RunRow& row = run_.row();
  const auto needsWriting = [&] {
    state.enabled = writable && run_.isLoaded();
    if (!writable) state.reason = context().project.readOnlyReason();
    return state;
  };
  if (id == "run.stop") {
    state.enabled = run_.isActive() && !stopping_ && writable;
    if (!state.enabled)
      state.reason = stopping_          ? tr("It is stopping at its next checkpoint.")
                     : !run_.isActive() ? tr("It is not running.")
                                        : context().project.readOnlyReason();
    return state;
  }
  if (id == "run.resume") {
    state.enabled = writable && canResume(row.status);
    if (!state.enabled)
      state.reason = run_.isActive()          ? tr("It is running.")
                     : !canResume(row.status) ? tr("It has ended.")
                                              : context().project.readOnlyReason();
    return state;
  }
  if (id == "run.pin") {
    needsWriting();
    state.checked = row.baseline;
    state.text = row.baseline ? tr("Unpin baseline") : tr("Pin as baseline");
    return state;
  }
  if (id == "object.archive") {
    needsWriting();
    state.text = row.archived ? tr("Restore") : tr("Archive");
    if (run_.isActive()) {
      state.enabled = false;
      state.reason = tr("It is running; stop it first.");
    }
    return state;
  }
  if (id == "object.duplicate" || id == "object.rename" || id == "object.tag" || id == "object.note") return needsWriting();
  if (id == "run.compare") return state;
  if (id == "run.export-model" || id == "run.open-model") {
    state.enabled = !run_.checkpoints().empty();
    if (!state.enabled) state.reason = tr("It has no checkpoint yet.");
    return state;
  }
  if (id == "file.export") {
    state.text = charts_->focusedChart() ? tr("Export figure…") : tr("Export…");
    return state;
  }
  if (id == "object.source") {
    state.text = tr("Go to the document version");
    return state;
  }
  return DocumentPanel::commandState(id);
}

void RunDashboard::runCommand(const QString& id) {
  PanelContext& c = context();
  if (id == "run.stop") {
    c.actions.stopRun(runId());
    stopping_ = true;
    header().setChip(tr("Stopping…"));
    emit commandsChanged();
  } else if (id == "run.resume") {
    c.actions.resumeRun(runId(), this, [this](Result<void> done) {
      if (!done)
        messages().showMessage(MessageLevel::Error, tr("The run was not resumed."), QString::fromStdString(done.error().sentence()));
    });
  } else if (id == "run.pin") {
    c.actions.setBaseline(run_.row().baseline ? QString() : runId());
  } else if (id == "run.compare") {
    if (!c.selection.contains(runId())) c.selection.toggleRun(runId());
    c.navigator.open({kind::kRuns, {}, {}});
  } else if (id == "object.duplicate") {
    c.actions.duplicateRun(runId(), this, [this](Result<QString> experiment) {
      if (experiment)
        context().navigator.open({kind::kExperiment, *experiment, {}});
      else
        messages().showMessage(MessageLevel::Error, tr("The run was not duplicated."),
                               QString::fromStdString(experiment.error().sentence()));
    });
  } else if (id == "object.archive") {
    const bool archive = !run_.row().archived;
    c.actions.setArchived({runId()}, archive);
    if (archive) {
      c.navigator.notice(NoticeLevel::Info, tr("%1 is archived.").arg(QString::fromStdString(run_.row().short_name)), tr("Undo"),
                         [&actions = c.actions, run = runId()] { actions.setArchived({run}, false); });
      emit closeRequested();
    }
  } else if (id == "object.source") {
    c.navigator.open(
        {kind::kExperiment, QString::fromStdString(run_.row().experiment_id), QStringLiteral("version:%1").arg(run_.row().version)});
  } else if (id == "object.rename") {
    editName();
  } else if (id == "object.tag") {
    editTags();
  } else if (id == "object.note") {
    editNote();
  } else if (id == "run.open-model") {
    c.navigator.open({kind::kModel, runId(), {}});
  } else if (id == "run.export-model") {
    exportRunModel(context(), run_.row(), run_.checkpoints(), this);
  } else if (id == "file.export") {
    exportFocused();
  } else {
    DocumentPanel::runCommand(id);
  }
}

void RunDashboard::exportFocused() {
  if (CurveView* chart = charts_->focusedChart()) return chart->exportDialog();
  const auto charts = charts_->charts();
  if (!charts.empty()) charts.front()->exportDialog();
}

void RunDashboard::editName() {
  const QString shown = QString::fromStdString(run_.row().short_name);
  if (const auto name = askText(this, tr("Rename"), tr("Name of %1").arg(shown), QString::fromStdString(run_.row().name), tr("Rename")))
    context().actions.rename(runId(), name->trimmed());
}

void RunDashboard::editTags() {
  QStringList tags;
  for (const std::string& tag : run_.row().tags) tags << QString::fromStdString(tag);
  if (const auto wanted = askTags(this, QString::fromStdString(run_.row().short_name), tags, context().project.tags()))
    context().actions.setTags(runId(), *wanted);
}

void RunDashboard::editNote() {
  if (const auto note = askNote(this, QString::fromStdString(run_.row().short_name), QString::fromStdString(run_.row().note)))
    context().actions.setNote(runId(), *note);
}

void RunDashboard::showChartAlone(QWidget* chart) {
  // A second view of the same data in a large dialog; the grid stays as it is.
  auto* view = qobject_cast<CurveView*>(chart);
  if (!view) return;
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(view->title());
  auto* column = new QVBoxLayout(dialog);
  column->setContentsMargins(0, 0, 0, 0);
  auto* large = new CurveView;
  large->setTitle(view->title());
  large->setQuantity(view->data().series.empty() ? view->title() : view->data().series.front().id);
  large->setAxis(view->axis());
  large->setSmoothing(view->smoothing());
  large->setOutliers(view->outliers());
  large->setLogX(view->logX());
  large->setLogY(view->logY());
  large->setProvenance(view->provenance());
  large->setData(view->data());
  column->addWidget(large);
  connect(&run_, &RunData::metricsGrew, large, [view = QPointer<CurveView>(view), large] {
    if (view) large->setData(view->data());
  });
  dialog->resize(window()->size() * 0.9);
  dialog->open();
  large->setFocus();
}

}  // namespace dsw
