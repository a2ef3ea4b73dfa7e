// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/result.h"
#include "engine/run/experiment.h"
#include "engine/store/project_rows.h"

namespace dsw {

/// Read-only questions to a project file. One own connection, used by one thread at a time; never locks a writer out, and works
/// while another process writes. SQL stays in engine/store.
class ProjectReader {
 public:
  virtual ~ProjectReader() = default;
  static Result<std::unique_ptr<ProjectReader>> open(const std::filesystem::path& path);

  virtual Result<ProjectInfo> info() = 0;
  virtual Result<std::vector<ExperimentRow>> experiments(bool with_archived = false) = 0;
  virtual Result<std::vector<ExperimentVersion>> versions(const std::string& experiment_id) = 0;
  /// Newest first, summaries of metrics included: this must stay fast with 15,000 runs (see issue, point 6).
  virtual Result<std::vector<RunRow>> runs(bool with_archived = false) = 0;
  /// `run` is an id, a short name or a number.
  virtual Result<RunRow> run(const std::string& run) = 0;
  virtual Result<std::string> run_document(const std::string& run_id) = 0;  ///< as written
  virtual Result<std::string> run_resolved(const std::string& run_id) = 0;  ///< with defaults
  virtual Result<std::string> run_record(
      const std::string& run_id) = 0;  ///< JSON text: data files with SHA-256, program version, threads, machine
  virtual Result<std::string> run_summary(const std::string& run_id) = 0;  ///< JSON text
  virtual Result<std::vector<std::string>> metric_keys(const std::string& run_id) = 0;
  virtual Result<std::vector<MetricPoint>> metric(const std::string& run_id, const std::string& key, std::int64_t after_seq = 0) = 0;
  virtual Result<std::vector<SampleRow>> samples(const std::string& run_id, const std::string& kind = {}) = 0;
  virtual Result<std::vector<CheckpointRow>> checkpoints(const std::string& run_id) = 0;
  virtual Result<std::vector<EventRow>> events(const std::string& run_id, std::int64_t after_seq = 0) = 0;
  virtual Result<std::vector<ModelRow>> models() = 0;  ///< newest first, archived ones too
  /// Of the weights with this hash, newest first.
  virtual Result<std::vector<EvaluationRow>> evaluations(const std::string& sha256) = 0;
  virtual Result<std::string> setting(const std::string& key) = 0;  ///< small project-wide values; empty when unset
};

/// A project opened for writing: holds the operating-system lock, owns the writer thread. Methods are safe from any thread;
/// those that change something wait for their commit, so the window calls them from a job, never from its own thread.
class Project {
 public:
  virtual ~Project() = default;
  enum class Mode { Create, Open, OpenOrCreate };
  /// Errors: Locked (names the holder: process id, host, since when), NewerVersion, Damaged, Io. Older files migrate after a backup.
  /// Runs that were "running" and have no live process become "interrupted"; folders in NAME.dsx.work are adopted.
  static Result<std::unique_ptr<Project>> open(const std::filesystem::path& path, Mode mode);

  virtual const std::filesystem::path& path() const = 0;
  virtual std::filesystem::path files_folder() const = 0;                          ///< NAME.dsx.files
  virtual std::filesystem::path work_folder(const std::string& run_id) const = 0;  ///< NAME.dsx.work/RUN, made when missing
  virtual Result<std::unique_ptr<ProjectReader>> reader() const = 0;

  // documents
  virtual Result<std::string> save_experiment(const std::string& experiment_id /*empty: new*/, const std::string& name,
                                              const std::string& task, const std::string& document,
                                              const std::string& base) = 0;  ///< a new version unless the text is equal; gives the id
  /// The person agreed that an imported document reads its outside files (ExperimentRow::outside_files becomes empty).
  virtual Result<void> allow_outside_files(const std::string& experiment_id) = 0;
  /// A copy of an imported document asks as the document does: gives `to` the outside files of `from`.
  virtual Result<void> copy_outside_files(const std::string& from, const std::string& to) = 0;
  virtual Result<void> save_draft(const std::string& experiment_id,
                                  const std::string& document) = 0;  ///< the recovery copy; empty text clears it
  virtual Result<std::optional<std::string>> draft(const std::string& experiment_id) = 0;

