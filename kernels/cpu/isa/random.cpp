// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/philox_blocks.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr int kBlocks = 64;  // Philox blocks of four words made at once

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
      philox_blocks<kBlocks>(key, static_cast<std::uint64_t>(i) / 4, words);
      const std::int64_t n = end - i < kGrain ? end - i : kGrain;
      for (std::int64_t j = 0; j < n; ++j) to[i + j] = words[j] < threshold ? 0.0f : from[i + j] * scale;
    }
  });
  return DSW_OK;
}

}  // namespace

void add_random(DswKernels& table) { table.dropout = dropout; }

}  // namespace dsw::kernels::DSW_ISA
