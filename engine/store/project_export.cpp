// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include "engine/core/ids.h"
#include "engine/store/archive_file.h"
#include "engine/store/migrations.h"
#include "engine/store/project.h"
#include "engine/store/project_place.h"
#include "engine/store/queries.h"
#include "engine/store/row_removal.h"
#include "engine/store/scratch_folder.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

/// Leaves only `runs` with their experiments in the copy; models and settings stay out.
void keep_only(Database& copy, const std::vector<std::string>& runs) {
  std::set<std::int64_t> kept;
  for (const std::string& run : runs) kept.insert(find_run(copy, run));
  std::vector<std::int64_t> others;
  {
    Query rows = copy.query("SELECT number FROM runs");
    while (rows.step()) {
      if (!kept.contains(rows.integer(0))) others.push_back(rows.integer(0));
    }
  }
  Transaction transaction(copy, Transaction::Kind::Write);
  for (const std::int64_t run : others) delete_run(copy, run);
  copy.run("DELETE FROM experiments WHERE id NOT IN (SELECT experiment FROM runs)");
  copy.run("DELETE FROM experiment_versions WHERE experiment NOT IN (SELECT id FROM experiments)");
  copy.run("DELETE FROM models");
  copy.run("DELETE FROM evaluations WHERE sha256 NOT IN (SELECT sha256 FROM run_checkpoints)");
  copy.run("DELETE FROM settings");
  transaction.commit();
}

}  // namespace

Result<void> export_project(const fs::path& given, const fs::path& archive, const std::vector<std::string>& runs) {
  return guarded([&] {
    const fs::path path = project_path(given), target = fs::absolute(archive);
    std::error_code code;
    if (!fs::is_directory(target.parent_path(), code)) {
      throw Error(ErrorCode::NotFound, "there is no such folder", "Make it first, or check the path.", target.parent_path().string());
    }
    if (fs::equivalent(path, target, code))
      throw Error(ErrorCode::InvalidArgument, "the archive would replace the project itself", "Choose another name.", target.string());
    if (auto reader = ProjectReader::open(path); !reader) throw std::move(reader.error());

    // Beside the archive, so that big files are linked and not copied where the project lies on the same disk.
    const ScratchFolder scratch(target.parent_path());
    const fs::path copy_path = scratch.path() / kArchivedProject;
    open_for_reading(path)->copy_to(copy_path);
    std::map<std::string, fs::path> files;
    std::string id;
    {
      Database copy(copy_path, Database::Access::ReadWrite);
      copy.text("PRAGMA journal_mode = DELETE");
      if (!runs.empty()) keep_only(copy, runs);
      copy.script("VACUUM");
      id = copy.text("SELECT id FROM project");
      const ArtifactStore artifacts(path);
      for (const std::string& name : query_side_files(copy)) {
        // A link or a copy of its own: the project may drop the file while this goes on. What is missing or damaged stays out and is
        // listed as missing on the other side.
        const fs::path source = artifacts.path_of(name), held = scratch.path() / name;
        if (::link(source.c_str(), held.c_str()) != 0 && !fs::copy_file(source, held, code)) continue;
        if (const auto digest = sha256_of_file(held); digest && digest->sha256 == name) files[kArchivedFiles + name] = held;
      }
    }
    files[kArchivedProject] = copy_path;
    write_archive(target, id, files);
  });
}

}  // namespace dsw
