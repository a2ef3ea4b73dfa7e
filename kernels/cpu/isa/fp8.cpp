// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/fp8.h"

#include <cstring>

#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/reference/reference_kernels.h"
#include "kernels/scale_blocks.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr std::int64_t kTile = DSW_SCALE_BLOCK;  // work goes by tiles of at most kTile x kTile

/// A tile of a matrix: rows [r0, r0 + rows), columns [c0, c0 + columns).
struct Tile {
  std::int64_t r0, c0, rows, columns;
};
Tile tile_of(const DswView& x, std::int64_t number) {
  const std::int64_t across = (x.shape[1] + kTile - 1) / kTile, r0 = number / across * kTile, c0 = number % across * kTile;
  return {r0, c0, std::min(kTile, x.shape[0] - r0), std::min(kTile, x.shape[1] - c0)};
}
std::int64_t tiles(const DswView& x) { return (x.shape[0] + kTile - 1) / kTile * ((x.shape[1] + kTile - 1) / kTile); }

/// The tile as float32, its rows kTile apart.
void read_tile(const DswView& x, const Tile& t, float* to) {
  for (std::int64_t r = 0; r < t.rows; ++r)
    gather(x.dtype, element(x.data, x.dtype, (t.r0 + r) * x.stride[0] + t.c0 * x.stride[1]), x.stride[1], to + r * kTile, t.columns);
}

/// amax[c] = the larger of it and |x[c]|, for what is finite.
void add_amax(const float* x, std::int64_t n, float* amax) {
  for (std::int64_t c = 0; c < n; c += kWidth) {
    const Vec v = load_first(x + c, n - c);
    store(amax + c, greater(select(is_finite(v), abs(v), Vec{}), load(amax + c)));
  }
}
float largest(const float* x, std::int64_t n) {
  Vec most{};
  for (std::int64_t c = 0; c < n; c += kWidth) most = greater(load_first(x + c, n - c), most);
  return maximum_lane(most);
}

/// y's row of the tile = x / divisor.
template <class T>
void write_row(const DswView& y, const Tile& t, std::int64_t row, const float* x, const float* divisor) {
  std::uint8_t* to = data<std::uint8_t>(y) + (t.r0 + row) * y.stride[0] + t.c0 * y.stride[1];
  std::uint8_t codes[kTile + kWidth];
  const bool direct = y.stride[1] == 1;
  for (std::int64_t c = 0; c < t.columns; c += kWidth) {
    const Vec v = load_first(x + c, t.columns - c);
    const Vec quotient = select(is_finite(v), v / load(divisor + c), splat(std::numeric_limits<float>::quiet_NaN()));
    store_first_codes(direct ? to + c : codes + c, encode<T>(quotient), direct ? t.columns - c : kWidth);
  }
  for (std::int64_t c = 0; !direct && c < t.columns; ++c) to[c * y.stride[1]] = codes[c];
}

/// Blocks that lie inside one tile: a row or a column of it, or all of it.
template <class T>
void quantize_tile(const DswView& y, const Scales& scales, bool power_of_two, const Tile& t, const float* x) {
  const float top = largest_fp8(y.dtype);
  alignas(64) float amax[kTile] = {}, divisor[kTile];
  const auto set_all = [&](std::int64_t row) {
    float& scale = scales.at(t.r0 + row, t.c0);
    scale = scale_of(largest(amax, t.columns), top, power_of_two);
    std::fill(divisor, divisor + kTile, scale);
  };
  const bool by_row = scales.row_length == 1, by_column = scales.column_length == 1;
  if (!by_row) {
    for (std::int64_t r = 0; r < t.rows; ++r) add_amax(x + r * kTile, t.columns, amax);
    if (!by_column) set_all(0);
    for (std::int64_t c = 0; by_column && c < kTile; ++c) {
      divisor[c] = scale_of(amax[c], top, power_of_two);
      if (c < t.columns) scales.at(t.r0, t.c0 + c) = divisor[c];
    }
  }
  for (std::int64_t r = 0; r < t.rows; ++r) {
    if (by_row) {
      std::fill(amax, amax + kTile, 0.0f);
      add_amax(x + r * kTile, t.columns, amax);
      set_all(r);
    }
    write_row<T>(y, t, r, x + r * kTile, divisor);
  }
}

constexpr double kTileNanoseconds = 0.4 * static_cast<double>(kTile * kTile);
double tile_cost(const DswView& x) { return kTileNanoseconds * static_cast<double>(std::min(kTile, x.shape[0])) / kTile; }

