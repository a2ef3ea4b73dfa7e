// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/mma_tiles.h"
#include "kernels/cuda/numbers.h"

/// matmul_blocks of kernel_table.h: products of 8-bit floats, of which each slice of 128 along K is summed by itself in float32 and then
/// added, times its scales, to float32 sums ("promoted"). From sm_89 on by mma.m16n8k32 of 8-bit floats; before, both formats are converted
/// to float16, which holds them exactly, and multiplied by mma.m16n8k16: the same product. Source: DeepSeek-AI 2024, sec. 3.3.2.
namespace dsw::cuda {

/// 128 x 128 results a thread block, a slice of 128 at a time.
struct SliceTiles {
  static constexpr int kTile = 128, kDepth = DSW_SCALE_BLOCK, kStages = 2, kDown = 64, kAcross = 32, kThreads = 256;
  static constexpr int kPart = kTile * kDepth;  // bytes of an operand's slice
  static constexpr int kBytes = kStages * 2 * kPart;
};

/// An 8-bit matrix [rows, K] and its scales: element (row, k) has scale[row / row_length * scale_row_step + k / 128 * scale_slice_step].
struct ScaledOperand {
  const std::uint8_t* data;
  std::int64_t row_step, k_step;
  int rows;
  const float* scale;
  std::int64_t scale_row_step, scale_slice_step;
  int row_length;

