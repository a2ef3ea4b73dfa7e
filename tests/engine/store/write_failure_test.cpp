// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What happens when the project file cannot be written: a full disk, a disk that gives errors, a damaged file.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>

#include "engine/store/database.h"
#include "engine/store/unsaved_events.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Every file that SQLite opens from now on fails to write while `broken` is set, as a disk with an error does.
class FailingDisk {
 public:
  static std::atomic<bool> broken;
  FailingDisk() {
    real_ = sqlite3_vfs_find(nullptr);
    shim_ = *real_;
    shim_.zName = "failing-disk";
    shim_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
      const int code = real_->xOpen(real_, name, file, flags, out);
      if (code == SQLITE_OK && file->pMethods != nullptr) {
        const std::lock_guard lock(mutex_);
        write_ = file->pMethods->xWrite;  // the same for all kinds of files
        const auto [place, added] = methods_.try_emplace(file->pMethods, *file->pMethods);
        place->second.xWrite = [](sqlite3_file* f, const void* bytes, int count, sqlite3_int64 offset) {
          return broken ? SQLITE_IOERR_WRITE : write_(f, bytes, count, offset);
        };
        file->pMethods = &place->second;
      }
      return code;
    };
    shim_.xGetLastError = [](sqlite3_vfs*, int, char*) { return broken ? EIO : 0; };
    sqlite3_vfs_register(&shim_, 1);
  }
  ~FailingDisk() {
    sqlite3_vfs_unregister(&shim_);
    sqlite3_vfs_register(real_, 1);
    broken = false;
  }

 private:
  static sqlite3_vfs* real_;
  static std::mutex mutex_;  // guards the next
  static std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_;
  static int (*write_)(sqlite3_file*, const void*, int, sqlite3_int64);
  sqlite3_vfs shim_{};
};
std::atomic<bool> FailingDisk::broken = false;
sqlite3_vfs* FailingDisk::real_ = nullptr;
std::mutex FailingDisk::mutex_;
std::map<const sqlite3_io_methods*, sqlite3_io_methods> FailingDisk::methods_;
int (*FailingDisk::write_)(sqlite3_file*, const void*, int, sqlite3_int64) = nullptr;

std::vector<Event> points(std::int64_t first, std::int64_t last) {
  std::vector<Event> events;
  for (std::int64_t seq = first; seq <= last; ++seq)
    events.push_back(event_of(seq, MetricBody{"train/loss", seq, 1.0 / static_cast<double>(seq)}));
  return events;
}

/// All points of the run, each once, in order.
void expect_points(const ProjectFixture& fixture, const RunRow& run, std::int64_t last) {
  const auto reader = fixture.reader();
  const auto stored = value_of(reader->metric(run.id, "train/loss"));
  ASSERT_EQ(stored.size(), static_cast<std::size_t>(last));
  for (std::size_t i = 0; i < stored.size(); ++i) ASSERT_EQ(stored[i].step, static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(value_of(reader->run(run.id)).last_seq, last);
}

/// A state folder of the test's own.
struct StateFolder {
  StateFolder() { setenv("XDG_STATE_HOME", folder.path().c_str(), 1); }
  ~StateFolder() { unsetenv("XDG_STATE_HOME"); }
  TempFolder folder{"state"};
};

TEST(WriteFailure, ADamagedFileEndsTheWritingAndKeepsWhatComes) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, points(1, 10));
  std::vector<std::string> told;
  fixture.project->on_trouble([&](const Error& error) { told.push_back(error.sentence()); });
  {
    Database raw(fixture.path(), Database::Access::ReadWrite);
    raw.script("ALTER TABLE metric_tail RENAME TO hidden");
  }
  fixture.project->append(run.id, points(11, 20));
  const auto flushed = fixture.project->flush();
  ASSERT_FALSE(flushed);
  EXPECT_THAT(flushed.error().sentence(), HasSubstr((fixture.path().string() + ".work/" + run.id + "/unsaved.jsonl")));
  EXPECT_THAT(flushed.error().hint, HasSubstr("open it again"));
  ASSERT_EQ(told.size(), 1u) << "said once";
  // Later events go the same way, and commands fail with the same sentence.
  const auto before = std::chrono::steady_clock::now();
  fixture.project->append(run.id, points(21, 30));
  EXPECT_FALSE(fixture.project->flush());
  EXPECT_EQ(fixture.project->set_note(run.id, "a note").error().sentence(), flushed.error().sentence());
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3)) << "nothing is tried again";
  EXPECT_TRUE(fixture.project->secure()) << "all of it lies in a file";
  fixture.close();
  {
    Database raw(fixture.path(), Database::Access::ReadWrite);
    raw.script("ALTER TABLE hidden RENAME TO metric_tail");
  }
  fixture.open();
  expect_points(fixture, run, 30);
  EXPECT_FALSE(fs::exists(fixture.path().string() + ".work")) << "what was taken over is gone";
}

TEST(WriteFailure, ADiskThatGivesErrorsIsGivenUpAfterSeconds) {
  const StateFolder state;
  const FailingDisk disk;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, points(1, 10));
  std::atomic<int> told = 0;
  fixture.project->on_trouble([&](const Error&) { ++told; });
  FailingDisk::broken = true;
  fixture.project->append(run.id, points(11, 20));
  EXPECT_FALSE(fixture.project->flush());
  FailingDisk::broken = false;
  EXPECT_TRUE(fixture.project->flush()) << "an error that passes does no harm";
  EXPECT_EQ(told, 1);
  FailingDisk::broken = true;
  fixture.project->append(run.id, points(21, 30));
  Result<void> flushed;
  for (int i = 0; i < 400; ++i) {
    flushed = fixture.project->flush();
    if (!flushed && flushed.error().message.find("kept in") != std::string::npos) break;
    usleep(25'000);
  }
  ASSERT_FALSE(flushed);
  EXPECT_THAT(flushed.error().sentence(), HasSubstr("the disk gave an error"));
  EXPECT_THAT(flushed.error().sentence(), HasSubstr("unsaved.jsonl"));
  FailingDisk::broken = false;
  fixture.project->append(run.id, points(31, 40));
  fixture.close();
  fixture.open();
  expect_points(fixture, run, 40);
}

