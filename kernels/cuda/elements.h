// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_view.h"

/// Kernels over single elements: which ones a thread takes.
namespace dsw::cuda {

inline constexpr unsigned kElementThreads = 256, kMostElementBlocks = 8192;

/// Blocks of kElementThreads for `count` elements.
inline dim3 element_grid(std::int64_t count) {
  const std::int64_t blocks = (count + kElementThreads - 1) / kElementThreads;
  return dim3(static_cast<unsigned>(blocks < kMostElementBlocks ? blocks : kMostElementBlocks));
}
/// f(i) for each i < count that the calling thread takes: neighbours take neighbours.
template <class F>
DSW_DEVICE void for_each_of_grid(std::int64_t count, F&& f) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) f(i);
}

}  // namespace dsw::cuda
