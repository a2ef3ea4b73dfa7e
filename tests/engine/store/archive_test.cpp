// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <zip.h>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/core/json.h"
#include "engine/core/sha256.h"
#include "engine/store/database.h"
#include "engine/store/foreign_project.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// A project with two runs of one experiment, a checkpoint, a sample with a picture and a model.
struct Source : ProjectFixture {
  Source() {
    first = new_run();
    second = new_run();
    std::vector<Event> events{event_of(1, StatusBody{RunStatus::Running, 0, "", ""})};
    for (int i = 2; i <= 700; ++i) events.push_back(event_of(i, MetricBody{"train/loss", i, 1.0 / i}));
    write_text(project->work_folder(first.id) / "seven.png", "a picture");
    events.push_back(event_of(701, SampleBody{700, "misclassified", "{}", {"seven.png"}}));
    events.push_back(event_of(702, new_checkpoint(first, 700, std::string(100'000, 'w'), true)));
    events.push_back(event_of(703, MarkBody{700, "stop", "stopped"}));
    events.push_back(event_of(704, SummaryBody{"{\"steps\":700}"}));
    events.push_back(event_of(705, StatusBody{RunStatus::Finished, 700, "", ""}));
    store(first, events);
    store(second, {event_of(1, MetricBody{"val/loss", 1, 2.0}), event_of(2, new_checkpoint(second, 1, "other weights"))});
    value_of(project->set_tags(first.id, {"paper"}));
    value_of(project->set_note(first.id, "a note"));
    write_text(folder / "m.safetensors", "model weights");
    model = value_of(project->add_model("teacher", "cnn", "here", folder / "m.safetensors"));
    value_of(project->flush());
    value_of(export_project(path(), folder / "all.dsz", {}));
  }
  RunRow first, second;
  ModelRow model;
};

/// What an archive holds, to be changed and written anew by a hostile hand.
using Content = std::map<std::string, std::string>;

Content read_archive(const fs::path& path) {
  Content content;
  zip_t* zip = zip_open(path.c_str(), ZIP_RDONLY, nullptr);
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(zip_get_num_entries(zip, 0)); ++i) {
    zip_stat_t status;
    zip_stat_index(zip, i, 0, &status);
    std::string text(status.size, '\0');
    zip_file_t* file = zip_fopen_index(zip, i, 0);
    zip_fread(file, text.data(), text.size());
    zip_fclose(file);
    content[status.name] = text;
  }
  zip_discard(zip);
  return content;
}

/// Lists the files again as they are now.
void renew_manifest(Content& content) {
  Json manifest = Json::parse(content.at("manifest.json"));
  manifest["files"] = Json::array();
  for (const auto& [name, text] : content) {
    if (name != "manifest.json") manifest["files"].push_back({{"name", name}, {"bytes", text.size()}, {"sha256", sha256(text)}});
  }
  content["manifest.json"] = manifest.dump();
}

void write_archive_of(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& content, const std::string& link = {}) {
  fs::remove(path);
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (const auto& [name, text] : content) {
    const zip_int64_t place = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), 0);
    ASSERT_GE(place, 0) << name << ": " << zip_strerror(zip);
    if (name == link) zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(place), 0, ZIP_OPSYS_UNIX, (S_IFLNK | 0777U) << 16);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

void write_archive_of(const fs::path& path, const Content& content, const std::string& link = {}) {
  write_archive_of(path, std::vector<std::pair<std::string, std::string>>(content.begin(), content.end()), link);
}

/// Replaces equal-length bytes everywhere in a file: to change names that libzip would not write twice.
void replace_bytes(const fs::path& path, const std::string& from, const std::string& to) {
  ASSERT_EQ(from.size(), to.size());
  std::string bytes = read_text(path);
  for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + to.size())) bytes.replace(at, to.size(), to);
  write_text(path, bytes);
}

/// Changes the database inside and makes the archive whole again.
void change_database(Content& content, const fs::path& scratch, const std::string& sql) {
  write_text(scratch, content.at("project.dsx"));
  {
    Database database(scratch, Database::Access::ReadWrite);
    database.script(sql);
  }
  content["project.dsx"] = read_text(scratch);
  renew_manifest(content);
}

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

