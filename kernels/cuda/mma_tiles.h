// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"
#include "kernels/cuda/narrow.h"
#include "kernels/cuda/warp.h"

/// Tiles of 16-bit numbers in shared memory and the fragments of them that mma.m16n8k16 multiplies. Source: PTX ISA, "Matrix Fragments for
/// mma.m16n8k16", ldmatrix.
namespace dsw::cuda {

/// Rows of kWidth numbers (a power of two from 16 on), each row in chunks of 8 numbers (16 bytes). The place of a chunk within its row
/// depends on the row's number, so that the eight rows that ldmatrix reads at once lie in different banks.
template <int kWidth>
struct Tile {
  static constexpr int kChunks = kWidth / 8;
  std::uint16_t* start;

  DSW_DEVICE std::uint16_t* at(int row, int chunk) const {
    constexpr int kRowsPerLine = kChunks < 8 ? 8 / kChunks : 1, kMask = kChunks < 8 ? kChunks - 1 : 7;
    return start + row * kWidth + ((chunk ^ (row / kRowsPerLine & kMask)) << 3);
  }
};

/// Starts to copy kRows rows, from row `first` of `rows` in memory on, of which `width` numbers (a multiple of 8) exist; what does not
/// exist is 0. Rows are row_step numbers apart, a multiple of 8, and `from` is aligned to 16 bytes. All kThreads threads of the block call
/// it.
template <int kRows, int kThreads, int kWidth>
DSW_DEVICE void load_rows(Tile<kWidth> to, const std::uint16_t* from, std::int64_t row_step, int first, int rows, int width, int thread) {
  constexpr int kChunks = Tile<kWidth>::kChunks;
  DSW_UNROLL
  for (int i = thread; i < kRows * kChunks; i += kThreads) {
    const int row = i / kChunks, chunk = i % kChunks;
    const bool exists = first + row < rows && chunk * 8 < width;
    cp_async16(to.at(row, chunk), exists ? from + (first + row) * row_step + chunk * 8 : from, exists);
  }
}

/// The left operand, 16 rows x 16 columns: rows `row` … of the tile, numbers 16 step … of each.
template <int kWidth>
DSW_DEVICE void left_operand(std::uint32_t (&a)[4], Tile<kWidth> tile, int row, int step, int lane) {
  ldmatrix_x4(a, tile.at(row + (lane & 15), step * 2 + (lane >> 4)));
}
/// The same of a tile that holds the operand turned: its rows are the operand's columns.
template <int kWidth>
DSW_DEVICE void left_operand_turned(std::uint32_t (&a)[4], Tile<kWidth> tile, int column, int step, int lane) {
  ldmatrix_x4_trans(a, tile.at(step * 16 + (lane & 7) + (lane >> 4 << 3), column / 8 + (lane >> 3 & 1)));
}

/// Two right operands side by side, each 16 rows x 8 columns.
struct RightPair {
  std::uint32_t left[2], right[2];
};
/// Of a tile whose rows are the operands' columns: tile rows `row` … row + 15, numbers 16 step … of each.
template <int kWidth>
DSW_DEVICE RightPair right_operands(Tile<kWidth> tile, int row, int step, int lane) {
  std::uint32_t b[4];
  ldmatrix_x4(b, tile.at(row + (lane & 7) + (lane >> 4 << 3), step * 2 + (lane >> 3 & 1)));
  return {{b[0], b[1]}, {b[2], b[3]}};
}
/// Of a tile whose rows are the operands' rows: tile rows `row` … row + 15, numbers 16 pair … of each.
template <int kWidth>
DSW_DEVICE RightPair right_operands_turned(Tile<kWidth> tile, int row, int pair, int lane) {
  std::uint32_t b[4];
  ldmatrix_x4_trans(b, tile.at(row + (lane & 15), pair * 2 + (lane >> 4)));
  return {{b[0], b[1]}, {b[2], b[3]}};
}
/// left and right, 16 x 8 each, += a times either of the pair.
template <class T>
DSW_DEVICE void multiply_pair(float (&left)[4], float (&right)[4], const std::uint32_t (&a)[4], const RightPair& b) {
  mma_m16n8k16<T>(left, a, b.left);
  mma_m16n8k16<T>(right, a, b.right);
}

/// Accumulators as a left operand, rounded to T: those of two products side by side, 16 x 16.
template <class T>
DSW_DEVICE void accumulators_as_left(std::uint32_t (&a)[4], const float (&left)[4], const float (&right)[4]) {
  a[0] = pack<T>(left[0], left[1]);
  a[1] = pack<T>(left[2], left[3]);
  a[2] = pack<T>(right[0], right[1]);
  a[3] = pack<T>(right[2], right[3]);
}

/// product += rows `row` … row + 15 of `left` times the turned rows `right_row` … of `right`, 16 x kColumns.
template <class T, int kColumns, int kWidth>
DSW_DEVICE void multiply_rows(float (&product)[kColumns / 8][4], Tile<kWidth> left, int row, Tile<kWidth> right, int right_row, int lane) {
  DSW_UNROLL
  for (int step = 0; step < kWidth / 16; ++step) {
    std::uint32_t a[4];
    left_operand(a, left, row, step, lane);
    DSW_UNROLL
    for (int n = 0; n < kColumns / 16; ++n) {
      multiply_pair<T>(product[2 * n], product[2 * n + 1], a, right_operands(right, right_row + n * 16, step, lane));
    }
  }
}
/// out += weights (16 x kColumns, rounded to T) times rows `row` … of `right`, of which the kPairs pairs of 8 columns from pair `first` on.
template <class T, int kPairs, int kColumns, int kWidth>
DSW_DEVICE void add_product(float (&out)[kPairs * 2][4], const float (&weights)[kColumns / 8][4], Tile<kWidth> right, int row, int first,
                            int lane) {
  DSW_UNROLL
  for (int step = 0; step < kColumns / 16; ++step) {
    std::uint32_t a[4];
    accumulators_as_left<T>(a, weights[2 * step], weights[2 * step + 1]);
    DSW_UNROLL
    for (int n = 0; n < kPairs; ++n) {
      multiply_pair<T>(out[2 * n], out[2 * n + 1], a, right_operands_turned(right, row + step * 16, first + n, lane));
    }
  }
}

/// Sum or maximum over the four lanes that hold one row of accumulators.
DSW_DEVICE float row_sum(float x) {
  x += __shfl_xor_sync(kAllLanes, x, 1);
  return x + __shfl_xor_sync(kAllLanes, x, 2);
}
DSW_DEVICE float row_maximum(float x) {
  x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, 1));
  return fmaxf(x, __shfl_xor_sync(kAllLanes, x, 2));
}

}  // namespace dsw::cuda
