// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"

/// Sums down the columns of [rows, columns] in a fixed order: a block takes 32 columns, so that neighbours read neighbours, and 8 rows at a
/// time; its 8 partial sums of a column are added in order.
namespace dsw::cuda {

inline constexpr int kColumns = 32, kRowsAtOnce = 8;
inline dim3 column_grid(std::int64_t columns) { return dim3(static_cast<unsigned>((columns + kColumns - 1) / kColumns)); }
inline dim3 column_threads() { return dim3(kColumns, kRowsAtOnce); }

/// add(row, column, sums) adds an element to the calling thread's sums; done(column, sums) gets the column's. Every thread of the block
/// calls.
template <int kSums, class Add, class Done>
DSW_DEVICE void column_sums(std::int64_t rows, std::int64_t columns, Add&& add, Done&& done) {
  __shared__ double parts[kSums][kRowsAtOnce][kColumns];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kColumns + threadIdx.x;
  double sums[kSums] = {};
  if (column < columns)
    for (std::int64_t row = threadIdx.y; row < rows + DSW_PLANTED(row_too_far); row += kRowsAtOnce) add(row, column, sums);
  for (int k = 0; k < kSums; ++k) parts[k][threadIdx.y][threadIdx.x] = sums[k];
  if (!DSW_PLANTED(column_before_all_came)) __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  for (int k = 0; k < kSums; ++k)
    for (int part = 1; part < kRowsAtOnce; ++part) sums[k] += parts[k][part][threadIdx.x];
  done(column, sums);
}

}  // namespace dsw::cuda
