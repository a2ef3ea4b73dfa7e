// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "engine/core/ids.h"
#include "engine/store/foreign_project.h"
#include "engine/store/project_place.h"
#include "engine/store/sqlite_project.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

FileLock take_lock(const fs::path& path) {
  auto lock = FileLock::acquire(lock_path(path));
  if (lock) return std::move(*lock);
  if (lock.error().code == ErrorCode::Locked) {
    const auto holder = FileLock::holder(lock_path(path));
    throw Error(ErrorCode::Locked,
                fmt::format("{} is being written by {}", path.filename().string(), holder ? holder->sentence() : "another process"),
                "Close it there, or open it read-only.", path.string());
  }
  throw Error(ErrorCode::Io, fmt::format("{} cannot be written in {}", path.filename().string(), path.parent_path().string()),
              "Open it read-only, or copy it to a place that can be written.", path.string());
}

/// A new project appears whole or not at all: it is made under another name.
void create_file(const fs::path& path, const ProjectFormat& format) {
  fs::path making = path;
  making += ".making-" + new_id();
  try {
    {
      Database database(making, Database::Access::Create);
      create_tables(database, format, new_id());
    }
    if (::rename(making.c_str(), path.c_str()) != 0) throw write_error(path, errno);
  } catch (...) {
    std::error_code ignored;
    fs::remove(making, ignored);
    throw;
  }
}

void set_journal(Database& database, const std::string& wanted) {
  // A write-ahead log that was begun on a local disk is read without shared memory before it is given up.
  if (wanted == "delete") database.text("PRAGMA locking_mode = EXCLUSIVE");
  const std::string got = database.text("PRAGMA journal_mode = " + wanted);
  if (wanted == "delete") {
    database.text("PRAGMA locking_mode = NORMAL");
    database.integer("SELECT count(*) FROM project");  // the mode changes with the next reading
  }
  if (got != wanted) {
    throw Error(ErrorCode::Io, fmt::format("its journal could not be set to {}, it stays {}", wanted, got),
                "Close other programs that hold the file.", database.path().string());
  }
}

}  // namespace

Result<std::unique_ptr<Project>> open_project(const fs::path& given, Project::Mode mode, const ProjectFormat& format,
                                              const std::string& journal) {
  return guarded([&]() -> std::unique_ptr<Project> {
    const fs::path path = project_path(given);
    std::error_code code;
    const bool there = fs::exists(path, code);
    if (!fs::is_directory(path.parent_path(), code)) {
      throw Error(ErrorCode::NotFound, "there is no such folder", "Make it first, or check the path.", path.parent_path().string());
    }
    if (there && mode == Project::Mode::Create) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("there is a file named {} already", path.filename().string()),
                  "Choose another name.", path.string());
    }
    if (there || mode == Project::Mode::Open) check_file_start(path);

    FileLock lock = take_lock(path);
    // The other process may have made it while this one waited for nothing: the lock settles who is first.
    if (!fs::exists(path, code)) create_file(path, format);
    auto database = std::make_unique<Database>(path, Database::Access::ReadWrite);
    const int version = check_project_header(*database);
    if (version > format.version) {
      throw Error(ErrorCode::NewerVersion, newer_sentence(path.filename().string(), version, format.version),
                  "It opens read-only and stays as it is. Use the newer program to change it.", path.string());
    }
    if (!can_write(path)) {
      throw Error(ErrorCode::Io, fmt::format("{} cannot be written", path.filename().string()),
                  "Open it read-only, or change its permissions.", path.string());
    }
    set_journal(*database, journal.empty() ? journal_for(path) : journal);
    if (version < format.version) migrate(*database, format);
    check_ids(*database);
    const ArtifactStore artifacts(path);
    artifacts.prepare(database->text("SELECT id FROM project"));
    recover_project(*database, artifacts, work_path(path));
    return std::make_unique<SqliteProject>(path, std::move(lock), std::move(database));
  });
}

Result<std::unique_ptr<Project>> Project::open(const fs::path& path, Mode mode) { return open_project(path, mode, project_format()); }

}  // namespace dsw
