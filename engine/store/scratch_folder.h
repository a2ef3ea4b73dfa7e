// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/core/ids.h"
#include "engine/store/database.h"

namespace dsw {

/// A hidden folder for half-done work, removed with everything in it at the end of its scope.
class ScratchFolder {
 public:
  /// Throws Error{Io} where `parent` cannot be written.
  explicit ScratchFolder(const std::filesystem::path& parent) : path_(parent / (".deepshock-" + new_id())) {
    std::error_code code;
    if (!std::filesystem::create_directory(path_, code)) throw write_error(path_, code.value());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dsw
