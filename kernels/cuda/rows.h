// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/warp.h"

/// Kernels over rows, the last axis of a view: a thread block takes whole rows, its threads the columns in turn.
namespace dsw::cuda {

inline constexpr unsigned kRowThreads = 128, kMostRowBlocks = 65535;

inline dim3 row_grid(std::int64_t rows) { return dim3(static_cast<unsigned>(rows < kMostRowBlocks ? rows : kMostRowBlocks)); }
/// f(row) for each row that the calling thread's block takes.
template <class F>
DSW_DEVICE void for_each_row(std::int64_t rows, F&& f) {
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) f(row);
}
/// f(column) for each column that the calling thread takes.
template <class F>
DSW_DEVICE void for_each_column(std::int64_t columns, F&& f) {
  for (std::int64_t column = threadIdx.x; column < columns; column += blockDim.x) f(column);
}

/// One row of a view.
struct RowOf {
  const DswView& view;
  std::int64_t start, step;

  DSW_DEVICE RowOf(const DswView& v, std::int64_t row)
      : view(v), start(offset_of(v, row, v.rank - 1)), step(v.rank == 0 ? 1 : v.stride[v.rank - 1]) {}
  DSW_DEVICE float at(std::int64_t column) const { return read<float>(view, start + column * step); }
  DSW_DEVICE void set(std::int64_t column, float value) const { write(view, start + column * step, value); }
};

/// combine() of what all threads of a one-dimensional block bring, the same for each of them: first within warps, then of the warps in
/// order. A holds for __shfl_xor_sync. Every thread of the block calls.
template <class A, class Combine>
DSW_DEVICE A block_combine(A x, Combine&& combine) {
  __shared__ A parts[32];
  const unsigned warps = blockDim.x / kWarp;
  for (int other = kWarp / 2; other > 0; other /= 2) x = combine(x, __shfl_xor_sync(kAllLanes, x, other));
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = x;
  if (!DSW_PLANTED(combine_before_all_came)) __syncthreads();
  x = parts[0];
  for (unsigned warp = 1; warp < warps; ++warp) x = combine(x, parts[warp]);
  if (!DSW_PLANTED(combine_over_the_last)) __syncthreads();  // before the next call writes its parts
  return x;
}
template <class A>
DSW_DEVICE A block_sum(A x) {
  return block_combine(x, [](A a, A b) { return a + b; });
}
/// The larger one; a NaN is above all.
DSW_DEVICE float larger(float a, float b) { return a >= b || isnan(a) ? a : b; }
DSW_DEVICE float block_maximum(float x) {
  return block_combine(x, [](float a, float b) { return larger(a, b); });
}

}  // namespace dsw::cuda
