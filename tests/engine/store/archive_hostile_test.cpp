// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/core/json.h"
#include "engine/core/sha256.h"
#include "engine/store/database.h"
#include "tests/support/archive_fixture.h"

namespace dsw {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
