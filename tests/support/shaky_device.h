// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/core/catalog.h"

namespace dsw {

/// Registers the device "shaky", a CPU whose memory the host may not touch, as of a graphics processor. The file `faults` says, a line
/// each, what happens next: "wrong 40" (from the 40th product of this process on they are wrong), "fails 40" (from then on they do not
/// start), "dies 40" (the device answers no more), "crash 40" (the process ends by a signal), "memory 40" (from then on tensors above 2 KB
/// find none, three times). A process takes the first line out of the file when it opens the device.
void register_shaky_device(Catalog& catalog, std::filesystem::path faults);

}  // namespace dsw
