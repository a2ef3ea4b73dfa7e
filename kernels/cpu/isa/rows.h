// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/walk.h"

/// Rows (last axes) of strided views as contiguous float32: directly where they are that, else through a buffer.
namespace dsw::kernels::DSW_ISA {

inline bool dense_rows(const DswView& x) { return !given(x) || x.rank == 0 || x.shape[x.rank - 1] == 1 || x.stride[x.rank - 1] == 1; }
inline bool direct_rows(const DswView& x) { return dense_rows(x) && !is_half(x.dtype); }

inline const float* read_row(const DswView& x, std::int64_t row, float* buffer) {
  const void* from = element(x.data, x.dtype, row_offset(x, row));
  if (direct_rows(x)) return static_cast<const float*>(from);
  gather(x.dtype, from, last_stride(x), buffer, last_length(x));
  return buffer;
}
/// Where to write a row; finish_row then brings it home.
inline float* write_row(const DswView& y, std::int64_t row, float* buffer) {
  return direct_rows(y) ? data<float>(y) + row_offset(y, row) : buffer;
}
inline void finish_row(const DswView& y, std::int64_t row, const float* buffer) {
  if (!direct_rows(y)) scatter(y.dtype, buffer, element(y.data, y.dtype, row_offset(y, row)), last_stride(y), last_length(y));
}

/// A length in floats rounded up to whole 64-byte lines.
inline std::int64_t padded(std::int64_t n) { return (n + 15) / 16 * 16; }

/// The same in whole vectors.
inline std::int64_t in_vectors(std::int64_t n) { return (n + kWidth - 1) / kWidth * kWidth; }

}  // namespace dsw::kernels::DSW_ISA
