// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/data/augmentation.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

namespace dsw {
namespace {

constexpr std::int64_t kHeight = 4, kWidth = 5;

/// Pictures of 1 … 20, each value standing for itself; black is 0 and becomes -1, so that padding is seen.
std::vector<float> changed(const Augmentation& change) {
  std::vector<std::uint8_t> in(kHeight * kWidth);
  std::iota(in.begin(), in.end(), static_cast<std::uint8_t>(1));
  std::vector<float> value_of(256), out(in.size());
  for (std::size_t v = 0; v < 256; ++v) value_of[v] = v == 0 ? -1.0F : static_cast<float>(v);
  normalise_picture(in.data(), 1, kHeight, kWidth, value_of.data(), change, out.data());
  return out;
}

TEST(Augmentation, movesFlipsAndCuts) {
  EXPECT_EQ(changed({1, 0, false, 0, 0, 0}),
            (std::vector<float>{6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, -1, -1, -1, -1, -1}));
  EXPECT_EQ(changed({0, -2, false, 0, 0, 0}),
            (std::vector<float>{-1, -1, 1, 2, 3, -1, -1, 6, 7, 8, -1, -1, 11, 12, 13, -1, -1, 16, 17, 18}));
  EXPECT_EQ(changed({0, 0, true, 0, 0, 0}), (std::vector<float>{5, 4, 3, 2, 1, 10, 9, 8, 7, 6, 15, 14, 13, 12, 11, 20, 19, 18, 17, 16}));
  EXPECT_EQ(changed({-3, 3, true, 0, 0, 0}),
            (std::vector<float>{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 5, 4}));
  EXPECT_EQ(changed({9, 9, false, 0, 0, 0}), std::vector<float>(20, -1));
  EXPECT_EQ(changed({0, -9, false, 0, 0, 0}), std::vector<float>(20, -1));
  EXPECT_EQ(changed({0, 0, false, -1, 3, 3}), (std::vector<float>{1, 2, 3, 0, 0, 6, 7, 8, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}));
}

TEST(Augmentation, drawsEveryPlaceEquallyOften) {
  const AugmentSettings settings = augment_settings({"crop", "flip"});
  std::map<std::pair<std::int64_t, std::int64_t>, int> places;
  int flips = 0;
  constexpr int kDraws = 81000;
  for (int i = 0; i < kDraws; ++i) {
    const Augmentation change = draw_augmentation(settings, 42, i / 1000, i % 1000, 32, 32);
    ++places[{change.dy, change.dx}];
    flips += change.flip;
    EXPECT_EQ(change.cut_size, 0);
  }
  EXPECT_EQ(places.size(), 81U);  // 9 × 9 places of a picture with 4 black pixels around
  EXPECT_EQ(places.begin()->first, (std::pair<std::int64_t, std::int64_t>{-4, -4}));
  for (const auto& [place, count] : places) EXPECT_NEAR(count, 1000, 160);  // 5 standard deviations
  EXPECT_NEAR(flips, kDraws / 2, 720);
}

TEST(Augmentation, isAPureFunctionOfKeyEpochAndExample) {
  const AugmentSettings settings = augment_settings({"shift", "cutout"});
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>> seen;
  const auto draw = [&](std::uint64_t key, std::int64_t epoch, std::int64_t example) {
    const Augmentation c = draw_augmentation(settings, key, epoch, example, 28, 28);
    return std::tuple(c.dy, c.dx, c.cut_top, c.cut_left);
  };
  for (const auto& other : {draw(1, 0, 0), draw(2, 0, 0), draw(1, 1, 0), draw(1, 0, 1)}) seen.insert(other);
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_EQ(draw(1, 0, 0), draw(1, 0, 0));
  for (int i = 0; i < 500; ++i) {
    const Augmentation change = draw_augmentation(settings, 3, 0, i, 28, 28);
    EXPECT_LE(std::abs(change.dy), 2);
    EXPECT_LE(std::abs(change.dx), 2);
    EXPECT_EQ(change.cut_size, 14);
    EXPECT_FALSE(change.flip);
  }
}

}  // namespace
}  // namespace dsw
