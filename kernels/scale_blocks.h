// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/view.h"

/// The blocks of 8-bit floats that share a scale, as the comments at quantize_blocks (kernels/kernel_table.h) define them.
namespace DSW_KERNELS_NAMESPACE {

inline bool is_fp8(int dtype) { return dtype == DSW_E4M3 || dtype == DSW_E5M2; }
/// The largest finite number of an 8-bit format.
inline float largest_fp8(int dtype) { return dtype == DSW_E4M3 ? 448.0f : 57344.0f; }

/// How long the blocks are when `blocks` of them make up an axis; 0: no such blocks.
inline std::int64_t block_length(std::int64_t length, std::int64_t blocks) {
  if (blocks == 1) return std::max<std::int64_t>(length, 1);
  if (blocks == length) return 1;
  return blocks == (length + DSW_SCALE_BLOCK - 1) / DSW_SCALE_BLOCK ? DSW_SCALE_BLOCK : 0;
}

/// A scale's view beside the matrix it belongs to.
struct Scales {
  float* start = nullptr;
  std::int64_t row_step = 0, column_step = 0;      // in elements of the scale
  std::int64_t row_length = 0, column_length = 0;  // of a block

  float& at(std::int64_t row, std::int64_t column) const {
    return start[row / row_length * row_step + column / column_length * column_step];
  }
};
/// false: x is no matrix of 8-bit floats, or `scale` does not fit it.
inline bool scales_of(const DswView& x, const DswView& scale, Scales& scales) {
  if (!is_fp8(x.dtype) || x.rank != 2 || scale.rank != 2 || scale.dtype != DSW_F32) return false;
  scales = {data<float>(scale), scale.stride[0], scale.stride[1], block_length(x.shape[0], scale.shape[0]),
            block_length(x.shape[1], scale.shape[1])};
  return scales.row_length > 0 && scales.column_length > 0;
}
/// Whether matmul_blocks can sum slices of 128: no block along K is shorter.
inline bool slices_fit(const DswView& x, const Scales& scales) { return scales.column_length > 1 || x.shape[1] <= 1; }

inline float scale_of(float amax, float largest, bool power_of_two) {
  if (amax == 0) return 1;
  const float scale = std::max(amax / largest, 0x1p-126f);
  return power_of_two ? std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + 0x7FFFFFu) & 0xFF800000u) : scale;
}

}  // namespace DSW_KERNELS_NAMESPACE
