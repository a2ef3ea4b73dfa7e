// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/core/result.h"

namespace dsw {

/// The folder of the running program's file.
std::filesystem::path program_folder();

/// What is shipped beside the program: data/, templates/. `share/deepshock` in the program's folder, its parent or its
/// grandparent (build/bin and build/tests find build/share/deepshock, /usr/bin finds /usr/share/deepshock).
/// Error{NotFound} names the places that were looked at.
Result<std::filesystem::path> resource_folder();

}  // namespace dsw
