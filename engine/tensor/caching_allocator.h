// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/tensor/device.h"

namespace dsw {

/// Host memory that is kept for the next tensor of about the same size instead of going back to the system.
/// Sizes are rounded up to one of eight steps an octave, large ones to whole huge pages (at most 12.5 % unused), and a block is reused only
/// for its own step, so a loop that asks for the same sizes again never asks the system again. Blocks of some pages up to a few MiB are cut
/// from regions of huge pages, so that a model's weights, one behind the other, are read with few TLB misses; a region goes back to the
/// system when all of it is free. Thread-safe.
class CachingAllocator : public std::enable_shared_from_this<CachingAllocator> {
 public:
  ~CachingAllocator();
  /// 64-byte aligned; 0 bytes give a block too. Throws Error{OutOfMemory} with the size asked and the size free.
  std::shared_ptr<Storage> allocate(std::size_t bytes);
  AllocatorStats stats() const;
  void reset_peak();
  void release_cache();

  /// The size class of `bytes`: at least 64.
  static std::size_t rounded(std::size_t bytes);

 private:
  class Block;
  /// Memory of the system that is cut from its begin on.
  struct Region {
    char* begin;
    std::size_t used;
  };
  void give_back(void* memory, std::size_t bytes);
  void* take_from_system(std::size_t bytes);
  void* cut(std::size_t bytes);
  void release_cache_locked();

  mutable std::mutex mutex_;  // guards everything below
  std::map<std::size_t, std::vector<void*>> free_;
  std::vector<Region> regions_;  // the last one is cut from
  AllocatorStats stats_;
};

/// Bytes that a process could still get: what the system calls available, less where a memory limit of the container is nearer.
std::uint64_t free_host_memory();
std::uint64_t total_host_memory();

}  // namespace dsw