/// One scale for all: the largest of the threads' largest, then the codes.
int quantize_whole(DswStream* stream, const DswView& x, bool power_of_two, const DswView& y, const Scales& scales) {
  float* most = static_cast<float*>(stream->scratch(stream->threads(), static_cast<std::size_t>(stream->threads()) * sizeof(float)));
  if (most == nullptr) return DSW_OUT_OF_MEMORY;
  std::fill(most, most + stream->threads(), 0.0f);
  const auto numbers = [&](int thread) { return static_cast<float*>(stream->scratch(thread, 0)); };
  parallel_for(stream, tiles(x), tile_cost(x), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    alignas(64) float amax[kTile] = {};
    for (std::int64_t i = begin; i < end; ++i) {
      const Tile t = tile_of(x, i);
      read_tile(x, t, numbers(thread));
      for (std::int64_t r = 0; r < t.rows; ++r) add_amax(numbers(thread) + r * kTile, t.columns, amax);
    }
    most[thread] = largest(amax, kTile);
  });
  *scales.start = scale_of(*std::max_element(most, most + stream->threads()), largest_fp8(y.dtype), power_of_two);
  parallel_for(stream, tiles(x), tile_cost(x), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    alignas(64) float divisor[kTile];
    std::fill(divisor, divisor + kTile, *scales.start);
    for (std::int64_t i = begin; i < end; ++i) {
      const Tile t = tile_of(x, i);
      read_tile(x, t, numbers(thread));
      with_fp8(y.dtype, [&]<class T>(T) {
        for (std::int64_t r = 0; r < t.rows; ++r) write_row<T>(y, t, r, numbers(thread) + r * kTile, divisor);
      });
    }
  });
  return DSW_OK;
}

int quantize_blocks(DswStream* stream, DswView x, std::int32_t power_of_two, DswView y, DswView scale) {
  Scales scales;
  if (!scales_of(y, scale, scales)) return DSW_BAD_ARGUMENT;
  const bool whole = elements(scale) == 1,
             tiled = scales.row_length <= kTile && scales.column_length <= kTile && (scales.row_length > 1 || scales.column_length > 1);
  if (!all_narrow({&x}) || (!whole && !tiled) || elements(y) == 0)
    return dsw_reference_kernels()->quantize_blocks(stream, x, power_of_two, y, scale);
  if (!stream->reserve(static_cast<std::size_t>(kTile * kTile) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  if (!tiled) return quantize_whole(stream, x, power_of_two != 0, y, scales);
  parallel_for(stream, tiles(x), tile_cost(x), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* numbers = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t i = begin; i < end; ++i) {
      const Tile t = tile_of(x, i);
      read_tile(x, t, numbers);
      with_fp8(y.dtype, [&]<class T>(T) { quantize_tile<T>(y, scales, power_of_two != 0, t, numbers); });
    }
  });
  return DSW_OK;
}

int dequantize_blocks(DswStream* stream, DswView x, DswView scale, DswView y) {
  Scales scales;
  if (!scales_of(x, scale, scales)) return DSW_BAD_ARGUMENT;
  if (!all_narrow({&y})) return dsw_reference_kernels()->dequantize_blocks(stream, x, scale, y);
  if (elements(x) == 0) return DSW_OK;
  parallel_for(stream, tiles(x), tile_cost(x), 1, [&](std::int64_t begin, std::int64_t end, int) {
    alignas(64) float factor[kTile + kWidth] = {}, numbers[kTile + kWidth];
    std::uint8_t codes[kTile + kWidth] = {};
    for (std::int64_t i = begin; i < end; ++i) {
      const Tile t = tile_of(x, i);
      for (std::int64_t r = t.r0; r < t.r0 + t.rows; ++r) {
        const std::uint8_t* from = data<std::uint8_t>(x) + r * x.stride[0] + t.c0 * x.stride[1];
        for (std::int64_t c = 0; c < t.columns; ++c) codes[c] = from[c * x.stride[1]];
        if (scales.column_length == 1)
          for (std::int64_t c = 0; c < t.columns; ++c) factor[c] = scales.at(r, t.c0 + c);
        else
          std::fill(factor, factor + kTile, scales.at(r, t.c0));
        with_fp8(x.dtype, [&]<class T>(T) {
          for (std::int64_t c = 0; c < t.columns; c += kWidth) store(numbers + c, decode<T>(load_codes(codes + c)) * load(factor + c));
        });
        scatter(y.dtype, numbers, element(y.data, y.dtype, r * y.stride[0] + t.c0 * y.stride[1]), y.stride[1], t.columns);
      }
    }
  });
  return DSW_OK;
}

}  // namespace

void add_fp8(DswKernels& table) {
  table.quantize_blocks = quantize_blocks;
  table.dequantize_blocks = dequantize_blocks;
}

}  // namespace dsw::kernels::DSW_ISA
