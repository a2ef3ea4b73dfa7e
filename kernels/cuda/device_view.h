// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/narrow.h"
#include "kernels/kernel_table.h"

/// DswView in device code. Kernels take it by value.
namespace dsw::cuda {

/// Offset in elements of row-major element `i` of the first `axes` axes.
DSW_DEVICE std::int64_t offset_of(const DswView& x, std::int64_t i, int axes) {
  std::int64_t offset = 0;
  for (int a = axes - 1; a >= 0; --a) {
    offset += i % x.shape[a] * x.stride[a];
    i /= x.shape[a];
  }
  return offset;
}
DSW_DEVICE std::int64_t element_offset(const DswView& x, std::int64_t i) { return offset_of(x, i, x.rank); }

template <class T>
DSW_DEVICE T* data(const DswView& x) {
  return static_cast<T*>(x.data);
}

}  // namespace dsw::cuda
