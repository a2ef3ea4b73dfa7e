// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/result.h"

struct zip;

namespace dsw {

/// NAME.dsz is a zip of "manifest.json", "project.dsx" and "files/SHA256". The manifest lists size and SHA-256 of every other entry:
///   {"deepshock": 1, "kind": "project", "format": 1, "project": ID, "created": SECONDS, "files": [{"name", "bytes", "sha256"}, …]}
/// Nothing else may be in it. Functions throw Error.

inline constexpr const char* kArchivedProject = "project.dsx";
inline constexpr const char* kArchivedFiles = "files/";

struct ArchiveEntry {
  std::string name, sha256;
  std::uint64_t bytes = 0;
};

/// An archive from anywhere, trusted in nothing: opening checks every entry's name, kind and size against the manifest and refuses
/// absolute and ".." paths, links, encrypted, duplicate and case-colliding names, unknown names, and sizes that differ.
class ArchiveReader {
 public:
  /// Throws Error{NotFound}, Error{BadFormat} (what is wrong with which entry) or Error{NewerVersion}.
  explicit ArchiveReader(const std::filesystem::path& path);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  const std::map<std::string, ArchiveEntry>& entries() const { return entries_; }  ///< by name, without the manifest
  std::uint64_t bytes() const;                                                     ///< of all entries
  /// Writes an entry to a new file. Stops at once when it holds more than the manifest says; checks size and hash at the end.
  /// `advanced` is told the bytes of each piece; what it throws ends the work.
  void extract(const ArchiveEntry& entry, const std::filesystem::path& target,
               const std::function<void(std::uint64_t bytes)>& advanced = {}) const;

 private:
  void check_names();
  void read_manifest();

  std::filesystem::path path_;
  zip* zip_ = nullptr;
  std::map<std::string, std::uint64_t> places_, sizes_;  // of every entry, as the zip says
  std::map<std::string, ArchiveEntry> entries_;
};

/// Writes an archive under a temporary name, syncs and renames it. `files`: entry name → file whose content it gets.
void write_archive(const std::filesystem::path& archive, const std::string& project_id,
                   const std::map<std::string, std::filesystem::path>& files);

}  // namespace dsw
