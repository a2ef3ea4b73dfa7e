// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>

#include <fstream>
#include <optional>

#include "engine/core/file_lock.h"
#include "engine/core/sha256.h"
#include "engine/store/project_place.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int64_t> steps_of(const std::vector<CheckpointRow>& rows) {
  std::vector<std::int64_t> steps;
  for (const CheckpointRow& row : rows) steps.push_back(row.step);
  return steps;
}

TEST(Recovery, ResumeDropsWhatCameAfterTheCheckpoint) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, StatusBody{RunStatus::Running, 0, "", ""})});
  std::vector<Event> events;
  for (std::int64_t i = 2; i <= 2000; ++i) events.push_back(event_of(i, MetricBody{"train/loss", i - 1, 1000.0 - static_cast<double>(i)}));
  fixture.store(run, events);  // packed chunks and a tail
  const CheckpointBody body = fixture.new_checkpoint(run, 700, "weights of 700");
  fixture.store(run, {event_of(2001, body), event_of(2002, MarkBody{2000, "nan", "late"}),
                      event_of(2003, MetricBody{"val/loss", 2000, 0.5}), event_of(2004, SampleBody{2000, "text", "{}", {}}),
                      event_of(2005, SummaryBody{"{}"}), event_of(2006, StatusBody{RunStatus::Failed, 2000, "became NaN", "lower lr"})});
  // A number within the packed part: the chunk is cut.
  CheckpointRow from = value_of(fixture.reader()->checkpoints(run.id)).at(0);
  EXPECT_EQ(from.seq, 2001);
  EXPECT_EQ(read_text(from.path), "weights of 700");
  from.seq = 701;
  value_of(fixture.project->prepare_resume(run.id, from));
  const auto reader = fixture.reader();
  RunRow row = value_of(reader->run(run.id));
  EXPECT_EQ(row.status, RunStatus::Queued);
  EXPECT_EQ(row.last_seq, 701);
  EXPECT_EQ(row.step, 700);
  EXPECT_EQ(row.sentence, "");
  EXPECT_EQ(row.ended, 0);
  EXPECT_EQ(row.metrics.count("val/loss"), 0u);
  EXPECT_EQ(row.metrics.at("train/loss").points, 700);
  EXPECT_EQ(row.metrics.at("train/loss").best, 1000.0 - 701);
  EXPECT_EQ(value_of(reader->metric(run.id, "train/loss")).size(), 700u);
  EXPECT_TRUE(value_of(reader->events(run.id)).empty());
  EXPECT_TRUE(value_of(reader->samples(run.id)).empty());
  EXPECT_EQ(value_of(reader->run_summary(run.id)), "");
  fixture.store(run, {event_of(702, StatusBody{RunStatus::Running, 0, "", ""}), event_of(703, MetricBody{"train/loss", 701, 0.25})});
  row = value_of(reader->run(run.id));
  EXPECT_EQ(row.status, RunStatus::Running);
  EXPECT_EQ(row.metrics.at("train/loss").points, 701);
  const auto points = value_of(reader->metric(run.id, "train/loss"));
  EXPECT_EQ(points.back().value, 0.25);
  EXPECT_EQ(points.back().step, 701);

  value_of(fixture.project->prepare_resume(run.id, CheckpointRow{}));
  row = value_of(reader->run(run.id));
  EXPECT_EQ(row.last_seq, 0);
  EXPECT_EQ(row.seconds, 0);
  EXPECT_TRUE(row.metrics.empty());
}

TEST(Recovery, ADamagedCheckpointIsRefusedBeforeAnythingIsDropped) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  fixture.store(run, {event_of(1, fixture.new_checkpoint(run, 10, "good")), event_of(2, MetricBody{"train/loss", 11, 1})});
  const CheckpointRow from = value_of(fixture.reader()->checkpoints(run.id)).at(0);
  write_text(from.path, "evil");
  const auto refused = fixture.project->prepare_resume(run.id, from);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Damaged);
  EXPECT_THAT(refused.error().sentence(), HasSubstr("step 10"));
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "train/loss")).size(), 1u);
  std::filesystem::remove(from.path);
  EXPECT_FALSE(fixture.project->prepare_resume(run.id, from));
  EXPECT_TRUE(value_of(fixture.reader()->checkpoints(run.id)).at(0).missing);
  EXPECT_THAT(value_of(fixture.reader()->info()).missing_files, ElementsAre(HasSubstr(from.sha256)));
}

