// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/project_actions.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/resource_folder.h"
#include "engine/run/templates.h"
#include "engine/workspace.h"
#include "ui/models/derived_document.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/store_watcher.h"
#include "ui/models/work_pool.h"

namespace dsw {

namespace {

/// "shakespeare-char", "shakespeare-char 2", … : the first that no experiment has.
std::string freeName(const std::vector<ExperimentRow>& rows, const std::string& wanted) {
  const auto taken = [&](const std::string& name) {
    return std::any_of(rows.begin(), rows.end(), [&](const ExperimentRow& row) { return row.name == name; });
  };
  std::string name = wanted;
  for (int n = 2; taken(name); ++n) name = wanted + " " + std::to_string(n);
  return name;
}

/// Stores `text` as a new experiment whose name, also in the document, is free.
/// A copy of an experiment that was imported asks before it reads outside files, as that one does.
Result<QString> saveAsNew(Project& project, const std::string& text, const std::string& base, const std::string& copyOf = {}) {
  DSW_TRY_ASSIGN(const Json document, parse_document(text));
  const auto word = [&](const char* key, const char* fallback) {
    const auto it = document.find(key);
    return it != document.end() && it->is_string() ? it->get<std::string>() : std::string(fallback);
  };
  DSW_TRY_ASSIGN(const auto reader, project.reader());
  DSW_TRY_ASSIGN(const auto rows, reader->experiments(true));
  const std::string former = word("name", "experiment");
  const std::string name = freeName(rows, former);
  std::string stored = text;
  if (name != former && document.contains("name")) {
    // Only the name changes: the text stays as a person wrote it.
    DSW_TRY_ASSIGN(const auto places, document_places(text));
    for (const TextPlace& place : places)
      if (place.pointer == "/name") stored.replace(place.value_begin, place.value_end - place.value_begin, Json(name).dump());
  }
  DSW_TRY_ASSIGN(const std::string id, project.save_experiment({}, name, word("task", "train"), stored, base));
  if (!copyOf.empty()) DSW_TRY(project.copy_outside_files(copyOf, id));
  return QString::fromStdString(id);
}

/// What a person can do about a project that opened read-only; the error speaks to a command that gave up.
QString readOnlyHint(const Error& error) {
  switch (error.code) {
    case ErrorCode::Locked:
      return QStringLiteral("It opens read-only. Close it there and try again to change it.");
    case ErrorCode::NewerVersion:
      return QString::fromStdString(error.hint);
    default:
      return QStringLiteral("It opens read-only. Copy it to a place that can be written, or change its permissions and try again.");
  }
}

bool opensReadOnly(ErrorCode code) { return code == ErrorCode::Locked || code == ErrorCode::NewerVersion || code == ErrorCode::Io; }

}  // namespace

std::vector<std::string> toStrings(const QStringList& list) {
  std::vector<std::string> strings;
  for (const QString& text : list) strings.push_back(text.toStdString());
  return strings;
}

ProjectActions::ProjectActions(Workspace& workspace, QueryRunner& queries, StoreWatcher& watcher, ProjectData& data, QObject* parent)
    : QObject(parent), workspace_(workspace), queries_(queries), watcher_(watcher), data_(data) {
  openMailbox();
  // Before the window is shown, once: an installation does not change while it runs.
  std::error_code none;
  runsInWorkers_ = std::filesystem::exists(program_folder() / "deepshock", none);
  thread_ = std::thread([this] { loop(); });
}

ProjectActions::~ProjectActions() {
  closeMailbox();
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ProjectActions::loop() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return quit_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

void ProjectActions::enqueue(QObject* asker, std::function<std::function<void()>()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back([this, asker = QPointer<QObject>(asker), nobody = asker == nullptr, work = std::move(work)] {
      std::function<void()> answer = work();
      if (!answer) return;
      QMetaObject::invokeMethod(
          this,
          [asker, nobody, answer = std::move(answer)] {
            if (nobody || asker) answer();
          },
          Qt::QueuedConnection);
    });
  }
  wake_.notify_one();
}

Project* ProjectActions::project() { return workspace_.project(); }

Error ProjectActions::readOnlyError() {
  return Error(ErrorCode::Locked, "The project is open read-only",
               "Close the other window that writes it, or duplicate the project to edit.");
}

void ProjectActions::openProject(const std::filesystem::path& path, bool create, QObject* asker, Done done) {
  watcher_.stopWatching();
  queries_.setProject({});
  data_.clear();
  path_.clear();
  writable_ = false;
  const auto mode = create ? Project::Mode::OpenOrCreate : Project::Mode::Open;
  enqueue(asker, [this, path, mode, done = std::move(done)]() -> std::function<void()> {
    const Result<void> opened = workspace_.open_project(path, mode);
    if (opened)
      if (Project* open = workspace_.project()) watcher_.watchProject(*open);
    const bool exists = std::filesystem::exists(path);
    return [this, path, opened, exists, done] {
      const bool readable = opened || (exists && opensReadOnly(opened.error().code));
      if (!readable) {
        data_.fail(opened.error());
        if (done) done(opened);
        return;
      }
      path_ = QString::fromStdString(path.string());
      writable_ = opened.has_value();
      queries_.setProject(path);
      if (!opened) watcher_.watchFile(queries_, path);
      if (opened)
        data_.load();
      else
        data_.load(fullSentence(opened.error().message), readOnlyHint(opened.error()), opened.error().code == ErrorCode::Locked);
      emit projectOpened(path_);
      if (done) done({});
    };
  });
}

void ProjectActions::closeProject(bool keepRunning, QObject* asker, Done done, bool evenIfLost) {
  enqueue(asker, [this, keepRunning, evenIfLost, done = std::move(done)]() -> std::function<void()> {
    Result<void> closed;
    Project* const open = workspace_.project();
    for (auto left = leftDrafts_.begin(); open && closed && left != leftDrafts_.end();) {  // there may be room now
      closed = open->save_draft(left->first, left->second);
      if (closed) left = leftDrafts_.erase(left);
    }
    if (closed || evenIfLost) closed = workspace_.close_project(keepRunning, evenIfLost);
    if (closed) leftDrafts_.clear();
    return [this, done, closed] {
      if (!closed) {
        if (done) done(closed);
        return;
      }
      emit projectClosing();
      watcher_.stopWatching();
      queries_.setProject({});
      path_.clear();
      writable_ = false;
      data_.clear();
      emit projectClosed();
      if (done) done({});
    };
  });
}

void ProjectActions::saveExperiment(const QString& id, const QString& name, const QString& task, const QString& document,
                                    const QString& base, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [=](Project& project) -> Result<QString> {
        DSW_TRY_ASSIGN(const std::string stored, project.save_experiment(id.toStdString(), name.toStdString(), task.toStdString(),
                                                                         document.toStdString(), base.toStdString()));
        return QString::fromStdString(stored);
      },
      [this, done = std::move(done)](Result<QString> stored) {
        if (stored) {
          data_.reloadExperiments();
          emit saved();
        }
        if (done) done(std::move(stored));
      });
}

