// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/scratch.h"

#include <algorithm>

namespace dsw::cuda {
namespace {

std::size_t rounded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
bool within(const ScratchBlock& block, const void* memory) {
  const auto* at = static_cast<const char*>(memory);
  return block.begin != nullptr && at >= block.begin && at < block.begin + block.bytes;
}

}  // namespace

int take_scratch(Stream& stream, std::size_t bytes, void** memory) {
  ScratchBlock& block = stream.scratch;
  const std::size_t need = block.used + rounded(bytes);
  block.wanted = std::max(block.wanted, need);
  if (block.used == 0 && block.wanted > block.bytes && !stream.capturing) {
    free_scratch(stream);
    void* grown = nullptr;
    if (const int status = status_of(cudaMallocAsync(&grown, block.wanted, stream.stream), "scratch memory"); status != DSW_OK)
      return status;
    block.begin = static_cast<char*>(grown);
    block.bytes = block.wanted;
  }
  if (need <= block.bytes) {
    *memory = block.begin + block.used;
    block.used = need;
    return DSW_OK;
  }
  if (stream.capturing) {
    last_error() = "scratch memory would have to grow";
    return DSW_UNSUPPORTED;
  }
  return status_of(cudaMallocAsync(memory, bytes, stream.stream), "scratch memory");  // the block is in use; it grows the next time
}

void give_back_scratch(Stream& stream, std::size_t bytes, void* memory) {
  if (within(stream.scratch, memory))
    stream.scratch.used -= rounded(bytes);
  else
    cudaFreeAsync(memory, stream.stream);
}

void free_scratch(Stream& stream) {
  ScratchBlock& block = stream.scratch;
  if (block.begin == nullptr || block.used != 0) return;
  cudaFreeAsync(block.begin, stream.stream);
  block.begin = nullptr;
  block.bytes = 0;
  ++block.moved;
}

}  // namespace dsw::cuda
