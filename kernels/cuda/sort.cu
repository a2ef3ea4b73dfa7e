// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/sort.h"

#include "kernels/cuda/elements.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

constexpr int kChunk = 512, kThreads = kChunk / 2;  // keys that a block sorts in shared memory

/// The pair that thread i compares at distance `step`, and which way: groups of `size` keys alternate between up and down.
struct Pair {
  std::int64_t low, high;
  bool up;
};
DSW_DEVICE Pair pair_of(std::int64_t i, std::int64_t size, std::int64_t step) {
  const std::int64_t low = i / step * 2 * step + i % step;
  return {low, low + step, (low & size) == 0};
}

/// The steps of one chunk: all of the sizes up to it (first), or those of `size` that stay within a chunk.
__global__ void sort_chunk_kernel(std::uint64_t* keys, std::int64_t size, bool first) {
  __shared__ std::uint64_t chunk[kChunk];
  const std::int64_t start = static_cast<std::int64_t>(blockIdx.x) * kChunk, thread = threadIdx.x;
  for (std::int64_t i = thread; i < kChunk; i += kThreads) chunk[i] = load(keys + start + i);
  for (std::int64_t width = first ? 2 : size; width <= size; width *= 2) {
    for (std::int64_t step = width < kChunk ? width / 2 : kChunk / 2; step > 0; step /= 2) {
      if (!DSW_PLANTED(sort_step_too_early)) __syncthreads();
      const Pair pair = pair_of(start / 2 + thread, width, step);
      std::uint64_t &low = chunk[pair.low - start], &high = chunk[pair.high - start];
      if ((low > high) != pair.up) continue;
      const std::uint64_t other = low;
      low = high;
      high = other;
    }
  }
  __syncthreads();
  for (std::int64_t i = thread; i < kChunk; i += kThreads) store(keys + start + i, chunk[i]);
}
/// One step between chunks.
__global__ void sort_step_kernel(std::uint64_t* keys, std::int64_t pairs, std::int64_t size, std::int64_t step) {
  for_each_of_grid(pairs, [&](std::int64_t i) {
    const Pair pair = pair_of(i, size, step);
    const std::uint64_t low = load(keys + pair.low), high = load(keys + pair.high);
    if ((low > high) != pair.up) return;
    store(keys + pair.low, high);
    store(keys + pair.high, low);
  });
}

}  // namespace

std::int64_t sort_length(std::int64_t count) {
  std::int64_t length = kChunk;
  while (length < count) length *= 2;
  return length;
}

int sort(DswStream* stream, std::uint64_t* keys, std::int64_t length) {
  const dim3 chunks(static_cast<unsigned>(length / kChunk));
  int status = launch(stream, "sort", sort_chunk_kernel, chunks, kThreads, 0, keys, kChunk, true);
  for (std::int64_t size = 2 * kChunk; size <= length && status == DSW_OK; size *= 2) {
    for (std::int64_t step = size / 2; step >= kChunk && status == DSW_OK; step /= 2)
      status = launch(stream, "sort", sort_step_kernel, element_grid(length / 2), kElementThreads, 0, keys, length / 2, size, step);
    if (status == DSW_OK) status = launch(stream, "sort", sort_chunk_kernel, chunks, kThreads, 0, keys, size, false);
  }
  return status;
}

}  // namespace dsw::cuda
