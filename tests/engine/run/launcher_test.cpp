// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include "engine/run/launcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/core/file_lock.h"
#include "engine/run/event_file.h"
#include "engine/run/worker.h"
#include "engine/tensor/cuda_device.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

struct LauncherTest : testing::Test {
  LauncherTest() {
    register_builtins(catalog);
    catalog.freeze();
    const char* bin = std::getenv("DSW_BIN");
    program = std::filesystem::absolute(bin ? bin : "build/bin") / "deepshock";
  }
  LaunchRequest request(int steps) {
    LaunchRequest launch;
    launch.experiment =
        *make_experiment(catalog,
                         Json::parse(R"({"deepshock": 1, "task": "train", "name": "small",
      "data": {"type": "text", "source": "builtin:tinyshakespeare", "max_bytes": 20000, "tokenizer": "char", "context": 16},
      "model": {"type": "gpt", "layers": 1, "heads": 2, "width": 16},
      "training": {"steps": )" + std::to_string(steps) +
                                     R"(, "batch": 4, "eval_every": 1000000, "checkpoint_every": 10, "sample_tokens": 5}})"),
                         folder.path(), nullptr);
    launch.device = "cpu";
    launch.threads = 1;
    launch.folder = folder / "run";
    return launch;
  }
  /// Calls `act` once when the first loss is told.
  std::function<void(Event)> at_first_loss(std::function<void()> act) {
    return [this, act = std::move(act), done = false](Event event) mutable {
      const auto* metric = std::get_if<MetricBody>(&event.body);
      if (metric && metric->key == "train/loss" && !std::exchange(done, true)) act();
      if (const auto* status = std::get_if<StatusBody>(&event.body)) last = *status;
      last_seq = event.seq;
    };
  }
  /// The worker's process: it holds the folder's lock.
  long worker() { return FileLock::holder(folder / "run" / "worker.lock").value().process; }

  TempFolder folder;
  Catalog catalog;
  std::filesystem::path program;
  StatusBody last;
  std::int64_t last_seq = 0;
};

TEST_F(LauncherTest, AWorkerRunsToItsEnd) {
  const auto result = make_process_launcher(catalog, program)->run(request(20), {}, at_first_loss([] {}));
  ASSERT_TRUE(result) << result.error().sentence();
  EXPECT_EQ(last.status, RunStatus::Finished);
  std::vector<Event> events;
  EventFollower(folder / "run" / "events.jsonl").read(events).value();
  EXPECT_EQ(events.back().seq, last_seq);
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "step-20.safetensors"));
}

