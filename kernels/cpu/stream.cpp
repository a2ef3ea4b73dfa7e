// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/stream.h"

// Here and not inline: the sources of isa/ would each emit a copy for their own instruction set.
dsw::kernels::Prepared::~Prepared() = default;

DswStream::DswStream(int threads) : pool(threads), blocks_(static_cast<std::size_t>(threads) + 2) {}
DswStream::~DswStream() = default;

int DswStream::threads() const { return pool.threads(); }

void* DswStream::scratch(int slot, std::size_t bytes) {
  Block& block = blocks_[static_cast<std::size_t>(slot)];
  if (block.bytes < bytes || block.memory == nullptr) {
    block.bytes = 0;
    block.memory.reset();
    const std::size_t rounded = (bytes + bytes / 4 + 4096) / 4096 * 4096;
    block.memory.reset(std::aligned_alloc(4096, rounded));
    if (block.memory) block.bytes = rounded;
  }
  return block.memory.get();
}

bool DswStream::reserve(std::size_t bytes_per_thread) {
  for (int i = 0; i < threads(); ++i) {
    if (scratch(i, bytes_per_thread) == nullptr) return false;
  }
  return true;
}

std::unique_ptr<dsw::kernels::Prepared>& DswStream::prepared(dsw::kernels::PreparedSlot slot) {
  return prepared_[static_cast<std::size_t>(slot)];
}
