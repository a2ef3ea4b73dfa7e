// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <initializer_list>

#include "kernels/kernel_table.h"

// kernels/cpu/isa is compiled once an instruction set; inline functions then live in that set's namespace, because the linker
// keeps one copy of each name and must not hand AVX-512 code to everyone.
#ifdef DSW_ISA
#define DSW_KERNELS_NAMESPACE dsw::kernels::DSW_ISA
#else
#define DSW_KERNELS_NAMESPACE dsw::kernels
#endif

/// Small helpers over DswView that the reference and the CPU kernels share. Pure; any thread.
namespace DSW_KERNELS_NAMESPACE {

inline bool given(const DswView& x) { return x.data != nullptr; }
template <class T>
T* data(const DswView& x) {
  return static_cast<T*>(x.data);
}

inline std::int64_t elements(const DswView& x) {
  std::int64_t n = 1;
  for (int i = 0; i < x.rank; ++i) n *= x.shape[i];
  return n;
}

/// Row-major without gaps; axes of length 1 may have any stride, an empty tensor is contiguous.
inline bool contiguous(const DswView& x) {
  std::int64_t expected = 1;
  for (int i = x.rank - 1; i >= 0; --i) {
    if (x.shape[i] == 0) return true;
    if (x.shape[i] != 1 && x.stride[i] != expected) return false;
    expected *= x.shape[i];
  }
  return true;
}
inline bool all_contiguous(std::initializer_list<const DswView*> views) {
  for (const DswView* v : views) {
    if (given(*v) && !contiguous(*v)) return false;
  }
  return true;
}

inline std::int64_t last_length(const DswView& x) { return x.rank == 0 ? 1 : x.shape[x.rank - 1]; }
inline std::int64_t last_stride(const DswView& x) { return x.rank == 0 ? 1 : x.stride[x.rank - 1]; }
/// Number of rows when the last axis is a row; 1 for rank 0.
inline std::int64_t row_count(const DswView& x) {
  std::int64_t n = 1;
  for (int i = 0; i + 1 < x.rank; ++i) n *= x.shape[i];
  return n;
}
/// Offset in elements of row-major element `i` of the first `axes` axes.
inline std::int64_t offset_of(const DswView& x, std::int64_t i, int axes) {
  std::int64_t offset = 0;
  for (int a = axes - 1; a >= 0; --a) {
    offset += i % x.shape[a] * x.stride[a];
    i /= x.shape[a];
  }
  return offset;
}
inline std::int64_t row_offset(const DswView& x, std::int64_t row) { return offset_of(x, row, x.rank - 1); }
inline std::int64_t element_offset(const DswView& x, std::int64_t i) { return offset_of(x, i, x.rank); }

/// Calls f(const int64_t* offsets) once an element of `shape`'s shape, row-major; offsets[k] belongs to views[k], which all have
/// that shape (views that are not given are not looked at).
template <int N, class F>
void for_each_element(const DswView& shape, const DswView* const (&views)[N], F&& f) {
  if (elements(shape) == 0) return;
  std::int64_t index[DSW_MAX_RANK] = {};
  std::int64_t offsets[N] = {};
  for (;;) {
    f(static_cast<const std::int64_t*>(offsets));
    int axis = shape.rank - 1;
    for (; axis >= 0; --axis) {
      if (++index[axis] < shape.shape[axis]) {
        for (int k = 0; k < N; ++k) offsets[k] += views[k]->stride[axis];
        break;
      }
      for (int k = 0; k < N; ++k) offsets[k] -= views[k]->stride[axis] * (shape.shape[axis] - 1);
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace DSW_KERNELS_NAMESPACE
