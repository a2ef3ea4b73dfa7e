// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr int kBlocks = 64;  // Philox blocks of four words made at once

/// words[4 b + w] of blocks first … first + kBlocks - 1; the rounds of philox() over arrays, so that the compiler makes vectors.
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

int dropout(DswStream* stream, DswView x, DswView y, double p, std::uint64_t key) {
  if (x.dtype != DSW_F32) return dsw_reference_kernels()->dropout(stream, x, y, p, key);
  const std::uint64_t threshold = drop_threshold(p);
  const float scale = static_cast<float>(1 / (1 - p));
  const float* from = data<float>(x);
  float* to = data<float>(y);
  constexpr std::int64_t kGrain = 4 * kBlocks;
  parallel_for(stream, elements(x), 1.0, kGrain, [&](std::int64_t begin, std::int64_t end, int) {
    std::uint32_t words[kGrain];
    for (std::int64_t i = begin; i < end; i += kGrain) {
      philox_blocks(key, static_cast<std::uint64_t>(i) / 4, words);
      const std::int64_t n = end - i < kGrain ? end - i : kGrain;
      for (std::int64_t j = 0; j < n; ++j) to[i + j] = words[j] < threshold ? 0.0f : from[i + j] * scale;
    }
  });
  return DSW_OK;
}

}  // namespace

void add_random(DswKernels& table) { table.dropout = dropout; }

}  // namespace dsw::kernels::DSW_ISA