/// In a child, where files may not grow beyond `bytes`, as if the disk were full. `act` gives 0 when all is well.
int on_a_full_disk(const std::function<int(const std::function<void(rlim_t)>& set_limit)>& act) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    alarm(30);
    int answer = 99;
    try {
      answer = act([](rlim_t bytes) {
        rlimit limit{};
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
      });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(answer);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(WriteFailure, ClosingOnAFullDiskKeepsWhatWaits) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  std::int64_t last = 0;
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  EXPECT_EQ(on_a_full_disk([&](const auto& set_limit) {
              auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
              set_limit(96 * 1024);
              std::int64_t seq = 0;
              for (Result<void> stored; stored && seq < 100'000; seq += 50) {
                project->append(run.id, points(seq + 1, seq + 50));
                stored = project->flush();
              }
              (void)!write(answer[1], &seq, sizeof seq);
              if (project->flush()) return 10;
              project.reset();
              return 0;
            }),
            0);
  ASSERT_EQ(read(answer[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  close(answer[0]);
  close(answer[1]);
  ASSERT_LT(last, 100'000) << "the disk was full";
  EXPECT_TRUE(fs::exists(fixture.path().string() + ".work/" + run.id + "/unsaved.jsonl"));
  fixture.open();
  expect_points(fixture, run, last);
}

TEST(WriteFailure, WhatNoPlaceTakesStaysInMemoryAndClosingSaysSo) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  EXPECT_EQ(on_a_full_disk([&](const auto& set_limit) {
              auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
              set_limit(64 * 1024);
              project->set_waiting(false);
              project->append(run.id, points(1, 100'000));
              const auto secured = project->secure();
              if (secured) return 10;
              if (secured.error().message.find("event file could not be written") == std::string::npos) return 11;
              set_limit(0);
              if (!project->secure()) return 12;
              return project->flush() ? 0 : 13;  // in the database: nothing had to be kept elsewhere
            }),
            0);
  fixture.open();
  expect_points(fixture, run, 100'000);
}

/// Were the database written again after that, its higher numbers would shut out what lies in the file.
TEST(WriteFailure, WhatComesAfterClosingWasPreparedGoesToTheFilesToo) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  EXPECT_EQ(on_a_full_disk([&](const auto& set_limit) {
              auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
              set_limit(96 * 1024);
              std::int64_t seq = 0;
              for (Result<void> stored; stored && seq < 100'000; seq += 50) {
                project->append(run.id, points(seq + 1, seq + 50));
                stored = project->flush();
              }
              if (!project->secure()) return 10;
              set_limit(0);
              project->append(run.id, points(seq + 1, seq + 50));
              (void)project->flush();
              seq += 50;
              (void)!write(answer[1], &seq, sizeof seq);
              project.reset();
              return 0;
            }),
            0);
  std::int64_t last = 0;
  ASSERT_EQ(read(answer[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  close(answer[0]);
  close(answer[1]);
  fixture.open();
  expect_points(fixture, run, last);
}

/// The same where only a part of what waits found a place.
TEST(WriteFailure, APartThatWasKeptIsNotShutOutByTheRest) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow small = fixture.new_run(), large = fixture.new_run();
  fixture.close();
  EXPECT_EQ(on_a_full_disk([&](const auto& set_limit) {
              auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
              set_limit(64 * 1024);
              project->set_waiting(false);
              project->append(small.id, points(1, 20));
              project->append(large.id, points(1, 50'000));
              if (project->secure()) return 10;  // the file of the large one did not fit
              set_limit(0);
              project->append(small.id, points(21, 40));
              (void)project->flush();
              project.reset();
              return 0;
            }),
            0);
  fixture.open();
  expect_points(fixture, small, 40);
  expect_points(fixture, large, 50'000);
}

/// The folder beside the project takes nothing: a part of the events lies there, torn, the rest in the person's state folder.
TEST(WriteFailure, TheStateFolderHelpsWhereThePlaceBesideTheProjectDoesNot) {
  const StateFolder state;
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  const std::vector<fs::path> places = UnsavedEvents::places(fixture.path());
  ASSERT_EQ(places.size(), 2u);
  EXPECT_THAT(places[1].string(), HasSubstr(state.folder.path().string()));
  fs::create_directories(places[0] / run.id);
  fs::create_directory(places[0] / run.id / UnsavedEvents::kFile);  // no file can be there
  UnsavedEvents unsaved(fixture.path());
  EXPECT_EQ(value_of(unsaved.keep(run.id, points(1, 8))), places[1] / run.id / UnsavedEvents::kFile);
  fs::remove(places[0] / run.id / UnsavedEvents::kFile);
  UnsavedEvents beside(fixture.path());
  EXPECT_EQ(value_of(beside.keep(run.id, points(6, 12))), places[0] / run.id / UnsavedEvents::kFile);
  fixture.open();
  expect_points(fixture, run, 12);
  EXPECT_FALSE(fs::exists(places[1]));
}

}  // namespace
}  // namespace dsw
