// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/caching_allocator.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

namespace dsw {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
// Asking the system how much is free costs tens of microseconds, so only large blocks are checked beforehand.
constexpr std::size_t kCheckedFrom = std::size_t{64} << 20;
constexpr std::size_t kRegion = std::size_t{16} << 20;
constexpr std::size_t kCutFrom = std::size_t{32} << 10, kCutTo = std::size_t{4} << 20;

bool is_cut(std::size_t bytes) { return bytes >= kCutFrom && bytes <= kCutTo; }

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576.0); }

Error out_of_memory(std::size_t bytes) {
  return Error(ErrorCode::OutOfMemory,
               fmt::format("A tensor needs {}, but {} of memory are free.", mebibytes(bytes), mebibytes(free_host_memory())),
               "Use a smaller batch, a shorter context or a smaller model, or close other programs.");
}

/// Without a promise of memory that does not exist: an overcommitting system would end the process later instead.
void* system_allocate(std::size_t bytes) {
  if (bytes >= kCheckedFrom && bytes > free_host_memory()) return nullptr;
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : 64;
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return nullptr;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory != nullptr && bytes >= kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);  // fewer page faults and TLB misses; a wish only
  return memory;
}

std::uint64_t read_number(const char* path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? value : std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t meminfo(const std::string& key) {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t kib = 0;
  for (std::string unit; file >> name >> kib; std::getline(file, unit)) {
    if (name == key) return kib * 1024;
  }
  return 0;
}

}  // namespace

std::uint64_t free_host_memory() {
  std::uint64_t available = meminfo("MemAvailable:");
  const std::uint64_t limit = read_number("/sys/fs/cgroup/memory.max"), used = read_number("/sys/fs/cgroup/memory.current");
  if (limit != std::numeric_limits<std::uint64_t>::max() && used != std::numeric_limits<std::uint64_t>::max()) {
    available = std::min(available, limit > used ? limit - used : 0);
  }
  return available;
}
std::uint64_t total_host_memory() { return std::min(meminfo("MemTotal:"), read_number("/sys/fs/cgroup/memory.max")); }

/// Keeps the allocator alive, so that a tensor may outlive its device's handle on it.
class CachingAllocator::Block : public Storage {
 public:
  Block(std::shared_ptr<CachingAllocator> allocator, void* memory, std::size_t asked, std::size_t taken)
      : allocator_(std::move(allocator)), taken_(taken) {
    data_ = memory;
    bytes_ = asked;
  }
  ~Block() override { allocator_->give_back(data_, taken_); }

 private:
  std::shared_ptr<CachingAllocator> allocator_;
  std::size_t taken_;
};

CachingAllocator::~CachingAllocator() { release_cache(); }

std::size_t CachingAllocator::rounded(std::size_t bytes) {
  if (bytes <= 512) return std::max<std::size_t>(64, (bytes + 63) / 64 * 64);
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return bytes;
  const std::size_t step = std::min(std::bit_floor(bytes - 1) / 8, kHugePage);
  return (bytes + step - 1) / step * step;
}

std::shared_ptr<Storage> CachingAllocator::allocate(std::size_t bytes) {
  const std::size_t taken = rounded(bytes);
  void* memory = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (auto it = free_.find(taken); it != free_.end() && !it->second.empty()) {
      memory = it->second.back();
      it->second.pop_back();
    } else {
      memory = is_cut(taken) ? cut(taken) : take_from_system(taken);
      if (memory == nullptr) throw out_of_memory(bytes);
    }
    stats_.live_bytes += taken;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
  }
  return std::make_shared<Block>(shared_from_this(), memory, bytes, taken);
}

void* CachingAllocator::take_from_system(std::size_t bytes) {
  void* memory = system_allocate(bytes);
  if (memory == nullptr) {
    release_cache_locked();
    memory = system_allocate(bytes);
  }
  if (memory == nullptr) return nullptr;
  stats_.reserved_bytes += bytes;
  ++stats_.system_allocations;
  return memory;
}

void* CachingAllocator::cut(std::size_t bytes) {
  if (regions_.empty() || regions_.back().used + bytes > kRegion) {
    auto* memory = static_cast<char*>(take_from_system(kRegion));
    if (memory == nullptr) return nullptr;
    regions_.push_back({memory, 0});
  }
  Region& region = regions_.back();
  char* memory = region.begin + region.used;
  region.used += bytes;
  return memory;
}

void CachingAllocator::give_back(void* memory, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  stats_.live_bytes -= bytes;
  free_[bytes].push_back(memory);
}

AllocatorStats CachingAllocator::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}
void CachingAllocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_bytes = stats_.live_bytes;
}
void CachingAllocator::release_cache() {
  const std::lock_guard lock(mutex_);
  release_cache_locked();
}
void CachingAllocator::release_cache_locked() {
  const auto region_of = [this](const void* block) {
    return std::find_if(regions_.begin(), regions_.end(),
                        [block](const Region& r) { return block >= r.begin && block < r.begin + r.used; });
  };
  std::vector<std::size_t> free_bytes(regions_.size());
  for (auto& [bytes, blocks] : free_) {
    if (is_cut(bytes)) {
      for (const void* block : blocks) free_bytes[static_cast<std::size_t>(region_of(block) - regions_.begin())] += bytes;
      continue;
    }
    for (void* block : blocks) {
      std::free(block);
      stats_.reserved_bytes -= bytes;
    }
    blocks.clear();
  }
  std::vector<Region> kept, left;
  for (std::size_t i = 0; i < regions_.size(); ++i) (free_bytes[i] == regions_[i].used ? left : kept).push_back(regions_[i]);
  regions_ = std::move(kept);
  for (auto& [bytes, blocks] : free_) {
    if (is_cut(bytes)) std::erase_if(blocks, [&](const void* block) { return region_of(block) == regions_.end(); });
  }
  for (const Region& region : left) {
    std::free(region.begin);
    stats_.reserved_bytes -= kRegion;
  }
}

}  // namespace dsw
