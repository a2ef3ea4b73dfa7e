// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace dsw {

/// Philox4x32-10: four 32-bit words from (key, counter). Pure, so any draw can be made again and in any order.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
std::array<std::uint32_t, 4> philox4x32(std::uint64_t key, std::uint64_t counter_low, std::uint64_t counter_high);

/// A stream of Philox numbers. Two values are its whole state, so a checkpoint stores it exactly.
/// Streams of one seed are made apart by a name ("init", "shuffle", "dropout"), so adding a use never shifts another.
class Rng {
 public:
  Rng() = default;
  explicit Rng(std::uint64_t seed, std::string_view stream = {});

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  double uniform();                      ///< [0, 1), 53 bits
  double normal();                       ///< mean 0, variance 1 (Box–Muller, both values used in turn would be state: one is dropped)
  std::uint64_t below(std::uint64_t n);  ///< 0 … n-1 without bias, n >= 1
  template <class Iterator>
  void shuffle(Iterator first, Iterator last) {  // Fisher–Yates
    for (auto n = last - first; n > 1; --n) std::swap(first[n - 1], first[static_cast<std::int64_t>(below(static_cast<std::uint64_t>(n)))]);
  }

  std::uint64_t key() const { return key_; }
  std::uint64_t position() const { return position_; }  ///< 32-bit words drawn so far
  void restore(std::uint64_t key, std::uint64_t position) {
    key_ = key;
    position_ = position;
  }
  /// A key for kernels that draw by element number (dropout, fills); advances the stream by two words.
  std::uint64_t next_key() { return next_u64(); }

 private:
  std::uint64_t key_ = 0, position_ = 0;
};

}  // namespace dsw