void ProjectActions::saveDraft(const QString& experimentId, const QString& document, QObject* asker, Done done) {
  change<void>(
      asker,
      [this, id = experimentId.toStdString(), text = document.toStdString()](Project& project) {
        const Result<void> stored = project.save_draft(id, text);
        if (stored)
          leftDrafts_.erase(id);
        else
          leftDrafts_[id] = text;
        return stored;
      },
      [this, done = std::move(done)](Result<void> result) {
        if (result) emit saved();
        if (done)
          done(std::move(result));
        else if (!result)
          emit failed(result.error());
      });
}

void ProjectActions::draft(const QString& experimentId, QObject* asker, std::function<void(Result<std::optional<std::string>>)> done) {
  change<std::optional<std::string>>(
      asker, [=](Project& project) { return project.draft(experimentId.toStdString()); }, std::move(done));
}

void ProjectActions::newFromTemplate(const QString& templateName, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [=](Project& project) -> Result<QString> {
        DSW_TRY_ASSIGN(const std::string text, template_document(templateName.toStdString()));
        return saveAsNew(project, text, project.path().parent_path().string());
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::newFromFile(const QString& path, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [file = std::filesystem::path(path.toStdString())](Project& project) -> Result<QString> {
        std::ifstream in(file, std::ios::binary);
        std::ostringstream text;
        if (!in || !(text << in.rdbuf())) return dsw::fail(ErrorCode::Io, file.string() + " cannot be read", "Choose another file.");
        return saveAsNew(project, text.str(), std::filesystem::absolute(file).parent_path().string());
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::newFromData(const QString& path, bool text, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [file = std::filesystem::absolute(path.toStdString()), text](Project& project) -> Result<QString> {
        Json document;
        if (text) {
          DSW_TRY_ASSIGN(const std::string base, template_document("shakespeare-char"));
          DSW_TRY_ASSIGN(document, parse_document(base));
          document["data"]["source"] = file.string();
        } else {
          document = {{"deepshock", 1}, {"task", "train"}, {"name", ""}, {"seed", 1}, {"device", "auto"}, {"precision", "auto"}};
          document["data"] = {{"type", "text-classification"}, {"source", file.string()}, {"tokenizer", "word"}, {"max_length", 64}};
          document["model"] = {{"type", "text-classifier"}};
          document["optimizer"] = {{"type", "adamw"}, {"lr", 1e-3}};
          document["training"] = {{"epochs", 3}, {"batch", 32}};
        }
        document["name"] = file.stem().string();
        return saveAsNew(project, document.dump(2), file.parent_path().string());
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::duplicateRun(const QString& runId, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [=](Project& project) -> Result<QString> {
        DSW_TRY_ASSIGN(const auto reader, project.reader());
        DSW_TRY_ASSIGN(const std::string text, reader->run_document(runId.toStdString()));
        DSW_TRY_ASSIGN(const RunRow run, reader->run(runId.toStdString()));
        std::string base;
        if (const auto versions = reader->versions(run.experiment_id))
          for (const ExperimentVersion& version : *versions)
            if (version.version == run.version) base = version.base;
        return saveAsNew(project, text, base, run.experiment_id);
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::duplicateExperiment(const QString& experimentId, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [=](Project& project) -> Result<QString> {
        DSW_TRY_ASSIGN(const auto reader, project.reader());
        DSW_TRY_ASSIGN(const auto versions, reader->versions(experimentId.toStdString()));
        if (versions.empty()) return dsw::fail(ErrorCode::NotFound, "The experiment has no version yet", "Keep a version first.");
        const auto newest =
            std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
        return saveAsNew(project, newest->document, newest->base, experimentId.toStdString());
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::deriveArchitecture(const DeriveAsk& ask, QObject* asker, std::function<void(Result<QString>)> done) {
  change<QString>(
      asker,
      [this, ask](Project& project) -> Result<QString> {
        const std::string id = ask.runId.toStdString();
        DSW_TRY_ASSIGN(const auto reader, project.reader());
        DSW_TRY_ASSIGN(const RunRow run, reader->run(id));
        DSW_TRY_ASSIGN(const std::string resolved, reader->run_resolved(id));
        std::string base;
        if (const auto versions = reader->versions(run.experiment_id))
          for (const ExperimentVersion& version : *versions)
            if (version.version == run.version) base = version.base;
        DSW_TRY_ASSIGN(const Json search, parse_document(resolved));
        DSW_TRY_ASSIGN(const Json model, ask.model.empty()
                                             ? architectureModel(workspace_.catalog(), workspace_.data(), search, base, ask.architecture)
                                             : parse_document(ask.model));
        return saveAsNew(project, derivedDocument(run, search, model, ask.model.empty() ? ask.epoch : -1).dump(2), base, run.experiment_id);
      },
      [this, done = std::move(done)](Result<QString> id) {
        if (id) data_.reloadExperiments();
        done(std::move(id));
      });
}

void ProjectActions::startRun(const RunAsk& ask, QObject* asker, std::function<void(Result<RunRow>)> done) {
  change<RunRow>(
      asker,
      [this, ask](Project&) {
        Workspace::RunRequest request;
        request.experiment_id = ask.experimentId.toStdString();
        request.text = ask.document.toStdString();
        request.base = ask.base.toStdString();
        request.device = ask.device.toStdString();
        request.threads = ask.threads;
        request.isolated = runsInWorkers_;
        return workspace_.start_run(request);
      },
      [this, done = std::move(done)](Result<RunRow> row) {
        if (row) {
          watcher_.post({QString::fromStdString(row->id)});
          data_.reloadExperiments();
        }
        done(std::move(row));
      });
}

void ProjectActions::startExperiment(const QString& experimentId, QObject* asker, std::function<void(Result<RunRow>)> done) {
  change<RunRow>(
      asker,
      [this, experimentId](Project& project) -> Result<RunRow> {
        DSW_TRY_ASSIGN(const auto reader, project.reader());
        DSW_TRY_ASSIGN(const auto versions, reader->versions(experimentId.toStdString()));
        if (versions.empty()) return dsw::fail(ErrorCode::NotFound, "The experiment has no version yet", "Keep a version first.");
        const auto newest =
            std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
        Workspace::RunRequest request;
        request.experiment_id = experimentId.toStdString();
        request.text = newest->document;
        request.base = newest->base;
        request.isolated = runsInWorkers_;
        return workspace_.start_run(request);
      },
      [this, done = std::move(done)](Result<RunRow> row) {
        if (row) watcher_.post({QString::fromStdString(row->id)});
        done(std::move(row));
      });
}

void ProjectActions::stopRun(const QString& runId) {
  // Not behind the changes: "stopping" is shown at once.
  workPool().start([this, id = runId.toStdString()] { workspace_.stop_run(id); });
}

void ProjectActions::stopJob(qint64 jobId) {
  workPool().start([this, jobId] { workspace_.stop_job(jobId); });
}

void ProjectActions::resumeRun(const QString& runId, QObject* asker, Done done) {
  changeRows(
      {runId}, [this, id = runId.toStdString()](Project&) { return workspace_.resume_run(id); }, asker, std::move(done));
}

void ProjectActions::changeRows(const QStringList& ids, std::function<Result<void>(Project&)> work, QObject* asker, Done done) {
  change<void>(asker, std::move(work), [this, ids, done = std::move(done)](Result<void> result) {
    if (result) {
      QStringList runs;
      for (const QString& id : ids)
        if (!data_.experiment(id) && !data_.model(id)) runs.push_back(id);
      if (!runs.isEmpty()) watcher_.post(runs);
      if (runs.size() != ids.size()) data_.reloadExperiments();
      emit saved();
    }
    if (done)
      done(std::move(result));
    else if (!result)
      emit failed(result.error());
  });
}

void ProjectActions::rename(const QString& id, const QString& name) {
  changeRows({id}, [id = id.toStdString(), name = name.trimmed().toStdString()](Project& p) { return p.rename(id, name); }, nullptr, {});
}

void ProjectActions::setTags(const QString& runId, const QStringList& tags) {
  changeRows({runId}, [id = runId.toStdString(), tags = toStrings(tags)](Project& p) { return p.set_tags(id, tags); }, nullptr, {});
}

void ProjectActions::setNote(const QString& runId, const QString& note) {
  changeRows({runId}, [id = runId.toStdString(), note = note.toStdString()](Project& p) { return p.set_note(id, note); }, nullptr, {});
}

void ProjectActions::setArchived(const QStringList& ids, bool archived, QObject* asker, Done done) {
  changeRows(
      ids,
      [all = toStrings(ids), archived](Project& p) -> Result<void> {
        for (const std::string& id : all) DSW_TRY(p.set_archived(id, archived));
        return {};
      },
      asker, std::move(done));
}

void ProjectActions::setBaseline(const QString& runId) {
  QStringList touched;
  for (const RunPtr& run : data_.runs())
    if (run->baseline) touched.push_back(QString::fromStdString(run->id));
  if (!runId.isEmpty()) touched.push_back(runId);
  changeRows(touched, [id = runId.toStdString()](Project& p) { return p.set_baseline(id); }, nullptr, {});
}

}  // namespace dsw