  DSW_DEVICE float scale_at(int row, int slice) const {
    return load(scale + (row < rows ? row / row_length : 0) * scale_row_step + slice * scale_slice_step);
  }
};
struct ScaledProduct {
  ScaledOperand a, b;
  DswView bias, c;
  int K;
};

/// Brings a slice of 128 rows of an operand to `to`; what does not exist is 0. kCopies: rows lie along k, all multiples of 16 bytes.
template <bool kCopies>
DSW_DEVICE void load_slice(std::uint8_t* to, const ScaledOperand& from, int first_row, int k, int depth, int thread) {
  const Tile<SliceTiles::kDepth / 2> tile{reinterpret_cast<std::uint16_t*>(to)};
  if constexpr (kCopies) {
    load_rows<SliceTiles::kTile, SliceTiles::kThreads>(tile, reinterpret_cast<const std::uint16_t*>(from.data + k), from.row_step / 2,
                                                       first_row, from.rows + DSW_PLANTED(row_too_far), (depth - k) / 2, thread);
  } else {
    const bool along = from.k_step <= from.row_step;  // neighbouring threads read what lies nearest
    for (int i = thread; i < SliceTiles::kPart; i += SliceTiles::kThreads) {
      const int row = along ? i / SliceTiles::kDepth : i % SliceTiles::kTile,
                column = along ? i % SliceTiles::kDepth : i / SliceTiles::kTile;
      const bool exists = first_row + row < from.rows && k + column < depth;
      reinterpret_cast<std::uint8_t*>(tile.at(row, column / 16))[column % 16] =
          exists ? load(from.data + (first_row + row) * from.row_step + (k + column) * from.k_step) : std::uint8_t{0};
    }
  }
}

/// Two of the four 8-bit floats in a word, the low or the high ones, as float16.
template <class E>
DSW_DEVICE std::uint32_t as_float16(std::uint32_t word, int half) {
  const std::uint32_t two = word >> (16 * half);
  return pack<F16>(widen(E{static_cast<std::uint8_t>(two & 0xFF)}), widen(E{static_cast<std::uint8_t>(two >> 8 & 0xFF)}));
}
/// c [16, 8] += a [16, 32] b [32, 8] of 8-bit floats. Converted, each half of a word is a step of its own: which k a place of a fragment
/// stands for does not matter as long as it is the same of a and b.
template <class A, class B, bool kConvert>
DSW_DEVICE void multiply_bytes(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  if constexpr (kConvert) {
    DSW_UNROLL
    for (int half = 0; half < 2; ++half) {
      const std::uint32_t a16[4] = {as_float16<A>(a[0], half), as_float16<A>(a[1], half), as_float16<A>(a[2], half),
                                    as_float16<A>(a[3], half)};
      const std::uint32_t b16[2] = {as_float16<B>(b[0], half), as_float16<B>(b[1], half)};
      mma_m16n8k16<F16>(c, a16, b16);
    }
  } else {
#if DSW_FP8_MMA
    mma_m16n8k32<A, B>(c, a, b);
#endif
  }
}

template <class A, class B, bool kConvert, bool kCopies>
DSW_DEVICE void multiply_slices(const ScaledProduct& product) {
  using Tiles = SliceTiles;
  constexpr int kRowTiles = Tiles::kDown / 16, kPairs = Tiles::kAcross / 16;
  [[maybe_unused]] constexpr int kStepsAtOnce = kConvert ? 1 : Tiles::kDepth / 32;  // conversions are long
  DSW_DYNAMIC_SHARED(std::uint8_t, shared);
  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int down = warp / 4 * Tiles::kDown, across = warp % 4 * Tiles::kAcross;
  const int first_row = static_cast<int>(blockIdx.y) * Tiles::kTile, first_column = static_cast<int>(blockIdx.x) * Tiles::kTile;
  const auto part = [=](int slice, int operand) { return shared + (slice % Tiles::kStages * 2 + operand) * Tiles::kPart; };
  const auto tile = [=](int slice, int operand) { return Tile<Tiles::kDepth / 2>{reinterpret_cast<std::uint16_t*>(part(slice, operand))}; };
  const int slices = (product.K + Tiles::kDepth - 1) / Tiles::kDepth;
  const auto fetch = [&](int slice) {
    if (slice < slices) {
      load_slice<kCopies>(part(slice, 0), product.a, first_row, slice * Tiles::kDepth, product.K, thread);
      load_slice<kCopies>(part(slice, 1), product.b, first_column, slice * Tiles::kDepth, product.K, thread);
    }
    cp_async_commit();
  };
  fetch(0);

  float sums[kRowTiles][2 * kPairs][4] = {};
  for (int slice = 0; slice < slices; ++slice) {
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<0>();
    if (!DSW_PLANTED(missing_barrier)) __syncthreads();
    fetch(slice + 1);
    float row_scales[kRowTiles][2];
    DSW_UNROLL
    for (int m = 0; m < 2 * kRowTiles; ++m) row_scales[m / 2][m % 2] = product.a.scale_at(first_row + down + 8 * m + lane / 4, slice);
    DSW_UNROLL
    for (int n = 0; n < kPairs; ++n) {
      float of_slice[kRowTiles][2][4] = {};
#ifdef __CUDACC__
#pragma unroll(kStepsAtOnce)
#endif
      for (int step = 0; step < Tiles::kDepth / 32; ++step) {
        const RightPair right = right_operands(tile(slice, 1), across + 16 * n, step, lane);
        DSW_UNROLL
        for (int m = 0; m < kRowTiles; ++m) {
          std::uint32_t left[4];
          left_operand(left, tile(slice, 0), down + 16 * m, step, lane);
          multiply_bytes<A, B, kConvert>(of_slice[m][0], left, right.left);
          multiply_bytes<A, B, kConvert>(of_slice[m][1], left, right.right);
        }
      }
      DSW_UNROLL
      for (int e = 0; e < 4; ++e) {
        const float scale = product.b.scale_at(first_column + across + 16 * n + 8 * (e >> 1) + lane % 4 * 2 + (e & 1), slice);
        DSW_UNROLL
        for (int m = 0; m < 2 * kRowTiles; ++m) {
          const int place = m % 2 * 2 + (e & 1);
          sums[m / 2][2 * n + (e >> 1)][place] += of_slice[m / 2][e >> 1][place] * row_scales[m / 2][m % 2] * scale;
        }
      }
    }
  }
  cp_async_wait<0>();

  DSW_UNROLL
  for (int m = 0; m < kRowTiles; ++m) {
    DSW_UNROLL
    for (int n = 0; n < 2 * kPairs; ++n) {
      DSW_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int row = first_row + down + 16 * m + lane / 4 + 8 * (e >> 1),
                  column = first_column + across + 8 * n + lane % 4 * 2 + (e & 1);
        if (row >= product.a.rows || column >= product.b.rows) continue;
        const float bias = product.bias.data == nullptr ? 0 : read<float>(product.bias, column * product.bias.stride[0]);
        write<float>(product.c, row * product.c.stride[0] + column * product.c.stride[1], sums[m][n][e] + bias);
      }
    }
  }
}

/// kConvert: for architectures without products of 8-bit floats, and only there: code that nobody runs would take minutes to compile.
template <class A, class B, bool kConvert, bool kCopies>
__global__ void __launch_bounds__(SliceTiles::kThreads) matmul_blocks_tiled(const ScaledProduct product) {
#ifdef __CUDA_ARCH__
  constexpr bool kLaunched = kConvert == (DSW_FP8_MMA == 0);
#else
  constexpr bool kLaunched = true;
#endif
  if constexpr (kLaunched) multiply_slices<A, B, kConvert, kCopies>(product);
}

}  // namespace dsw::cuda
