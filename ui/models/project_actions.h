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
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "engine/core/result.h"
#include "engine/store/project.h"

namespace dsw {

class ProjectData;
class QueryRunner;
class StoreWatcher;
class Workspace;
struct ModelImport;

std::vector<std::string> toStrings(const QStringList& list);

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
  /// Error: a draft cannot be stored, or what the runs told can be stored nowhere, and the project stays open; `evenIfLost` closes it all
  /// the same.
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
  /// A new experiment on a person's data: a character model of a text, else a text classifier of a table.
  void newFromData(const QString& path, bool text, QObject* asker, std::function<void(Result<QString>)> done);
  /// A new experiment from a run's recorded document, or from the newest version of an experiment.
  void duplicateRun(const QString& runId, QObject* asker, std::function<void(Result<QString>)> done);
  void duplicateExperiment(const QString& experimentId, QObject* asker, std::function<void(Result<QString>)> done);
  struct DeriveAsk {
    QString runId;
    std::string model;         ///< JSON text of the graph model that the search ended with; empty: of
    std::string architecture;  ///< what it would have ended with
    int epoch = -1;            ///< then
  };
  /// A new experiment that trains what a search found from scratch, with the search's data, optimizer and length. Gives the id.
  void deriveArchitecture(const DeriveAsk& ask, QObject* asker, std::function<void(Result<QString>)> done);

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
  /// `allowFiles`: the person saw which files its documents name outside the archive and lets them be read.
  void importArchive(const QString& archive, bool allowFiles, QObject* asker, std::function<void(Result<ImportPlan>)> done);
  void importModel(const ModelImport& request, QObject* asker, std::function<void(Result<ModelRow>)> done);
  /// The person agreed that an imported document reads the files that it names on this machine.
  void allowOutsideFiles(const QString& experimentId, QObject* asker, Done done);

  using Progress = std::function<void(std::int64_t done, std::int64_t total)>;
  /// Long work as a job: with progress and a stop button in the jobs list. Gives the job's id. `done` comes on the UI thread unless
  /// `asker` is gone; a stopped job gives Error{Stopped}.
  template <class T>
  qint64 startJob(const QString& title, QObject* asker, std::function<Result<T>(std::stop_token, const Progress&)> work,
                  std::function<void(Result<T>)> done) {
    auto made = std::make_shared<std::optional<Result<T>>>();
    return startWork(
        title,
        [work = std::move(work), made](std::stop_token stop, const Progress& progress) -> Result<void> {
          *made = work(std::move(stop), progress);
          if (!**made) return fail((*made)->error());
          return {};
        },
        [call = caller(asker), made, done = std::move(done)](const Result<void>& ended) {
          call([made, done, ended] {
            if (done) done(*made ? std::move(**made) : Result<T>(fail(ended ? Error() : ended.error())));
          });
        });
  }
  /// Gives any thread a way to call on the UI thread while `asker` lives and the window is open.
  std::function<void(std::function<void()>)> caller(QObject* asker);

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
  /// It is closed; what shows something of it goes now, before its rows are cleared.
  void projectClosing();
  void projectClosed();

 private:
  struct Mailbox;
  void openMailbox();
  void closeMailbox();
  qint64 startWork(const QString& title, std::function<Result<void>(std::stop_token, const Progress&)> work,
                   std::function<void(const Result<void>&)> finished);
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
  std::map<std::string, std::string> leftDrafts_;  ///< by experiment, what could not be stored; actions' thread only
  std::shared_ptr<Mailbox> mailbox_;

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
