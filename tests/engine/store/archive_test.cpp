// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>

#include <cstring>

#include "engine/store/foreign_project.h"
#include "tests/support/archive_fixture.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST(Archive, AnImportStopsAtAnyPointAndLeavesNothing) {
  Source source;
  ProjectFixture target;
  std::vector<std::pair<std::int64_t, std::int64_t>> told;
  int steps = 0;
  {
    ProjectFixture whole;
    value_of(import_archive(source.folder / "all.dsz", *whole.project, {},
                            [&](std::int64_t done, std::int64_t total) { told.emplace_back(done, total); }));
    steps = static_cast<int>(told.size());
  }
  ASSERT_GT(steps, 5);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_GT(told.back().first * 10, told.back().second * 9) << "it ends near the whole";
  for (int stop_at = 1; stop_at < steps; ++stop_at) {
    std::stop_source stop;
    int step = 0;
    const auto stopped = import_archive(source.folder / "all.dsz", *target.project, stop.get_token(), [&](std::int64_t, std::int64_t) {
      if (++step == stop_at) stop.request_stop();
    });
    ASSERT_FALSE(stopped) << stop_at;
    ASSERT_EQ(stopped.error().code, ErrorCode::Stopped) << stopped.error().sentence();
    ASSERT_TRUE(value_of(target.reader()->runs(true)).empty());
  }
  for (const auto& entry : std::filesystem::directory_iterator(target.project->files_folder()))
    EXPECT_EQ(entry.path().filename(), "project-id") << "no side file stays behind";
  EXPECT_EQ(value_of(import_archive(source.folder / "all.dsz", *target.project)).runs.size(), 2u);
}

