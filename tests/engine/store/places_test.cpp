// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <random>

#include "engine/store/database.h"
#include "engine/store/project_place.h"
#include "engine/store/sqlite_project.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

/// Runs `check` in a child that may not write what belongs to others, root or not; it answers with an empty text when all is well.
std::string as_nobody(const std::function<std::string()>& check) {
  int answer[2];
  if (pipe(answer) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string text;
    try {
      if (getuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) {
        text = "the user could not be changed";
      } else {
        text = check();
      }
    } catch (const std::exception& error) {
      text = error.what();
    }
    (void)!write(answer[1], text.data(), text.size());
    _exit(0);
  }
  close(answer[1]);
  std::string text;
  char buffer[256];
  for (ssize_t count = 0; (count = read(answer[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(count));
  close(answer[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : text + " (the child died)";
}

void make_read_only(const ProjectFixture& fixture) {
  fs::permissions(fixture.path(), fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  const fs::perms look = fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read | fs::perms::group_exec |
                         fs::perms::others_read | fs::perms::others_exec;
  fs::permissions(fixture.folder.path(), look);
  fs::permissions(fixture.folder / "tiny.dsx.files", look);
}

TEST(Places, AReadOnlyFolderOpensImmutable) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, MetricBody{"train/loss", 1, 4})});
  fixture.close();
  make_read_only(fixture);
  EXPECT_EQ(as_nobody([&]() -> std::string {
              const auto reader = fixture.reader();
              const ProjectInfo info = value_of(reader->info());
              if (info.journal != "immutable") return "journal is " + info.journal;
              if (!info.read_only || info.read_only_reason.find("cannot be written") == std::string::npos)
                return "reason: " + info.read_only_reason;
              if (value_of(reader->metric(run.id, "train/loss")).size() != 1) return "the point is not there";
              const auto project = Project::open(fixture.path(), Project::Mode::Open);
              if (project) return "it opened for writing";
              if (project.error().code != ErrorCode::Io || project.error().hint.find("read-only") == std::string::npos)
                return project.error().sentence();
              return "";
            }),
            "");
}

TEST(Places, AReadOnlyCopyOfAKilledWritersProjectShowsWhatWasCommitted) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, MetricBody{"train/loss", 1, 4})});
  // As a snapshot of the disk would hold it: with the log, without the shared memory of the writer.
  TempFolder copy("snapshot");
  fs::copy_file(fixture.path(), copy / "tiny.dsx");
  fs::copy_file(fixture.path().string() + "-wal", copy / "tiny.dsx-wal");
  ASSERT_GT(fs::file_size(copy / "tiny.dsx-wal"), 0u);
  fs::permissions(copy.path(), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  EXPECT_EQ(as_nobody([&]() -> std::string {
              const auto reader = ProjectReader::open(copy / "tiny.dsx");
              // Either it is all there or the sentence says what to do; never an older state in silence.
              if (!reader) return reader.error().hint.find("tiny.dsx-wal") == std::string::npos ? reader.error().sentence() : "";
              return value_of((*reader)->metric(run.id, "train/loss")).size() == 1 ? "" : "an older state is shown";
            }),
            "");
}

TEST(Places, NetworkFileSystemsUseARollbackJournal) {
  EXPECT_EQ(journal_for_file_system(0xef53), "wal") << "ext4";
  EXPECT_EQ(journal_for_file_system(0x6969), "delete") << "NFS";
  EXPECT_EQ(journal_for_file_system(static_cast<long>(0xfe534d42)), "delete") << "SMB 2";
  EXPECT_EQ(journal_for_file_system(static_cast<int>(0xfe534d42)), "delete") << "SMB 2 where the type is a signed 32-bit number";
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  {
    // A project that comes from a local disk, WAL and all.
    auto project = value_of(open_project(fixture.path(), Project::Mode::Open, project_format(), "delete"));
    const auto reader = value_of(project->reader());
    EXPECT_EQ(value_of(reader->info()).journal, "delete");
    const std::vector<Event> events{event_of(1, MetricBody{"train/loss", 1, 4})};
    project->append(run.id, events);
    EXPECT_TRUE(project->flush());
    EXPECT_EQ(value_of(reader->metric(run.id, "train/loss")).size(), 1u);
    EXPECT_FALSE(fs::exists(fixture.path().string() + "-wal"));
  }
  fixture.open();
  EXPECT_EQ(value_of(fixture.reader()->info()).journal, "wal") << "back on a local disk";
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "train/loss")).size(), 1u);
}