TEST(Archive, APermissionHoldsForTheFilesThatWereShownAndACopyAsksToo) {
  Source source;
  Content content = read_archive(source.folder / "all.dsz");
  change_database(content, source.folder / "scratch", R"(UPDATE experiment_versions SET document = '{"data":{"source":"/dev/zero"}}')");
  write_archive_of(source.folder / "asks.dsz", content);
  ProjectFixture target;
  const ImportPlan done = value_of(import_archive(source.folder / "asks.dsz", *target.project));
  ASSERT_THAT(done.experiment_ids, SizeIs(1));
  const std::string copy = value_of(target.project->save_experiment({}, "copy", "train", "{}", ""));
  value_of(target.project->copy_outside_files(done.experiment_ids[0], copy));
  ImportPlan other = done;
  other.outside_files = {"harmless.txt"};
  value_of(allow_imported_files(other, *target.project));
  for (const ExperimentRow& row : value_of(target.reader()->experiments()))
    EXPECT_THAT(row.outside_files, ElementsAre("/dev/zero")) << row.name;
  value_of(allow_imported_files(done, *target.project));
  for (const ExperimentRow& row : value_of(target.reader()->experiments())) EXPECT_EQ(row.outside_files.empty(), row.id != copy);
}

TEST(Archive, ModelsBringTheirNotesAndWhatTheyScored) {
  ProjectFixture source, target;
  write_text(source.folder / "w", "weights");
  const ModelRow model = value_of(source.project->add_model("m", "gpt", "w.safetensors", source.folder / "w"));
  value_of(source.project->rename(model.id, "better"));
  value_of(source.project->set_note(model.id, "a note"));
  value_of(source.project->add_evaluation({0, model.sha256, 0, "book", "test", 12, R"({"metrics":{"test/loss":1.5}})"}));
  EXPECT_FALSE(source.project->rename(model.id, "")) << "a model needs a name";
  value_of(export_project(source.path(), source.folder / "m.dsz", {}));
  EXPECT_THAT(value_of(inspect_archive(source.folder / "m.dsz")).models, ElementsAre("better"));
  EXPECT_THAT(value_of(import_archive(source.folder / "m.dsz", *target.project)).models, ElementsAre("better"));
  value_of(import_archive(source.folder / "m.dsz", *target.project));  // again: nothing stands twice
  const auto models = value_of(target.reader()->models());
  ASSERT_THAT(models, SizeIs(1));
  EXPECT_EQ(models[0].note, "a note");
  const auto scored = value_of(target.reader()->evaluations(model.sha256));
  ASSERT_THAT(scored, SizeIs(1));
  EXPECT_EQ(scored[0].targets, 12);
  value_of(target.project->set_archived(model.id, true));
  EXPECT_TRUE(value_of(target.reader()->models())[0].archived);
  value_of(target.project->prune());
  EXPECT_TRUE(value_of(target.reader()->models()).empty());
  EXPECT_TRUE(value_of(target.reader()->evaluations(model.sha256)).empty());
}

/// Inspecting and importing both refuse, with `words`, and nothing changes.
void expect_refused(const fs::path& archive, const std::string& words, ErrorCode code = ErrorCode::BadFormat) {
  ProjectFixture target;
  const auto plan = inspect_archive(archive);
  const auto done = import_archive(archive, *target.project);
  if (!done) {
    EXPECT_THAT(done.error().sentence(), HasSubstr(words));
  }
  ASSERT_FALSE(done) << words;
  EXPECT_EQ(done.error().code, code) << done.error().sentence();
  EXPECT_THAT(done.error().sentence(), HasSubstr(archive.filename().string()));
  if (!plan) {
    EXPECT_EQ(plan.error().code, code);
  }
  EXPECT_TRUE(value_of(target.reader()->runs(true)).empty());
  EXPECT_TRUE(value_of(target.reader()->experiments(true)).empty());
  for (const auto& entry : fs::directory_iterator(target.folder.path()))
    EXPECT_TRUE(entry.path().filename().string().starts_with("tiny.dsx")) << entry.path();
  std::size_t side_files = 0;
  for (const auto& entry : fs::directory_iterator(target.project->files_folder()))
    side_files += is_sha256(entry.path().filename().string());
  EXPECT_EQ(side_files, 0u);
}

