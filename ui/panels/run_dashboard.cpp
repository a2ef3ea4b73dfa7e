// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_dashboard.h"

#include "engine/workspace.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/models/store_watcher.h"
#include "ui/panels/comparison_body.h"
#include "ui/panels/model_export.h"
#include "ui/panels/run_facts.h"
#include "ui/panels/search_body.h"
#include "ui/panels/train_body.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {
namespace {

bool canResume(RunStatus status) {
  return status == RunStatus::Stopped || status == RunStatus::Interrupted || status == RunStatus::Failed || status == RunStatus::Paused;
}

}  // namespace

RunDashboard::RunDashboard(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent), run_(context.queries, context.watcher, ref.id), inspector_(new FactSheet(this)) {
  inspector_->hide();
  inspector_->setAccessibleName(tr("Facts about the run"));
  const RunPtr known = context.project.run(ref.id);
  setTitle(known ? QString::fromStdString(known->short_name) : tr("Run"));
  makeBody(known ? known->task : "train");
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

/// Which body it gets is known with the row, at the latest when the run was read.
void RunDashboard::makeBody(const std::string& task) {
  if (body_ && task_ == task) return;
  task_ = task;
  if (task == "search")
    body_ = new SearchBody(context(), run_, this);
  else if (task == "search-comparison")
    body_ = new ComparisonBody(context(), run_, this);
  else
    body_ = new TrainBody(context(), run_, this);
  connect(body_, &RunBody::placeChanged, this, [this](const QString& place) { place_ = place; });
  connect(body_, &RunBody::changed, this, [this] {
    if (!run_.isLoaded()) return;
    refreshButtons();
    refreshMessage();
    refreshInspector();
    emit commandsChanged();
  });
  setTabIcon(task.starts_with("search") ? "diagram-3" : "activity");
  setBody(body_);
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

  makeBody(row.task);
  body_->refreshRow();
  refreshButtons();
  refreshMessage();
  refreshInspector();
  emit commandsChanged();
}

void RunDashboard::refreshButtons() {
  const RunRow& row = run_.row();
  const QString state = run_.isActive() ? "active" : canResume(row.status) ? "resumable" : "ended";
  const QStringList own = body_->headCommands();
  const QString wanted = state + own.join(' ');
  if (wanted == buttons_for_) return;
  buttons_for_ = wanted;
  header().clearCommands();
  if (state == "active") header().addCommand("run.stop");
  if (state == "resumable") header().addCommand("run.resume", own.isEmpty() ? PanelHeader::Style::Primary : PanelHeader::Style::Normal);
  for (const QString& id : own) header().addCommand(id, id == own.front() ? PanelHeader::Style::Primary : PanelHeader::Style::Normal);
  if (own.isEmpty()) header().addCommand("object.duplicate");
  header().addCommand("run.pin");
  if (!own.isEmpty()) {
    header().addCommand("run.compare");
    header().addOverflow("object.duplicate");
  }
  for (const char* id : {"run.open-model", "run.compare", "run.export-model", "file.report", "file.export", "object.rename", "object.tag",
                         "object.note", "object.archive"})
    header().addOverflow(id);
}

void RunDashboard::refreshMessage() {
  const RunRow& row = run_.row();
  const std::optional<RunBody::Message> own = body_->message();
  const QString key =
      QString::fromLatin1(run_status_name(row.status)) + QString::fromStdString(row.sentence + row.hint) + (own ? own->head : QString());
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
  } else if (own) {
    messages().showMessage(own->level, own->head, own->text, own->actions, true);
  } else if (row.status == RunStatus::Stopped) {
    messages().showMessage(MessageLevel::Info, tr("Stopped at step %1.").arg(formatCountExact(row.step)), {}, std::move(actions), true);
  } else {
    messages().clear();
  }
}

void RunDashboard::refreshInspector() {
  if (!run_.isLoaded()) return;
  std::vector<FactSection> sections = body_->facts();
  std::vector<FactSection> own = runFacts(
      run_, [this](std::int64_t step) { showPlace(QStringLiteral("step:%1").arg(step)); },
      context().project.readOnly() ? std::function<void(const QString&)>() : [this](const QString& id) { runCommand(id); });
  sections.insert(sections.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  inspector_->setSections(std::move(sections));
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
  body_->showPlace(place);
}

QWidget* RunDashboard::inspector() { return inspector_; }

QWidget* RunDashboard::mainFocus() { return body_->mainFocus(); }

QVector<PaletteEntry> RunDashboard::paletteEntries() const { return body_->paletteEntries(); }

CommandState RunDashboard::commandState(const QString& id) const {
  CommandState state = body_->commandState(id);
  if (state.handled) return state;
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
    state.text = body_->hasFocusedFigure() ? tr("Export figure…") : tr("Export…");
    return state;
  }
  if (id == "object.source") {
    state.text = tr("Go to the document version");
    return state;
  }
  return DocumentPanel::commandState(id);
}

void RunDashboard::runCommand(const QString& id) {
  if (body_->commandState(id).handled) return body_->runCommand(id);
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
    body_->exportFigure();
  } else {
    DocumentPanel::runCommand(id);
  }
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

}  // namespace dsw
