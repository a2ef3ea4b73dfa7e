// SPDX-License-Identifier: GPL-3.0-or-later
// What the silicon gives at most: loops that do nothing but multiply-adds, or nothing but reads.
#include "kernels/cpu/isa/peak.h"

#include "kernels/cpu/isa/vec.h"

namespace dsw::kernels::DSW_ISA {

double multiply_adds(std::int64_t rounds) {
  // As many chains as hide the latency of the multiply-add (4 cycles, 2 a cycle) and still stay in registers on every set.
  constexpr int kChains = kWidth == 4 ? 8 : 12;
  Vec sum[kChains];
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) sum[c] = splat(static_cast<float>(c));
  const Vec factor = splat(0.999F), addend = splat(0.001F);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sum[c] = sum[c] * factor + addend;
  }
  Vec all{};
#pragma GCC unroll 12
  for (int c = 0; c < kChains; ++c) all += sum[c];
  volatile float kept = sum_lanes(all);
  (void)kept;
  return 2.0 * kChains * kWidth * static_cast<double>(rounds);
}

float read_all(const float* memory, std::int64_t count) {
  Vec sum[8] = {};
  std::int64_t i = 0;
  for (; i + 8 * kWidth <= count; i += 8 * kWidth) {
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) sum[c] += load(memory + i + c * kWidth);
  }
  Vec all{};
  for (const Vec& part : sum) all += part;
  return sum_lanes(all);
}

}  // namespace dsw::kernels::DSW_ISA