TEST(Archive, HostileNamesAreRefused) {
  Source source;
  const Content good = read_archive(source.folder / "all.dsz");
  const fs::path bad = source.folder / "bad.dsz";
  const std::string file = good.begin()->first;  // "files/…"
  ASSERT_TRUE(file.starts_with("files/"));
  const std::pair<std::string, std::string> names[] = {{"../evil", "leaves its folder"},     {"files/../../evil", "leaves its folder"},
                                                       {"/etc/evil", "is an absolute path"}, {"C:/evil", "is an absolute path"},
                                                       {"files\\..\\evil", "backslash"},     {"readme.txt", "does not belong"},
                                                       {"files/short", "does not belong"},   {"files//" + file.substr(6), "empty part"}};
  for (const auto& [name, words] : names) {
    Content content = good;
    content[name] = "evil";
    renew_manifest(content);
    write_archive_of(bad, content);
    expect_refused(bad, words);
  }
  {
    Content content = good;
    write_archive_of(bad, content, file);
    expect_refused(bad, "is a link");
  }
  {  // the same name twice, and names that differ in the case of letters: written apart, then renamed in the bytes
    Content content = good;
    std::string twin = file;
    twin.replace(6, 1, "X");
    content[twin] = "twin";
    write_archive_of(bad, content);
    replace_bytes(bad, twin, file);
    expect_refused(bad, "two entries of one name");
    content = good;
    content["PROJECT.DSX"] = "twin";
    write_archive_of(bad, content);
    expect_refused(bad, "two entries of one name");
  }
}

TEST(Archive, LyingSizesAndHashesAreRefused) {
  Source source;
  const Content good = read_archive(source.folder / "all.dsz");
  const fs::path bad = source.folder / "bad.dsz";
  const std::string file = good.begin()->first;
  {
    Content content = good;
    content[file] += "more";
    write_archive_of(bad, content);
    expect_refused(bad, "the manifest says");
  }
  {
    Content content = good;
    content[file][0] = static_cast<char>(content[file][0] ^ 1);
    write_archive_of(bad, content);
    expect_refused(bad, "does not have the hash");
  }
  {
    Content content = good;
    content["project.dsx"][5000] = static_cast<char>(content["project.dsx"][5000] ^ 1);
    write_archive_of(bad, content);
    expect_refused(bad, "does not have the hash");
  }
  {  // content and manifest agree, but the name is another hash
    Content content = good;
    content[file] = "something else";
    renew_manifest(content);
    write_archive_of(bad, content);
    expect_refused(bad, "is not named by its hash");
  }
  {  // sizes in the zip's directory and the manifest agree, the packed bytes hold more
    Content content = good;
    const std::string big(1 << 20, 'z');
    const std::string name = "files/" + sha256(big);
    content[name] = big;
    renew_manifest(content);
    Json manifest = Json::parse(content["manifest.json"]);
    for (Json& entry : manifest["files"]) {
      if (entry["name"] == name) entry["bytes"] = 1000;
    }
    content["manifest.json"] = manifest.dump();
    write_archive_of(bad, content);
    std::string from(4, '\0'), to(4, '\0');
    const std::uint32_t big_size = 1 << 20, small_size = 1000;
    std::memcpy(from.data(), &big_size, 4);
    std::memcpy(to.data(), &small_size, 4);
    replace_bytes(bad, from, to);
    ProjectFixture target;
    const auto done = import_archive(bad, *target.project);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::BadFormat) << done.error().sentence();
  }
  {
    Content content = good;
    Json manifest = Json::parse(content["manifest.json"]);
    manifest["files"].push_back({{"name", "files/" + std::string(64, 'a')}, {"bytes", 1}, {"sha256", std::string(64, 'a')}});
    content["manifest.json"] = manifest.dump();
    write_archive_of(bad, content);
    expect_refused(bad, "which is not in the archive");
  }
  {
    Content content = good;
    content["files/" + sha256("unlisted")] = "unlisted";
    write_archive_of(bad, content);
    expect_refused(bad, "is not in its manifest");
  }
  for (const char* manifest : {"", "[", "{}", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", R"({"deepshock":1,"kind":"project"})",
                               R"({"deepshock":1,"kind":"project","files":[1]})",
                               R"({"deepshock":1,"kind":"project","files":[{"name":"project.dsx","bytes":-1,"sha256":"x"}]})"}) {
    Content content = good;
    content["manifest.json"] = manifest;
    write_archive_of(bad, content);
    expect_refused(bad, "manifest");
  }
  Content newer = good;
  Json manifest = Json::parse(newer["manifest.json"]);
  manifest["deepshock"] = 9;
  newer["manifest.json"] = manifest.dump();
  write_archive_of(bad, newer);
  expect_refused(bad, "of version 9", ErrorCode::NewerVersion);
  newer = good;
  change_database(newer, source.folder / "scratch", "PRAGMA user_version = 9");
  write_archive_of(bad, newer);
  expect_refused(bad, "of version 9", ErrorCode::NewerVersion);
  newer = good;
  newer.erase("project.dsx");
  renew_manifest(newer);
  write_archive_of(bad, newer);
  expect_refused(bad, "holds no project");
  write_text(bad, "this is no zip");
  expect_refused(bad, "not a project archive");
  write_text(bad, "");
  expect_refused(bad, "not a project archive");
  EXPECT_EQ(inspect_archive(source.folder / "none.dsz").error().code, ErrorCode::NotFound);
}

