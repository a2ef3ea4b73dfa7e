// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/store/database.h"

namespace dsw {

/// PRAGMA application_id of a project: "DSWB". PRAGMA user_version is its format.
inline constexpr std::int64_t kProjectApplicationId = 0x44535742;

/// One step of the format: SQL that makes a file of `from` one of `from + 1`.
struct Migration {
  int from = 0;
  std::string sql;
};

/// What the program knows of the file format. Tests make later ones of it to migrate to.
struct ProjectFormat {
  int version = 2;
  std::vector<Migration> migrations;  ///< every step from the oldest supported version to `version`
};
const ProjectFormat& project_format();

/// Fills an empty database with the tables of version 1 and a project row, then migrates it to the format's version.
void create_tables(Database& database, const ProjectFormat& format, const std::string& project_id);

/// Throws Error{Damaged} when this is no project. Gives its version.
int check_project_header(Database& database);

/// Brings an older project up to the format's version in one transaction, after copying it to NAME.dsx.backup-vN beside it.
/// Gives the copy's path. A failed migration leaves the file as it was.
std::filesystem::path migrate(Database& database, const ProjectFormat& format);

}  // namespace dsw
