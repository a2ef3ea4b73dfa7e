// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/state_folder.h"

#include <cstdlib>

namespace dsw {

std::filesystem::path state_folder() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::filesystem::path(state) / "deepshock";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return std::filesystem::path(home) / ".local" / "state" / "deepshock";
  return {};
}

}  // namespace dsw
