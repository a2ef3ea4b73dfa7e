// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/store/event_writer.h"
#include "engine/store/unsaved_events.h"

namespace dsw {

/// The one thread that writes a project. Events are committed in batches, about every 20 ms; commands and flushes at once.
/// When a commit fails because the disk is full or another process holds the file, its events stay in memory and are tried again
/// every second and at each flush. Any other failure that does not pass within seconds ends the writing: from then on events go to
/// files (UnsavedEvents), every command and flush says so, and the next opening of the project takes the files over.
/// Methods are safe from any thread.
class WriterThread {
 public:
  /// What a command does, in its own transaction (`in_transaction`) or without one (VACUUM). Throws Error.
  using Action = std::function<void(Database&, EventWriter&)>;

  WriterThread(std::unique_ptr<Database> database, const ArtifactStore& artifacts, std::filesystem::path work_folder);
  /// Commits what waits, or keeps it in files where that fails, and ends.
  ~WriterThread();

  void append(const std::string& run_id, std::span<const Event> events);
  Result<void> flush();
  /// Commits what waits; where that fails, keeps it in files and ends the writing. Error: neither worked, it is still in memory.
  Result<void> secure();
  /// Runs `action` after all events appended before it; gives what it threw. `changed` goes to the committed callbacks.
  Result<void> command(Action action, std::vector<std::string> changed = {}, bool in_transaction = true);
  void set_waiting(bool waits);

  void on_committed(std::function<void(const std::vector<std::string>&)> callback);
  void on_trouble(std::function<void(const Error&)> callback);
  void on_trouble_over(std::function<void()> callback);

 private:
  struct Command {
    Action action;
    std::vector<std::string> changed;
    bool in_transaction = true, done = false;
    Result<void> result;
  };
  struct Item {  // either events of a run or a command
    std::string run_id;
    std::vector<Event> events;
    std::shared_ptr<Command> command;
  };

  void work();
  void commit_events();                          // from batch_; leaves it and sets trouble_ on failure
  Result<void> keep_in_files(const Error& why);  // from batch_; leaves what no file took
  void end_writing(const Error& why);
  bool passes(const Error& error);
  void set_trouble(const Error& error);
  bool has_ended() const { return broken_.has_value(); }
  Result<void> post(std::shared_ptr<Command> command);
  void run_command(Command& command);
  void tell_committed(const std::vector<std::string>& run_ids);
  void tell_trouble(const Error& error);
  void tell_trouble_over();

  std::unique_ptr<Database> database_;  // writer thread only, as what follows
  EventWriter events_;
  UnsavedEvents unsaved_;
  std::filesystem::path last_kept_;                                     // the file that events went to
  std::optional<std::chrono::steady_clock::time_point> failing_since_;  // of a failure that is neither a full disk nor a lock
  std::deque<Item> batch_;                                              // events that wait for their commit, in order

  std::mutex mutex_;  // guards what follows
  std::condition_variable work_, done_, room_;
  std::deque<Item> queue_;
  std::size_t queued_events_ = 0;  // in queue_ and batch_
  int urgent_ = 0;                 // commands and flushes in queue_
  bool closing_ = false, unlimited_ = false;
  std::vector<std::function<void(const std::vector<std::string>&)>> committed_;
  std::vector<std::function<void(const Error&)>> troubled_;
  std::vector<std::function<void()>> relieved_;
  std::optional<Error> trouble_;  // of the last commit; none after a good one
  std::optional<Error> broken_;   // why nothing more is written; set by the writer thread

  std::thread thread_;
};

}  // namespace dsw