TEST(Archive, CarriesAProjectToAnotherWholly) {
  Source source;
  const auto plan = value_of(inspect_archive(source.folder / "all.dsz"));
  EXPECT_THAT(plan.runs, ElementsAre(source.first.id, source.second.id));
  EXPECT_THAT(plan.experiments, ElementsAre("tiny"));
  EXPECT_GT(plan.bytes, 100'000u);
  ProjectFixture target;
  const RunRow own = target.new_run();
  const auto done = value_of(import_archive(source.folder / "all.dsz", *target.project));
  EXPECT_THAT(done.runs, ElementsAre(source.first.id, source.second.id));
  EXPECT_TRUE(done.skipped.empty());
  const auto reader = target.reader(), before = source.reader();
  const RunRow run = value_of(reader->run(source.first.id)), original = value_of(before->run(source.first.id));
  EXPECT_EQ(run.short_name, "r-0002") << "numbers are given anew";
  EXPECT_EQ(run.status, RunStatus::Finished);
  EXPECT_THAT(run.tags, ElementsAre("paper"));
  EXPECT_EQ(run.note, "a note");
  EXPECT_EQ(run.experiment_name, "tiny");
  EXPECT_EQ(run.seed, original.seed);
  EXPECT_EQ(run.seconds, original.seconds);
  EXPECT_EQ(run.metrics.at("train/loss").best, original.metrics.at("train/loss").best);
  const auto points = value_of(reader->metric(run.id, "train/loss")), expected = value_of(before->metric(run.id, "train/loss"));
  ASSERT_EQ(points.size(), expected.size());
  for (std::size_t i = 0; i < points.size(); ++i)
    ASSERT_TRUE(points[i].seq == expected[i].seq && points[i].value == expected[i].value && points[i].time == expected[i].time);
  EXPECT_EQ(value_of(reader->run_document(run.id)), value_of(before->run_document(run.id)));
  EXPECT_EQ(value_of(reader->run_summary(run.id)), "{\"steps\":700}");
  EXPECT_EQ(read_text(value_of(reader->samples(run.id)).at(0).files.at(0)), "a picture");
  EXPECT_EQ(read_text(value_of(reader->checkpoints(run.id)).at(0).path).size(), 100'000u);
  EXPECT_EQ(value_of(reader->events(run.id)).at(0).text, "stopped");
  EXPECT_EQ(read_text(value_of(reader->models()).at(0).path), "model weights");
  EXPECT_EQ(value_of(reader->run(source.second.id)).status, RunStatus::Interrupted) << "what did not end there does not run here";
  EXPECT_TRUE(value_of(reader->info()).missing_files.empty());
  EXPECT_EQ(value_of(reader->run(own.id)).short_name, "r-0001");
  value_of(target.project->prepare_resume(source.second.id, value_of(reader->checkpoints(source.second.id)).at(0)));
  for (const auto& entry : fs::directory_iterator(target.folder.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << "scratch work is gone: " << entry.path();
  }
}

TEST(Archive, EqualRunIdsNeverOverwrite) {
  Source source;
  value_of(source.project->set_note(source.first.id, "written after the export"));
  const auto again = value_of(import_archive(source.folder / "all.dsz", *source.project));
  EXPECT_TRUE(again.runs.empty());
  EXPECT_THAT(again.skipped, UnorderedElementsAre(source.first.id, source.second.id));
  EXPECT_EQ(value_of(source.reader()->run(source.first.id)).note, "written after the export");
  EXPECT_EQ(value_of(source.reader()->runs(true)).size(), 2u);
  EXPECT_EQ(value_of(source.reader()->experiments(true)).size(), 1u);
}

TEST(Archive, AnExperimentWhoseVersionsDifferComesInBesideOurs) {
  Source source;
  Content content = read_archive(source.folder / "all.dsz");
  change_database(content, source.folder / "scratch",
                  "UPDATE experiment_versions SET document = '{\"other\":1}'; UPDATE runs SET id = 'aa' || id");
  write_archive_of(source.folder / "other.dsz", content);
  const auto plan = value_of(import_archive(source.folder / "other.dsz", *source.project));
  EXPECT_EQ(plan.runs.size(), 2u);
  const auto reader = source.reader();
  const auto experiments = value_of(reader->experiments());
  ASSERT_EQ(experiments.size(), 2u);
  const RunRow run = value_of(reader->run(plan.runs[0]));
  EXPECT_EQ(run.experiment_name, "tiny (imported)");
  EXPECT_NE(run.experiment_id, source.experiment);
  EXPECT_EQ(value_of(reader->versions(source.experiment)).at(0).document, R"({"deepshock":1,"task":"train","name":"tiny"})");
}

TEST(Archive, SomeRunsOnly) {
  Source source;
  value_of(export_project(source.path(), source.folder / "one.dsz", {"r-0002"}));
  const auto plan = value_of(inspect_archive(source.folder / "one.dsz"));
  EXPECT_THAT(plan.runs, ElementsAre(source.second.id));
  const Content content = read_archive(source.folder / "one.dsz");
  EXPECT_THAT(content, SizeIs(3)) << "manifest, project and the one checkpoint";
  EXPECT_EQ(content.at("project.dsx").find("a note"), std::string::npos) << "nothing of the others is left in free pages";
  EXPECT_EQ(export_project(source.path(), source.folder / "x.dsz", {"r-0099"}).error().code, ErrorCode::NotFound);
  EXPECT_FALSE(fs::exists(source.folder / "x.dsz"));
  EXPECT_FALSE(export_project(source.path(), source.path(), {}));
  EXPECT_FALSE(export_project(source.path(), source.folder / "no/x.dsz", {}));
}

TEST(Archive, MissingSideFilesStayMissingAndTheRestArrives) {
  Source source;
  fs::remove(value_of(source.reader()->checkpoints(source.first.id)).at(0).path);
  value_of(export_project(source.path(), source.folder / "part.dsz", {}));
  ProjectFixture target;
  value_of(import_archive(source.folder / "part.dsz", *target.project));
  EXPECT_THAT(value_of(target.reader()->info()).missing_files, SizeIs(1));
  EXPECT_EQ(value_of(target.reader()->metric(source.first.id, "train/loss")).size(), 699u);
}

TEST(Archive, OutsideFilesAreNamedAndAskedFor) {
  EXPECT_THAT(
      outside_files_of(
          R"({"data":{"source":"/home/x/book.txt","test_source":["a.gz","builtin:mnist"],"columns":{"text":"text"}},"name":"../up","model":{"type":"gpt"}})"),
      UnorderedElementsAre("/home/x/book.txt", "a.gz", "../up"));
  EXPECT_TRUE(outside_files_of("no json").empty());
  Source source;
  Content content = read_archive(source.folder / "all.dsz");
  change_database(content, source.folder / "scratch", R"(UPDATE experiment_versions SET document = '{"data":{"source":"/etc/passwd"}}')");
  write_archive_of(source.folder / "asks.dsz", content);
  EXPECT_THAT(value_of(inspect_archive(source.folder / "asks.dsz")).outside_files, ElementsAre("/etc/passwd"));
  ProjectFixture target;
  EXPECT_THAT(value_of(import_archive(source.folder / "asks.dsz", *target.project)).outside_files, ElementsAre("/etc/passwd"));
  const auto experiments = value_of(target.reader()->experiments());
  ASSERT_EQ(experiments.size(), 1u);
  EXPECT_THAT(experiments[0].outside_files, ElementsAre("/etc/passwd"));
  // A run's document counts too, also where the experiment is ours.
  content = read_archive(source.folder / "all.dsz");
  change_database(
      content, source.folder / "scratch",
      R"(UPDATE run_texts SET text = '{"data":{"source":"/etc/shadow"}}' WHERE kind = 'resolved'; UPDATE runs SET id = 'b' || id)");
  write_archive_of(source.folder / "asks.dsz", content);
  value_of(import_archive(source.folder / "asks.dsz", *source.project));
  EXPECT_THAT(value_of(source.reader()->experiments()).at(0).outside_files, ElementsAre("/etc/shadow"));
  value_of(target.project->allow_outside_files(experiments[0].id));
  EXPECT_TRUE(value_of(target.reader()->experiments())[0].outside_files.empty());
}

}  // namespace
}  // namespace dsw
