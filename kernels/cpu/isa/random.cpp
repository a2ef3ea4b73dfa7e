// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/philox_blocks.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr int kBlocks = 64;  // Philox blocks of four words made at once

int dropout(DswStream* stream, DswView x, DswView y, double p, std::uint64_t key) {
  if (!all_narrow({&x}) || y.dtype != x.dtype) return dsw_reference_kernels()->dropout(stream, x, y, p, key);
  const std::uint64_t threshold = drop_threshold(p);
  const float scale = static_cast<float>(1 / (1 - p));
  constexpr std::int64_t kGrain = 4 * kBlocks;
  return with_narrow(x.dtype, [&]<class T>(T) {
    const T* from = data<T>(x);
    T* to = data<T>(y);
    parallel_for(stream, elements(x), 1.0, kGrain, [&](std::int64_t begin, std::int64_t end, int) {
      std::uint32_t words[kGrain];
      for (std::int64_t i = begin; i < end; i += kGrain) {
        philox_blocks<kBlocks>(key, static_cast<std::uint64_t>(i) / 4, words);
        const std::int64_t n = end - i < kGrain ? end - i : kGrain;
        for (std::int64_t j = 0; j < n; ++j) to[i + j] = from_float<T>(words[j] < threshold ? 0.0f : to_float(from[i + j]) * scale);
      }
    });
    return static_cast<int>(DSW_OK);
  });
}

}  // namespace

void add_random(DswKernels& table) { table.dropout = dropout; }

}  // namespace dsw::kernels::DSW_ISA
