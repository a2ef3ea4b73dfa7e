// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/train/recompute_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "engine/core/rng.h"

namespace dsw {
namespace {

using testing::ElementsAre;

ChainMeasure chain_of(std::size_t blocks, Rng& rng) {
  ChainMeasure chain;
  chain.base_bytes = 1000 + rng.below(1000);
  chain.head_bytes = rng.below(3000);
  for (std::size_t i = 0; i < blocks; ++i) {
    BlockMeasure block;
    block.seconds = 1 + static_cast<double>(rng.below(5));
    block.output_bytes = 50 + rng.below(100);
    block.kept_bytes = block.output_bytes + rng.below(1500);
    block.needed_bytes = block.kept_bytes + rng.below(500);
    block.later_bytes = 10 * (blocks - i);
    chain.blocks.push_back(block);
  }
  return chain;
}

/// Every way to keep blocks or compute runs of them again.
void for_all_plans(std::size_t blocks, std::vector<RecomputedBlocks> begun, std::size_t at,
                   const std::function<void(const std::vector<RecomputedBlocks>&)>& body) {
  if (at == blocks) return body(begun);
  for_all_plans(blocks, begun, at + 1, body);
  for (std::size_t end = at + 1; end <= blocks; ++end) {
    begun.push_back({at, end});
    for_all_plans(blocks, begun, end, body);
    begun.pop_back();
  }
}

double seconds_of(const ChainMeasure& chain, const std::vector<RecomputedBlocks>& plan) {
  double sum = 0;
  for (const RecomputedBlocks& part : plan)
    for (std::size_t i = part.begin; i < part.end; ++i) sum += chain.blocks[i].seconds;
  return sum;
}

TEST(RecomputePlan, IsTheFastestOfAllThatFit) {
  Rng rng(4);
  for (int round = 0; round < 40; ++round) {
    const ChainMeasure chain = chain_of(6, rng);
    const std::uint64_t all = predicted_peak(chain, {}), limit = all * (30 + rng.below(75)) / 100;
    double fastest = std::numeric_limits<double>::infinity();
    for_all_plans(6, {}, 0, [&](const std::vector<RecomputedBlocks>& plan) {
      if (predicted_peak(chain, plan) <= limit) fastest = std::min(fastest, seconds_of(chain, plan));
    });
    const auto choice = choose_recomputed(chain, limit);
    ASSERT_EQ(choice.has_value(), std::isfinite(fastest)) << round;
    if (!choice) continue;
    EXPECT_DOUBLE_EQ(choice->seconds, fastest) << round;
    EXPECT_DOUBLE_EQ(seconds_of(chain, choice->recomputed), fastest);
    EXPECT_EQ(choice->peak_bytes, predicted_peak(chain, choice->recomputed));
    EXPECT_LE(choice->peak_bytes, limit);
  }
}

TEST(RecomputePlan, KeepsAllWhereAllFitsAndRefusesWhereNothingDoes) {
  Rng rng(5);
  const ChainMeasure chain = chain_of(7, rng);
  EXPECT_TRUE(choose_recomputed(chain, predicted_peak(chain, {}))->recomputed.empty());
  EXPECT_FALSE(choose_recomputed(chain, chain.base_bytes));
  EXPECT_TRUE(choose_recomputed(ChainMeasure{}, 0)->recomputed.empty());
}

TEST(RecomputePlan, ManyBlocksAreChosenFromInNoTime) {
  Rng rng(6);
  const ChainMeasure chain = chain_of(96, rng);
  const auto choice = choose_recomputed(chain, predicted_peak(chain, {}) / 3);
  ASSERT_TRUE(choice);
  EXPECT_LE(choice->peak_bytes, predicted_peak(chain, {}) / 3);
}

TEST(RecomputePlan, SqrtMakesRunsOfNearlyEqualLength) {
  EXPECT_THAT(sqrt_blocks(12),
              ElementsAre(RecomputedBlocks{0, 3}, RecomputedBlocks{3, 6}, RecomputedBlocks{6, 9}, RecomputedBlocks{9, 12}));
  EXPECT_THAT(sqrt_blocks(5), ElementsAre(RecomputedBlocks{0, 1}, RecomputedBlocks{1, 3}, RecomputedBlocks{3, 5}));
  EXPECT_TRUE(sqrt_blocks(0).empty());
}

}  // namespace
}  // namespace dsw
