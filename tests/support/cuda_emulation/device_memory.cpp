// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/device_memory.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/quiet.h"

namespace dsw::cuda_emulation {
namespace {

constexpr std::size_t kAlignment = 256;  // of cudaMalloc

/// Guarded by the device's lock (runtime.cpp), which a launch holds from its beginning to its end.
struct Memory {
  struct Range {
    std::uintptr_t begin = 0, end = 0;
  };
  std::map<std::uintptr_t, std::uintptr_t> ends;  // of each block by its beginning, as the host sees them
  std::set<std::uintptr_t> pinned;                // blocks that are the host's
  std::array<Range, 4> recent;                    // where the last accesses were; a kernel goes back and forth between few
  std::size_t next_recent = 0;
  std::size_t in_use = 0, capacity = std::size_t{4} << 30;
};
Memory& memory() {
  static Memory instance;
  return instance;
}

bool within_allocation(std::uintptr_t begin, std::size_t bytes) {
  Memory& m = memory();
  for (const Memory::Range& range : m.recent)
    if (begin >= range.begin && begin + bytes <= range.end) return true;
  const auto after = m.ends.upper_bound(begin);
  if (after == m.ends.begin()) return false;
  const auto block = std::prev(after);
  if (begin + bytes > block->second) return false;
  m.recent[m.next_recent] = {block->first, block->second};
  m.next_recent = (m.next_recent + 1) % m.recent.size();
  return true;
}

std::uintptr_t checked(const void* device, std::size_t bytes, std::size_t alignment, const char* what, std::source_location where) {
  const auto address = reinterpret_cast<std::uintptr_t>(device), host = address & ~kDeviceBit;
  const char* wrong = address == host                   ? "not an address of the device"
                      : address % alignment != 0        ? "not aligned"
                      : !within_allocation(host, bytes) ? "out of bounds"
                                                        : nullptr;
  if (wrong != nullptr) Block::current().fail(std::string(what) + " of " + std::to_string(bytes) + " bytes: " + wrong, where);
  return host;
}

}  // namespace

Counters& counters() {
  static Counters instance;
  return instance;
}

void* allocate_device_memory(std::size_t bytes) {
  Memory& m = memory();
  if (bytes == 0 || bytes > m.capacity - std::min(m.capacity, m.in_use)) return nullptr;
  // aligned_alloc wants a multiple of the alignment, which would hide the true end from AddressSanitizer.
  void* block = nullptr;
  if (posix_memalign(&block, kAlignment, bytes) != 0) return nullptr;
  std::memset(block, 0xFF, bytes);
  const auto begin = reinterpret_cast<std::uintptr_t>(block);
  m.ends.emplace(begin, begin + bytes);
  m.in_use += bytes;
  return reinterpret_cast<void*>(begin | kDeviceBit);
}

void* allocate_pinned_memory(std::size_t bytes) {
  Memory& m = memory();
  void* block = nullptr;
  if (bytes == 0 || posix_memalign(&block, kAlignment, bytes) != 0) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(block);
  m.ends.emplace(begin, begin + bytes);
  m.pinned.insert(begin);
  return block;
}
bool is_pinned(const void* host) {
  const auto address = reinterpret_cast<std::uintptr_t>(host);
  const auto after = memory().pinned.upper_bound(address);
  return after != memory().pinned.begin() && address < memory().ends.at(*std::prev(after));
}

bool free_device_memory(void* device) {
  Memory& m = memory();
  const auto found = m.ends.find(reinterpret_cast<std::uintptr_t>(device) & ~kDeviceBit);
  if (!is_device_address(device) || found == m.ends.end()) return false;
  if (m.pinned.erase(found->first) == 0) m.in_use -= found->second - found->first;
  std::free(reinterpret_cast<void*>(found->first));
  m.ends.erase(found);
  m.recent = {};
  return true;
}

void forget_device_memory() {
  Memory& m = memory();
  for (const auto& [begin, end] : m.ends) std::free(reinterpret_cast<void*>(begin));
  m.ends.clear();
  m.pinned.clear();
  m.recent = {};
  m.in_use = 0;
}

void set_device_capacity(std::size_t bytes) { memory().capacity = bytes; }
std::size_t device_capacity() { return memory().capacity; }
std::size_t device_bytes_in_use() { return memory().in_use; }

void* host_address(const void* device, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(device);
  if ((address & kDeviceBit) == 0 || !within_allocation(address & ~kDeviceBit, bytes)) return nullptr;
  return reinterpret_cast<void*>(address & ~kDeviceBit);
}

const void* read_address(const void* device, std::size_t bytes, std::size_t alignment, std::source_location where) {
  Quiet quiet;
  const std::uintptr_t address = checked(device, bytes, alignment, "read", where);
  counters().bytes_read += bytes;
  return reinterpret_cast<const void*>(address);
}

void* write_address(void* device, std::size_t bytes, std::size_t alignment, std::source_location where) {
  Quiet quiet;
  const std::uintptr_t address = checked(device, bytes, alignment, "write", where);
  counters().bytes_written += bytes;
  return reinterpret_cast<void*>(address);
}

}  // namespace dsw::cuda_emulation
