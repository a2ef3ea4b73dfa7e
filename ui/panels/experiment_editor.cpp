// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/experiment_editor.h"

#include <QFileDialog>
#include <nlohmann/json.hpp>

#include "engine/workspace.h"
#include "ui/models/command_registry.h"
#include "ui/models/navigator.h"
#include "ui/models/problem_list_model.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/selection.h"
#include "ui/models/space/space_parts.h"
#include "ui/panels/designer/space_designer.h"
#include "ui/panels/designer/space_inspector.h"
#include "ui/panels/experiment_inspector.h"
#include "ui/panels/experiment_view.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/param_form.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {
namespace {
constexpr int kDraftDelayMs = 2000;
}

ExperimentEditor::ExperimentEditor(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent),
      document_(context.workspace.catalog(), context.workspace.data()),
      inspector_(new ExperimentInspector(document_)),
      inspectors_(new QStackedWidget(this)) {
  setTabIcon("sliders2");
  header().addCommand("edit.undo", PanelHeader::Style::IconOnly);
  header().addCommand("edit.redo", PanelHeader::Style::IconOnly);
  header().addCommand("file.save");
  header().addCommand("run.start", PanelHeader::Style::Primary);
  for (const char* id : {"object.duplicate", "object.rename", "object.archive", "file.export"}) header().addOverflow(id);
  draft_timer_.setSingleShot(true);
  draft_timer_.setInterval(kDraftDelayMs);
  connect(&draft_timer_, &QTimer::timeout, this, &ExperimentEditor::storeDraft);
  connect(&document_, &SpecDocument::changed, this, [this] {
    if (!loaded_) return;
    draft_timer_.start();
    refreshHeader();
    adoptTask();
  });
  connect(&document_, &SpecDocument::problemsChanged, this, [this] {
    if (loaded_) reportProblems();
    emit commandsChanged();
  });
  connect(&document_.undoStack(), &QUndoStack::indexChanged, this, &ExperimentEditor::commandsChanged);
  connect(inspector_, &ExperimentInspector::pointerActivated, this, [this](const QString& pointer) {
    if (view_) view_->goTo(pointer);
  });
  connect(&context.project, &ProjectData::runsChanged, this, &ExperimentEditor::refreshHeader);
  connect(&context.project, &ProjectData::experimentsChanged, this, &ExperimentEditor::refreshHeader);
  inspectors_->addWidget(inspector_);
  inspectors_->hide();
  const ExperimentRow* row = context.project.experiment(ref.id);
  setTitle(row ? QString::fromStdString(row->name) : tr("Experiment"));
  connect(qApp, &QGuiApplication::applicationStateChanged, this, [this](Qt::ApplicationState state) {
    if (state == Qt::ApplicationActive) document_.filesMayHaveChanged();
  });
  load();
}

ExperimentEditor::~ExperimentEditor() { context().problems.setProblems(ref().id, {}); }

void ExperimentEditor::load() {
  using Stored = std::pair<std::vector<ExperimentVersion>, std::vector<std::string>>;
  context().queries.ask<Stored>(
      this,
      [id = ref().id.toStdString()](ProjectReader& reader) -> Result<Stored> {
        Stored stored;
        DSW_TRY_ASSIGN(stored.first, reader.versions(id));
        DSW_TRY_ASSIGN(const std::vector<ExperimentRow> rows, reader.experiments(true));
        for (const ExperimentRow& row : rows)
          if (row.id == id) stored.second = row.outside_files;
        return stored;
      },
      [this](Result<Stored> stored) {
        if (!stored || stored->first.empty()) {
          const QString sentence = stored ? tr("It has no stored version.") : QString::fromStdString(stored.error().sentence());
          messages().showMessage(MessageLevel::Error, tr("This experiment cannot be shown."), sentence,
                                 {{tr("Try again"),
                                   [this] {
                                     messages().clear();
                                     load();
                                   },
                                   {}}},
                                 false);
          return;
        }
        document_.setOutsideFiles(stored->second);
        if (context().project.readOnly()) return loaded(stored->first, std::nullopt);
        context().actions.draft(ref().id, this, [this, found = stored->first](Result<std::optional<std::string>> draft) {
          loaded(found, draft ? *draft : std::nullopt);
        });
      });
}

