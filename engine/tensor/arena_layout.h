// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dsw {

/// A block of memory that a step needs from its first use to its last, both counted in calls; `last` may be kToTheEnd.
struct ArenaBlock {
  static constexpr std::int64_t kToTheEnd = INT64_MAX;
  std::size_t bytes = 0;
  std::int64_t first = 0, last = -1;  ///< last < first: never used, takes no room
  std::size_t offset = 0;             ///< what lay_out chose, a multiple of 64
  bool used() const { return last >= first; }
  bool meets(const ArenaBlock& other) const { return first <= other.last && other.first <= last; }
};

/// Gives every block its place in one arena, so that blocks which are needed at the same time do not overlap, and returns the arena's
/// bytes. Greedy by size: the largest first, each into the smallest gap that holds it.   Source: Pisarchyk & Lee 2020, algorithm 3.
std::size_t lay_out(std::vector<ArenaBlock>& blocks);

/// The most bytes needed at one time: no arena can be smaller.
std::size_t most_needed(const std::vector<ArenaBlock>& blocks);

}  // namespace dsw
