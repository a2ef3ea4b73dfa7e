// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "engine/core/sha256.h"
#include "engine/store/database.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

using ::testing::HasSubstr;

constexpr int kKills = 12;

/// What the killed process does: goes on with the run as a trainer would, three metrics and a checkpoint now and then, and tells
/// through the pipe the number of the last event that flush() promised.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, const std::string& run_id, int tell) {
  auto project = value_of(Project::open(path, Project::Mode::Open));
  auto reader = value_of(project->reader());
  CheckpointRow from;
  const auto checkpoints = value_of(reader->checkpoints(run_id));
  if (!checkpoints.empty()) from = checkpoints.back();
  value_of(project->prepare_resume(run_id, from));
  std::int64_t seq = from.seq, step = from.step;
  const std::vector<Event> begin{event_of(++seq, StatusBody{RunStatus::Running, 0, "", ""})};
  project->append(run_id, begin);
  for (;;) {
    ++step;
    std::vector<Event> events;
    events.push_back(event_of(++seq, MetricBody{"train/loss", step, 1.0 / static_cast<double>(step)}));
    events.push_back(event_of(++seq, MetricBody{"train/lr", step, 1e-3}));
    events.push_back(event_of(++seq, ProgressBody{step, 100000, 1, "tokens/s", 1}));
    if (step % 50 == 0) {
      const std::string content = "checkpoint of step " + std::to_string(step), name = "step-" + std::to_string(step);
      write_text(project->work_folder(run_id) / name, content);
      events.push_back(event_of(++seq, CheckpointBody{step, name, sha256(content), content.size(), step % 100 == 0}));
    }
    project->append(run_id, events);
    if (step % 7 == 0) {
      value_of(project->flush());
      (void)!write(tell, &seq, sizeof seq);
    }
  }
}

TEST(Crash, KilledAtAnyMomentNothingCommittedIsLostAndNothingStandsTwice) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  std::mt19937 random(20);  // the moments differ by machine all the same
  std::int64_t highest_step = 0;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(told[0]);
      write_until_killed(fixture.path(), run.id, told[1]);
    }
    close(told[1]);
    std::int64_t promised = 0, seq = 0;
    ASSERT_EQ(read(told[0], &seq, sizeof seq), static_cast<ssize_t>(sizeof seq)) << "the writer got going";
    promised = seq;
    usleep(static_cast<useconds_t>(random() % 120'000));
    kill(child, SIGKILL);
    while (read(told[0], &seq, sizeof seq) == static_cast<ssize_t>(sizeof seq)) promised = seq;
    close(told[0]);
    waitpid(child, nullptr, 0);

    {
      // As any reader finds it, before a writer repairs anything.
      const auto reader = fixture.reader();
      EXPECT_EQ(value_of(reader->run(run.id)).status, RunStatus::Running);
      EXPECT_GE(value_of(reader->run(run.id)).last_seq, promised);
    }
    fixture.open();
    {
      Database raw(fixture.path(), Database::Access::ReadOnly);
      EXPECT_EQ(raw.text("PRAGMA integrity_check"), "ok");
    }
    const auto reader = fixture.reader();
    const RunRow row = value_of(reader->run(run.id));
    EXPECT_EQ(row.status, RunStatus::Interrupted);
    const auto checkpoints = value_of(reader->checkpoints(run.id));
    EXPECT_THAT(row.hint, HasSubstr(checkpoints.empty() ? "no checkpoint" : "Resume from step " + std::to_string(checkpoints.back().step)));
    EXPECT_GE(row.last_seq, promised);
    const auto points = value_of(reader->metric(run.id, "train/loss"));
    ASSERT_FALSE(points.empty());
    // One point a step, from the first to the last, each exactly once.
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ(points[i].step, static_cast<std::int64_t>(i) + 1);
      ASSERT_EQ(points[i].value, 1.0 / static_cast<double>(points[i].step));
    }
    const MetricSummary summary = row.metrics.at("train/loss");
    EXPECT_EQ(summary.points, static_cast<std::int64_t>(points.size()));
    EXPECT_EQ(summary.last, points.back().value);
    for (const CheckpointRow& checkpoint : checkpoints) {
      ASSERT_FALSE(checkpoint.missing);
      EXPECT_EQ(value_of(sha256_of_file(checkpoint.path)).sha256, checkpoint.sha256);
    }
    EXPECT_TRUE(value_of(reader->info()).missing_files.empty());
    EXPECT_FALSE(std::filesystem::exists(fixture.folder / "tiny.dsx.work")) << "leftovers of the killed run are gone";
    highest_step = std::max(highest_step, points.back().step);
    fixture.close();
  }
  EXPECT_GT(highest_step, 50);
}

TEST(Crash, ASecondWriterIsRefusedWithTheHoldersNameWhileReadersRead) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) write_until_killed(fixture.path(), run.id, told[1]);
  std::int64_t seq = 0;
  ASSERT_EQ(read(told[0], &seq, sizeof seq), static_cast<ssize_t>(sizeof seq));
  const auto second = Project::open(fixture.path(), Project::Mode::OpenOrCreate);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Locked);
  EXPECT_EQ(exit_code(second.error().code), 4);
  EXPECT_THAT(second.error().sentence(), HasSubstr("process " + std::to_string(child)));
  EXPECT_THAT(second.error().sentence(), HasSubstr("read-only"));
  const auto reader = fixture.reader();
  EXPECT_TRUE(value_of(reader->info()).read_only);
  EXPECT_THAT(value_of(reader->info()).read_only_reason, HasSubstr("is being written by another window"));
  std::int64_t seen = 0;
  for (int i = 0; i < 500 && seen < seq + 200; ++i) {
    const RunRow row = value_of(reader->run(run.id));
    ASSERT_GE(row.last_seq, seen) << "what was read once stays";
    seen = row.last_seq;
    ASSERT_EQ(static_cast<std::int64_t>(value_of(reader->metric(run.id, "train/loss")).size()) >= row.metrics.at("train/loss").points,
              true);
    usleep(2000);
  }
  EXPECT_GE(seen, seq);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Project::open(fixture.path(), Project::Mode::Open)) << "the lock died with its process";
  close(told[0]);
  close(told[1]);
}

/// Whether another process would find the shared lock that SQLite holds on a file in use (its bytes 2^30 + 2 and 510 more).
bool is_locked_for_others(const std::filesystem::path& path) {
  const pid_t child = fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0x40000000 + 2;
    lock.l_len = 510;
    _exit(file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Crash, AReaderOfTheSameProcessLeavesTheWritersLocks) {
  ProjectFixture fixture;
  fixture.new_run();
  ASSERT_TRUE(is_locked_for_others(fixture.path()));
  {
    const auto reader = fixture.reader();
    EXPECT_EQ(value_of(reader->runs({})).size(), 1u);
  }
  EXPECT_TRUE(is_locked_for_others(fixture.path())) << "without them the next program that closes the project removes its log";
}

}  // namespace
}  // namespace dsw
