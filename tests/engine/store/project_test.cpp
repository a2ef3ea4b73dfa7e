// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <thread>

#include "engine/core/sha256.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Project, ANewOneHasAnIdAFilesFolderAndNothingElse) {
  ProjectFixture fixture;
  auto reader = fixture.reader();
  const ProjectInfo info = value_of(reader->info());
  EXPECT_EQ(info.id.size(), 32u);
  EXPECT_EQ(info.name, "tiny");
  EXPECT_EQ(info.format, 2);
  EXPECT_EQ(info.journal, "wal");
  EXPECT_FALSE(info.read_only) << info.read_only_reason;
  EXPECT_TRUE(info.missing_files.empty());
  EXPECT_EQ(read_text(fixture.folder / "tiny.dsx.files/project-id"), info.id + "\n");
  EXPECT_TRUE(value_of(reader->experiments(true)).empty());
  EXPECT_TRUE(value_of(reader->runs(true)).empty());
  reader.reset();
  fixture.close();
  EXPECT_FALSE(std::filesystem::exists(fixture.folder / "tiny.dsx-wal")) << "a clean end leaves one file";
  EXPECT_FALSE(std::filesystem::exists(fixture.folder / "tiny.dsx.lock"));
  EXPECT_EQ(Project::open(fixture.path(), Project::Mode::Create).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(Project::open(fixture.folder / "other.dsx", Project::Mode::Open).error().code, ErrorCode::NotFound);
  EXPECT_EQ(Project::open(fixture.folder / "none/x.dsx", Project::Mode::OpenOrCreate).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(Project::open(fixture.path(), Project::Mode::OpenOrCreate));
  EXPECT_TRUE(Project::open(fixture.folder / "new one #1?.dsx", Project::Mode::OpenOrCreate)) << "any name that a disk allows";
  EXPECT_TRUE(ProjectReader::open(fixture.folder / "new one #1?.dsx"));
}

TEST(Project, ExperimentsGetAVersionForEachNewText) {
  ProjectFixture fixture;
  Project& project = *fixture.project;
  const std::string id = value_of(project.save_experiment("", "first", "train", "{\"a\":1}", "/base"));
  EXPECT_EQ(value_of(project.save_experiment(id, "first", "train", "{\"a\":1}", "/base")), id);
  EXPECT_EQ(value_of(project.save_experiment(id, "renamed", "train", "{\"a\":2}", "/base")), id);
  const auto reader = fixture.reader();
  const auto versions = value_of(reader->versions(id));
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].document, "{\"a\":1}");
  EXPECT_EQ(versions[1].version, 2);
  EXPECT_EQ(versions[1].base, "/base");
  auto rows = value_of(reader->experiments());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].name, "renamed");
  EXPECT_EQ(rows[0].version, 2);

  EXPECT_FALSE(value_of(project.draft(id)));
  value_of(project.save_draft(id, "{half"));
  EXPECT_EQ(value_of(project.draft(id)), "{half");
  value_of(project.save_draft(id, ""));
  EXPECT_FALSE(value_of(project.draft(id)));
  EXPECT_EQ(project.save_draft("no such", "x").error().code, ErrorCode::NotFound);
  EXPECT_EQ(project.save_experiment("no such", "x", "train", "{}", "").error().code, ErrorCode::NotFound);

  value_of(project.set_archived(id, true));
  EXPECT_TRUE(value_of(reader->experiments()).empty());
  EXPECT_EQ(value_of(reader->experiments(true)).size(), 1u);
}

