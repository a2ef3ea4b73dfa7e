// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>

#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

const DswKernels& reference() { return *dsw_reference_kernels(); }

int fill(DswStream* stream, DswView y, double value) {
  if (!all_narrow({&y})) return reference().fill(stream, y, value);
  const float number = static_cast<float>(value);
  for_each_piece<0>(stream, 0.15, {&y}, [number](float* const* p, std::int64_t n) { std::fill(p[0], p[0] + n, number); });
  return DSW_OK;
}

constexpr std::int64_t kTile = 32;

/// y's inner axis is dense, x's axis `across` is: square tiles keep both sides in the cache.
void copy_transposed(DswStream* stream, const Walk<2>& w, int across) {
  const int inner = w.rank - 1;
  const std::int64_t columns = w.shape[inner], rows = w.shape[across], row_tiles = (rows + kTile - 1) / kTile;
  std::int64_t others = 1;
  for (int a = 0; a < inner; ++a) others *= a == across ? 1 : w.shape[a];
  const std::int64_t x_step = w.stride[0][inner], y_step = w.stride[1][across];
  parallel_for(stream, others * row_tiles, 0.4 * static_cast<double>(kTile * columns), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t task = begin; task < end; ++task) {
      std::int64_t rest = task / row_tiles, x_offset = 0, y_offset = 0;
      for (int a = inner - 1; a >= 0; --a) {
        if (a == across) continue;
        x_offset += rest % w.shape[a] * w.stride[0][a];
        y_offset += rest % w.shape[a] * w.stride[1][a];
        rest /= w.shape[a];
      }
      const std::int64_t r0 = task % row_tiles * kTile, r1 = std::min(rows, r0 + kTile);
      for (std::int64_t c0 = 0; c0 < columns; c0 += kTile) {
        const std::int64_t c1 = std::min(columns, c0 + kTile);
        for (std::int64_t r = r0; r < r1; ++r) {
          const float* from = static_cast<const float*>(w.start[0]) + x_offset + r;
          float* to = static_cast<float*>(w.start[1]) + y_offset + r * y_step;
          for (std::int64_t c = c0; c < c1; ++c) to[c] = from[c * x_step];
        }
      }
    }
  });
}

int copy(DswStream* stream, DswView x, DswView y) {
  if (x.dtype == y.dtype && !all_narrow({&x}) && contiguous(x) && contiguous(y)) {  // numbers that are only moved
    const std::size_t wide = x.dtype == DSW_F64 || x.dtype == DSW_I64 ? 8 : x.dtype == DSW_I32 ? 4 : 1;
    std::memmove(y.data, x.data, static_cast<std::size_t>(elements(x)) * wide);
    return DSW_OK;
  }
  if (!all_narrow({&x, &y})) return reference().copy(stream, x, y);
  if (elements(y) == 0) return DSW_OK;
  const Walk<2> walk = make_walk<2>({&x, &y});
  const int inner = walk.rank - 1;
  if (all_float32({&x, &y}) && walk.stride[1][inner] == 1 && walk.stride[0][inner] > 1) {
    for (int a = 0; a < inner; ++a) {
      if (walk.stride[0][a] != 1 || walk.shape[a] < 4) continue;
      copy_transposed(stream, walk, a);
      return DSW_OK;
    }
  }
  for_each_piece<1>(stream, 0.25, {&x, &y},
                    [](float* const* p, std::int64_t n) { std::memcpy(p[1], p[0], static_cast<std::size_t>(n) * sizeof(float)); });
  return DSW_OK;
}

}  // namespace

void add_memory(DswKernels& table) {
  table.fill = fill;
  table.copy = copy;
}

}  // namespace dsw::kernels::DSW_ISA
