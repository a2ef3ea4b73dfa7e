// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/resource_folder.h"

namespace dsw {

std::filesystem::path program_folder() {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
}

Result<std::filesystem::path> resource_folder() {
  const std::filesystem::path program = program_folder();
  std::filesystem::path place = program;
  for (int level = 0; level < 3; ++level, place = place.parent_path()) {
    const std::filesystem::path folder = place / "share" / "deepshock";
    std::error_code none;
    if (std::filesystem::is_directory(folder, none)) return folder;
  }
  return fail(ErrorCode::NotFound, fmt::format("share/deepshock is neither in {} nor in the two folders above it", program.string()),
              "Install the program as a whole, or start it from its build folder.");
}

}  // namespace dsw
