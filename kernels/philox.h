// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

#include "kernels/view.h"

/// Random numbers by element number, the same for every device and thread count.
namespace DSW_KERNELS_NAMESPACE {

/// Philox4x32-10: four words from (key, counter). Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
inline std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter) {
  std::uint32_t c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32), c2 = 0, c3 = 0;
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c0, b = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ k0;
    c2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(b);
    c3 = static_cast<std::uint32_t>(a);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {c0, c1, c2, c3};
}

/// [0, 1) with 24 bits, so that float32 and float64 hold the same number.
inline double unit_from_word(std::uint32_t word) { return static_cast<double>(word >> 8) * 0x1p-24; }
/// A word below this is dropped: keeps a share of 1 - p. p <= 0 gives 0; p >= 1 drops all (2^32, more than any word).
inline std::uint64_t drop_threshold(double p) {
  if (!(p > 0)) return 0;
  return p >= 1 ? std::uint64_t{1} << 32 : static_cast<std::uint64_t>(p * 0x1p32);
}
/// Number of Philox blocks that one row of attention's dropout takes, and the word of key s in them; see DswAttention.
inline std::uint64_t attention_row_blocks(std::int64_t keys) { return static_cast<std::uint64_t>((keys + 3) / 4); }
inline std::uint32_t attention_word(std::uint64_t key, std::int64_t row, std::int64_t keys, std::int64_t s) {
  const std::uint64_t block = static_cast<std::uint64_t>(row) * attention_row_blocks(keys) + static_cast<std::uint64_t>(s / 4);
  return philox(key, block)[static_cast<std::size_t>(s % 4)];
}
/// The two standard normal numbers of two words. Source: Box & Muller 1958.
inline std::array<double, 2> normal_pair(std::uint32_t a, std::uint32_t b) {
  const double radius = std::sqrt(-2.0 * std::log((static_cast<double>(a) + 1.0) * 0x1p-32));
  const double angle = 6.283185307179586476925 * static_cast<double>(b) * 0x1p-32;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace DSW_KERNELS_NAMESPACE
