// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"

/// kernels/philox.h in device code: the same words, the same numbers.
namespace dsw::cuda {

struct PhiloxWords {
  std::uint32_t word[4];
};
/// Philox4x32-10. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
DSW_DEVICE PhiloxWords philox(std::uint64_t key, std::uint64_t counter) {
  auto c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32);
  std::uint32_t c2 = 0, c3 = 0;
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint32_t high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
    const std::uint32_t high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}
DSW_DEVICE std::uint32_t philox_word(std::uint64_t key, std::uint64_t counter, int word) {
  const PhiloxWords words = philox(key, counter);  // an index that is not constant would put them into memory
  return word == 0 ? words.word[0] : word == 1 ? words.word[1] : word == 2 ? words.word[2] : words.word[3];
}

/// [0, 1) with 24 bits.
DSW_DEVICE float unit_from_word(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
/// A word below this is dropped: keeps a share of 1 - p.
inline std::uint64_t drop_threshold(double p) {
  if (!(p > 0)) return 0;
  return p >= 1 ? std::uint64_t{1} << 32 : static_cast<std::uint64_t>(p * 0x1p32);
}

}  // namespace dsw::cuda
