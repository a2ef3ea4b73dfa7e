// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <source_location>

#include "tests/support/cuda_emulation/block.h"

// The functions of CUDA by which threads of a warp or a block meet, with CUDA's names and meaning. A lane that does not come is a deadlock,
// which is reported with the line of each thread.
// Source: CUDA C++ Programming Guide, "Synchronization Functions", "Warp Shuffle Functions", "Warp Vote Functions".

namespace dsw::cuda_emulation {

/// What a lane brings to a shuffle and takes from it: the value of lane `source`, its own where that lane does not take part.
template <class T>
struct Shuffle {
  T value, result;
  int source;
};
template <class T>
void shuffle_lanes(unsigned lanes, void** records) {
  for (int lane = 0; lane < 32; ++lane) {
    if ((lanes >> lane & 1u) == 0) continue;
    auto* mine = static_cast<Shuffle<T>*>(records[lane]);
    const bool there = mine->source >= 0 && mine->source < 32 && (lanes >> mine->source & 1u) != 0;
    mine->result = there ? static_cast<Shuffle<T>*>(records[mine->source])->value : mine->value;
  }
}
template <class T>
T shuffle(unsigned lanes, T value, int source, const char* name, std::source_location where) {
  Shuffle<T> record{value, value, source};
  Block::current().collective(lanes, name, &record, shuffle_lanes<T>, where);
  return record.result;
}
inline int lane_number() { return Block::current().thread().lane; }

}  // namespace dsw::cuda_emulation

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  dsw::cuda_emulation::Block::current().barrier(0, where);
}
inline int __syncthreads_count(int predicate, std::source_location where = std::source_location::current()) {
  return dsw::cuda_emulation::Block::current().barrier(predicate, where).count;
}
inline int __syncthreads_or(int predicate, std::source_location where = std::source_location::current()) {
  return dsw::cuda_emulation::Block::current().barrier(predicate, where).any;
}
inline int __syncthreads_and(int predicate, std::source_location where = std::source_location::current()) {
  return dsw::cuda_emulation::Block::current().barrier(predicate, where).all;
}
inline void __syncwarp(unsigned lanes = 0xFFFFFFFFu, std::source_location where = std::source_location::current()) {
  dsw::cuda_emulation::Block::current().collective(lanes, "__syncwarp", nullptr, nullptr, where, true);
}

template <class T>
T __shfl_sync(unsigned lanes, T value, int source, int width = 32, std::source_location where = std::source_location::current()) {
  const int lane = dsw::cuda_emulation::lane_number();
  return dsw::cuda_emulation::shuffle(lanes, value, (lane & ~(width - 1)) | (source & (width - 1)), "__shfl_sync", where);
}
template <class T>
T __shfl_xor_sync(unsigned lanes, T value, int mask, int width = 32, std::source_location where = std::source_location::current()) {
  const int lane = dsw::cuda_emulation::lane_number(), source = lane ^ mask;
  return dsw::cuda_emulation::shuffle(lanes, value, source / width > lane / width ? lane : source, "__shfl_xor_sync", where);
}
template <class T>
T __shfl_down_sync(unsigned lanes, T value, unsigned by, int width = 32, std::source_location where = std::source_location::current()) {
  const int lane = dsw::cuda_emulation::lane_number(), source = lane + static_cast<int>(by);
  return dsw::cuda_emulation::shuffle(lanes, value, source / width != lane / width ? lane : source, "__shfl_down_sync", where);
}
template <class T>
T __shfl_up_sync(unsigned lanes, T value, unsigned by, int width = 32, std::source_location where = std::source_location::current()) {
  const int lane = dsw::cuda_emulation::lane_number(), source = lane - static_cast<int>(by);
  return dsw::cuda_emulation::shuffle(lanes, value, source < lane / width * width ? lane : source, "__shfl_up_sync", where);
}

inline unsigned __ballot_sync(unsigned lanes, int predicate, std::source_location where = std::source_location::current()) {
  struct Ballot {
    int predicate;
    unsigned result;
  } record{predicate, 0};
  const auto meet = [](unsigned among, void** records) {
    unsigned votes = 0;
    for (int lane = 0; lane < 32; ++lane)
      if ((among >> lane & 1u) != 0 && static_cast<Ballot*>(records[lane])->predicate != 0) votes |= 1u << lane;
    for (int lane = 0; lane < 32; ++lane)
      if ((among >> lane & 1u) != 0) static_cast<Ballot*>(records[lane])->result = votes;
  };
  dsw::cuda_emulation::Block::current().collective(lanes, "__ballot_sync", &record, meet, where);
  return record.result;
}
inline int __any_sync(unsigned lanes, int predicate, std::source_location where = std::source_location::current()) {
  return __ballot_sync(lanes, predicate, where) != 0;
}
inline int __all_sync(unsigned lanes, int predicate, std::source_location where = std::source_location::current()) {
  return __ballot_sync(lanes, predicate, where) == lanes;
}
