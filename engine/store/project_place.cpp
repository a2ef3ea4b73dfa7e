// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/project_place.h"

#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/core/result.h"
#include "engine/store/database.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

// statfs(2) f_type: NFS, SMB, CIFS, SMB2, AFS, Coda, FUSE (sshfs and most cluster clients), 9p, Ceph, Lustre, GPFS, OCFS2, GFS2, BeeGFS.
constexpr std::array<unsigned long, 14> kNetworkFileSystems{0x6969,     0x517b,     0xff534d42, 0xfe534d42, 0x5346414f,
                                                            0x73757245, 0x65735546, 0x01021997, 0x00c36400, 0x0bd00bd0,
                                                            0x47504653, 0x7461636f, 0x01161970, 0x19830326};

fs::path with_suffix(fs::path path, const char* suffix) {
  path += suffix;
  return path;
}

}  // namespace

fs::path project_path(const fs::path& given) {
  std::error_code code;
  const fs::path path = fs::weakly_canonical(fs::absolute(given), code);
  return code ? fs::absolute(given) : path;
}

fs::path lock_path(const fs::path& project) { return with_suffix(project, ".lock"); }
fs::path work_path(const fs::path& project) { return with_suffix(project, ".work"); }

void check_file_start(const fs::path& project) {
  std::error_code code;
  if (!fs::exists(project, code)) {
    throw Error(ErrorCode::NotFound, "there is no such project", "Check the path; \"deepshock run DOC --project FILE\" makes a new one.",
                project.string());
  }
  if (!fs::is_regular_file(project, code))
    throw Error(ErrorCode::Damaged, "this is not a file", "Choose a project file (.dsx).", project.string());
  constexpr int kHeader = 100;
  static constexpr char kMagic[] = "SQLite format 3";
  const std::string start = Database(project, Database::Access::ReadOnly).file_start(kHeader);
  if (start.empty())
    throw Error(ErrorCode::Damaged, "the project file is empty", "Go back to a copy of it, or choose another name.", project.string());
  if (start.size() < kHeader || std::memcmp(start.data(), kMagic, sizeof kMagic) != 0) {
    throw Error(ErrorCode::Damaged, "this is not a project file, or its beginning is lost", "Go back to a copy of it.", project.string());
  }
}

bool can_write(const fs::path& project) {
  const fs::path folder = project.parent_path();
  return ::access(folder.c_str(), W_OK | X_OK) == 0 && (::access(project.c_str(), W_OK) == 0 || errno == ENOENT);
}

std::string journal_for_file_system(long file_system_type) {
  const auto type = static_cast<unsigned long>(file_system_type) & 0xffffffffUL;
  return std::find(kNetworkFileSystems.begin(), kNetworkFileSystems.end(), type) == kNetworkFileSystems.end() ? "wal" : "delete";
}

std::string journal_for(const fs::path& project) {
  struct statfs status {};
  if (::statfs(project.parent_path().c_str(), &status) != 0) return "wal";
  return journal_for_file_system(static_cast<long>(status.f_type));
}

std::string newer_sentence(const std::string& file, int version, int known) {
  return fmt::format("{} is of version {}; this program knows up to {}", file, version, known);
}

}  // namespace dsw