TEST(Recovery, CheckpointsKeepTheBestTheLastAndKeepMore) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run(R"({"task":"train","training":{"keep":2}})");
  const RunRow plain = fixture.new_run();
  for (std::int64_t step = 1; step <= 8; ++step) {
    fixture.store(run, {event_of(step, fixture.new_checkpoint(run, step, "a" + std::to_string(step), step <= 3))});
    fixture.store(plain, {event_of(step, fixture.new_checkpoint(plain, step, "b" + std::to_string(step), step <= 3))});
  }
  const auto rows = value_of(fixture.reader()->checkpoints(run.id));
  EXPECT_THAT(steps_of(rows), ElementsAre(3, 6, 7, 8));
  EXPECT_TRUE(rows[0].best);
  EXPECT_FALSE(rows[3].best);
  EXPECT_THAT(steps_of(value_of(fixture.reader()->checkpoints(plain.id))), ElementsAre(3, 8));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fixture.project->files_folder()))
    files += is_sha256(entry.path().filename().string());
  EXPECT_EQ(files, 6u) << "spare files are gone";
  EXPECT_TRUE(std::filesystem::is_empty(fixture.project->work_folder(run.id))) << "taken files no longer stand in the run's folder";
}

TEST(Recovery, APictureThatIsShownAgainIsThereAgain) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  write_text(fixture.project->work_folder(run.id) / "7.png", "picture");
  fixture.store(run, {event_of(1, SampleBody{1, "misclassified", "{}", {"7.png"}})});
  fixture.store(run, {event_of(2, SampleBody{2, "misclassified", "{}", {"7.png"}})});
  const auto samples = value_of(fixture.reader()->samples(run.id));
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(read_text(samples[1].files.at(0)), "picture");
}

TEST(Recovery, ACheckpointThatIsNotWhatItsEventSaysIsLeftOutAndTheRunSaysSo) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  CheckpointBody lying = fixture.new_checkpoint(run, 1, "content");
  lying.sha256 = sha256("other content");
  CheckpointBody leaving = fixture.new_checkpoint(run, 2, "content");
  leaving.file = "../../tiny.dsx";
  CheckpointBody through_link = fixture.new_checkpoint(run, 3, "content");
  std::filesystem::create_symlink("/etc", fixture.project->work_folder(run.id) / "link");
  through_link.file = "link/passwd";
  CheckpointBody absent = fixture.new_checkpoint(run, 4, "content of four");
  absent.file = "never-written";
  fixture.store(run, {event_of(1, lying), event_of(2, leaving), event_of(3, through_link), event_of(4, absent),
                      event_of(5, MetricBody{"train/loss", 5, 1})});
  EXPECT_TRUE(value_of(fixture.reader()->checkpoints(run.id)).empty());
  const auto events = value_of(fixture.reader()->events(run.id));
  ASSERT_EQ(events.size(), 4u);
  for (const EventRow& event : events) {
    EXPECT_EQ(event.kind, "error");
    EXPECT_THAT(event.text, HasSubstr("was not kept"));
  }
  EXPECT_TRUE(std::filesystem::exists(fixture.path()));
  EXPECT_EQ(value_of(fixture.reader()->metric(run.id, "train/loss")).size(), 1u) << "the rest is stored";
}

/// Writes an event file as a worker does.
void write_worker_events(const std::filesystem::path& folder, const std::vector<Event>& events, const std::string& tail = {}) {
  std::string text;
  for (const Event& event : events) text += event_to_line(event) + "\n";
  write_text(folder / "events.jsonl", text + tail);
}

