// SPDX-License-Identifier: GPL-3.0-or-later
// An architecture as events and checkpoints write it: docs/searches.md.
#pragma once
#include "engine/core/json.h"
#include "engine/nas/search_space.h"

namespace dsw {

Json architecture_to_json(const Architecture& architecture);
/// Throws Json::exception where it is none.
Architecture architecture_from_json(const Json& json);

}  // namespace dsw
