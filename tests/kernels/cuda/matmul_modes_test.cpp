// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 300
// The tiled matrix product itself: every order of threads and of copies gives the same bits, each planted bug is caught by the mode that is
// named beside it, and large tiles save the global traffic that they are for.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {
std::string planted;  // the name of the bug that the kernels below have
}
#define DSW_PLANTED(name) (planted == #name ? 1 : 0)
#define cuda cuda_planted  // a namespace of their own: the linker keeps one of two templates of the same name
#include "kernels/cuda/matmul_blocks.h"
#include "kernels/cuda/matmul_tiled.h"
#undef cuda
#include "tests/kernels/cuda/emulated_modes.h"

namespace dsw::test {
namespace {

using cuda_planted::Lies;

/// Device memory with numbers of any bits that are neither NaN nor large.
void* device_bytes(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> values(bytes);
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random() % 0x3F);
  void* device = cuda_emulation::allocate_device_memory(bytes);
  std::memcpy(cuda_emulation::host_address(device, bytes), values.data(), bytes);
  return device;
}
DswView matrix(void* data, std::int64_t rows, std::int64_t columns, DswDType dtype) {
  return {data, {rows, columns}, {columns, 1}, 2, dtype};
}
template <class Kernel, class Call>
bool launch(Kernel kernel, int M, int N, int tile, int threads, int bytes, const Call& call) {
  const auto* address = reinterpret_cast<const void*>(kernel);
  EXPECT_EQ(cudaFuncSetAttribute(address, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes), cudaSuccess);
  const auto tiles = [tile](int length) { return static_cast<unsigned>((length + tile - 1) / tile); };
  cuda_emulation::launch("matmul", address, dim3(tiles(N), tiles(M)), dim3(static_cast<unsigned>(threads)), static_cast<std::size_t>(bytes),
                         [=] { kernel(call); });
  return cudaGetLastError() == cudaSuccess;
}

/// c [M, N] = a [M, K] b [K, N] of bfloat16, or of 8-bit floats with one scale each and b [N, K]; empty: the device stopped it.
using Result = std::vector<float>;
template <int kTile>
Result tiled(int M, int N, int K) {
  using Tiles = cuda_planted::ProductTiles<kTile>;
  const std::size_t count = static_cast<std::size_t>(M) * static_cast<std::size_t>(N);
  auto* c = static_cast<float*>(device_bytes(4 * count, 3));
  const std::size_t depth = static_cast<std::size_t>(K);
  const DswView b = matrix(device_bytes(2 * depth * static_cast<std::size_t>(N), 2), K, N, DSW_BF16);
  const DswView a = matrix(device_bytes(2 * depth * static_cast<std::size_t>(M), 1), M, K, DSW_BF16);
  const cuda_planted::Product product{a, b, {}, matrix(c, M, N, DSW_F32), 1, 0, M, N, K, 0};
  cuda_emulation::reset_counters();
  Result result;
  if (launch(cuda_planted::matmul_tiled<kernels::Bf16, kTile, Lies::Along, Lies::Across>, M, N, kTile, Tiles::kThreads, Tiles::kBytes,
             product)) {
    const auto* host = static_cast<const float*>(cuda_emulation::host_address(c, 4 * count));
    result.assign(host, host + count);
  }
  cuda_emulation::reset_device();
  return result;
}
Result eight_bit(int M, int N, int K) {
  using Tiles = cuda_planted::SliceTiles;
  const std::size_t count = static_cast<std::size_t>(M) * static_cast<std::size_t>(N), depth = static_cast<std::size_t>(K);
  auto* c = static_cast<float*>(device_bytes(4 * count, 3));
  auto* scale = static_cast<float*>(device_bytes(4, 4));
  const float one = 1;
  std::memcpy(cuda_emulation::host_address(scale, 4), &one, 4);
  const auto operand = [&](int rows, unsigned seed) {
    const auto* data = static_cast<const std::uint8_t*>(device_bytes(depth * static_cast<std::size_t>(rows), seed));
    return cuda_planted::ScaledOperand{data, K, 1, rows, scale, 0, 0, rows};
  };
  const cuda_planted::ScaledProduct product{operand(M, 1), operand(N, 2), {}, matrix(c, M, N, DSW_F32), K};
  Result result;
  if (launch(cuda_planted::matmul_blocks_tiled<kernels::E4m3, kernels::E4m3, false, true>, M, N, Tiles::kTile, Tiles::kThreads,
             Tiles::kBytes, product)) {
    const auto* host = static_cast<const float*>(cuda_emulation::host_address(c, 4 * count));
    result.assign(host, host + count);
  }
  cuda_emulation::reset_device();
  return result;
}
Result result_of(bool bytes, const std::string& bug, const Mode& mode) {
  planted = bug;
  cuda_emulation::options() = {mode.order, mode.copies, 5};
  Result result = bytes ? eight_bit(70, 136, 272) : tiled<128>(70, 136, 144);
  planted = "";
  cuda_emulation::options() = {};
  return result;
}

class CudaMatmulModes : public testing::TestWithParam<bool> {};

TEST_P(CudaMatmulModes, TheBitsDoNotDependOnAnyOrder) {
  const Result first = result_of(GetParam(), "", kEager);
  ASSERT_FALSE(first.empty());
  for (const Mode& mode : kModes) EXPECT_TRUE(result_of(GetParam(), "", mode) == first);
}

TEST_P(CudaMatmulModes, AMissingWaitIsCaughtByDeferredCopies) {
  const Result right = result_of(GetParam(), "", kDeferred);
  EXPECT_TRUE(result_of(GetParam(), "missing_wait", kDeferred) != right);
  EXPECT_TRUE(result_of(GetParam(), "missing_wait", kEager) == right) << "copies that are done at once need no wait";
}

TEST_P(CudaMatmulModes, AMissingBarrierIsCaughtByEveryOrder) {
  const Result right = result_of(GetParam(), "", kDeferred);
  for (const Mode& mode : kModes) EXPECT_TRUE(result_of(GetParam(), "missing_barrier", mode) != right);
}

TEST_P(CudaMatmulModes, ARowTooFarIsReported) {
  for (const Mode& mode : {kEager, kDeferred}) EXPECT_TRUE(result_of(GetParam(), "row_too_far", mode).empty());
}

INSTANTIATE_TEST_SUITE_P(Products, CudaMatmulModes, testing::Bool(), [](const auto& bytes) { return bytes.param ? "float8" : "bfloat16"; });

TEST(CudaMatmulTraffic, LargeTilesSaveTwoThirds) {
  constexpr int kSize = 256;
  const auto bytes = [] { return cuda_emulation::counters().bytes_read + cuda_emulation::counters().bytes_written; };
  const Result large = tiled<128>(kSize, kSize, kSize);
  const std::uint64_t of_large = bytes();
  const Result small = tiled<32>(kSize, kSize, kSize);
  const std::uint64_t of_small = bytes();
  EXPECT_TRUE(large == small);
  // Each operand once for each column or row of tiles, the result once.
  const std::uint64_t operand = 2u * kSize * kSize, result = 4u * kSize * kSize;
  EXPECT_EQ(of_large, 2 * operand * (kSize / 128) + result);
  EXPECT_EQ(of_small, 2 * operand * (kSize / 32) + result);
  EXPECT_LE(static_cast<double>(of_large), 0.35 * static_cast<double>(of_small));
}

}  // namespace
}  // namespace dsw::test
