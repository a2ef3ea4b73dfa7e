// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace dsw {
/// JSON with the order of keys kept, as a person wrote them. Sources that look inside include <nlohmann/json.hpp>.
using Json = nlohmann::ordered_json;
}  // namespace dsw