TEST(Archive, HostileDatabasesAreRefused) {
  Source source;
  const Content good = read_archive(source.folder / "all.dsz");
  const fs::path bad = source.folder / "bad.dsz";
  const std::pair<std::string, std::string> attacks[] = {
      {"ALTER TABLE runs RENAME TO runs2; CREATE VIEW runs AS SELECT * FROM runs2", "something else than a plain table"},
      {"ALTER TABLE models RENAME TO models2; CREATE VIRTUAL TABLE models USING fts5(id, name)", "something else than a plain table"},
      {"DROP TABLE run_events", "no table run_events"},
      {"PRAGMA application_id = 1", "not a project file"},
      {"UPDATE runs SET id = '../../' || id", "could lead to another folder"},
      {"UPDATE runs SET id = '' WHERE number = 1", "could lead to another folder"},
      {"UPDATE experiments SET id = 'a/b'", "could lead to another folder"},
      {"UPDATE metric_chunks SET points = x'0104ffffffffff7f0000'", "damaged"},
      {"UPDATE metric_chunks SET points = 'text'", "damaged"},
  };
  for (const auto& [sql, words] : attacks) {
    Content content = good;
    change_database(content, source.folder / "scratch", sql);
    write_archive_of(bad, content);
    expect_refused(bad, words);
  }
  {  // a trigger does not fire: rows are read here, and nothing is ever written to that file
    Content content = good;
    change_database(content, source.folder / "scratch", "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END");
    write_archive_of(bad, content);
    ProjectFixture target;
    EXPECT_EQ(value_of(import_archive(bad, *target.project)).runs.size(), 2u);
    Database raw(target.path(), Database::Access::ReadOnly);
    EXPECT_EQ(raw.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), 0) << "the database inside is not adopted";
  }
  {  // values of wrong types come in as what the columns are meant to be; names of side files that lead elsewhere are left out
    Content content = good;
    change_database(content, source.folder / "scratch",
                    "UPDATE run_checkpoints SET sha256 = '../../../etc/passwd'; UPDATE models SET sha256 = '../x'; "
                    "UPDATE run_samples SET files = '[\"../../../etc/passwd\", 7]'; UPDATE runs SET step = 'many', status = 'exploding', "
                    "tags = x'00ff'");
    write_archive_of(bad, content);
    ProjectFixture target;
    value_of(import_archive(bad, *target.project));
    const auto reader = target.reader();
    EXPECT_TRUE(value_of(reader->checkpoints(source.first.id)).empty());
    EXPECT_TRUE(value_of(reader->models()).empty());
    EXPECT_THAT(value_of(reader->samples(source.first.id)).at(0).files, ElementsAre("", ""));
    EXPECT_EQ(value_of(reader->run(source.first.id)).step, 0);
    EXPECT_EQ(value_of(reader->run(source.first.id)).status, RunStatus::Interrupted);
  }
}

TEST(Archive, BytesChangedAnywhereNeverCrash) {
  Source source;
  const std::string good = read_text(source.folder / "all.dsz");
  std::mt19937 random(11);
  ProjectFixture target;
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string bytes = good;
    if (round % 3 == 0) {
      bytes.resize(random() % bytes.size());
    } else if (round % 3 == 1) {
      for (int i = 0; i < 5; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    } else {
      // The directory at the end, where names and sizes stand.
      for (int i = 0; i < 3; ++i) bytes[bytes.size() - 1 - random() % 600] = static_cast<char>(random());
    }
    write_text(target.folder / "fuzz.dsz", bytes);
    const auto plan = inspect_archive(target.folder / "fuzz.dsz");
    const auto done = import_archive(target.folder / "fuzz.dsz", *target.project);
    refused += !done;
    if (!done) {
      EXPECT_NE(done.error().code, ErrorCode::Internal) << done.error().sentence();
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_TRUE(value_of(target.reader()->runs(true)).size() == 0 || value_of(target.reader()->runs(true)).size() == 2);
}

}  // namespace
}  // namespace dsw
