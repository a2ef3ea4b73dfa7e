// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/core/file_lock.h"
#include "engine/store/migrations.h"
#include "engine/store/project.h"
#include "engine/store/writer_thread.h"

namespace dsw {

/// Project::open with what only tests change: the format the program knows, and the journal ("wal", "delete"; empty: by the place).
Result<std::unique_ptr<Project>> open_project(const std::filesystem::path& path, Project::Mode mode, const ProjectFormat& format,
                                              const std::string& journal = {});

/// A project on SQLite. Every change is a command of the writer thread.
class SqliteProject final : public Project {
 public:
  /// @param database  checked, migrated and recovered
  SqliteProject(std::filesystem::path path, FileLock lock, std::unique_ptr<Database> database);

  const std::filesystem::path& path() const override { return path_; }
  std::filesystem::path files_folder() const override { return artifacts_.folder(); }
  std::filesystem::path work_folder(const std::string& run_id) const override;
  Result<std::unique_ptr<ProjectReader>> reader() const override { return ProjectReader::open(path_); }

  Result<std::string> save_experiment(const std::string& experiment_id, const std::string& name, const std::string& task,
                                      const std::string& document, const std::string& base) override;
  Result<void> allow_outside_files(const std::string& experiment_id) override;
  Result<void> copy_outside_files(const std::string& from, const std::string& to) override;
  Result<void> save_draft(const std::string& experiment_id, const std::string& document) override;
  Result<std::optional<std::string>> draft(const std::string& experiment_id) override;

  Result<RunRow> create_run(const std::string& experiment_id, const Experiment& experiment, const std::string& record) override;
  void append(const std::string& run_id, std::span<const Event> events) override { writer_.append(run_id, events); }
  Result<void> flush() override { return writer_.flush(); }
  Result<void> secure() override { return writer_.secure(); }
  Result<void> prepare_resume(const std::string& run_id, const CheckpointRow& from) override;
  void set_waiting(bool waits) override { writer_.set_waiting(waits); }
  void on_committed(std::function<void(const std::vector<std::string>&)> callback) override { writer_.on_committed(std::move(callback)); }
  void on_trouble(std::function<void(const Error&)> callback) override { writer_.on_trouble(std::move(callback)); }
  void on_trouble_over(std::function<void()> callback) override { writer_.on_trouble_over(std::move(callback)); }

  Result<void> rename(const std::string& id, const std::string& name) override;
  Result<void> set_tags(const std::string& run_id, const std::vector<std::string>& tags) override;
  Result<void> set_note(const std::string& id, const std::string& note) override;
  Result<void> set_archived(const std::string& id, bool archived) override;
  Result<void> set_baseline(const std::string& run_id) override;
  Result<void> set_setting(const std::string& key, const std::string& value) override;
  Result<ModelRow> add_model(const std::string& name, const std::string& family, const std::string& source,
                             const std::filesystem::path& file) override;
  Result<void> add_evaluation(const EvaluationRow& evaluation) override;
  Result<std::uint64_t> prune() override;

  /// For engine/store: an import writes rows of its own.
  const ArtifactStore& artifacts() const { return artifacts_; }
  WriterThread& writer() { return writer_; }
  /// Held while side files are there that no row names yet, so that a prune leaves them.
  std::mutex& artifact_mutex() { return artifact_mutex_; }

 private:
  Result<void> change_run(const std::string& run_id, const std::string& column, const std::string& value);

  std::filesystem::path path_;
  FileLock lock_;  // released after the writer ended
  ArtifactStore artifacts_;
  std::mutex artifact_mutex_;
  WriterThread writer_;
};

/// What a project needs before anyone writes to it: event files of workers that ended are taken over, runs without a live process
/// become interrupted, leftovers of broken takes go. Throws Error.
void recover_project(Database& database, const ArtifactStore& artifacts, const std::filesystem::path& work_folder);

}  // namespace dsw
