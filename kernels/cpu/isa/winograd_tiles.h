// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/isa/vec.h"
#include "kernels/view.h"

/// The way of pixels to tiles and back (isa/winograd.h). A row of tiles is cut into strips of kWidth pixels, and any two strips, whatever
/// row or picture they are of, fill a vector of tiles: the first strip's left columns are every second pixel of one load, its right columns
/// the others. Within the vector the tiles stand in the order that interleaving by 128 bits gives; nobody minds.
namespace dsw::kernels::DSW_ISA {

inline constexpr std::int64_t kParts = 16;  // of a transformed tile
inline constexpr std::int64_t kStripTiles = kWidth / 2;

/// How the results of all pictures are cut into strips, and strips into blocks.
struct TileGrid {
  std::int64_t pictures, down, strips_a_row;
  std::int64_t block_strips;  ///< even

  /// Blocks of about `block_floats` numbers for all parts of `channels` channels.
  TileGrid(const DswView& y, std::int64_t channels, std::int64_t block_floats)
      : pictures(y.shape[0]), down((y.shape[2] + 1) / 2), strips_a_row((y.shape[3] + kWidth - 1) / kWidth) {
    constexpr std::int64_t kLeast = 4, kMost = 384 / kStripTiles;
    block_strips = std::clamp(block_floats / (kParts * channels * kStripTiles) / kLeast * kLeast, kLeast, kMost);
  }
  std::int64_t strips() const { return pictures * down * strips_a_row; }
  /// Floats from one channel's tiles to the next: an odd number of cache lines, or channels would drive each other out of the cache.
  std::int64_t pitch() const { return 16 * ((block_strips * kStripTiles + 15) / 16 | 1); }
  /// Floats from one part of `channels` channels to the next; likewise odd.
  std::int64_t part(std::int64_t channels) const { return 16 * (channels * pitch() / 16 | 1); }
};

/// One strip of an image plane that is read or written, valid for all channels.
template <int Lines>
struct Strip {
  std::int64_t line[Lines];  ///< offset in a channel of the strip's first pixel, kOutside where the line is outside of the picture
  std::int32_t from, to;     ///< pixels that are inside of the picture; from 0 and to kWidth or more: all

  static constexpr std::int64_t kOutside = INT64_MIN;
};

/// Strip number `strip` of planes like x: lines 2 ty - pad_h + i, pixels from kWidth strip - pad_w on; past the last strip all is outside.
template <int Lines>
Strip<Lines> make_strip(const TileGrid& grid, std::int64_t strip, const DswView& x, std::int64_t pad_h, std::int64_t pad_w) {
  Strip<Lines> made;
  const std::int64_t row = strip / grid.strips_a_row, column = strip % grid.strips_a_row * kWidth - pad_w;
  const std::int64_t picture = row / grid.down, y = row % grid.down * 2 - pad_h;
  for (int i = 0; i < Lines; ++i) {
    const bool inside = picture < grid.pictures && y + i >= 0 && y + i < x.shape[2];
    made.line[i] = inside ? picture * x.stride[0] + (y + i) * x.stride[2] + column : Strip<Lines>::kOutside;
  }
  made.from = static_cast<std::int32_t>(std::max<std::int64_t>(0, -column));
  made.to = static_cast<std::int32_t>(std::clamp<std::int64_t>(x.shape[3] - column, -1, kWidth + 2));
  return made;
}

/// Lanes first … last - 1 of memory at p, the others 0 and not touched.
inline Vec load_between(const float* p, std::int32_t first, std::int32_t last) {
  const Int lanes = lane_numbers(), inside = (lanes >= first) & (lanes < last);
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(_mm512_movepi32_mask(reinterpret_cast<__m512i>(inside)), p));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_maskload_ps(p, reinterpret_cast<__m256i>(inside)));
#else
  Vec v{};
  for (int i = 0; i < kWidth; ++i) {
    if (inside[i]) v[i] = p[i];
  }
  return v;
#endif
}
/// The strip's pixels of line i, or those `shift` further.
template <int Lines>
Vec load_strip(const float* channel, const Strip<Lines>& strip, int i, std::int32_t shift = 0) {
  if (strip.line[i] == Strip<Lines>::kOutside) return Vec{};
  const float* p = channel + strip.line[i] + shift;
  if (strip.from <= shift && strip.to >= kWidth + shift) return load(p);
  return load_between(p, strip.from - shift, strip.to - shift);
}

