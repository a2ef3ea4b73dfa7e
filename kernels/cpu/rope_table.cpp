// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/rope_table.h"

#include <cmath>
#include <cstdlib>
#include <new>

#include "kernels/cpu/parallel.h"

namespace dsw::kernels {

RopeTable::RopeTable() = default;
RopeTable::~RopeTable() { clear(); }

const RopeTable* RopeTable::of(DswStream* stream, const DswView& positions, double base, std::int64_t half) {
  auto& slot = stream->prepared(PreparedSlot::Rope);
  if (!slot) slot.reset(new (std::nothrow) RopeTable);
  auto* const table = static_cast<RopeTable*>(slot.get());
  if (table == nullptr) return nullptr;
  return table->matches(positions, base, half) || table->make(stream, positions, base, half) ? table : nullptr;
}

void RopeTable::clear() {
  std::free(position);
  std::free(turn);
  position = nullptr;
  turn = nullptr;
  count = -1;
}

bool RopeTable::matches(const DswView& positions, double new_base, std::int64_t new_half) const {
  if (base != new_base || half != new_half || count != positions.shape[0]) return false;
  for (std::int64_t t = 0; t < count; ++t)
    if (position[t] != data<std::int32_t>(positions)[t * positions.stride[0]]) return false;
  return true;
}

bool RopeTable::make(DswStream* stream, const DswView& positions, double new_base, std::int64_t new_half) {
  clear();
  const std::int64_t n = positions.shape[0];
  position = static_cast<std::int32_t*>(std::malloc(static_cast<std::size_t>(n) * sizeof(std::int32_t) + 1));
  turn = static_cast<float*>(std::malloc(static_cast<std::size_t>(n * 2 * new_half) * sizeof(float) + 1));
  if (position == nullptr || turn == nullptr) return false;
  base = new_base;
  half = new_half;
  parallel_for(stream, n, 50.0 * static_cast<double>(half), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      position[t] = data<std::int32_t>(positions)[t * positions.stride[0]];
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = position[t] * std::pow(base, -static_cast<double>(i) / static_cast<double>(half));
        turn[2 * t * half + i] = static_cast<float>(std::cos(angle));
        turn[(2 * t + 1) * half + i] = static_cast<float>(std::sin(angle));
      }
    }
  });
  count = n;
  return true;
}

}  // namespace dsw::kernels
