// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/nas/search_space.h"

namespace dsw {

// Parts of a space's document as they are written (docs/searches.md). What is wrong is added to `problems` at its JSON pointer.

/// The numbers of {"choice": […]} as candidates. False where they are wrong.
bool read_values(std::vector<Problem>& problems, const Json& values, const std::string& pointer, SpaceChoice& choice);
/// The key "candidates"; titles only where they have a name. Empty where they cannot be used.
std::vector<SpaceCandidate> read_candidates(std::vector<Problem>& problems, const Json& node, const std::string& pointer);
/// A web's number of nodes and inputs to `in_place`, its edges as {to, from}. False where a setting is wrong.
bool read_web(std::vector<Problem>& problems, const Json& cell, const std::string& at, SpaceCell& in_place,
              std::set<std::pair<int, int>>& edges);

}  // namespace dsw