TEST(Places, AMovedDatabaseWithoutItsFilesListsThemAndWorks) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, fixture.new_checkpoint(run, 1, "weights")), event_of(2, MetricBody{"train/loss", 1, 4})});
  fixture.close();
  TempFolder other("other");
  fs::copy_file(fixture.path(), other / "moved.dsx");
  auto project = value_of(Project::open(other / "moved.dsx", Project::Mode::Open));
  const auto reader = value_of(project->reader());
  EXPECT_EQ(value_of(reader->info()).missing_files.size(), 1u);
  EXPECT_TRUE(value_of(reader->checkpoints(run.id)).at(0).missing);
  EXPECT_EQ(value_of(reader->metric(run.id, "train/loss")).size(), 1u);
  EXPECT_TRUE(project->set_note(run.id, "still works"));
}

TEST(Places, AFilesFolderOfAnotherProjectIsNotTakenOver) {
  ProjectFixture fixture;
  write_text(fixture.folder / "second.dsx.files/project-id", "someone else's\n");
  const auto refused = Project::open(fixture.folder / "second.dsx", Project::Mode::Create);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().sentence(), HasSubstr("another project"));
}

TEST(Places, ANewerProjectOpensReadOnlyAndStaysAsItIs) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  {
    Database raw(fixture.path(), Database::Access::ReadWrite);
    raw.script("PRAGMA user_version = 7; ALTER TABLE runs ADD COLUMN later TEXT");
    raw.text("PRAGMA journal_mode = DELETE");
  }
  const std::string before = read_text(fixture.path());
  const auto refused = Project::open(fixture.path(), Project::Mode::OpenOrCreate);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NewerVersion);
  EXPECT_EQ(exit_code(refused.error().code), 4);
  EXPECT_THAT(refused.error().sentence(),
              HasSubstr("tiny.dsx is of version 7; this program knows up to 2. It opens read-only and stays as it is."));
  const auto reader = fixture.reader();
  const ProjectInfo info = value_of(reader->info());
  EXPECT_TRUE(info.read_only);
  EXPECT_TRUE(info.newer);
  EXPECT_THAT(info.read_only_reason, HasSubstr("version 7"));
  EXPECT_EQ(value_of(reader->runs()).size(), 1u);
  EXPECT_EQ(read_text(fixture.path()), before);
}

TEST(Places, AnOlderProjectMigratesAfterABackup) {
  // The format of a later program: one more column, and a rewritten one.
  ProjectFormat later = project_format();
  later.version += 2;
  later.migrations.push_back({2, "ALTER TABLE runs ADD COLUMN cost REAL NOT NULL DEFAULT 7"});
  later.migrations.push_back({3, "UPDATE runs SET cost = cost + seed % 2; CREATE TABLE budgets (run INTEGER PRIMARY KEY, cost REAL)"});
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, MetricBody{"train/loss", 1, 4})});
  fixture.close();
  { const auto project = value_of(open_project(fixture.path(), Project::Mode::Open, later)); }
  {
    Database raw(fixture.path(), Database::Access::ReadOnly);
    EXPECT_EQ(raw.integer("PRAGMA user_version"), 4);
    EXPECT_EQ(raw.integer("SELECT cost FROM runs"), 8);
    EXPECT_EQ(raw.text("PRAGMA integrity_check"), "ok");
  }
  // The backup is a whole project of the old version.
  const fs::path backup = fixture.path().string() + ".backup-v2";
  ASSERT_TRUE(fs::exists(backup));
  const auto reader = value_of(ProjectReader::open(backup));
  EXPECT_EQ(value_of(reader->info()).format, 2);
  EXPECT_EQ(value_of(reader->metric(run.id, "train/loss")).size(), 1u);
  // A new project of the later program starts at its version.
  { const auto project = value_of(open_project(fixture.folder / "new.dsx", Project::Mode::Create, later)); }
  Database fresh(fixture.folder / "new.dsx", Database::Access::ReadOnly);
  EXPECT_EQ(fresh.integer("PRAGMA user_version"), 4);
  EXPECT_EQ(fresh.integer("SELECT count(*) FROM budgets"), 0);
}

