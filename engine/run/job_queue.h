// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/run/event.h"

namespace dsw {

/// A job as the jobs panel shows it: a run, an export, an import.
struct JobInfo {
  std::int64_t id = 0;        ///< monotone
  std::string title, run_id;  ///< run_id: empty for other work
  RunStatus status = RunStatus::Queued;
  std::int64_t done = 0, total = 0;
  double rate = 0, seconds_left = 0;
  std::string unit, device, sentence, hint;
  bool stopping = false;
};

/// Work that takes more than 50 ms, in order, one at a time in each slot; a slot ("cpu", "cuda:0", "files") has one worker thread,
/// started with its first job. All methods are safe from any thread; callbacks come on worker threads, those of a job that was stopped
/// before it began on the thread that stopped it.
class JobQueue {
 public:
  /// What a job's work may touch. Lives on the slot's thread, for the call.
  class Job {
   public:
    std::stop_token stop_token() const;
    void progress(const ProgressBody& progress);
    std::int64_t id() const { return id_; }

   private:
    friend class JobQueue;
    Job(JobQueue& queue, std::int64_t id) : queue_(queue), id_(id) {}
    JobQueue& queue_;
    std::int64_t id_;
  };
  /// Error{Stopped} ends the job as stopped, another error as failed with its sentence.
  using Work = std::function<Result<void>(Job&)>;
  /// Called once for every job, also for one that was stopped before it began (Error{Stopped}); then the job counts as over.
  using Finished = std::function<void(const JobInfo&, const Result<void>&)>;

  JobQueue();
  ~JobQueue();  ///< stops all jobs and waits for them
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  /// `info` gives title, run_id and device. @return the job's id
  std::int64_t add(const std::string& slot, JobInfo info, Work work, Finished finished = {});
  void stop(std::int64_t id);  ///< unknown and ended ones: nothing happens
  void stop_all();
  /// Queued and running jobs, then the last 50 that ended, newest first.
  std::vector<JobInfo> jobs() const;
  /// At every change of state, and of progress at most 25 times a second a job.
  void on_changed(std::function<void(const JobInfo&)> callback);
  void wait_idle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dsw
