// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Blocks that are needed at the same time never overlap, and the arena stays near the most that is needed at one time.
#include "engine/tensor/arena_layout.h"

#include <gtest/gtest.h>

#include "engine/core/rng.h"

namespace dsw {
namespace {

void expect_apart(const std::vector<ArenaBlock>& blocks, std::size_t total) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!blocks[i].used()) continue;
    EXPECT_EQ(blocks[i].offset % 64, 0u);
    EXPECT_LE(blocks[i].offset + blocks[i].bytes, total);
    for (std::size_t j = 0; j < i; ++j) {
      if (!blocks[j].used() || !blocks[i].meets(blocks[j])) continue;
      const bool apart = blocks[i].offset + blocks[i].bytes <= blocks[j].offset || blocks[j].offset + blocks[j].bytes <= blocks[i].offset;
      EXPECT_TRUE(apart) << i << " and " << j;
    }
  }
}

TEST(ArenaLayout, AChainNeedsTwoOfItsBlocks) {
  std::vector<ArenaBlock> blocks;
  for (std::int64_t i = 0; i < 10; ++i) blocks.push_back({1000, i, i + 1});
  const std::size_t total = lay_out(blocks);
  expect_apart(blocks, total);
  EXPECT_EQ(total, 2 * 1024u);
  EXPECT_EQ(most_needed(blocks), total);
}

TEST(ArenaLayout, WhatIsNeverUsedTakesNoRoom) {
  std::vector<ArenaBlock> blocks{{4096}, {64, 3, 3}, {1 << 20}};
  EXPECT_EQ(lay_out(blocks), 64u);
  std::vector<ArenaBlock> none;
  EXPECT_EQ(lay_out(none), 0u);
}

TEST(ArenaLayout, AnEmptyTensorHasAPlaceOfItsOwn) {
  std::vector<ArenaBlock> blocks{{0, 0, 1}, {0, 1, ArenaBlock::kToTheEnd}};
  const std::size_t total = lay_out(blocks);
  EXPECT_NE(blocks[0].offset, blocks[1].offset);
  EXPECT_EQ(total, 128u);
}

/// Forward and backward of a network: activations live from their layer to its gradient, temporaries for one call.
TEST(ArenaLayout, ATrainingStepFitsWithinAQuarterMoreThanItNeeds) {
  Rng rng(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<ArenaBlock> blocks;
    const std::int64_t layers = 4 + static_cast<std::int64_t>(rng.below(20));
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      blocks.push_back({static_cast<std::size_t>(1 + rng.below(1 << 16)), layer, 2 * layers - layer});
      blocks.push_back({static_cast<std::size_t>(1 + rng.below(1 << 18)), layer, layer + static_cast<std::int64_t>(rng.below(2))});
      blocks.push_back({static_cast<std::size_t>(1 + rng.below(1 << 14)), 2 * layers - layer, ArenaBlock::kToTheEnd});
    }
    const std::size_t total = lay_out(blocks), least = most_needed(blocks);
    expect_apart(blocks, total);
    EXPECT_GE(total, least);
    EXPECT_LE(static_cast<double>(total), 1.25 * static_cast<double>(least)) << round;
  }
}

}  // namespace
}  // namespace dsw
