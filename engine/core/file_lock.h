// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "engine/core/result.h"

namespace dsw {

/// Who holds a lock: written into the lock file by its holder.
struct LockHolder {
  long process = 0;
  std::string host;
  double since = 0;              ///< seconds since 1970
  std::string sentence() const;  ///< "process 4711 on host trilobite since 14:02" (with the date when it is not today's)
};

/// An operating-system lock on a file of its own: it dies with its process, however that ends, and names its holder to others.
/// Two locks of one path exclude each other in one process too. The file is removed on release. Any thread.
class FileLock {
 public:
  /// Error{Locked} names the holder; Error{Io} where the file cannot be made (a read-only place).
  static Result<FileLock> acquire(const std::filesystem::path& path);
  /// The holder of the lock at `path`, or nothing when it is free. Never waits and never takes the lock.
  static std::optional<LockHolder> holder(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  FileLock(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  void release();
  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace dsw
