// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// A run on a device that gives wrong results, fails, finds no memory, dies, or takes its process with it: it ends with the numbers of an
// undisturbed run, and its events say what happened.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/store/project.h"
#include "engine/tensor/kernel_records.h"
#include "engine/workspace.h"
#include "tests/support/shaky_device.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct DeviceFaultsTest : testing::Test {
  DeviceFaultsTest() {
    setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
    setenv("DSW_SHAKY_FAULTS", faults.c_str(), 1);
    const char* bin = std::getenv("DSW_BIN");
    workspace.set_worker_program(std::filesystem::absolute(bin ? bin : "build/bin").parent_path() / "tests" / "shaky_worker");
    const auto opened = workspace.open_project(folder / "p.dsx", Project::Mode::OpenOrCreate);
    EXPECT_TRUE(opened) << opened.error().sentence();
  }

  static constexpr const char* kDocument = R"({"deepshock": 1, "task": "train", "name": "small", "seed": 5, "device": "shaky",
    "precision": "float32",
    "data": {"type": "text", "source": "builtin:tinyshakespeare", "max_bytes": 20000, "tokenizer": "char", "context": 16},
    "model": {"type": "gpt", "layers": 1, "heads": 2, "width": 16},
    "training": {"steps": 60, "batch": 4, "eval_every": 20, "checkpoint_every": 10, "sample_tokens": 0}})";

  /// A finished run with these faults; the first line falls to the process that only settles where the run runs.
  RunRow run(const std::string& list, std::optional<bool> isolated = {}) {
    std::ofstream(faults) << "none 0\n" << list;
    Workspace::RunRequest request;
    request.text = kDocument;
    request.base = folder.path();
    request.isolated = isolated;
    const auto begun = workspace.start_run(request);
    EXPECT_TRUE(begun) << begun.error().sentence();
    if (!begun) return {};
    workspace.wait_idle();
    return reader()->run(begun->id).value();
  }
  std::unique_ptr<ProjectReader> reader() { return workspace.project()->reader().value(); }
  std::vector<std::string> told(const RunRow& row) {
    std::vector<std::string> sentences;
    const std::vector<EventRow> events = reader()->events(row.id).value();
    for (const EventRow& event : events)
      if (event.kind == "device") sentences.push_back(event.text);
    return sentences;
  }
  std::vector<double> losses(const RunRow& row) {
    std::vector<double> values;
    const std::vector<MetricPoint> points = reader()->metric(row.id, "train/loss").value();
    for (const MetricPoint& point : points) values.push_back(point.value);
    return values;
  }
  void expect_undisturbed(const RunRow& row) {
    EXPECT_EQ(row.status, RunStatus::Finished) << row.sentence;
    const RunRow calm = run("");
    EXPECT_THAT(told(calm), IsEmpty());
    EXPECT_EQ(losses(row).size(), 60u);
    EXPECT_EQ(losses(row), losses(calm));
  }

  TempFolder folder;
  std::filesystem::path faults = folder / "faults";
  Workspace workspace{[this](Catalog& catalog) { register_shaky_device(catalog, faults); }};
};

TEST_F(DeviceFaultsTest, WrongResultsAreReplaced) {
  const RunRow row = run("wrong 1");
  EXPECT_THAT(told(row), ElementsAre("matmul runs on the CPU instead of shaky: 3 of 3 results differed from the CPU's"));
  ASSERT_TRUE(reset_kernel_records(kernel_records_file()));
  EXPECT_EQ(row.status, RunStatus::Finished) << row.sentence;
  const std::vector<double> with = losses(row), without = losses(run(""));
  ASSERT_EQ(with.size(), 60u);
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_NEAR(with[i], without[i], 1e-3);  // the CPU beside it has more threads
}

TEST_F(DeviceFaultsTest, LaunchesThatFailAreComputedElsewhere) {
  const RunRow row = run("fails 200");
  EXPECT_THAT(told(row), ElementsAre(HasSubstr("launches failed")));
  ASSERT_TRUE(reset_kernel_records(kernel_records_file()));
  EXPECT_EQ(row.status, RunStatus::Finished);
  EXPECT_NEAR(losses(row).back(), losses(run("")).back(), 1e-3);
}

TEST_F(DeviceFaultsTest, WithoutMemoryTheBatchGoesThroughInParts) {
  const RunRow row = run("memory 20");
  std::vector<std::string> said;
  const std::vector<EventRow> events = reader()->events(row.id).value();
  for (const EventRow& event : events)
    if (event.kind == "memory") said.push_back(event.text);
  EXPECT_THAT(said, Contains(HasSubstr("A tensor finds no memory on shaky. 2 examples at once from here on.")));
  EXPECT_EQ(row.status, RunStatus::Finished) << row.sentence;
  EXPECT_EQ(losses(row).size(), 60u);
}

TEST_F(DeviceFaultsTest, WithoutMemoryAnEvaluationGoesThroughInParts) {
  const RunRow row = run("memory 1"), calm = run("");
  EXPECT_EQ(row.status, RunStatus::Finished) << row.sentence;
  EXPECT_EQ(losses(row), losses(calm));
}

/// Which of the kernels that were on their way left the device dead is not known at first. The next process looks at each launch; a fault
/// that comes back then gives its kernel up, one that does not was chance.
TEST_F(DeviceFaultsTest, ADeadDeviceEndsItsWorkerAndTheRunGoesOn) {
  for (const bool again : {false, true}) {
    const RunRow row = run(again ? "dies 700\ndies 50" : "dies 700");
    EXPECT_THAT(told(row), Contains(HasSubstr("The run goes on from its last checkpoint.")));
    EXPECT_EQ(given_up_kernels(kernel_records_file()).size(), again ? 1u : 0u);
    ASSERT_TRUE(reset_kernel_records(kernel_records_file()));
    EXPECT_EQ(row.status, RunStatus::Finished) << row.sentence;
    EXPECT_EQ(losses(row).size(), 60u);
    EXPECT_NEAR(losses(row).back(), losses(run("")).back(), 1e-3);
  }
}

TEST_F(DeviceFaultsTest, AWorkerThatIsKilledIsStartedAgainToTheSameBits) { expect_undisturbed(run("crash 700\ncrash 300")); }

TEST_F(DeviceFaultsTest, ARunThatGetsNowhereEndsAsInterrupted) {
  const RunRow row = run("crash 20\ncrash 20\ncrash 20\ncrash 20\ncrash 20");
  EXPECT_EQ(row.status, RunStatus::Interrupted);
  EXPECT_THAT(row.sentence, HasSubstr("signal 9"));
}

TEST_F(DeviceFaultsTest, NotIsolatedItIsInterruptedAndCanBeResumed) {
  const RunRow row = run("dies 700", false);
  EXPECT_EQ(row.status, RunStatus::Interrupted);
  EXPECT_THAT(row.sentence, HasSubstr("an illegal memory access"));
  ASSERT_TRUE(workspace.resume_run(row.id));
  workspace.wait_idle();
  EXPECT_EQ(reader()->run(row.id).value().status, RunStatus::Finished);
}

}  // namespace
}  // namespace dsw
