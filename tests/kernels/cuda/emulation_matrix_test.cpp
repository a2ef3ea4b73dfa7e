// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// The emulated device: ldmatrix and mma, held against plain loops in the fragment layouts of the PTX ISA.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/cuda/narrow.h"
#include "kernels/philox.h"
#include "tests/kernels/cuda/emulated_launch.h"

namespace dsw::test {
namespace {

/// [-2, 2) in steps that all formats hold.
float value_at(std::uint64_t key, std::uint64_t i) {
  return static_cast<float>(static_cast<int>(kernels::philox(key, i)[0] % 16) - 8) * 0.25f;
}

/// a [16, K] b [K, 8] + c through one mma, whose registers are filled by the rule "lane, register, part -> row and column".
template <class A, class B, int K, class Multiply>
void check_product(Multiply&& multiply) {
  constexpr int kPerWord = 4 / static_cast<int>(sizeof(A)), kHalf = K / 2;
  DeviceArray<float> result(16 * 8, 0);
  float* out = result.device();
  const auto a_at = [](int row, int k) { return value_at(1, static_cast<std::uint64_t>(row * K + k)); };
  const auto b_at = [](int k, int column) { return value_at(2, static_cast<std::uint64_t>(k * 8 + column)); };
  ASSERT_EQ(run("mma", 1, 32, 0,
                [=] {
                  const int lane = static_cast<int>(threadIdx.x), group = lane / 4, place = lane % 4;
                  std::uint32_t a[4] = {}, b[2] = {};
                  for (int word = 0; word < 4; ++word)
                    for (int part = 0; part < kPerWord; ++part) {
                      const int row = group + word % 2 * 8, k = place * kPerWord + part + word / 2 * kHalf;
                      a[word] |= static_cast<std::uint32_t>(cuda::narrow<A>(a_at(row, k)).bits) << (32 / kPerWord * part);
                      if (word < 2)
                        b[word] |= static_cast<std::uint32_t>(cuda::narrow<B>(b_at(place * kPerWord + part + word * kHalf, group)).bits)
                                   << (32 / kPerWord * part);
                    }
                  float c[4] = {1, 1, 1, 1};
                  multiply(c, a, b);
                  for (int e = 0; e < 4; ++e) cuda::store(out + (group + e / 2 * 8) * 8 + place * 2 + e % 2, c[e]);
                }),
            "");
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float sum = 1;
      for (int k = 0; k < K; ++k) sum += a_at(row, k) * b_at(k, column);
      EXPECT_EQ(result.host()[static_cast<std::size_t>(row * 8 + column)], sum) << row << ", " << column;
    }
}

TEST_F(EmulationTest, MmaOf16BitNumbersIsExact) {
  check_product<kernels::Bf16, kernels::Bf16, 16>([](auto&... x) { cuda::mma_m16n8k16<kernels::Bf16>(x...); });
  check_product<kernels::F16, kernels::F16, 16>([](auto&... x) { cuda::mma_m16n8k16<kernels::F16>(x...); });
}
TEST_F(EmulationTest, MmaOf8BitNumbersIsExact) {
  using kernels::E4m3;
  using kernels::E5m2;
  check_product<E4m3, E4m3, 32>([](auto&... x) { cuda::mma_m16n8k32<E4m3, E4m3>(x...); });
  check_product<E4m3, E5m2, 32>([](auto&... x) { cuda::mma_m16n8k32<E4m3, E5m2>(x...); });
  check_product<E5m2, E4m3, 32>([](auto&... x) { cuda::mma_m16n8k32<E5m2, E4m3>(x...); });
  check_product<E5m2, E5m2, 32>([](auto&... x) { cuda::mma_m16n8k32<E5m2, E5m2>(x...); });
}

/// Loads four matrices of 8 x 8 whose element (row, column) of matrix m is 64 m + 8 row + column; rows `pitch` elements apart.
std::vector<unsigned> loaded(int pitch, bool transposed) {
  DeviceArray<unsigned> result(32 * 4, 0u);
  unsigned* out = result.device();
  EXPECT_EQ(run("ldmatrix", 1, 32, static_cast<std::size_t>(32 * pitch * 2),
                [=] {
                  DSW_DYNAMIC_SHARED(std::uint16_t, tile);
                  const int lane = static_cast<int>(threadIdx.x);
                  for (int column = 0; column < 8; ++column) tile[lane * pitch + column] = static_cast<std::uint16_t>(8 * lane + column);
                  __syncwarp();
                  std::uint32_t r[4];
                  if (transposed)
                    cuda::ldmatrix_x4_trans(r, tile + lane * pitch);
                  else
                    cuda::ldmatrix_x4(r, tile + lane * pitch);
                  for (int i = 0; i < 4; ++i) cuda::store(out + 4 * lane + i, r[i]);
                }),
            "");
  return result.host();
}
TEST_F(EmulationTest, LdmatrixGivesTheFragmentsOfMma) {
  for (const bool transposed : {false, true}) {
    const std::vector<unsigned> r = loaded(8, transposed);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned matrix = 0; matrix < 4; ++matrix)
        for (unsigned part = 0; part < 2; ++part) {
          const unsigned outer = lane / 4, inner = lane % 4 * 2 + part;
          const unsigned row = transposed ? inner : outer, column = transposed ? outer : inner;
          EXPECT_EQ(r[4 * lane + matrix] >> (16 * part) & 0xFFFF, 64 * matrix + 8 * row + column);
        }
  }
}
TEST_F(EmulationTest, LdmatrixCountsTheConflictsOfItsRows) {
  loaded(8, false);  // rows of 16 bytes after each other fill the banks
  EXPECT_EQ(cuda_emulation::counters().shared_requests, 4u);
  EXPECT_EQ(cuda_emulation::counters().bank_conflicts, 0u);
  cuda_emulation::reset_counters();
  loaded(64, false);  // 128 bytes apart: all eight rows in the same four banks
  EXPECT_EQ(cuda_emulation::counters().bank_conflicts, 4u * 7);
  cuda_emulation::reset_counters();
  loaded(72, false);  // padded by 16 bytes
  EXPECT_EQ(cuda_emulation::counters().bank_conflicts, 0u);
}
TEST_F(EmulationTest, LdmatrixWantsAlignedRows) {
  const std::string report = run("ldmatrix", 1, 32, 1024, [] {
    DSW_DYNAMIC_SHARED(std::uint16_t, tile);
    std::uint32_t r[4];
    cuda::ldmatrix_x4(r, tile + 8 * threadIdx.x + 1);
  });
  EXPECT_NE(report.find("ldmatrix: the row's address is not a multiple of 16, emulation_matrix_test.cpp:"), std::string::npos) << report;
}
TEST_F(EmulationTest, AWarpThatIsNotWholeCannotMultiply) {
  const std::string report = run("mma", 1, 32, 0, [] {
    if (threadIdx.x == 31) return;
    float c[4] = {};
    const std::uint32_t a[4] = {}, b[2] = {};
    cuda::mma_m16n8k16<kernels::Bf16>(c, a, b);
  });
  EXPECT_NE(report.find("from thread 0: waits in mma, emulation_matrix_test.cpp:"), std::string::npos) << report;
}

}  // namespace
}  // namespace dsw::test