TEST_F(LauncherTest, AStopRequestBecomesACheckpoint) {
  std::stop_source stop;
  const auto begun = std::chrono::steady_clock::now();
  const auto result =
      make_process_launcher(catalog, program)->run(request(1000000), stop.get_token(), at_first_loss([&] { stop.request_stop(); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Stopped) << result.error().sentence();
  EXPECT_EQ(last.status, RunStatus::Stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

TEST_F(LauncherTest, AKilledWorkerIsInterruptedAndGoesOn) {
  const auto launcher = make_process_launcher(catalog, program);
  const auto result = launcher->run(request(1000000), {}, at_first_loss([&] { ::kill(static_cast<pid_t>(worker()), SIGKILL); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(last.status, RunStatus::Interrupted);
  EXPECT_NE(last.sentence.find("signal 9"), std::string::npos) << last.sentence;
}

TEST_F(LauncherTest, ADetachedWorkerGoesOnByItself) {
  std::stop_source stop;
  const auto result = make_process_launcher(catalog, program, [] {
                        return true;
                      })->run(request(1000000), stop.get_token(), at_first_loss([&] { stop.request_stop(); }));
  ASSERT_FALSE(result);
  const long process = worker();
  EXPECT_EQ(::kill(static_cast<pid_t>(process), 0), 0);
  ::kill(static_cast<pid_t>(process), SIGTERM);
  for (int i = 0; i < 1000 && FileLock::holder(folder / "run" / "worker.lock"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(FileLock::holder(folder / "run" / "worker.lock"));
}

TEST_F(LauncherTest, AProgramThatIsNotThereIsNamed) {
  const auto result = make_process_launcher(catalog, "/nowhere/deepshock")->run(request(1), {}, at_first_loss([] {}));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().sentence().find("/nowhere/deepshock"), std::string::npos);
}

TEST_F(LauncherTest, TwoWorkersDoNotShareAFolder) {
  write_text(folder / "spec.json", request(5).experiment.resolved);
  const auto lock = FileLock::acquire(folder / "worker.lock");
  ASSERT_TRUE(lock);
  WorkerRequest worker_request;
  worker_request.spec = folder / "spec.json";
  worker_request.out = folder.path();
  const auto result = run_worker(catalog, worker_request, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Locked);
}

/// Runs a worker of 2000 steps in this process, lets its disk fill up and makes room again; gives what it told.
struct FullDiskWorker {
  FullDiskWorker(const Catalog& catalog, const LaunchRequest& launch) : events_file(launch.folder / "events.jsonl") {
    std::filesystem::create_directories(launch.folder);
    write_text(launch.folder / "spec.json", absolute_document(catalog, launch.experiment));
    WorkerRequest worker;
    worker.spec = launch.folder / "spec.json";
    worker.out = launch.folder;
    worker.device = "cpu";
    worker.threads = 1;
    thread = std::thread([this, &catalog, worker] { result = run_worker(catalog, worker, stop.get_token()); });
  }
  ~FullDiskWorker() {
    stop.request_stop();
    if (thread.joinable()) thread.join();
  }
  std::vector<Event> events() const {
    std::vector<Event> all;
    (void)EventFollower(events_file).read(all);
    return all;
  }
  /// Waits until nothing more came for 1.5 s: true, or until the end: false.
  bool stands_still() const {
    for (std::size_t before = 0;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
      const std::vector<Event> now = events();
      if (!now.empty())
        if (const auto* status = std::get_if<StatusBody>(&now.back().body); status && status->status == RunStatus::Finished) return false;
      if (now.size() == before && before > 0) return true;
      before = now.size();
    }
  }
  void expect_whole() {
    thread.join();
    EXPECT_TRUE(result) << result.error().sentence();
    std::int64_t step = 0;
    for (const Event& event : events())
      if (const auto* metric = std::get_if<MetricBody>(&event.body); metric && metric->key == "train/loss") {
        EXPECT_EQ(metric->step, ++step);
      }
    EXPECT_EQ(step, 2000) << "every step is told once";
  }
  std::filesystem::path events_file;
  std::stop_source stop;
  Result<void> result;
  std::thread thread;
};

TEST_F(LauncherTest, AWorkerWhoseFilesMayNotGrowWaits) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 128 << 10;
  setrlimit(RLIMIT_FSIZE, &limit);
  FullDiskWorker worker(catalog, request(2000));
  const bool waits = worker.stands_still();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(waits);
  worker.expect_whole();
}

TEST_F(LauncherTest, AWorkerOnAFullDiskSaysSoAndGoesOn) {
  const auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "a small disk can be mounted by root only";
  {
    LaunchRequest launch = request(2000);
    launch.folder = disk / "run";
    FullDiskWorker worker(catalog, launch);
    while (worker.events().size() < 200) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ofstream(disk / "fill") << std::string(std::size_t{4} << 20, 'x');
    EXPECT_TRUE(worker.stands_still());
    const std::vector<Event> told = worker.events();
    const auto* status = told.empty() ? nullptr : std::get_if<StatusBody>(&told.back().body);
    EXPECT_TRUE(status && status->status == RunStatus::Paused) << "that it waits is said";
    std::filesystem::remove(disk / "fill");
    worker.expect_whole();
  }
  umount(disk.c_str());
}

TEST_F(LauncherTest, PathsBecomeAbsoluteAndBuiltinsStay) {
  Experiment experiment;
  experiment.task = "train";
  experiment.base = "/data/sets";
  experiment.resolved =
      R"({"task": "train", "data": {"type": "text", "source": "../book.txt", "test_source": "/t.txt", "tokenizer": {"type": "bpe", "vocab_file": "v.json"}}})";
  const Json document = Json::parse(absolute_document(catalog, experiment));
  EXPECT_EQ(document.at("data").at("source"), "/data/book.txt");
  EXPECT_EQ(document.at("data").at("test_source"), "/t.txt");
  EXPECT_EQ(document.at("data").at("tokenizer").at("vocab_file"), "/data/sets/v.json");
  experiment.resolved = R"({"task": "train", "data": {"type": "images", "source": ["a.bin", "builtin:mnist"]}})";
  EXPECT_EQ(Json::parse(absolute_document(catalog, experiment)).at("data").at("source").dump(), R"(["/data/sets/a.bin","builtin:mnist"])");
}

TEST_F(LauncherTest, DevicesAreChosenByName) {
  EXPECT_EQ(choose_device(catalog, "auto").value(), cuda_devices().count > 0 ? "cuda:0" : "cpu");
  EXPECT_EQ(choose_device(catalog, "cpu").value(), "cpu");
  const auto missing = choose_device(catalog, "cuda:77");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("there is "), std::string::npos);
  EXPECT_NE(missing.error().message.find("cpu"), std::string::npos);
}

}  // namespace
}  // namespace dsw