TEST(Project, ARunKeepsAllThatItsEventsSay) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  EXPECT_EQ(run.short_name, "r-0001");
  EXPECT_EQ(run.status, RunStatus::Queued);
  EXPECT_EQ(run.seed, 18446744073709551615ULL);
  write_text(fixture.project->work_folder(run.id) / "digits/7.png", "picture");
  fixture.store(run, {event_of(1, StatusBody{RunStatus::Running, 0, "", ""}), event_of(2, MetricBody{"train/loss", 1, 4.5}),
                      event_of(3, MetricBody{"train/loss", 2, 3.25}), event_of(4, MetricBody{"train/loss", 3, std::nan("")}),
                      event_of(5, MetricBody{"train/loss", 4, kInf}), event_of(6, MetricBody{"val/accuracy", 4, 0.75}),
                      event_of(7, MetricBody{"train/lr", 4, 1e-3}), event_of(8, ProgressBody{4, 10, 12.5, "tokens/s", 60}),
                      event_of(9, LogBody{LogBody::Level::Warning, "careful"}), event_of(10, MarkBody{4, "clip", "gradient clipped"}),
                      event_of(11, SampleBody{4, "misclassified", "{\"items\":[]}", {"digits/7.png", "../../../etc/passwd"}}),
                      event_of(12, SummaryBody{"{\"steps\":4}"}), event_of(13, MetricBody{"train/lr", 5, 2e-3}),
                      event_of(14, StatusBody{RunStatus::Finished, 5, "done", ""})});
  const auto reader = fixture.reader();
  const RunRow row = value_of(reader->run("r-0001"));
  EXPECT_EQ(row.id, run.id);
  EXPECT_EQ(row.status, RunStatus::Finished);
  EXPECT_EQ(row.sentence, "done");
  EXPECT_EQ(row.step, 5);
  EXPECT_EQ(row.total_steps, 10);
  EXPECT_EQ(row.rate_unit, "tokens/s");
  EXPECT_EQ(row.last_seq, 14);
  EXPECT_DOUBLE_EQ(row.started, 1'700'000'001);
  EXPECT_DOUBLE_EQ(row.ended, 1'700'000'014);
  EXPECT_DOUBLE_EQ(row.seconds, 13);
  const MetricSummary loss = row.metrics.at("train/loss");
  EXPECT_EQ(loss.points, 4);
  EXPECT_EQ(loss.best, 3.25);
  EXPECT_EQ(loss.best_step, 2);
  EXPECT_EQ(loss.last, kInf);
  EXPECT_EQ(row.metrics.at("train/lr").best, 2e-3) << "of a learning rate the last counts";
  EXPECT_THAT(value_of(reader->metric_keys(run.id)), ElementsAre("train/loss", "train/lr", "val/accuracy"));
  const auto points = value_of(reader->metric(run.id, "train/loss"));
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[1].value, 3.25);
  EXPECT_EQ(points[1].step, 2);
  EXPECT_EQ(points[1].seq, 3);
  EXPECT_DOUBLE_EQ(points[1].time, 1'700'000'003);
  EXPECT_TRUE(std::isnan(points[2].value));
  EXPECT_EQ(points[3].value, kInf);
  EXPECT_EQ(value_of(reader->metric(run.id, "train/loss", 4)).size(), 1u);
  EXPECT_TRUE(value_of(reader->metric(run.id, "no/such")).empty());
  const auto events = value_of(reader->events(run.id));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, "warning");
  EXPECT_EQ(events[1].text, "gradient clipped");
  EXPECT_EQ(value_of(reader->events(run.id, 9)).size(), 1u);
  const auto samples = value_of(reader->samples(run.id));
  ASSERT_EQ(samples.size(), 1u);
  ASSERT_EQ(samples[0].files.size(), 2u);
  EXPECT_EQ(read_text(samples[0].files[0]), "picture");
  EXPECT_EQ(samples[0].files[1], "") << "a path that leaves the run's folder is not followed";
  EXPECT_TRUE(value_of(reader->samples(run.id, "text")).empty());
  EXPECT_EQ(value_of(reader->run_summary(run.id)), "{\"steps\":4}");
  EXPECT_EQ(value_of(reader->run_record(run.id)), "{\"threads\":2}");
  EXPECT_THAT(value_of(reader->run_document(run.id)), HasSubstr("\"name\":\"tiny\""));
}

TEST(Project, NumbersThatAreStoredAlreadyAreLeftOut) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  const std::vector<Event> events{event_of(1, MetricBody{"train/loss", 1, 4}), event_of(2, MetricBody{"train/loss", 2, 3})};
  fixture.store(run, events);
  fixture.store(run, events);
  fixture.store(run, {events[1], event_of(3, MetricBody{"train/loss", 3, 2})});
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "train/loss")).size(), 3u);
  EXPECT_EQ(value_of(fixture.reader()->run(run.id)).metrics.at("train/loss").points, 3);
}

TEST(Project, LongCurvesArePackedAndReadBackBitForBit) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  std::vector<Event> events;
  for (int i = 1; i <= 5000; ++i)
    events.push_back(event_of(i, MetricBody{i % 2 == 0 ? "train/loss" : "val/loss", i, std::sin(i) * 1e-3 * i}));
  for (std::size_t begin = 0; begin < events.size(); begin += 1000) {
    fixture.store(run, std::vector<Event>(events.begin() + static_cast<std::ptrdiff_t>(begin),
                                          events.begin() + static_cast<std::ptrdiff_t>(begin + 1000)));
    if (begin == 2000) {  // the writer's memory of the run is made again from the rows
      fixture.close();
      fixture.open();
    }
  }
  const auto points = value_of(fixture.reader()->metric(run.id, "train/loss"));
  ASSERT_EQ(points.size(), 2500u);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const int n = static_cast<int>(2 * (i + 1));
    ASSERT_EQ(points[i].seq, n);
    ASSERT_EQ(points[i].step, n);
    ASSERT_EQ(points[i].value, std::sin(n) * 1e-3 * n);
    ASSERT_EQ(points[i].time, 1'700'000'000.0 + n);
  }
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "val/loss", 4000)).size(), 500u);
}

