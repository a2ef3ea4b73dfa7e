// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

namespace dsw {

/// Where what the program learns about this machine is kept beside projects: $XDG_STATE_HOME/deepshock, else ~/.local/state/deepshock.
/// Empty when neither is known. Not made here.
std::filesystem::path state_folder();

}  // namespace dsw