TEST(Recovery, WorkFoldersAreAdoptedWhenTheProjectIsOpenedNext) {
  ProjectFixture fixture;
  const RunRow done = fixture.new_run(), broken = fixture.new_run(), alive = fixture.new_run();
  const CheckpointBody checkpoint = fixture.new_checkpoint(done, 2, "weights");
  fixture.store(done, {event_of(1, StatusBody{RunStatus::Running, 0, "", ""})});
  write_worker_events(fixture.project->work_folder(done.id),
                      {event_of(1, StatusBody{RunStatus::Running, 0, "", ""}), event_of(2, MetricBody{"train/loss", 1, 2}),
                       event_of(3, checkpoint), event_of(4, StatusBody{RunStatus::Finished, 2, "", ""})});
  write_worker_events(fixture.project->work_folder(broken.id),
                      {event_of(1, StatusBody{RunStatus::Running, 0, "", ""}), event_of(2, MetricBody{"train/loss", 1, 2})},
                      "not json\n{\"seq\":3,\"ti");
  write_worker_events(fixture.project->work_folder(alive.id), {event_of(1, StatusBody{RunStatus::Running, 0, "", ""})});
  fixture.store(alive, {event_of(1, StatusBody{RunStatus::Running, 0, "", ""})});
  write_text(fixture.folder / "tiny.dsx.work/stranger/events.jsonl", "{}");
  fixture.close();
  std::optional<FileLock> worker(value_of(FileLock::acquire(work_path(fixture.path()) / alive.id / kWorkerLock)));

  fixture.open();
  const auto reader = fixture.reader();
  EXPECT_EQ(value_of(reader->run(done.id)).status, RunStatus::Finished);
  EXPECT_EQ(value_of(reader->metric(done.id, "train/loss")).size(), 1u);
  ASSERT_EQ(value_of(reader->checkpoints(done.id)).size(), 1u);
  EXPECT_EQ(read_text(value_of(reader->checkpoints(done.id))[0].path), "weights");
  EXPECT_EQ(value_of(reader->run(broken.id)).status, RunStatus::Interrupted);
  EXPECT_EQ(value_of(reader->metric(broken.id, "train/loss")).size(), 1u) << "the torn line and the wrong one are left out";
  EXPECT_THAT(value_of(reader->events(broken.id)).at(0).text, HasSubstr("1 lines"));
  EXPECT_EQ(value_of(reader->run(alive.id)).status, RunStatus::Running) << "a live worker's run goes on";
  EXPECT_TRUE(std::filesystem::exists(fixture.folder / ("tiny.dsx.work/" + alive.id)));
  EXPECT_FALSE(std::filesystem::exists(fixture.folder / ("tiny.dsx.work/" + done.id)));
  EXPECT_TRUE(std::filesystem::exists(fixture.folder / "tiny.dsx.work/stranger")) << "what is not ours stays";

  fixture.close();
  worker.reset();
  fixture.open();
  EXPECT_EQ(value_of(fixture.reader()->run(alive.id)).status, RunStatus::Interrupted);
}

TEST(Recovery, PruneRemovesArchivedThingsAndUnusedFilesOnly) {
  ProjectFixture fixture;
  const RunRow kept = fixture.new_run(), archived = fixture.new_run(), running = fixture.new_run();
  fixture.store(kept, {event_of(1, fixture.new_checkpoint(kept, 1, "kept")), event_of(2, StatusBody{RunStatus::Finished, 1, "", ""})});
  fixture.store(archived, {event_of(1, fixture.new_checkpoint(archived, 1, "to be removed")), event_of(2, MetricBody{"train/loss", 1, 1}),
                           event_of(3, StatusBody{RunStatus::Finished, 1, "", ""})});
  fixture.store(running, {event_of(1, StatusBody{RunStatus::Running, 0, "", ""})});
  const std::string empty = value_of(fixture.project->save_experiment("", "empty", "train", "{}", ""));
  value_of(fixture.project->set_archived(archived.id, true));
  value_of(fixture.project->set_archived(running.id, true));
  value_of(fixture.project->set_archived(empty, true));
  write_text(fixture.project->files_folder() / sha256("orphan"), "orphan");
  write_text(fixture.project->files_folder() / "readme.txt", "not ours");
  EXPECT_EQ(value_of(fixture.reader()->runs(true)).size(), 3u) << "archived things stay until then";
  EXPECT_GE(value_of(fixture.project->prune()), 19u);
  const auto reader = fixture.reader();
  EXPECT_EQ(value_of(reader->runs(true)).size(), 2u);
  EXPECT_EQ(value_of(reader->experiments(true)).size(), 1u);
  EXPECT_FALSE(reader->run(archived.id));
  EXPECT_FALSE(value_of(reader->checkpoints(kept.id)).at(0).missing);
  EXPECT_TRUE(std::filesystem::exists(fixture.project->files_folder() / "readme.txt"));
  EXPECT_FALSE(std::filesystem::exists(fixture.project->files_folder() / sha256("orphan")));
  EXPECT_TRUE(value_of(reader->info()).missing_files.empty());
  const RunRow next = fixture.new_run();
  EXPECT_EQ(next.short_name, "r-0004") << "short names are never given twice";
}

}  // namespace
}  // namespace dsw
