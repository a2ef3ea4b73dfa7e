// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace dsw {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Random123, tests/kat_vectors, "philox4x32 10" (Salmon et al. 2011).
TEST(PhiloxTest, givesThePublishedWords) {
  EXPECT_EQ(philox4x32(0, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(philox4x32(ones, ones, ones), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32(0x299f31d0a4093822u, 0x85a308d3243f6a88u, 0x0370734413198a2eu),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RngTest, drawsTheWordsOfItsKeyInOrder) {
  Rng rng(5, "shuffle");
  const Words block = philox4x32(rng.key(), 0, 0), next = philox4x32(rng.key(), 1, 0);
  for (const std::uint32_t word : block) EXPECT_EQ(rng.next_u32(), word);
  EXPECT_EQ(rng.next_u64(), next[0] | (std::uint64_t{next[1]} << 32));
  EXPECT_EQ(rng.position(), 6u);
}

TEST(RngTest, goesOnFromKeyAndPosition) {
  Rng rng(1, "dropout");
  for (int i = 0; i < 7; ++i) rng.next_u32();
  Rng restored;
  restored.restore(rng.key(), rng.position());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(restored.next_u64(), rng.next_u64());
}

TEST(RngTest, seedsAndNamesMakeDifferentStreams) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (const char* name : {"", "init", "shuffle", "dropout"}) firsts.insert(Rng(seed, name).next_u64());
  EXPECT_EQ(firsts.size(), 200u);
  EXPECT_EQ(Rng(3, "init").next_u64(), Rng(3, "init").next_u64());
}

TEST(RngTest, uniformNumbersFillTheUnitInterval) {
  Rng rng(11);
  std::vector<int> counts(10);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++counts[static_cast<std::size_t>(u * 10)];
    sum += u;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(RngTest, normalNumbersHaveTheirMoments) {
  Rng rng(12);
  double sum = 0, square = 0, fourth = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = rng.normal();
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(square / kDraws, 1, 0.02);
  EXPECT_NEAR(fourth / kDraws, 3, 0.1);
}

TEST(RngTest, drawsBelowWithoutBias) {
  Rng rng(13);
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{7}}) {
    std::vector<int> counts(n);
    for (int i = 0; i < 21000; ++i) ++counts[rng.below(n)];
    for (const int count : counts) EXPECT_NEAR(count, 21000.0 / static_cast<double>(n), 500);
  }
  // With n just above 2^63 half of all draws are rejected; without that the lower half would come twice as often.
  const std::uint64_t n = (std::uint64_t{1} << 63) + 1;
  int lower = 0;
  for (int i = 0; i < 4000; ++i) lower += rng.below(n) < n / 2;
  EXPECT_NEAR(lower, 2000, 200);
}

TEST(RngTest, shufflesEveryOrderEquallyOften) {
  Rng rng(14, "shuffle");
  std::vector<int> counts(6);
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> order{0, 1, 2};
    rng.shuffle(order.begin(), order.end());
    ++counts[static_cast<std::size_t>(order[0] * 2 + (order[1] > order[2]))];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  std::vector<int> many(1000);
  std::iota(many.begin(), many.end(), 0);
  const std::vector<int> before = many;
  rng.shuffle(many.begin(), many.end());
  EXPECT_NE(many, before);
  std::sort(many.begin(), many.end());
  EXPECT_EQ(many, before);
}

}  // namespace
}  // namespace dsw
