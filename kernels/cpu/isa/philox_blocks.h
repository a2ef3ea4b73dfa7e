// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace dsw::kernels::DSW_ISA {
namespace {

/// words[4 b + w] of blocks first … first + kBlocks - 1; the rounds of philox() over arrays, so that the compiler makes vectors.
template <int kBlocks>
void philox_blocks(std::uint64_t key, std::uint64_t first, std::uint32_t* words) {
  std::uint32_t c0[kBlocks], c1[kBlocks], c2[kBlocks] = {}, c3[kBlocks] = {};
  for (int b = 0; b < kBlocks; ++b) {
    const std::uint64_t counter = first + static_cast<std::uint64_t>(b);
    c0[b] = static_cast<std::uint32_t>(counter);
    c1[b] = static_cast<std::uint32_t>(counter >> 32);
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int b = 0; b < kBlocks; ++b) {
      const std::uint64_t p = std::uint64_t{0xD2511F53u} * c0[b], q = std::uint64_t{0xCD9E8D57u} * c2[b];
      c0[b] = static_cast<std::uint32_t>(q >> 32) ^ c1[b] ^ k0;
      c2[b] = static_cast<std::uint32_t>(p >> 32) ^ c3[b] ^ k1;
      c1[b] = static_cast<std::uint32_t>(q);
      c3[b] = static_cast<std::uint32_t>(p);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int b = 0; b < kBlocks; ++b) {
    words[4 * b] = c0[b];
    words[4 * b + 1] = c1[b];
    words[4 * b + 2] = c2[b];
    words[4 * b + 3] = c3[b];
  }
}

}  // namespace
}  // namespace dsw::kernels::DSW_ISA
