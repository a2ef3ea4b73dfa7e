// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/run/experiment.h"
#include "engine/run/job_queue.h"
#include "engine/store/project.h"

namespace dsw {

/// What the window, `deepshock run` and the worker stand on: catalog, one open project, the job queue with its launchers.
/// Methods are safe from any thread.
class Workspace {
 public:
  /// `add` registers what a program has besides the builtins.
  explicit Workspace(const std::function<void(Catalog&)>& add = {});
  ~Workspace();  ///< asks jobs to stop and waits for them

  const Catalog& catalog() const;
  DatasetCache& data();

  Result<void> open_project(const std::filesystem::path& path, Project::Mode mode);
  /// Stops its jobs first. `keep_workers`: runs in worker processes go on in the background and are adopted at the next opening.
  /// Error: what the runs told can be stored nowhere (Project::secure); the project stays open, and the call may be repeated.
  /// `even_if_lost` closes it all the same.
  Result<void> close_project(bool keep_workers = false, bool even_if_lost = false);
  Project* project();  ///< null when none is open for writing

  struct RunRequest {
    std::string experiment_id;  ///< empty: the experiment is saved under its name first
    Json* document = nullptr;   ///< or `text`
    std::string text;
    std::filesystem::path base;
    std::string device;  ///< overrides the document's; empty: as it says
    int threads = 0;
    std::optional<bool> isolated;  ///< in a worker process (deepshock worker); not said: where the device is no CPU
  };
  /// Validates, freezes a version, creates the run (queued) and queues it. Gives the run. An isolated run on a device that is no CPU goes
  /// on by itself from its last checkpoint when its worker dies or the device answers no more, three times at most without a new
  /// checkpoint.
  Result<RunRow> start_run(const RunRequest& request);
  Result<void> resume_run(const std::string& run_id);
  /// At once "stopping"; the run saves a checkpoint and ends as stopped.
  void stop_run(const std::string& run_id);
  /// The `deepshock` that isolated runs start; else the one beside this program. Before the first run.
  void set_worker_program(const std::filesystem::path& program);
  /// Queues other work that takes more than 50 ms; `work` gets a stop token and a progress callback.
  std::int64_t start_job(
      std::string title,
      std::function<Result<void>(std::stop_token, const std::function<void(std::int64_t done, std::int64_t total)>&)> work,
      std::function<void(const Result<void>&)> finished = {});
  void stop_job(std::int64_t job_id);
  std::vector<JobInfo> jobs() const;
  /// Called from other threads whenever a job changes (coalesce: at most 25 times a second a job).
  void on_job_changed(std::function<void(const JobInfo&)> callback);
  /// Sees the events of every run as they come, on the thread that stores them.
  void on_events(std::function<void(const std::string& run_id, std::span<const Event>)> callback);
  /// Waits until no job is queued or running.
  void wait_idle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

void register_builtins(Catalog& catalog);  // engine/builtins.cpp

}  // namespace dsw
