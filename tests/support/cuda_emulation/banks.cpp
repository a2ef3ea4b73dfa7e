// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/banks.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/quiet.h"

namespace dsw::cuda_emulation {
namespace {

constexpr int kBanks = 32;
constexpr std::size_t kWord = 4;

struct Place {  // of the source, and the warp and its how-manieth time there
  const char* file;
  unsigned line, column;
  int warp;
  std::size_t bytes, time;
  bool operator<(const Place& other) const {
    return std::tie(file, line, column, warp, bytes, time) <
           std::tie(other.file, other.line, other.column, other.warp, other.bytes, other.time);
  }
};
struct Notes {
  bool on = false;
  std::map<Place, std::map<int, const void*>> accesses;        // addresses by lane
  std::map<std::pair<Place, int>, std::size_t> times_of_lane;  // by place (time 0) and lane
};
Notes& notes() {
  static Notes instance;
  return instance;
}

}  // namespace

void count_shared_request(const void* const* addresses, int count, std::size_t bytes) {
  Quiet quiet;
  std::uintptr_t of_bank[kBanks][kBanks];  // different words, at most 32 lanes of one or 128 words over 32 banks
  int passes[kBanks] = {}, words = 0, busiest = 0;
  for (int i = 0; i < count; ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(addresses[i]);
    for (std::uintptr_t word = address / kWord; word <= (address + bytes - 1) / kWord; ++word) {
      std::uintptr_t* seen = of_bank[word % kBanks];
      int& used = passes[word % kBanks];
      if (std::find(seen, seen + used, word) != seen + used) continue;
      seen[used++] = word;
      ++words;
      busiest = std::max(busiest, used);
    }
  }
  ++counters().shared_requests;
  counters().bank_conflicts += static_cast<std::uint64_t>(busiest - (words + kBanks - 1) / kBanks);
}

void count_bank_conflicts(bool on) { notes().on = on; }

void note_shared_access(const void* address, std::size_t bytes, std::source_location where) {
  if (!notes().on) return;
  Quiet quiet;
  const CudaThread& thread = Block::current().thread();
  Place place{where.file_name(), where.line(), where.column(), thread.warp, bytes, 0};
  place.time = ++notes().times_of_lane[{place, thread.lane}];
  notes().accesses[place][thread.lane] = address;
}

void settle_shared_accesses() {
  for (const auto& [place, by_lane] : notes().accesses) {
    // 32 lanes of up to 4 bytes at once, else as many as fill the banks once.
    const int together = place.bytes <= kWord ? 32 : static_cast<int>(32 * kWord / place.bytes);
    for (int first = 0; first < 32; first += together) {
      std::vector<const void*> addresses;
      for (auto lane = by_lane.lower_bound(first); lane != by_lane.end() && lane->first < first + together; ++lane)
        addresses.push_back(lane->second);
      if (!addresses.empty()) count_shared_request(addresses.data(), static_cast<int>(addresses.size()), place.bytes);
    }
  }
  notes().accesses.clear();
  notes().times_of_lane.clear();
}

}  // namespace dsw::cuda_emulation
