// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/matmul_product.h"
#include "kernels/cuda/mma_tiles.h"

/// c = alpha a b + bias + beta c of 16-bit numbers with float32 sums, in tiles of kTile x kTile results a thread block. Tiles of the
/// operands are kDepth deep and come through a ring of kStages by cp.async. Where cuBLASLt can be opened this is only the fallback.
namespace dsw::cuda {

/// How the numbers of an operand lie that are needed side by side: neighbours along the summed axis, neighbours along the other one, or in
/// no way that can be copied 16 bytes at a time.
enum class Lies { Along, Across, Anyhow };

/// One matrix of an operand: element (row, k), rows being those of c for a and its columns for b.
struct Operand {
  const std::uint16_t* data;
  std::int64_t row_step, k_step;
  int rows;
};
template <int kTile>
struct ProductTiles {
  static constexpr int kDepth = 32, kStages = 3;
  static constexpr int kWarpsDown = 2, kWarpsAcross = kTile / 32 < 2 ? 2 : kTile / 32;
  static constexpr int kDown = kTile / kWarpsDown, kAcross = kTile / kWarpsAcross;  // results of a warp
  static constexpr int kThreads = kWarpsDown * kWarpsAcross * kWarp;
  static constexpr int kStage = 2 * kTile * kDepth;  // numbers of a stage: both operands
  static constexpr int kBytes = kStages * kStage * 2;
};

/// Starts to bring the part [first_row, first_row + kTile) x [k, k + kDepth) of an operand to `to`; what does not exist is 0.
template <int kTile, Lies kLies>
DSW_DEVICE void load_operand(std::uint16_t* to, const Operand& from, int first_row, int k, int depth, int thread) {
  using Tiles = ProductTiles<kTile>;
  if constexpr (kLies == Lies::Along) {
    const Tile<Tiles::kDepth> tile{to};
    load_rows<kTile, Tiles::kThreads>(tile, from.data + k, from.row_step, first_row, from.rows + DSW_PLANTED(row_too_far), depth - k,
                                      thread);
  } else if constexpr (kLies == Lies::Across) {
    const Tile<kTile> tile{to};
    load_rows<Tiles::kDepth, Tiles::kThreads>(tile, from.data + first_row, from.k_step, k, depth, from.rows - first_row, thread);
  } else {
    const Tile<Tiles::kDepth> tile{to};
    const bool along = from.k_step <= from.row_step;  // neighbouring threads read what lies nearest
    for (int i = thread; i < kTile * Tiles::kDepth; i += Tiles::kThreads) {
      const int row = along ? i / Tiles::kDepth : i % kTile, column = along ? i % Tiles::kDepth : i / kTile;
      const bool exists = first_row + row < from.rows && k + column < depth;
      tile.at(row, column / 8)[column % 8] =
          exists ? load(from.data + (first_row + row) * from.row_step + (k + column) * from.k_step) : std::uint16_t{0};
    }
  }
}

template <class T, int kTile, Lies kA, Lies kB>
__global__ void __launch_bounds__(ProductTiles<kTile>::kThreads) matmul_tiled(const Product product) {
  using Tiles = ProductTiles<kTile>;
  constexpr int kRowTiles = Tiles::kDown / 16, kPairs = Tiles::kAcross / 16;
  DSW_DYNAMIC_SHARED(std::uint16_t, shared);
  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int down = warp / Tiles::kWarpsAcross * Tiles::kDown, across = warp % Tiles::kWarpsAcross * Tiles::kAcross;
  const int first_row = static_cast<int>(blockIdx.y) * kTile, first_column = static_cast<int>(blockIdx.x) * kTile;
  const std::int64_t batch = product.first_batch + blockIdx.z;
  const int axis = product.c.rank - 2;
  const Operand a{data<const std::uint16_t>(product.a) + offset_of(product.a, batch, axis), product.a.stride[axis],
                  product.a.stride[axis + 1], product.M};
  const Operand b{data<const std::uint16_t>(product.b) + offset_of(product.b, batch, axis), product.b.stride[axis + 1],
                  product.b.stride[axis], product.N};
  const auto a_part = [=](int step) { return shared + step % Tiles::kStages * Tiles::kStage; };
  const auto b_part = [=](int step) { return shared + step % Tiles::kStages * Tiles::kStage + kTile * Tiles::kDepth; };

  const int steps = (product.K + Tiles::kDepth - 1) / Tiles::kDepth;
  const auto fetch = [&](int step) {
    if (step < steps) {
      load_operand<kTile, kA>(a_part(step), a, first_row, step * Tiles::kDepth, product.K, thread);
      load_operand<kTile, kB>(b_part(step), b, first_column, step * Tiles::kDepth, product.K, thread);
    }
    cp_async_commit();
  };
  for (int step = 0; step < Tiles::kStages - 1; ++step) fetch(step);

  float sums[kRowTiles][2 * kPairs][4] = {};
  for (int step = 0; step < steps; ++step) {
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<Tiles::kStages - 2>();
    if (!DSW_PLANTED(missing_barrier)) __syncthreads();  // this step has come for all, and nobody reads the one that is overwritten now
    fetch(step + Tiles::kStages - 1);
    DSW_UNROLL
    for (int part = 0; part < Tiles::kDepth / 16; ++part) {
      std::uint32_t left[kRowTiles][4];
      DSW_UNROLL
      for (int m = 0; m < kRowTiles; ++m) {
        if constexpr (kA == Lies::Across)
          left_operand_turned(left[m], Tile<kTile>{a_part(step)}, down + 16 * m, part, lane);
        else
          left_operand(left[m], Tile<Tiles::kDepth>{a_part(step)}, down + 16 * m, part, lane);
      }
      DSW_UNROLL
      for (int n = 0; n < kPairs; ++n) {
        RightPair right;
        if constexpr (kB == Lies::Across)
          right = right_operands_turned(Tile<kTile>{b_part(step)}, 16 * part, across / 16 + n, lane);
        else
          right = right_operands(Tile<Tiles::kDepth>{b_part(step)}, across + 16 * n, part, lane);
        DSW_UNROLL
        for (int m = 0; m < kRowTiles; ++m) multiply_pair<T>(sums[m][2 * n], sums[m][2 * n + 1], left[m], right);
      }
    }
  }
  cp_async_wait<0>();

  const std::int64_t c = offset_of(product.c, batch, axis);
  DSW_UNROLL
  for (int m = 0; m < kRowTiles; ++m) {
    DSW_UNROLL
    for (int n = 0; n < 2 * kPairs; ++n) {
      DSW_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int row = first_row + down + 16 * m + lane / 4 + 8 * (e >> 1),
                  column = first_column + across + 8 * n + lane % 4 * 2 + (e & 1);
        if (row < product.M && column < product.N) finish(product, c, row, column, sums[m][n][e]);
      }
    }
  }
}

}  // namespace dsw::cuda
