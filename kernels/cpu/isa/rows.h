// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/walk.h"

/// Rows (last axes) of strided views as contiguous memory: directly where the last stride is 1, else through a buffer.
namespace dsw::kernels::DSW_ISA {

inline bool dense_rows(const DswView& x) { return !given(x) || x.rank == 0 || x.shape[x.rank - 1] == 1 || x.stride[x.rank - 1] == 1; }

inline const float* read_row(const DswView& x, std::int64_t row, float* buffer) {
  const float* from = data<float>(x) + row_offset(x, row);
  if (dense_rows(x)) return from;
  gather(from, last_stride(x), buffer, last_length(x));
  return buffer;
}
/// Where to write a row; finish_row then brings it home.
inline float* write_row(const DswView& y, std::int64_t row, float* buffer) {
  return dense_rows(y) ? data<float>(y) + row_offset(y, row) : buffer;
}
inline void finish_row(const DswView& y, std::int64_t row, const float* buffer) {
  if (!dense_rows(y)) scatter(buffer, data<float>(y) + row_offset(y, row), last_stride(y), last_length(y));
}

/// A length in floats rounded up to whole 64-byte lines.
inline std::int64_t padded(std::int64_t n) { return (n + 15) / 16 * 16; }

}  // namespace dsw::kernels::DSW_ISA