inline constexpr Int lanes_of(int first, int second, int third, int fourth) {
  Int lanes{};
  for (int i = 0; i < kWidth; i += 4) {
    lanes[i] = i + first;
    lanes[i + 1] = i + second;
    lanes[i + 2] = i + third;
    lanes[i + 3] = i + fourth;
  }
  return lanes;
}
/// Left and right columns of two strips' tiles, and back.
inline Vec left_of(Vec a, Vec b) { return __builtin_shuffle(a, b, lanes_of(0, 2, kWidth, kWidth + 2)); }
inline Vec right_of(Vec a, Vec b) { return __builtin_shuffle(a, b, lanes_of(1, 3, kWidth + 1, kWidth + 3)); }
inline Vec first_strip(Vec left, Vec right) { return __builtin_shuffle(left, right, lanes_of(0, kWidth, 1, kWidth + 1)); }
inline Vec second_strip(Vec left, Vec right) { return __builtin_shuffle(left, right, lanes_of(2, kWidth + 2, 3, kWidth + 3)); }

/// Asks for the strip's lines of a channel that comes later.
template <int Lines>
void prefetch(const float* channel, const Strip<Lines>& strip) {
  for (int i = 0; i < Lines; ++i) {
    if (strip.line[i] != Strip<Lines>::kOutside) __builtin_prefetch(channel + strip.line[i]);
  }
}

/// B' d B of two strips' tiles: 16 vectors, `part` floats apart.
inline void transform_input(const float* channel, const Strip<4>& first, const Strip<4>& second, float* parts, std::int64_t part) {
  Vec w[4][4];
  for (int i = 0; i < 4; ++i) {
    const Vec a = load_strip(channel, first, i), b = load_strip(channel, second, i);
    const Vec c = load_strip(channel, first, i, 2), d = load_strip(channel, second, i, 2);
    const Vec d0 = left_of(a, b), d1 = right_of(a, b), d2 = left_of(c, d), d3 = right_of(c, d);
    w[i][0] = d0 - d2;
    w[i][1] = d1 + d2;
    w[i][2] = d2 - d1;
    w[i][3] = d1 - d3;
  }
  for (int j = 0; j < 4; ++j) {
    float* to = parts + j * part;
    store(to, w[0][j] - w[2][j]);
    store(to + 4 * part, w[1][j] + w[2][j]);
    store(to + 8 * part, w[2][j] - w[1][j]);
    store(to + 12 * part, w[1][j] - w[3][j]);
  }
}

/// A dY A' of two strips' tiles.
inline void transform_gradient(const float* channel, const Strip<2>& first, const Strip<2>& second, float* parts, std::int64_t part) {
  Vec y[2][2];
  for (int i = 0; i < 2; ++i) {
    const Vec a = load_strip(channel, first, i), b = load_strip(channel, second, i);
    y[i][0] = left_of(a, b);
    y[i][1] = right_of(a, b);
  }
  for (int i = 0; i < 4; ++i) {
    const auto down = [&](int j) { return i == 0 ? y[0][j] : i == 1 ? y[0][j] + y[1][j] : i == 2 ? y[0][j] - y[1][j] : -y[1][j]; };
    const Vec left = down(0), right = down(1);
    float* to = parts + 4 * i * part;
    store(to, left);
    store(to + part, left + right);
    store(to + 2 * part, left - right);
    store(to + 3 * part, -right);
  }
}

/// A'[m]A + bias into two strips. Returns 0 for finite numbers and NaN else.
inline Vec transform_output(const float* parts, std::int64_t part, float bias, float* channel, const Strip<2>& first,
                            const Strip<2>& second) {
  Vec s[2][4], check{};
  for (int j = 0; j < 4; ++j) {
    const float* from = parts + j * part;
    const Vec m1 = load(from + 4 * part), m2 = load(from + 8 * part);
    s[0][j] = load(from) + m1 + m2;
    s[1][j] = m1 - m2 - load(from + 12 * part);
  }
  for (int i = 0; i < 2; ++i) {
    const Vec left = s[i][0] + s[i][1] + s[i][2] + bias, right = s[i][1] - s[i][2] - s[i][3] + bias;
    check += (left - left) + (right - right);
    if (first.line[i] != Strip<2>::kOutside) store_first(channel + first.line[i], first_strip(left, right), first.to);
    if (second.line[i] != Strip<2>::kOutside) store_first(channel + second.line[i], second_strip(left, right), second.to);
  }
  return check;
}

}  // namespace dsw::kernels::DSW_ISA
