// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/parallel.h"
#include "kernels/view.h"

/// Elementwise walks over views of any strides, float32 or narrower: the body only ever sees contiguous pieces of float32.
namespace DSW_KERNELS_NAMESPACE {

/// Views of one shape, axes ordered by the last view's strides and joined where all views allow it.
template <int N>
struct Walk {
  int rank = 0;
  std::int64_t shape[DSW_MAX_RANK] = {};
  std::int64_t stride[N][DSW_MAX_RANK] = {};
  void* start[N] = {};
};

template <int N>
Walk<N> make_walk(const DswView* const (&views)[N]) {
  const DswView& shape = *views[N - 1];
  int axes[DSW_MAX_RANK], count = 0;
  for (int a = 0; a < shape.rank; ++a) {
    if (shape.shape[a] != 1) axes[count++] = a;
  }
  // Insertion sort, outermost first: stable, so a contiguous output keeps its order.
  for (int i = 1; i < count; ++i) {
    for (int j = i; j > 0 && shape.stride[axes[j - 1]] < shape.stride[axes[j]]; --j) std::swap(axes[j - 1], axes[j]);
  }
  Walk<N> walk;
  for (int k = 0; k < N; ++k) walk.start[k] = views[k]->data;
  for (int i = 0; i < count; ++i) {
    const int a = axes[i], last = walk.rank - 1;
    bool joins = walk.rank > 0;
    for (int k = 0; joins && k < N; ++k) joins = !given(*views[k]) || walk.stride[k][last] == views[k]->stride[a] * shape.shape[a];
    if (joins) walk.shape[last] *= shape.shape[a];
    const int to = joins ? last : walk.rank++;
    if (!joins) walk.shape[to] = shape.shape[a];
    for (int k = 0; k < N; ++k) walk.stride[k][to] = given(*views[k]) ? views[k]->stride[a] : 0;
  }
  if (walk.rank == 0) {
    walk.rank = 1;
    walk.shape[0] = 1;
    for (int k = 0; k < N; ++k) walk.stride[k][0] = 1;
  }
  return walk;
}

inline constexpr std::int64_t kPiece = 512;

inline bool is_half(int dtype) { return dtype == DSW_BF16 || dtype == DSW_F16; }
/// Whether every given view is float32, bfloat16 or float16: what gather and scatter convert.
inline bool all_narrow(std::initializer_list<const DswView*> views) {
  for (const DswView* v : views) {
    if (given(*v) && v->dtype != DSW_F32 && !is_half(v->dtype)) return false;
  }
  return true;
}
/// f(float{}), f(Bf16{}) or f(F16{}).
template <class F>
auto with_narrow(int dtype, F&& f) {
  return dtype == DSW_BF16 ? f(Bf16{}) : dtype == DSW_F16 ? f(F16{}) : f(float{});
}
/// Element `offset` of memory that starts at `start`.
inline void* element(void* start, int dtype, std::int64_t offset) { return static_cast<char*>(start) + offset * (is_half(dtype) ? 2 : 4); }

template <class T>
void gather(const T* from, std::int64_t step, float* to, std::int64_t n) {
  if (step == 1) {
    if constexpr (std::is_same_v<T, float>)
      std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
    else
      for (std::int64_t i = 0; i < n; i += kWidth) store_first(to + i, load_first(from + i, n - i), n - i);
  } else if (step == 0) {
    std::fill(to, to + n, to_float(*from));
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i] = to_float(from[i * step]);
  }
}
template <class T>
void scatter(const float* from, T* to, std::int64_t step, std::int64_t n) {
  if (step != 1) {
    for (std::int64_t i = 0; i < n; ++i) to[i * step] = from_float<T>(from[i]);
  } else if constexpr (std::is_same_v<T, float>) {
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
  } else {
    for (std::int64_t i = 0; i < n; i += kWidth) store_first(to + i, load_first(from + i, n - i), n - i);
  }
}
inline void gather(int dtype, const void* from, std::int64_t step, float* to, std::int64_t n) {
  with_narrow(dtype, [&]<class T>(T) { gather(static_cast<const T*>(from), step, to, n); });
}
inline void scatter(int dtype, const float* from, void* to, std::int64_t step, std::int64_t n) {
  with_narrow(dtype, [&]<class T>(T) { scatter(from, static_cast<T*>(to), step, n); });
}

/// body(float* const* pointers, n) over contiguous pieces that cover all elements; the first `Inputs` views are read, the others
/// written. A view that is not given has a null pointer. Elements of `cost` nanoseconds.
template <int Inputs, int N, class F>
void for_each_piece(DswStream* stream, double cost, const DswView* const (&views)[N], F&& body) {
  const std::int64_t total = elements(*views[N - 1]);
  if (total == 0) return;
  const Walk<N> walk = make_walk<N>(views);
  const int inner = walk.rank - 1;
  const std::int64_t length = walk.shape[inner];
  bool direct = true;
  bool converts[N];
  for (int k = 0; k < N; ++k) {
    converts[k] = is_half(views[k]->dtype);
    direct = direct && (walk.start[k] == nullptr || (!converts[k] && (walk.stride[k][inner] == 1 || length == 1)));
  }
  parallel_for(stream, total, cost, 64, [&](std::int64_t begin, std::int64_t end, int) {
    alignas(64) float buffers[N][kPiece];
    for (std::int64_t i = begin; i < end;) {
      const std::int64_t column = i % length;
      std::int64_t row = i / length, offset[N] = {};
      for (int a = inner - 1; a >= 0; --a) {
        for (int k = 0; k < N; ++k) offset[k] += row % walk.shape[a] * walk.stride[k][a];
        row /= walk.shape[a];
      }
      const std::int64_t row_end = std::min(end, i - column + length);
      const std::int64_t n = direct ? row_end - i : std::min(row_end - i, kPiece);
      float* pointers[N];
      void* targets[N];
      for (int k = 0; k < N; ++k) {
        const std::int64_t step = walk.stride[k][inner];
        targets[k] = walk.start[k] == nullptr ? nullptr : element(walk.start[k], views[k]->dtype, offset[k] + column * step);
        pointers[k] = static_cast<float*>(targets[k]);
        if (direct || targets[k] == nullptr || (step == 1 && !converts[k])) continue;
        pointers[k] = buffers[k];
        if (k < Inputs) gather(views[k]->dtype, targets[k], step, buffers[k], n);
      }
      body(static_cast<float* const*>(pointers), n);
      for (int k = Inputs; k < N; ++k) {
        if (pointers[k] != targets[k]) scatter(views[k]->dtype, pointers[k], targets[k], walk.stride[k][inner], n);
      }
      i += n;
    }
  });
}

inline bool all_float32(std::initializer_list<const DswView*> views) {
  for (const DswView* v : views) {
    if (given(*v) && v->dtype != DSW_F32) return false;
  }
  return true;
}

}  // namespace DSW_KERNELS_NAMESPACE
