// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/object_commands.h"

#include "ui/models/log_model.h"
#include "ui/models/navigator.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {

namespace {

bool canStop(RunStatus status) { return status == RunStatus::Running || status == RunStatus::Queued || status == RunStatus::Paused; }
bool canResume(RunStatus status) { return status == RunStatus::Stopped || status == RunStatus::Interrupted || status == RunStatus::Failed; }

}  // namespace

void ObjectCommands::showError(const QString& what, const Error& error) {
  const QString sentence = QString::fromStdString(error.sentence());
  context_.log.append(LogLevel::Error, what, sentence);
  context_.navigator.notice(NoticeLevel::Error, sentence);
}

QString ObjectCommands::nameOf(const ObjectRef& ref) const {
  if (ref.kind == kind::kExperiment) {
    const ExperimentRow* row = context_.project.experiment(ref.id);
    return row ? QString::fromStdString(row->name) : QString();
  }
  if (const ModelRow* model = context_.project.model(ref.id)) return QString::fromStdString(model->name);
  const RunPtr run = context_.project.run(ref.id);
  return run ? QString::fromStdString(run->short_name) : QString();
}

CommandState ObjectCommands::state(const QString& id, const ObjectRef& ref) const {
  CommandState state;
  if (!id.startsWith("object.") && !id.startsWith("run.")) return state;
  const bool writable = context_.actions.canWrite();
  const auto enabled = [&](bool possible, const char* reason, bool needsWrite) {
    state.handled = true;
    state.enabled = possible && (writable || !needsWrite);
    if (!possible)
      state.reason = QString::fromUtf8(reason);
    else if (!state.enabled)
      state.reason = context_.actions.isOpen() ? QStringLiteral("The project is open read-only.") : QStringLiteral("No project is open.");
  };
  if (id == "run.compare") {
    enabled(context_.selection.runs().size() >= 2, "Mark two runs or more in the run table first.", false);
    return state;
  }
  if (ref.kind == kind::kExperiment && context_.project.experiment(ref.id)) {
    if (id == "object.open")
      enabled(true, "", false);
    else if (id == "object.duplicate" || id == "object.rename" || id == "object.archive" || id == "run.start")
      enabled(true, "", true);
    return state;
  }
  if (const ModelRow* model = ref.kind == kind::kModel ? context_.project.model(ref.id) : nullptr) {
    if (id == "object.open")
      enabled(true, "", false);
    else if (id == "object.rename" || id == "object.note")
      enabled(true, "", true);
    else if (id == "object.archive") {
      enabled(true, "", true);
      if (model->archived) state.text = QStringLiteral("&Restore");
    }
    return state;
  }
  // The weights of a run are no object of their own: what is said about them is said about the run.
  const RunPtr run = ref.kind == kind::kRun || ref.kind == kind::kModel ? context_.project.run(ref.id) : nullptr;
  if (!run) return state;
  if (id == "object.open")
    enabled(true, "", false);
  else if (id == "object.source")
    enabled(!run->experiment_id.empty(), "The run has no experiment.", false);
  else if (id == "object.duplicate" || id == "object.rename" || id == "object.tag" || id == "object.note")
    enabled(true, "", true);
  else if (id == "object.archive") {
    enabled(run->archived || !canStop(run->status), "Stop the run first.", true);
    if (run->archived) state.text = QStringLiteral("&Restore");
  } else if (id == "run.stop")
    enabled(canStop(run->status), "The run has ended.", true);
  else if (id == "run.resume")
    enabled(canResume(run->status), run->status == RunStatus::Finished ? "The run has finished." : "The run is going on.", true);
  else if (id == "run.open-model")
    enabled(true, "", false);
  else if (id == "run.pin") {
    enabled(true, "", true);
    state.checked = run->baseline;
    if (run->baseline) state.text = QStringLiteral("Un&pin baseline");
  }
  return state;
}

void ObjectCommands::openExperiment(const QString& id) { context_.navigator.open({kind::kExperiment, id, {}}); }

void ObjectCommands::run(const QString& id, const ObjectRef& ref) {
  const auto opened = [this](const char* what) {
    return [this, what](const Result<QString>& made) {
      if (made)
        openExperiment(*made);
      else
        showError(what, made.error());
    };
  };
  QObject* asker = window_;
  if (id == "object.open") return context_.navigator.open(ref);
  if (id == "run.open-model") return context_.navigator.open({kind::kModel, ref.id, {}});
  if (id == "run.compare") return context_.navigator.open({kind::kRuns, {}, "compare"});
  if (id == "object.archive") return archive(ref);
  if (id == "object.rename") {
    const QString former = nameOf(ref);
    const auto name = askText(window_, QStringLiteral("Rename"), QString("Name of %1").arg(former), former, QStringLiteral("Rename"));
    if (name && !name->isEmpty() && *name != former) context_.actions.rename(ref.id, *name);
    return;
  }
  if (ref.kind == kind::kExperiment) {
    if (id == "object.duplicate") return context_.actions.duplicateExperiment(ref.id, asker, opened("Duplicate"));
    if (id == "run.start")
      return context_.actions.startExperiment(ref.id, asker, [this](const Result<RunRow>& run) {
        if (run)
          context_.navigator.open({kind::kRun, QString::fromStdString(run->id), {}});
        else
          showError("Run", run.error());
      });
    return;
  }
  if (const ModelRow* model = context_.project.model(ref.id)) {
    if (id != "object.note") return;
    if (const auto note = askNote(window_, nameOf(ref), QString::fromStdString(model->note))) context_.actions.setNote(ref.id, *note);
    return;
  }
  const RunPtr run = context_.project.run(ref.id);
  if (!run) return;
  if (id == "object.duplicate")
    context_.actions.duplicateRun(ref.id, asker, opened("Duplicate"));
  else if (id == "object.source")
    context_.navigator.open({kind::kExperiment, QString::fromStdString(run->experiment_id), QString("version:%1").arg(run->version)});
  else if (id == "object.tag") {
    QStringList tags;
    for (const std::string& tag : run->tags) tags.push_back(QString::fromStdString(tag));
    if (const auto chosen = askTags(window_, nameOf(ref), tags, context_.project.tags())) context_.actions.setTags(ref.id, *chosen);
  } else if (id == "object.note") {
    if (const auto note = askNote(window_, nameOf(ref), QString::fromStdString(run->note))) context_.actions.setNote(ref.id, *note);
  } else if (id == "run.stop")
    context_.actions.stopRun(ref.id);
  else if (id == "run.resume")
    context_.actions.resumeRun(ref.id, asker, [this](const Result<void>& result) {
      if (!result) showError("Resume", result.error());
    });
  else if (id == "run.pin")
    context_.actions.setBaseline(run->baseline ? QString() : ref.id);
}

void ObjectCommands::archive(const ObjectRef& ref) {
  const RunPtr run = context_.project.run(ref.id);
  const ModelRow* model = context_.project.model(ref.id);
  const bool archived = (run && run->archived) || (model && model->archived);
  const QString name = nameOf(ref);
  context_.actions.setArchived({ref.id}, !archived, window_, [this, ref, name, archived](const Result<void>& result) {
    if (!result) return showError("Archive", result.error());
    if (archived) return context_.navigator.notice(NoticeLevel::Info, QString("%1 is back.").arg(name));
    context_.navigator.close(ref);
    context_.navigator.notice(NoticeLevel::Info, QString("%1 is archived.").arg(name), QStringLiteral("Undo"),
                              [this, ref] { context_.actions.setArchived({ref.id}, false); });
  });
}

}  // namespace dsw
