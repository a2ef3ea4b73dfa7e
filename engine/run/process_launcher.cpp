// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "engine/core/catalog.h"
#include "engine/core/file_lock.h"
#include "engine/core/ids.h"
#include "engine/run/event_file.h"
#include "engine/run/launcher.h"
#include "engine/run/worker.h"

namespace dsw {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(40);
constexpr auto kTimeToStop = std::chrono::seconds(10);

/// A started worker. Ends are collected once.
class Worker {
 public:
  static Result<Worker> start(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                              const std::filesystem::path& log) {
    std::vector<std::string> all{program.string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // Its own session: closing the terminal or window does not reach it. No signal stays blocked or ignored.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    Worker worker;
    const int status = posix_spawn(&worker.process_, program.c_str(), &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (status != 0)
      return fail(ErrorCode::Io, fmt::format("The worker process could not be started ({})", std::strerror(status)), "", program.string());
    return worker;
  }

  void signal(int number) const { ::kill(process_, number); }
  /// True once it has ended; `status` as waitpid gives it.
  bool ended() {
    if (ended_) return true;
    const pid_t got = ::waitpid(process_, &status_, WNOHANG);
    ended_ = got == process_ || (got < 0 && errno == ECHILD);
    return ended_;
  }
  std::string how_it_ended() const {
    if (WIFSIGNALED(status_)) return fmt::format("was ended by signal {} ({})", WTERMSIG(status_), ::strsignal(WTERMSIG(status_)));
    return fmt::format("ended with {}", WEXITSTATUS(status_));
  }

 private:
  pid_t process_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// A worker that an earlier program started: known by the lock that it holds on its folder.
class FoundWorker {
 public:
  explicit FoundWorker(std::filesystem::path lock) : lock_(std::move(lock)) {}
  void signal(int number) const {
    const auto holder = FileLock::holder(lock_);
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    if (holder && holder->host == host && holder->process > 1) ::kill(static_cast<pid_t>(holder->process), number);
  }
  bool ended() const { return !FileLock::holder(lock_).has_value(); }
  static std::string how_it_ended() { return "ended without a last word"; }

 private:
  std::filesystem::path lock_;
};

template <class W>
Result<void> follow(W& worker, const std::filesystem::path& folder, std::int64_t first_seq, const std::stop_token& stop,
                    const std::function<void(Event)>& sink, const std::function<bool()>& detached) {
  EventFollower follower(folder / "events.jsonl", first_seq - 1);
  StatusBody last;
  std::vector<Event> events;
  bool told = false, killed = false;
  std::chrono::steady_clock::time_point told_at;
  for (;;) {
    const bool ended = worker.ended();  // looked at before the file: what it wrote last is still read
    events.clear();
    if (const auto read = follower.read(events); !read && ended) return fail(read.error());
    for (Event& event : events) {
      if (const auto* status = std::get_if<StatusBody>(&event.body)) last = *status;
      sink(std::move(event));
    }
    if (ended) break;
    if (stop.stop_requested()) {
      if (detached && detached()) return fail(ErrorCode::Stopped, "Goes on in the background");
      const auto now = std::chrono::steady_clock::now();
      if (!told) {
        worker.signal(SIGTERM);
        told = true;
        told_at = now;
      } else if (!killed && now - told_at > kTimeToStop) {
        worker.signal(SIGKILL);
        killed = true;
      }
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  switch (last.status) {
    case RunStatus::Finished:
      return {};
    case RunStatus::Stopped:
      return fail(ErrorCode::Stopped, last.sentence, last.hint);
    case RunStatus::Failed:
      return fail(ErrorCode::Internal, last.sentence, last.hint);
    case RunStatus::Interrupted:
      return fail(ErrorCode::DeviceFault, last.sentence, last.hint);
    default:
      break;
  }
  Error error(killed ? ErrorCode::Stopped : ErrorCode::DeviceFault,
              killed ? "The worker did not stop in 10 s and was ended" : fmt::format("The worker {}", worker.how_it_ended()),
              "Resume goes on from its last checkpoint.");
  Event end;
  end.seq = std::max(follower.last_seq(), first_seq - 1) + 1;
  end.time = now_seconds();
  end.body = StatusBody{RunStatus::Interrupted, last.step, error.message, error.hint};
  sink(std::move(end));
  return fail(std::move(error));
}

class ProcessLauncher : public Launcher {
 public:
  ProcessLauncher(const Catalog& catalog, std::filesystem::path program, std::function<bool()> detached)
      : catalog_(catalog), program_(std::move(program)), detached_(std::move(detached)) {}

  Result<void> run(const LaunchRequest& request, std::stop_token stop, const std::function<void(Event)>& sink) override {
    if (request.follow_only) {
      FoundWorker worker(request.folder / kWorkerLock);
      return follow(worker, request.folder, request.first_seq, stop, sink, detached_);
    }
    std::error_code error;
    std::filesystem::create_directories(request.folder, error);
    const auto spec = request.folder / "spec.json";
    std::ofstream out(spec, std::ios::trunc);
    out << absolute_document(catalog_, request.experiment) << '\n';
    out.close();
    if (!out)
      return fail(ErrorCode::Io, "The worker's document could not be written", "Check the place and its free space.", spec.string());
    std::vector<std::string> arguments{"worker",
                                       "--spec",
                                       spec.string(),
                                       "--out",
                                       request.folder.string(),
                                       "--device",
                                       request.device,
                                       "--threads",
                                       std::to_string(request.threads)};
    if (!request.resume_from.empty()) {
      arguments.insert(arguments.end(), {"--resume-from", request.resume_from.string(), "--first-seq", std::to_string(request.first_seq)});
    }
    DSW_TRY_ASSIGN(Worker worker, Worker::start(program_, arguments, request.folder / "worker.log"));
    return follow(worker, request.folder, request.first_seq, stop, sink, detached_);
  }

 private:
  const Catalog& catalog_;
  std::filesystem::path program_;
  std::function<bool()> detached_;
};

}  // namespace

std::unique_ptr<Launcher> make_process_launcher(const Catalog& catalog, std::filesystem::path program, std::function<bool()> detached) {
  return std::make_unique<ProcessLauncher>(catalog, std::move(program), std::move(detached));
}

}  // namespace dsw
