// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that changes the project, without ever holding the UI thread.
#pragma once
#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/core/result.h"
#include "engine/store/project.h"

namespace dsw {

class ProjectData;
class QueryRunner;
class StoreWatcher;
class Workspace;

/// Short changes run one after the other on one own thread, so that two renames keep their order and the jobs list stays quiet;
/// exports and imports are jobs of the Workspace. `done` is called on the UI thread unless its asker is gone; without one, an error
/// goes to failed(). UI thread only.
class ProjectActions : public QObject {
  Q_OBJECT
 public:
  using Done = std::function<void(Result<void>)>;

  ProjectActions(Workspace& workspace, QueryRunner& queries, StoreWatcher& watcher, ProjectData& data, QObject* parent = nullptr);
  ~ProjectActions() override;  ///< waits for what is queued

  Workspace& workspace() { return workspace_; }

  // The project. A locked, newer or unwritable one opens read-only, with the reason in ProjectData; a damaged one fails.
  void openProject(const std::filesystem::path& path, bool create, QObject* asker = nullptr, Done done = {});
  /// Jobs are stopped at their next checkpoint first; with `keepRunning`, runs in worker processes go on in the background.
  /// Error: what the runs told can be stored nowhere, and the project stays open; `evenIfLost` closes it all the same.
  void closeProject(bool keepRunning, QObject* asker = nullptr, Done done = {}, bool evenIfLost = false);
  /// Runs are started in processes of their own: where the program `deepshock` lies beside this one.
  bool runsInWorkers() const { return runsInWorkers_; }
  const QString& path() const { return path_; }
  bool isOpen() const { return !path_.isEmpty(); }
  bool canWrite() const { return writable_; }

  // Documents.
  /// A new version of an experiment, or a new experiment with empty `id`. Gives the id.
  void saveExperiment(const QString& id, const QString& name, const QString& task, const QString& document, const QString& base,
                      QObject* asker, std::function<void(Result<QString>)> done);
  void saveDraft(const QString& experimentId, const QString& document, QObject* asker = nullptr, Done done = {});
  /// The recovery copy; the answer is null when there is none.
  void draft(const QString& experimentId, QObject* asker, std::function<void(Result<std::optional<std::string>>)> done);
  /// A new experiment from a template, named so that no other has its name ("shakespeare-char 2"). Gives the id.
  void newFromTemplate(const QString& templateName, QObject* asker, std::function<void(Result<QString>)> done);
  /// A new experiment from a document file (.json); its relative paths stay relative to where the file lies.
  void newFromFile(const QString& path, QObject* asker, std::function<void(Result<QString>)> done);
  /// A new experiment on a person's data: a character model of a .txt, a text classifier of a .csv or .tsv.
  void newFromData(const QString& path, QObject* asker, std::function<void(Result<QString>)> done);
  /// A new experiment from a run's recorded document, or from the newest version of an experiment.
  void duplicateRun(const QString& runId, QObject* asker, std::function<void(Result<QString>)> done);
  void duplicateExperiment(const QString& experimentId, QObject* asker, std::function<void(Result<QString>)> done);

  // Runs.
  struct RunAsk {
    QString experimentId, document, base, device;
    int threads = 0;
  };
  /// Validates, freezes a version, queues the run. Gives the run's row.
  void startRun(const RunAsk& ask, QObject* asker, std::function<void(Result<RunRow>)> done);
  /// Runs the newest version of an experiment.
  void startExperiment(const QString& experimentId, QObject* asker, std::function<void(Result<RunRow>)> done);
  void stopRun(const QString& runId);
  void stopJob(qint64 jobId);
  void resumeRun(const QString& runId, QObject* asker = nullptr, Done done = {});

  // What a person says about things.
  void rename(const QString& id, const QString& name);
  void setTags(const QString& runId, const QStringList& tags);
  void setNote(const QString& runId, const QString& note);
  void setArchived(const QStringList& ids, bool archived, QObject* asker = nullptr, Done done = {});
  void setBaseline(const QString& runId);

  // Exchange: jobs with progress.
  void exportProject(const QString& archive, const QStringList& runs, QObject* asker, Done done);
  /// A self-contained HTML page of these runs; none: the newest 50.
  void makeReport(const QString& path, const QStringList& runs, QObject* asker, Done done);
  void inspectArchive(const QString& archive, QObject* asker, std::function<void(Result<ImportPlan>)> done);
  void importArchive(const QString& archive, QObject* asker, std::function<void(Result<ImportPlan>)> done);

  /// Any other short change to the project, on the actions' thread. `what` names it in an error ("Rename").
  template <class T>
  void change(QObject* asker, std::function<Result<T>(Project&)> work, std::function<void(Result<T>)> done) {
    enqueue(asker, [this, work = std::move(work), done = std::move(done)]() -> std::function<void()> {
      Result<T> result = withProject<T>(work);
      return [result = std::move(result), done]() mutable { done(std::move(result)); };
    });
  }

 signals:
  /// A change that nobody waited for went wrong.
  void failed(const Error& error);
  /// Things that a person just changed were stored ("Saved 14:02:31" in the status bar).
  void saved();
  void projectOpened(const QString& path);
  void projectClosed();

 private:
  template <class T>
  Result<T> withProject(const std::function<Result<T>(Project&)>& work);
  Project* project();  ///< actions' thread; null when read-only
  static Error readOnlyError();
  /// `work` runs on the actions' thread and gives what is to be called on the UI thread.
  void enqueue(QObject* asker, std::function<std::function<void()>()> work);
  void changeRows(const QStringList& runIds, std::function<Result<void>(Project&)> work, QObject* asker, Done done);
  void loop();

  Workspace& workspace_;
  QueryRunner& queries_;
  StoreWatcher& watcher_;
  ProjectData& data_;
  QString path_;
  bool writable_ = false;
  bool runsInWorkers_ = false;

  std::mutex mutex_;  // guards queue_ and quit_
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool quit_ = false;
  std::thread thread_;
};

template <class T>
Result<T> ProjectActions::withProject(const std::function<Result<T>(Project&)>& work) {
  try {
    Project* open = project();
    if (!open) return fail(readOnlyError());
    return work(*open);
  } catch (const Error& thrown) {
    return fail(thrown);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::Internal, thrown.what());
  }
}

}  // namespace dsw