  // runs
  virtual Result<RunRow> create_run(const std::string& experiment_id, const Experiment& experiment,
                                    const std::string& record) = 0;  ///< queued
  /// Queues events of a run; numbers already stored are left out. Returns at once unless the queue is full (then it waits).
  /// Side files named in an event are taken over (hashed, synced, renamed) before its row is committed.
  virtual void append(const std::string& run_id, std::span<const Event> events) = 0;
  /// Waits until everything appended so far is committed. Errors of the writer (full disk) come here and through on_trouble.
  virtual Result<void> flush() = 0;
  /// Before closing: commits what waits; where that fails, keeps it in files beside the project (or, as that disk may be full, in the
  /// person's state folder), which the next opening takes over, and ends the writing. Error: neither worked, and closing now would
  /// lose what is still in memory.
  virtual Result<void> secure() = 0;
  /// Checks the checkpoint's hash (Error{Damaged}), drops everything numbered above from.seq and queues the run. The events that
  /// follow are numbered from from.seq + 1 on: RunContext's first_seq. CheckpointRow{} (seq 0) starts from the beginning.
  virtual Result<void> prepare_resume(const std::string& run_id, const CheckpointRow& from) = 0;
  /// Whether append waits while there is no room (it does at first). Closing sets it off, so that runs can end on a full disk.
  virtual void set_waiting(bool waits) = 0;
  /// Called on the writer thread after each commit with the runs whose rows changed, and with trouble (disk full: events stay in
  /// memory and are tried again every second; append waits once 65,536 of them do. Errors that do not pass: the events go to files,
  /// and every later command fails with a sentence that says so). Callbacks add up; an empty function removes all
  /// of them. They must not call back into the project.
  virtual void on_committed(std::function<void(const std::vector<std::string>& run_ids)> callback) = 0;
  virtual void on_trouble(std::function<void(const Error&)> callback) = 0;
  /// Called on the writer thread when events are stored again after trouble that was told. Callbacks add up; an empty function removes
  /// all.
  virtual void on_trouble_over(std::function<void()> callback) = 0;

  // what a person says about things; `id` of a run, an experiment or a model
  virtual Result<void> rename(const std::string& id, const std::string& name) = 0;
  virtual Result<void> set_tags(const std::string& run_id, const std::vector<std::string>& tags) = 0;
  virtual Result<void> set_note(const std::string& id /*no experiment*/, const std::string& note) = 0;
  virtual Result<void> set_archived(const std::string& id, bool archived) = 0;
  virtual Result<void> set_baseline(const std::string& run_id /*empty: none*/) = 0;  ///< one a project
  virtual Result<void> set_setting(const std::string& key, const std::string& value) = 0;
  virtual Result<ModelRow> add_model(const std::string& name, const std::string& family, const std::string& source,
                                     const std::filesystem::path& file) = 0;
  virtual Result<void> add_evaluation(const EvaluationRow& evaluation) = 0;
  virtual Result<std::uint64_t> prune() = 0;  ///< removes archived things and unused side files; bytes freed
};

/// A worker process that goes on after its window closed holds the FileLock "worker.lock" in its run's work folder; without it the
/// run counts as ended when the project is opened.

/// NAME.dsz: a zip with a consistent copy and a manifest of hashes. See CONTRACT.md "Project file".
/// Runs that are there under their id already are skipped, never overwritten; an experiment whose versions differ comes in under a
/// new id. `runs` and `skipped` are ids, `experiments` names, `outside_files` what documents name that the archive does not carry
/// (ExperimentRow::outside_files until the person agrees). Errors: NotFound, BadFormat (a hostile or broken archive), NewerVersion, Io.
struct ImportPlan {
  std::vector<std::string> runs, experiments;
  std::vector<std::string> models;          ///< their names
  std::vector<std::string> experiment_ids;  ///< here, of those in the archive, also where they were here before; empty in a preview
  std::vector<std::string> skipped;
  std::vector<std::string> outside_files;
  std::uint64_t bytes = 0;
};
Result<void> export_project(const std::filesystem::path& project, const std::filesystem::path& archive,
                            const std::vector<std::string>& runs /*empty: all*/);
Result<ImportPlan> inspect_archive(const std::filesystem::path& archive);  ///< the preview; writes nothing
/// All of it or, after a stop request (Error{Stopped}, within a second), nothing. `progress` counts bytes.
Result<ImportPlan> import_archive(const std::filesystem::path& archive, Project& into, std::stop_token stop = {},
                                  const std::function<void(std::int64_t done, std::int64_t total)>& progress = {});
/// The person saw plan.outside_files and agreed: for the experiments of this import, as far as they ask for nothing else.
Result<void> allow_imported_files(const ImportPlan& done, Project& into);

}  // namespace dsw
