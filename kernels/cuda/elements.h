// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_view.h"

/// Kernels over single elements of views of any dtype: which elements a thread takes, and how it reads and writes them.
namespace dsw::cuda {

#ifdef __CUDACC__
inline constexpr unsigned kElementThreads = 256, kMostBlocks = 4096;
#else
inline constexpr unsigned kElementThreads = 32, kMostBlocks = 4;  // fewer threads, each with more to do: switching costs more than work
#endif

inline std::int64_t element_count(const DswView& x) {
  std::int64_t n = 1;
  for (int i = 0; i < x.rank; ++i) n *= x.shape[i];
  return n;
}
/// Blocks of kElementThreads for `count` elements.
inline dim3 grid_of(std::int64_t count) {
  const std::int64_t blocks = (count + kElementThreads - 1) / kElementThreads;
  return dim3(static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks));
}
/// f(i) for each i < count that the calling thread takes: neighbours take neighbours.
template <class F>
DSW_DEVICE void for_each_of_grid(std::int64_t count, F&& f) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) f(i);
}

/// Stores `value` as x's dtype, as kernels/reference/memory.h converts.
DSW_DEVICE void write_double(const DswView& x, std::int64_t at, double value) {
  switch (x.dtype) {
    case DSW_F64:
      return store(data<double>(x) + at, value);
    case DSW_F32:
      return store(data<float>(x) + at, static_cast<float>(value));
    case DSW_BF16:
      return store(data<Bf16>(x) + at, narrow<Bf16>(static_cast<float>(value)));
    case DSW_F16:
      return store(data<F16>(x) + at, narrow<F16>(static_cast<float>(value)));
    case DSW_E4M3:
      return store(data<E4m3>(x) + at, narrow<E4m3>(static_cast<float>(value)));
    case DSW_E5M2:
      return store(data<E5m2>(x) + at, narrow<E5m2>(static_cast<float>(value)));
    case DSW_I32:
      return store(data<std::int32_t>(x) + at, static_cast<std::int32_t>(value));
    case DSW_I64:
      return store(data<std::int64_t>(x) + at, static_cast<std::int64_t>(value));
    case DSW_U8:
      return store(data<std::uint8_t>(x) + at, static_cast<std::uint8_t>(value));
    default:
      return store(data<bool>(x) + at, value != 0);
  }
}

}  // namespace dsw::cuda
