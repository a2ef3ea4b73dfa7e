// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/arena_layout.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace dsw {
namespace {

constexpr std::size_t kLine = 64;

std::size_t lines(std::size_t bytes) { return std::max(kLine, (bytes + kLine - 1) / kLine * kLine); }

/// The smallest gap that holds `bytes` between placed blocks, which are sorted by offset; else behind them all.
std::size_t best_offset(const std::vector<const ArenaBlock*>& met, std::size_t bytes) {
  std::size_t end = 0, best = 0, best_gap = std::numeric_limits<std::size_t>::max();
  for (const ArenaBlock* block : met) {
    if (block->offset >= end + bytes && block->offset - end < best_gap) {
      best_gap = block->offset - end;
      best = end;
    }
    end = std::max(end, block->offset + lines(block->bytes));
  }
  return best_gap == std::numeric_limits<std::size_t>::max() ? end : best;
}

}  // namespace

std::size_t lay_out(std::vector<ArenaBlock>& blocks) {
  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return blocks[a].bytes > blocks[b].bytes; });
  std::vector<const ArenaBlock*> placed, met;
  std::size_t total = 0;
  for (const std::size_t i : order) {
    ArenaBlock& block = blocks[i];
    if (!block.used()) continue;
    met.clear();
    for (const ArenaBlock* other : placed)
      if (other->meets(block)) met.push_back(other);
    const std::size_t bytes = lines(block.bytes);
    block.offset = best_offset(met, bytes);
    total = std::max(total, block.offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &block,
                                   [](const ArenaBlock* a, const ArenaBlock* b) { return a->offset < b->offset; }),
                  &block);
  }
  return total;
}

std::size_t most_needed(const std::vector<ArenaBlock>& blocks) {
  std::size_t most = 0;
  for (const ArenaBlock& at : blocks) {
    if (!at.used()) continue;
    std::size_t sum = 0;
    for (const ArenaBlock& other : blocks)
      if (other.used() && other.first <= at.first && other.last >= at.first) sum += lines(other.bytes);
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace dsw