TEST(Project, RunsAreFoundByNumberNameAndId) {
  ProjectFixture fixture;
  const RunRow first = fixture.new_run(), second = fixture.new_run();
  const auto reader = fixture.reader();
  for (const std::string& name : {second.id, std::string("r-0002"), std::string("r-2"), std::string("2")}) {
    EXPECT_EQ(value_of(reader->run(name)).id, second.id) << name;
  }
  EXPECT_EQ(value_of(reader->run(first.id.substr(0, 31))).id, first.id) << "the beginning of an id";
  const auto none = reader->run("r-0009");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::NotFound);
  EXPECT_THAT(none.error().sentence(), HasSubstr("r-0002"));
  EXPECT_FALSE(reader->run("' OR 1=1 --"));
  const auto runs = value_of(reader->runs());
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].id, second.id) << "newest first";
}

TEST(Project, WhatAPersonSaysAboutARun) {
  ProjectFixture fixture;
  const RunRow a = fixture.new_run(), b = fixture.new_run();
  Project& project = *fixture.project;
  value_of(project.rename(a.id, "wide"));
  value_of(project.set_tags(a.id, {"paper", "two\nlines", ""}));
  value_of(project.set_note(a.id, "first try\nsecond line"));
  value_of(project.set_baseline(a.id));
  value_of(project.set_baseline(b.id));
  value_of(project.set_archived(a.id, true));
  value_of(project.set_setting("report/title", "x"));
  const auto reader = fixture.reader();
  const RunRow row = value_of(reader->run(a.id));
  EXPECT_EQ(row.name, "wide");
  EXPECT_THAT(row.tags, ElementsAre("paper", "two lines"));
  EXPECT_EQ(row.note, "first try\nsecond line");
  EXPECT_TRUE(row.archived);
  EXPECT_FALSE(row.baseline) << "one baseline a project";
  EXPECT_TRUE(value_of(reader->run(b.id)).baseline);
  EXPECT_EQ(value_of(reader->runs()).size(), 1u);
  EXPECT_EQ(value_of(reader->runs(true)).size(), 2u);
  EXPECT_EQ(value_of(reader->setting("report/title")), "x");
  EXPECT_EQ(value_of(reader->setting("other")), "");
  value_of(project.set_baseline(""));
  EXPECT_FALSE(value_of(reader->run(b.id)).baseline);
  value_of(project.rename(fixture.experiment, "the experiment"));
  EXPECT_EQ(value_of(reader->run(b.id)).experiment_name, "the experiment");
  EXPECT_FALSE(project.rename(fixture.experiment, ""));
  EXPECT_EQ(project.set_note("nobody", "x").error().code, ErrorCode::NotFound);
}

TEST(Project, CommitsTellWhichRunsChangedAndSoon) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  std::mutex mutex;
  std::vector<std::string> told;
  fixture.project->on_committed([&](const std::vector<std::string>& ids) {
    const std::lock_guard lock(mutex);
    told.insert(told.end(), ids.begin(), ids.end());
  });
  const std::vector<Event> events{event_of(1, MetricBody{"train/loss", 1, 4})};
  fixture.project->append(run.id, events);
  for (int i = 0; i < 200; ++i) {  // without a flush; 2 s at most on a busy machine
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::lock_guard lock(mutex);
    if (!told.empty()) break;
  }
  const std::lock_guard lock(mutex);
  EXPECT_THAT(told, ElementsAre(run.id));
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "train/loss")).size(), 1u);
}

TEST(Project, ModelsAreCopiedIn) {
  ProjectFixture fixture;
  write_text(fixture.folder / "bert.safetensors", "weights");
  const ModelRow model =
      value_of(fixture.project->add_model("bert", "text-classifier", "https://example.org", fixture.folder / "bert.safetensors"));
  write_text(fixture.folder / "bert.safetensors", "changed later");
  EXPECT_EQ(read_text(model.path), "weights");
  const auto models = value_of(fixture.reader()->models());
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].sha256, sha256("weights"));
  EXPECT_EQ(models[0].bytes, 7u);
  EXPECT_EQ(fixture.project->add_model("x", "", "", fixture.folder / "none").error().code, ErrorCode::NotFound);
}

TEST(Project, TheNamesOfOptunasTablesAreFree) {
  ProjectFixture fixture;
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(fixture.path().c_str(), &raw), SQLITE_OK);
  // As Optuna's RDBStorage makes them, with a row of its own; the writer goes on beside it.
  for (const char* sql :
       {"CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR(512))", "INSERT INTO studies VALUES (1, 'theirs')",
        "CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, study_id INTEGER)", "CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY)",
        "CREATE TABLE version_info (version_info_id INTEGER PRIMARY KEY)", "CREATE TABLE alembic_version (version_num VARCHAR(32))"}) {
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, &message), SQLITE_OK) << sql << ": " << (message == nullptr ? "" : message);
  }
  sqlite3_close(raw);
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, MetricBody{"train/loss", 1, 4})});
  value_of(fixture.project->prune());
  fixture.close();
  fixture.open();
  EXPECT_EQ(value_of(fixture.reader()->runs()).size(), 1u);
}

}  // namespace
}  // namespace dsw
