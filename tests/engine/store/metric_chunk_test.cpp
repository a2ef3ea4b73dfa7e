// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/store/metric_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace dsw {
namespace {

std::vector<MetricPoint> unpacked(const std::vector<unsigned char>& bytes, std::int64_t after_seq = 0) {
  std::vector<MetricPoint> points;
  const auto result = unpack_points(bytes, after_seq, points);
  EXPECT_TRUE(result) << result.error().sentence();
  return points;
}

void expect_equal(const std::vector<MetricPoint>& a, const std::vector<MetricPoint>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].seq, b[i].seq);
    EXPECT_EQ(a[i].step, b[i].step);
    EXPECT_EQ(a[i].time, b[i].time);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a[i].value), std::bit_cast<std::uint64_t>(b[i].value));
  }
}

TEST(MetricChunk, ValuesComeBackBitForBit) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::vector<MetricPoint> wide{{1, 0, 1'700'000'000.25, 0.1},     {5, 10, 1'700'000'000.5, -0.0},
                                      {6, 9, 1'700'000'000.125, kInf},   {1'000'000'000'000, -3, 0, -kInf},
                                      {1'000'000'000'001, 2, 1, 5e-324}, {1'000'000'000'002, 3, 2, std::nan("")}};
  expect_equal(unpacked(pack_points(wide)), wide);
  const std::vector<MetricPoint> narrow{{1, 1, 1, 0.5}, {2, 2, 2, 1.5f}, {3, 3, 3, std::numeric_limits<float>::min()}, {4, 4, 4, kInf}};
  const auto bytes = pack_points(narrow);
  EXPECT_EQ(bytes[1], 4) << "float32 values take four bytes";
  expect_equal(unpacked(bytes), narrow);
  EXPECT_EQ(pack_points(wide)[1], 8);
  EXPECT_TRUE(unpacked(pack_points({})).empty());
  EXPECT_EQ(unpacked(bytes, 2).size(), 2u);
}

TEST(MetricChunk, ATrainingCurveTakesAboutNineBytesAPoint) {
  std::vector<MetricPoint> points;
  for (int i = 0; i < 512; ++i) points.push_back({3 * i + 1, i, 1'700'000'000 + 0.004 * i, static_cast<float>(1.0 / (i + 1))});
  EXPECT_LT(pack_points(points).size(), 512u * 10);
}

TEST(MetricChunk, DamagedBytesAreRefusedAndLeaveTheOutputAsItWas) {
  std::vector<MetricPoint> points;
  for (int i = 0; i < 40; ++i) points.push_back({i + 1, i, 1.0 * i, 1.0 / (i + 1)});
  const std::vector<unsigned char> good = pack_points(points);
  std::mt19937 random(3);
  for (std::size_t size = 0; size < good.size(); ++size) {
    std::vector<MetricPoint> out(1);
    EXPECT_FALSE(unpack_points(std::span(good).first(size), 0, out)) << size;
    EXPECT_EQ(out.size(), 1u);
  }
  for (int round = 0; round < 2000; ++round) {
    std::vector<unsigned char> bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<unsigned char>(random());
    std::vector<MetricPoint> out(1);
    if (!unpack_points(bad, 0, out)) {
      EXPECT_EQ(out.size(), 1u);
    }
  }
  // A byte too many, between the numbers and the values or behind them: the values would be read one byte off.
  for (const std::size_t place : {good.size() - 40 * 8, good.size()}) {
    std::vector<unsigned char> longer = good;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(place), 0);
    std::vector<MetricPoint> out(1);
    EXPECT_FALSE(unpack_points(longer, 0, out)) << place;
    EXPECT_EQ(out.size(), 1u);
  }
  // A count that would ask for all memory.
  const std::vector<unsigned char> lying{1, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0};
  std::vector<MetricPoint> out;
  EXPECT_FALSE(unpack_points(lying, 0, out));
}

}  // namespace
}  // namespace dsw
