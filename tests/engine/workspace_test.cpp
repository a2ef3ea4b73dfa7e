// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include "engine/workspace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/tensor/device.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

std::string document(int steps, const std::string& name = "small") {
  return R"({"deepshock": 1, "task": "train", "name": ")" + name + R"(", "seed": 5,
    "data": {"type": "text", "source": "builtin:tinyshakespeare", "max_bytes": 20000, "tokenizer": "char", "context": 16},
    "model": {"type": "gpt", "layers": 1, "heads": 2, "width": 16},
    "training": {"steps": )" +
         std::to_string(steps) + R"(, "batch": 4, "eval_every": 10, "sample_tokens": 5}})";
}

struct WorkspaceTest : testing::Test {
  WorkspaceTest() { open(); }
  void open() {
    const auto opened = workspace.open_project(folder / "p.dsx", Project::Mode::OpenOrCreate);
    ASSERT_TRUE(opened) << opened.error().sentence();
  }
  RunRow start(const std::string& text, bool isolated = false) {
    Workspace::RunRequest request;
    request.text = text;
    request.base = folder.path();
    request.isolated = isolated;
    auto row = workspace.start_run(request);
    EXPECT_TRUE(row) << row.error().sentence();
    return row.value_or(RunRow());
  }
  RunRow row(const std::string& id) { return workspace.project()->reader().value()->run(id).value(); }
  /// Waits, at most 20 s, until a run has made a step.
  void wait_for_step(const std::string& id) {
    for (int i = 0; i < 2000 && row(id).metrics.count("train/loss") == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(row(id).metrics.count("train/loss")) << row(id).sentence;
  }
  std::size_t points(const std::string& id, const std::string& key) {
    return workspace.project()->reader().value()->metric(id, key).value().size();
  }

  TempFolder folder;
  Workspace workspace;
};

TEST_F(WorkspaceTest, ARunIsStoredWithItsDocumentRecordAndFiles) {
  const RunRow begun = start(document(20));
  EXPECT_EQ(begun.status, RunStatus::Queued);
  workspace.wait_idle();
  const RunRow ended = row(begun.id);
  EXPECT_EQ(ended.status, RunStatus::Finished);
  EXPECT_EQ(ended.short_name, "r-0001");
  EXPECT_EQ(points(begun.id, "train/loss"), 20u);
  const auto reader = workspace.project()->reader().value();
  EXPECT_EQ(reader->run_document(begun.id).value(), document(20));  // as written, to the byte
  const Json record = Json::parse(reader->run_record(begun.id).value());
  EXPECT_EQ(record.at("data_files").size(), 1u);
  // What was left open is settled and stands beside what was asked for.
  EXPECT_GE(record.at("threads").get<int>(), 1);
  EXPECT_EQ(record.at("precision"), make_cpu_device(1)->info().precisions.front());
  EXPECT_EQ(record.at("asked"), Json({{"device", "auto"}, {"threads", 0}, {"precision", "auto"}}));
  const auto checkpoints = reader->checkpoints(begun.id).value();
  ASSERT_FALSE(checkpoints.empty());
  for (const CheckpointRow& one : checkpoints) EXPECT_TRUE(std::filesystem::exists(one.path)) << one.path;
  EXPECT_EQ(workspace.jobs().front().status, RunStatus::Finished);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "p.dsx.work" / begun.id));  // nothing is left beside the project
}

TEST_F(WorkspaceTest, TheSameDocumentAgainIsTheSameExperimentAndAChangedOneANewVersion) {
  const RunRow a = start(document(2)), b = start(document(2)), c = start(document(3));
  workspace.wait_idle();
  EXPECT_EQ(a.experiment_id, b.experiment_id);
  EXPECT_EQ(row(b.id).version, 1);
  EXPECT_EQ(row(c.id).experiment_id, a.experiment_id);
  EXPECT_EQ(row(c.id).version, 2);
}