QString ExperimentEditor::outsideFiles() const {
  QStringList files;
  for (const std::string& file : document_.outsideFiles()) files << QString::fromStdString(file);
  return files.join(", ");
}

void ExperimentEditor::showOutsideFiles() {
  if (document_.outsideFiles().empty() || context().project.readOnly()) return;
  messages().showMessage(MessageLevel::Warning, tr("This document was imported and names files of this machine."),
                         tr("Nothing of them was read: %1").arg(outsideFiles()),
                         {{tr("Allow reading"), [this] { allowOutsideFiles({}); }, tr("Let this experiment read these files")}}, false);
}

void ExperimentEditor::allowOutsideFiles(std::function<void()> then) {
  context().actions.allowOutsideFiles(ref().id, this, [this, then = std::move(then)](const Result<void>& done) {
    if (!done) {
      messages().showMessage(MessageLevel::Error, tr("The permission was not stored."), QString::fromStdString(done.error().sentence()));
      return;
    }
    messages().clear();
    document_.setOutsideFiles({});
    emit commandsChanged();
    if (then) then();
  });
}

void ExperimentEditor::loaded(const std::vector<ExperimentVersion>& versions, const std::optional<std::string>& draft) {
  versions_ = versions;
  std::sort(versions_.begin(), versions_.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  const ExperimentVersion& latest = versions_.back();
  document_.load(QString::fromStdString(latest.document), latest.base);
  if (draft && !draft->empty() && *draft != latest.document) document_.replaceText(QString::fromStdString(*draft), tr("Open draft"));
  stored_draft_ = document_.text();
  QTimer::singleShot(0, this, &ExperimentEditor::buildView);  // an event of its own: form, text and drawing are many widgets
}

void ExperimentEditor::buildView() {
  const ExperimentVersion& latest = versions_.back();
  pages_ = new QStackedWidget(this);
  view_ = new ExperimentView(document_, pages_);  // with the parent that it keeps: a tree that moves is polished again as a whole
  connect(view_, &ExperimentView::browseRequested, this, &ExperimentEditor::chooseFile);
  connect(view_, &ExperimentView::currentPointerChanged, this, [this](const QString& pointer) { context().selection.setNode(pointer); });
  view_->form()->addActions(context().commands.actions(CommandContext::Form));
  view_->text()->addActions(context().commands.actions(CommandContext::Form));
  pages_->addWidget(view_);
  setBody(pages_);
  if (context().project.readOnly()) {
    setLocked(context().project.readOnlyReason());
    // What a newer program wrote, this one may not import.
    std::function<void()> exportProject;
    if (!context().project.info().newer) exportProject = [this] { context().commands.run("file.export-project"); };
    view_->setReadOnly(std::move(exportProject));
  }
  pages_->setVisible(!isSearch());  // the canvas is made in an event of its own
  inspector_->setVersion(latest.version, latest.document);
  showOutsideFiles();
  loaded_ = true;
  refreshHeader();
  reportProblems();
  emit commandsChanged();
  const auto whole = [this] {
    adoptTask();
    pages_->show();
    if (!wanted_place_.isEmpty()) showPlace(wanted_place_);
  };
  if (isSearch())
    QTimer::singleShot(0, this, whole);
  else
    whole();
}

bool ExperimentEditor::isSearch() const {
  const Json& json = document_.json();
  return textAt(json, "task") == "search" || (json.is_object() && json.contains("model") && textAt(json["model"], "type") == "space");
}

void ExperimentEditor::adoptTask() {
  const bool search = isSearch();
  if (!pages_ || search == (designer_ != nullptr)) return;
  if (!search) {
    segments_->hide();
    delete space_inspector_;
    designer_->deleteLater();  // the change may have come from it
    designer_ = nullptr;
    space_inspector_ = nullptr;
    view_->showParts(true, true, true);
    pages_->setCurrentWidget(view_);
    emit inspectorChanged();
    return;
  }
  designer_ = new SpaceDesigner(document_, context().workspace.catalog(), context().workspace.data(), context().commands, pages_);
  designer_->setReadOnly(context().project.readOnly());
  designer_->addAction(context().commands.action("form.toggle-json"));
  pages_->addWidget(designer_);
  space_inspector_ = new SpaceInspector(*designer_, inspectors_);
  inspectors_->addWidget(space_inspector_);
  const auto choose = [this] {
    if (!space_inspector_) return;
    inspectors_->setCurrentWidget(showsSpace() && space_inspector_->hasSubject() ? static_cast<QWidget*>(space_inspector_) : inspector_);
  };
  connect(space_inspector_, &SpaceInspector::subjectChanged, this, choose);
  connect(designer_, &SpaceDesigner::refused, this, [this](const QString& why) { context().navigator.notice(NoticeLevel::Warning, why); });
  connect(designer_, &SpaceDesigner::problemsWanted, this, [this] { goToProblem(1); });
  connect(designer_, &SpaceDesigner::commandsChanged, this, &ExperimentEditor::commandsChanged);
  connect(designer_, &SpaceDesigner::selectionChanged, this, [this] { context().selection.setNode(designer_->currentPointer()); });
  if (!segments_) {
    segments_ = new SegmentedControl({tr("Space"), tr("JSON"), tr("Search settings")}, this);
    segments_->setAccessibleName(tr("Part of the search"));
    header().addWidget(segments_);
    connect(segments_, &SegmentedControl::currentChanged, this, &ExperimentEditor::showPage);
    connect(segments_, &SegmentedControl::currentChanged, this, choose);
  }
  segments_->show();
  segments_->setCurrent(kSpacePage);
  showPage(kSpacePage);
}

bool ExperimentEditor::showsSpace() const { return designer_ && pages_->currentWidget() == designer_; }

void ExperimentEditor::showPage(int page) {
  if (!designer_) return;
  if (page != kSpacePage) view_->showParts(page == kSettingsPage, page == kJsonPage, false);
  pages_->setCurrentWidget(page == kSpacePage ? static_cast<QWidget*>(designer_) : view_);
  emit inspectorChanged();  // and with it the docks below
  emit commandsChanged();
}

void ExperimentEditor::goToProblem(int direction) {
  const auto& problems = document_.problems();
  if (problems.empty()) return;
  const auto count = static_cast<int>(problems.size());
  const std::string here = designer_->currentPointer().toStdString();
  int at = direction > 0 ? -1 : count;
  for (int i = 0; i < count; ++i) {
    const std::string& pointer = problems[static_cast<std::size_t>(i)].pointer;
    if (pointer == here || pointer.starts_with(here + "/")) at = i;
  }
  showPlace(QString::fromStdString(problems[static_cast<std::size_t>((at + direction + count) % count)].pointer));
}

QString ExperimentEditor::documentName() const {
  const Json& json = document_.json();
  if (json.is_object() && json.contains("name") && json["name"].is_string()) return QString::fromStdString(json["name"].get<std::string>());
  return title();
}

bool ExperimentEditor::differsFromVersion() const { return loaded_ && document_.text().toStdString() != versions_.back().document; }

void ExperimentEditor::refreshHeader() {
  if (!loaded_) return;
  const ExperimentRow* row = context().project.experiment(ref().id);
  if (row) setTitle(QString::fromStdString(row->name));
  const int version = versions_.back().version;
  const bool differs = differsFromVersion();
  setModified(differs);
  header().setChip(differs ? tr("draft of v%1").arg(version + 1) : QString());
  QStringList links;
  links << tr("from %1").arg(objectLink(ref().at(QStringLiteral("version:%1").arg(version)), QStringLiteral("v%1").arg(version)));
  int runs = 0;
  for (const RunPtr& run : context().project.runs()) {
    if (QString::fromStdString(run->experiment_id) != ref().id) continue;
    if (runs++ < 2) links << objectLink({kind::kRun, QString::fromStdString(run->id), {}}, QString::fromStdString(run->short_name));
  }
  if (runs > 2)
    links << objectLink({kind::kRuns, {}, "experiment:" + title()}, runs == 3 ? tr("1 more run") : tr("%1 more runs").arg(runs - 2));
  header().setLinks(links);
}

void ExperimentEditor::reportProblems() {
  QVector<ProblemItem> items;
  for (const Problem& p : document_.problems()) {
    QString pointer = QString::fromStdString(p.pointer);
    items.push_back({QString::fromStdString(document_.parses() ? p.sentence() : p.message),
                     ref().at(pointer.isEmpty() ? QStringLiteral("/") : pointer), title(), p.warning});
  }
  context().problems.setProblems(ref().id, items);
}

void ExperimentEditor::storeDraft() {
  draft_timer_.stop();
  if (!loaded_ || context().project.readOnly() || document_.text() == stored_draft_) return;
  stored_draft_ = document_.text();
  context().actions.saveDraft(ref().id, differsFromVersion() ? stored_draft_ : QString());
}

void ExperimentEditor::aboutToClose() { storeDraft(); }

QString ExperimentEditor::place() const { return showsSpace() ? designer_->currentPointer() : view_ ? view_->currentPointer() : QString(); }

void ExperimentEditor::showPlace(const QString& place) {
  if (place.isEmpty()) return;
  if (!view_) {
    wanted_place_ = place;
    return;
  }
  if (place.startsWith(QLatin1String("version:"))) {
    const int wanted = place.mid(8).toInt();
    for (const ExperimentVersion& version : versions_)
      if (version.version == wanted && document_.text().toStdString() != version.document && !context().project.readOnly())
        document_.replaceText(QString::fromStdString(version.document), tr("Open v%1").arg(wanted));
    return;
  }
  if (designer_) {
    const bool in_space = designer_->goTo(place);
    if (segments_->current() != kJsonPage || !document_.parses())
      segments_->setCurrent(in_space ? kSpacePage : document_.parses() ? kSettingsPage : kJsonPage);
    if (showsSpace()) return designer_->canvas()->setFocus(Qt::OtherFocusReason);
  }
  view_->goTo(place == QLatin1String("/") ? QString() : place);
}

QWidget* ExperimentEditor::inspector() { return inspectors_; }
QWidget* ExperimentEditor::mainFocus() {
  if (showsSpace()) return designer_->canvas();
  return view_ ? static_cast<QWidget*>(view_->form()) : nullptr;
}

QVector<PaletteEntry> ExperimentEditor::paletteEntries() const {
  QVector<PaletteEntry> out;
  const Json resolved = document_.resolved().flatten();
  for (const auto& [pointer, value] : resolved.items()) {
    PaletteEntry entry;
    entry.id = QString::fromStdString(pointer);
    entry.text = entry.id;
    entry.detail = QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
    out.push_back(entry);
  }
  return out;
}

CommandState ExperimentEditor::commandState(const QString& id) const {
  const QUndoStack& undo = const_cast<SpecDocument&>(document_).undoStack();
  CommandState state;
  state.handled = true;
  const bool writable = !context().project.readOnly();
  if (id == "edit.undo" || id == "edit.redo") {
    const bool back = id == "edit.undo";
    state.enabled = back ? undo.canUndo() : undo.canRedo();
    const QString step = back ? undo.undoText() : undo.redoText();
    if (state.enabled)
      state.text = (back ? tr("Undo %1") : tr("Redo %1")).arg(step.left(1).toLower() + step.mid(1));
    else
      state.reason = back ? tr("Nothing was changed.") : tr("Nothing was undone.");
    return state;
  }
  if (id == "run.start") {
    const int errors = document_.errorCount();
    state.enabled = loaded_ && writable && errors == 0 && !starting_;
    if (!writable)
      state.reason = context().project.readOnlyReason();
    else if (errors > 0)
      state.reason = errors == 1 ? tr("1 problem keeps it from running.") : tr("%1 problems keep it from running.").arg(errors);
    else if (starting_)
      state.reason = tr("It is being queued.");
    return state;
  }
  if (id == "file.save") {
    state.enabled = loaded_ && writable && document_.parses() && differsFromVersion();
    if (!state.enabled)
      state.reason = !writable            ? context().project.readOnlyReason()
                     : document_.parses() ? tr("Nothing has changed since the last version.")
                                          : tr("The text is not JSON.");
    return state;
  }
  for (const char* known : {"edit.find", "view.next-problem", "view.previous-problem", "form.toggle-json", "form.values", "form.default",
                            "form.next-group", "form.previous-group"})
    if (id == known) {
      state.enabled = loaded_;
      return state;
    }
  return DocumentPanel::commandState(id);
}

void ExperimentEditor::runCommand(const QString& id) {
  if (id == "edit.undo") return document_.undoStack().undo();
  if (id == "edit.redo") return document_.undoStack().redo();
  if (id == "run.start") return run();
  if (id == "file.save") return keepVersion();
  if (!view_) return DocumentPanel::runCommand(id);
  if (designer_ && (id == "view.next-problem" || id == "view.previous-problem")) return goToProblem(id == "view.next-problem" ? 1 : -1);
  if (showsSpace() && id == "edit.find") return designer_->runCommand(id);
  if (designer_ && id == "form.toggle-json") {
    const QString pointer = place();
    segments_->setCurrent(showsSpace() ? kJsonPage : kSpacePage);
    if (showsSpace()) return showPlace(pointer);
    view_->text()->setFocus(Qt::ShortcutFocusReason);
    return view_->goTo(pointer);
  }
  if (id == "edit.find") return view_->focusFilter();
  if (id == "view.next-problem") return view_->goToProblem(1);
  if (id == "view.previous-problem") return view_->goToProblem(-1);
  if (id == "form.toggle-json") return view_->toggleFormAndText();
  if (id == "form.values") return view_->showValues();
  if (id == "form.default") return view_->resetFocused();
  if (id == "form.next-group") return view_->form()->focusGroup(1);
  if (id == "form.previous-group") return view_->form()->focusGroup(-1);
  DocumentPanel::runCommand(id);
}

void ExperimentEditor::run() {
  document_.endMerge();
  if (!document_.outsideFiles().empty()) {
    if (askChoice(this, tr("This run reads files that an imported document names."), outsideFiles(), {tr("Allow and run"), tr("Cancel")},
                  -1) == 0)
      allowOutsideFiles([this] { run(); });
    return;
  }
  starting_ = true;
  emit commandsChanged();
  ProjectActions::RunAsk ask;
  ask.experimentId = ref().id;
  ask.document = document_.text();
  ask.base = QString::fromStdString(document_.base().string());
  context().actions.startRun(ask, this, [this, text = document_.text()](Result<RunRow> row) {
    starting_ = false;
    emit commandsChanged();
    if (!row) {
      messages().showMessage(MessageLevel::Error, tr("The run was not started."), QString::fromStdString(row.error().sentence()));
      return;
    }
    messages().clear();
    // The run froze a version: what is edited from here on is the next one's draft.
    if (row->version != versions_.back().version) {
      versions_.push_back({row->version, row->created, text.toStdString(), document_.base().string()});
      inspector_->setVersion(row->version, versions_.back().document);
      refreshHeader();
    }
    context().navigator.open({kind::kRun, QString::fromStdString(row->id), {}});
  });
}

void ExperimentEditor::keepVersion() {
  const QString text = document_.text();
  const QString task = QString::fromStdString(document_.json().value("task", "train"));
  context().actions.saveExperiment(
      ref().id, documentName(), task, text, QString::fromStdString(document_.base().string()), this, [this, text](Result<QString> id) {
        if (!id) {
          messages().showMessage(MessageLevel::Error, tr("The version was not stored."), QString::fromStdString(id.error().sentence()));
          return;
        }
        versions_.push_back({versions_.back().version + 1, 0, text.toStdString(), document_.base().string()});
        inspector_->setVersion(versions_.back().version, versions_.back().document);
        refreshHeader();
        emit commandsChanged();
      });
}

void ExperimentEditor::chooseFile(const QString& pointer) {
  auto* dialog = new QFileDialog(this, tr("Choose a file for %1").arg(pointer));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this, pointer](const QString& file) {
    document_.endMerge();
    document_.setValue(pointer, QString::fromStdString(Json(file.toStdString()).dump()), tr("Choose file for %1").arg(pointer));
    document_.endMerge();
  });
  dialog->open();
}

}  // namespace dsw
