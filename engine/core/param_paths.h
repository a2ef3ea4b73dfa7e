// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"

namespace dsw {

/// `value` with every relative path made absolute below `base`; names of shipped data ("builtin:mnist") stay. What does not fit the
/// schema stays as it is. For documents that leave their place: workers, cluster jobs.
Json with_absolute_paths(const ParamSchema& schema, const Json& value, const std::filesystem::path& base);

}  // namespace dsw