TEST_F(WorkspaceTest, StopAndResume) {
  const RunRow begun = start(document(100000));
  wait_for_step(begun.id);
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  const RunRow stopped = row(begun.id);
  EXPECT_EQ(stopped.status, RunStatus::Stopped);
  ASSERT_TRUE(workspace.resume_run(begun.id));
  for (int i = 0; i < 2000 && row(begun.id).metrics["train/loss"].last_step <= stopped.step; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  const RunRow again = row(begun.id);
  EXPECT_GT(again.step, stopped.step);
  const auto series = workspace.project()->reader().value()->metric(begun.id, "train/loss").value();
  for (std::size_t i = 0; i < series.size(); ++i) ASSERT_EQ(series[i].step, static_cast<std::int64_t>(i) + 1);  // no gap, none twice
}

TEST_F(WorkspaceTest, ResumePassesOverADamagedCheckpoint) {
  const RunRow begun = start(document(100000));
  for (int i = 0; i < 2000 && row(begun.id).metrics["train/loss"].last_step < 25; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  const auto checkpoints = workspace.project()->reader().value()->checkpoints(begun.id).value();
  ASSERT_GE(checkpoints.size(), 2u);
  {
    std::fstream file(checkpoints.back().path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('\x7f');
  }
  const auto resumed = workspace.resume_run(begun.id);
  ASSERT_TRUE(resumed) << resumed.error().sentence();
  std::string told;
  for (int i = 0; i < 2000 && told.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto events = workspace.project()->reader().value()->events(begun.id).value();
    for (const EventRow& event : events)
      if (event.kind == "resume") told = event.text;
  }
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  EXPECT_EQ(told, "Goes on from step " + std::to_string(checkpoints[checkpoints.size() - 2].step));
}

TEST_F(WorkspaceTest, AQueuedRunStopsWithoutRunning) {
  const RunRow first = start(document(100000)), second = start(document(5));
  wait_for_step(first.id);
  workspace.stop_run(second.id);
  ASSERT_TRUE(workspace.project()->flush());
  EXPECT_EQ(row(second.id).status, RunStatus::Stopped);
  workspace.stop_run(first.id);
  workspace.wait_idle();
  ASSERT_TRUE(workspace.resume_run(second.id));  // it has no checkpoint: from the start
  workspace.wait_idle();
  EXPECT_EQ(row(second.id).status, RunStatus::Finished);
}

TEST_F(WorkspaceTest, ClosingStopsWhatRuns) {
  const RunRow begun = start(document(100000));
  wait_for_step(begun.id);
  workspace.close_project();
  EXPECT_EQ(workspace.project(), nullptr);
  open();
  EXPECT_EQ(row(begun.id).status, RunStatus::Stopped);
  EXPECT_FALSE(workspace.project()->reader().value()->checkpoints(begun.id).value().empty());
}

TEST_F(WorkspaceTest, AnIsolatedRunGoesOnWhileTheProjectIsClosedAndIsFollowedAgain) {
  const char* bin = std::getenv("DSW_BIN");
  workspace.set_worker_program(std::filesystem::absolute(bin ? bin : "build/bin") / "deepshock");
  const RunRow begun = start(document(100000000), /*isolated=*/true);
  wait_for_step(begun.id);
  workspace.close_project(/*keep_workers=*/true);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  open();
  const std::int64_t before = row(begun.id).metrics["train/loss"].last_step;
  EXPECT_EQ(row(begun.id).status, RunStatus::Running);
  for (int i = 0; i < 2000 && row(begun.id).metrics["train/loss"].last_step <= before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(row(begun.id).metrics["train/loss"].last_step, before);
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  EXPECT_EQ(row(begun.id).status, RunStatus::Stopped) << row(begun.id).sentence;
  const auto series = workspace.project()->reader().value()->metric(begun.id, "train/loss").value();
  for (std::size_t i = 0; i < series.size(); ++i) ASSERT_EQ(series[i].step, static_cast<std::int64_t>(i) + 1);
}

TEST_F(WorkspaceTest, RefusesWhatCannotRun) {
  Workspace::RunRequest request;
  request.text = R"({"deepshock": 1, "task": "train"})";
  EXPECT_EQ(workspace.start_run(request).error().code, ErrorCode::InvalidDocument);
  request.text = document(1);
  request.device = "cuda:9";
  EXPECT_FALSE(workspace.start_run(request));
  const RunRow done = start(document(1));
  workspace.wait_idle();
  EXPECT_EQ(workspace.resume_run(done.id).error().code, ErrorCode::InvalidArgument);
  EXPECT_FALSE(workspace.resume_run("r-0999"));
  workspace.close_project();
  request.device.clear();
  EXPECT_FALSE(workspace.start_run(request));
}

TEST_F(WorkspaceTest, AChangedDataFileIsNotGoneOnWith) {
  write_text(folder / "book.txt", std::string(4000, 'a') + std::string(4000, 'b'));
  Json json = Json::parse(document(100000));
  json["data"] = {{"type", "text"}, {"source", "book.txt"}, {"tokenizer", "char"}, {"context", 16}};
  const RunRow begun = start(json.dump());
  wait_for_step(begun.id);
  workspace.stop_run(begun.id);
  workspace.wait_idle();
  write_text(folder / "book.txt", std::string(4000, 'b') + std::string(4001, 'a'));
  const auto resumed = workspace.resume_run(begun.id);
  ASSERT_FALSE(resumed);
  EXPECT_NE(resumed.error().sentence().find("book.txt"), std::string::npos);
}

TEST_F(WorkspaceTest, AnImportedDocumentReadsNoFileBeforeThePersonAgreed) {
  TempFolder other("other");
  std::string imported;
  {
    write_text(other / "book.txt", std::string(4000, 'a') + std::string(4000, 'b'));
    Workspace theirs;
    ASSERT_TRUE(theirs.open_project(other / "theirs.dsx", Project::Mode::Create));
    Json json = Json::parse(document(100'000, "imported"));
    json["data"] = {{"type", "text"}, {"source", "book.txt"}, {"tokenizer", "char"}, {"context", 16}};
    Workspace::RunRequest request;
    request.text = json.dump();
    request.base = other.path();
    const auto begun = theirs.start_run(request);
    ASSERT_TRUE(begun) << begun.error().sentence();
    imported = begun->id;
    theirs.close_project();
    ASSERT_TRUE(export_project(other / "theirs.dsx", other / "theirs.dsz", {}));
  }
  ASSERT_TRUE(import_archive(other / "theirs.dsz", *workspace.project()));
  const RunRow run = row(imported);
  const auto refused = workspace.resume_run(imported);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence().find("book.txt"), std::string::npos) << refused.error().sentence();
  Workspace::RunRequest request;
  request.experiment_id = run.experiment_id;
  request.text = document(2, "imported");
  EXPECT_FALSE(workspace.start_run(request));
  ASSERT_TRUE(workspace.project()->allow_outside_files(run.experiment_id));
  const auto resumed = workspace.resume_run(imported);
  EXPECT_TRUE(resumed) << resumed.error().sentence();
}

TEST_F(WorkspaceTest, OtherWorkIsAJobToo) {
  std::atomic<int> told = 0;
  std::atomic<bool> ended = false;
  workspace.on_job_changed([&](const JobInfo& job) { told += job.title == "Export"; });
  workspace.start_job(
      "Export",
      [](std::stop_token, const std::function<void(std::int64_t, std::int64_t)>& progress) -> Result<void> {
        progress(1, 2);
        return {};
      },
      [&](const Result<void>& result) { ended = result.has_value(); });
  workspace.wait_idle();
  EXPECT_TRUE(ended);
  EXPECT_GE(told, 2);
  EXPECT_EQ(workspace.jobs().front().done, 1);
}

}  // namespace
}  // namespace dsw
