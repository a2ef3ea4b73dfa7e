// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>

#include "engine/run/worker.h"  // kWorkerLock

namespace dsw {

/// What the place of a project file allows. Functions that refuse throw Error.

/// Absolute, with links followed, so that two names of one project share one lock.
std::filesystem::path project_path(const std::filesystem::path& given);
std::filesystem::path lock_path(const std::filesystem::path& project);  ///< NAME.dsx.lock
std::filesystem::path work_path(const std::filesystem::path& project);  ///< NAME.dsx.work

/// Throws Error{NotFound} or Error{Damaged} when the file cannot be a SQLite database.
void check_file_start(const std::filesystem::path& project);
/// Whether the file and its folder can be written by this process.
bool can_write(const std::filesystem::path& project);
/// "wal" on local disks, "delete" on network file systems, where the memory that a write-ahead log needs is not shared.
std::string journal_for_file_system(long file_system_type);
std::string journal_for(const std::filesystem::path& project);
std::string newer_sentence(const std::string& file, int version, int known);

}  // namespace dsw