TEST(Places, AProjectOfVersion1IsReadAsItIsAndMigratedForWriting) {
  ProjectFixture fixture;
  write_text(fixture.folder / "w", "weights");
  const ModelRow model = value_of(fixture.project->add_model("m", "gpt", "w", fixture.folder / "w"));
  fixture.close();
  {
    Database raw(fixture.path(), Database::Access::ReadWrite);
    raw.script(
        "DROP TABLE evaluations; ALTER TABLE models DROP COLUMN note; ALTER TABLE models DROP COLUMN archived; PRAGMA user_version = 1");
  }
  ASSERT_EQ(value_of(fixture.reader()->models()).size(), 1u);
  EXPECT_TRUE(value_of(fixture.reader()->evaluations(model.sha256)).empty());
  fixture.open();
  value_of(fixture.project->set_note(model.id, "kept"));
  EXPECT_EQ(value_of(fixture.reader()->models()).front().note, "kept");
  EXPECT_TRUE(fs::exists(fixture.path().string() + ".backup-v1"));
}

TEST(Places, AMigrationThatFailsLeavesTheFileAsItWas) {
  ProjectFormat later = project_format();
  later.version += 1;
  later.migrations.push_back({2, "ALTER TABLE runs ADD COLUMN cost REAL; UPDATE no_such_table SET x = 1"});
  ProjectFixture fixture;
  fixture.new_run();
  fixture.close();
  EXPECT_FALSE(open_project(fixture.path(), Project::Mode::Open, later));
  EXPECT_FALSE(fs::exists(fixture.path().string() + ".backup-v2"));
  Database raw(fixture.path(), Database::Access::ReadOnly);
  EXPECT_EQ(raw.integer("PRAGMA user_version"), 2);
  EXPECT_EQ(raw.integer("SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'cost'"), 0);
}

TEST(Places, WhatIsNoProjectIsRefusedWithASentence) {
  const TempFolder folder;
  write_text(folder / "empty.dsx", "");
  write_text(folder / "short.dsx", "SQLite format 3");
  write_text(folder / "text.dsx", std::string(5000, 'x'));
  {
    Database foreign(folder / "foreign.dsx", Database::Access::Create);
    foreign.script("CREATE TABLE studies (study_id INTEGER)");
  }
  fs::create_directory(folder / "folder.dsx");
  for (const char* name : {"empty.dsx", "short.dsx", "text.dsx", "foreign.dsx", "folder.dsx"}) {
    const auto reader = ProjectReader::open(folder / name);
    const auto project = Project::open(folder / name, Project::Mode::OpenOrCreate);
    ASSERT_FALSE(reader) << name;
    ASSERT_FALSE(project) << name;
    EXPECT_EQ(reader.error().code, ErrorCode::Damaged) << name << ": " << reader.error().sentence();
    EXPECT_EQ(project.error().code, ErrorCode::Damaged) << name << ": " << project.error().sentence();
    EXPECT_THAT(project.error().sentence(), HasSubstr(name));
    EXPECT_FALSE(fs::exists(folder / (std::string(name) + ".lock")));
  }
  EXPECT_EQ(ProjectReader::open(folder / "none.dsx").error().code, ErrorCode::NotFound);
}

