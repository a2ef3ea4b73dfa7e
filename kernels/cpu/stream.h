// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/cpu/thread_pool.h"
#include "kernels/kernel_table.h"

/// Where the CPU kernels run: threads and scratch memory.
struct DswStream {
  explicit DswStream(int threads) : pool(threads), scratch(static_cast<std::size_t>(threads) + 1) {}

  /// 64-byte aligned memory of slot `thread`, or of the whole call with slot `pool.threads()`. Valid until the slot is asked for
  /// more; a slot only grows, so a steady step allocates nothing. Each thread asks for its own slot. Null: no memory.
  void* scratch_bytes(int slot, std::size_t bytes) {
    Block& block = scratch[static_cast<std::size_t>(slot)];
    if (block.bytes < bytes) {
      block.bytes = 0;
      const std::size_t rounded = (bytes + bytes / 4 + 4095) / 4096 * 4096;
      block.memory.reset(std::aligned_alloc(4096, rounded));
      if (block.memory) block.bytes = rounded;
    }
    return block.memory.get();
  }

  dsw::kernels::ThreadPool pool;

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  struct Block {
    std::unique_ptr<void, Free> memory;
    std::size_t bytes = 0;
  };
  std::vector<Block> scratch;
};
