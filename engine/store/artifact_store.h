// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "engine/core/sha256.h"

namespace dsw {

/// The side files of a project: NAME.dsx.files/SHA256, and `project-id` that says whose they are. A file is written under a
/// temporary name, synced and renamed, and only then named by a row, so a row never names half a file. Functions that write throw
/// Error. Any thread.
class ArtifactStore {
 public:
  explicit ArtifactStore(const std::filesystem::path& project);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path_of(const std::string& sha256) const { return folder_ / sha256; }

  /// Makes the folder where it is missing. Throws Error{Damaged} when it belongs to another project.
  void prepare(const std::string& project_id) const;
  /// Takes a copy of `source` in: a file that its owner may write again.
  FileDigest take_copy(const std::filesystem::path& source) const;
  /// Takes `source` in by its hash without copying where the file system can; `source` stays. It must never be written in place
  /// again. Throws Error{BadFormat} when the content is not `expected`. A source that is gone is fine when it was taken in before.
  FileDigest take_in(const std::filesystem::path& source, const std::string& expected) const;

  /// Names of all side files that are there: one look at the folder.
  std::set<std::string> present() const;
  /// Removes a side file; gives its bytes.
  std::uint64_t remove(const std::string& sha256) const;
  /// Removes leftovers of takes that a crash broke off.
  void remove_temporaries() const;

 private:
  void settle(const std::filesystem::path& temporary, const std::string& sha256) const;
  std::filesystem::path temporary() const;
  std::filesystem::path folder_;
};

/// The path of `name` inside `folder`, or an empty path when it would leave it: absolute, "..", empty, or through a link.
std::filesystem::path path_inside(const std::filesystem::path& folder, const std::string& name);

}  // namespace dsw