TEST(Places, DamagedBytesNeverCrashAndNeverHang) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  std::vector<Event> events;
  for (int i = 1; i <= 1200; ++i) events.push_back(event_of(i, MetricBody{"train/loss", i, 1.0 / i}));
  fixture.store(run, events);
  fixture.close();
  const std::string good = read_text(fixture.path());
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::string bad = good;
    if (round % 3 == 0) {
      bad.resize(100 + random() % (good.size() - 100));
    } else {
      for (int i = 0; i < 40; ++i) bad[100 + random() % (good.size() - 100)] = static_cast<char>(random());
    }
    const fs::path path = fixture.folder / "bad.dsx";
    write_text(path, bad);
    auto reader = ProjectReader::open(path);
    if (!reader) {
      ++refused;
      continue;
    }
    bool failed = false;
    const auto note = [&](const auto& result) { failed = failed || !result; };
    note((*reader)->info());
    note((*reader)->experiments(true));
    note((*reader)->runs(true));
    note((*reader)->run("r-0001"));
    note((*reader)->metric("r-0001", "train/loss"));
    note((*reader)->events("r-0001"));
    note((*reader)->samples("r-0001"));
    note((*reader)->checkpoints("r-0001"));
    reader->reset();
    auto project = Project::open(path, Project::Mode::Open);
    if (project) note((*project)->prune());
    refused += failed;
    fs::remove_all(path.string() + ".files");
    for (const char* suffix : {"-wal", "-shm", "-journal"}) fs::remove(path.string() + suffix);
  }
  EXPECT_GT(refused, 10) << "damage is seen";
}

/// In a child, where files may not grow beyond `bytes`, as if the disk were full.
TEST(Places, AFullDiskPausesTheWriterAndLosesNothing) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  EXPECT_EQ(as_nobody([&]() -> std::string { return ""; }), "");  // forks work here
  const pid_t child = fork();
  if (child == 0) {
    const auto require = [](bool condition, int code) {
      if (!condition) _exit(code);
    };
    signal(SIGXFSZ, SIG_IGN);
    auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
    std::atomic<int> troubles = 0;
    project->on_trouble([&](const Error& error) {
      if (error.code == ErrorCode::Io && error.message.find("is full") != std::string::npos) ++troubles;
    });
    std::atomic<int> over = 0;
    project->on_trouble_over([&] { ++over; });
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit before = limit;
    limit.rlim_cur = 160 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    std::int64_t seq = 0;
    Result<void> flushed;
    for (int batch = 0; batch < 200 && flushed; ++batch) {
      std::vector<Event> events;
      for (int i = 0; i < 50; ++i, ++seq) events.push_back(event_of(seq + 1, LogBody{LogBody::Level::Info, std::string(100, 'x')}));
      project->append(run.id, events);
      flushed = project->flush();
    }
    require(!flushed, 10);
    require(flushed.error().code == ErrorCode::Io, 11);
    require(troubles == 1, 12);  // told once, not every second
    const std::vector<Event> more{event_of(++seq, MetricBody{"train/loss", 1, 4})};
    project->append(run.id, more);  // goes on in memory
    require(!project->flush(), 13);
    require(!project->set_note(run.id, "no room"), 14);  // a command fails with the same sentence, it does not hang
    require(over == 0, 19);
    setrlimit(RLIMIT_FSIZE, &before);
    require(project->flush().has_value(), 15);
    require(over == 1, 20);
    auto reader = value_of(project->reader());
    require(value_of(reader->run(run.id)).last_seq == seq, 16);
    require(static_cast<std::int64_t>(value_of(reader->events(run.id)).size()) == seq - 1, 17);
    project.reset();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  Database raw(fixture.path(), Database::Access::ReadOnly);
  EXPECT_EQ(raw.text("PRAGMA integrity_check"), "ok");
}

TEST(Places, ClosingOnAFullDiskEnds) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.close();
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    alarm(20);
    auto project = value_of(Project::open(fixture.path(), Project::Mode::Open));
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 64 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    project->set_waiting(false);
    std::vector<Event> events;
    for (std::int64_t seq = 1; seq <= 200'000; ++seq) events.push_back(event_of(seq, MetricBody{"train/loss", seq, 1}));
    for (int i = 0; i < 4; ++i) project->append(run.id, std::span(events).subspan(static_cast<std::size_t>(i) * 50'000, 50'000));
    project.reset();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "it hung";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  fixture.open();
  EXPECT_EQ(value_of(fixture.reader()->run(run.id)).status, RunStatus::Interrupted);
}

}  // namespace
}  // namespace dsw
