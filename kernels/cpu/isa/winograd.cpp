// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/winograd.h"

#include <atomic>
#include <cmath>

#include "kernels/cpu/isa/micro_gemm.h"
#include "kernels/cpu/isa/winograd_tiles.h"
#include "kernels/cpu/parallel.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr double kNanosecondsAProduct = 0.02;
constexpr std::int64_t kAhead = 2;  // channels that memory is asked for before they are read
constexpr std::size_t floats(std::int64_t n) { return static_cast<std::size_t>(n) * sizeof(float); }
constexpr std::int64_t whole(std::int64_t n, std::int64_t step) { return (n + step - 1) / step * step; }

/// parts [16, C, O] of G g G' for each filter.
void transform_filters(DswStream* stream, const WinogradProduct& p, std::int64_t C, std::int64_t O, float* parts) {
  const float* w = data<float>(p.w);
  const std::int64_t by_in = p.backwards ? O * 9 : 9, by_out = p.backwards ? 9 : C * 9;
  parallel_for(stream, C, 3.0 * static_cast<double>(O), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t c = begin; c < end; ++c) {
      for (std::int64_t o = 0; o < O; o += kWidth) {
        const std::int64_t n = std::min<std::int64_t>(kWidth, O - o);
        Vec g[9] = {}, rows[4][3];
        for (int l = 0; l < n; ++l) {
          const float* from = w + c * by_in + (o + l) * by_out;
          for (int i = 0; i < 9; ++i) g[p.backwards ? 8 - i : i][l] = from[i];
        }
        const auto turned = [](Vec g0, Vec g1, Vec g2, Vec& r0, Vec& r1, Vec& r2, Vec& r3) {
          const Vec half = 0.5f * (g0 + g2);
          r0 = g0;
          r1 = half + 0.5f * g1;
          r2 = half - 0.5f * g1;
          r3 = g2;
        };
        for (int j = 0; j < 3; ++j) turned(g[j], g[3 + j], g[6 + j], rows[0][j], rows[1][j], rows[2][j], rows[3][j]);
        for (int i = 0; i < 4; ++i) {
          Vec out[4];
          turned(rows[i][0], rows[i][1], rows[i][2], out[0], out[1], out[2], out[3]);
          for (int j = 0; j < 4; ++j) store_first(parts + ((4 * i + j) * C + c) * O + o, out[j], n);
        }
      }
    }
  });
}

// Sums of products along the tiles: kOuts rows of one factor with kIns of the other at once, one sum a lane in the end.
constexpr int kOuts = kWidth == 4 ? 2 : 4, kIns = kWidth / kOuts;

/// The lanes of 2 n vectors added up by halves: lane i of the result is the sum of sums[i].
template <int N>
Vec sums_of_lanes(const Vec* sums) {
  if constexpr (N == 1) {
    return sums[0];
  } else {
    constexpr int kLanes = N;  // that belong to one sum yet
    Int near{}, far{};
    for (int i = 0; i < kWidth; ++i) {
      const int group = i / (kLanes / 2), from = group * kLanes + i % (kLanes / 2);
      near[i] = from;
      far[i] = from + kLanes / 2;
    }
    Vec halves[N / 2];
    for (int i = 0; i < N / 2; ++i)
      halves[i] = __builtin_shuffle(sums[2 * i], sums[2 * i + 1], near) + __builtin_shuffle(sums[2 * i], sums[2 * i + 1], far);
    return sums_of_lanes<N / 2>(halves);
  }
}

/// totals [outs / kOuts, ins / kIns, kWidth] += outs of `left` times ins of `right`, over `tiles`.
void add_tile_products(const float* left, std::int64_t outs, const float* right, std::int64_t ins, std::int64_t pitch, std::int64_t tiles,
                       float* totals) {
  for (std::int64_t o = 0; o < outs; o += kOuts) {
    for (std::int64_t c = 0; c < ins; c += kIns, totals += kWidth) {
      Vec sums[kWidth] = {};
      const float *a = left + o * pitch, *b = right + c * pitch;
      for (std::int64_t t = 0; t < tiles; t += kWidth) {
        Vec y[kIns];
        for (int j = 0; j < kIns; ++j) y[j] = load(b + j * pitch + t);
        for (int i = 0; i < kOuts; ++i) {
          const Vec x = load(a + i * pitch + t);
          for (int j = 0; j < kIns; ++j) sums[i * kIns + j] += x * y[j];
        }
      }
      store(totals, load(totals) + sums_of_lanes<kWidth>(sums));
    }
  }
}

/// Each channel's tiles of a block, `pitch` floats apart; prefetched two channels ahead.
void transform_inputs(const DswView& x, const Strip<4>* sources, std::int64_t strips, float* parts, std::int64_t pitch, std::int64_t part) {
  for (std::int64_t c = 0; c < x.shape[1]; ++c) {
    const float* channel = data<float>(x) + c * x.stride[1];
    for (std::int64_t s = 0; s < strips; ++s) prefetch(channel + kAhead * x.stride[1], sources[s]);
    for (std::int64_t s = 0; s < strips; s += 2)
      transform_input(channel, sources[s], sources[s + 1], parts + c * pitch + s * kStripTiles, part);
  }
}

}  // namespace

bool winograd_pays(std::int64_t channels_in, std::int64_t channels_out) {
  constexpr std::int64_t kMostChannels = 1024;
  return channels_in >= 4 && channels_out >= 4 && channels_in + channels_out <= kMostChannels;
}

int winograd(DswStream* stream, const WinogradProduct& p) {
  const std::int64_t C = p.x.shape[1], O = p.y.shape[1];
  const TileGrid grid(p.y, C + O, 20 * 1024);  // near the first cache
  const std::int64_t pitch = grid.pitch(), in_part = grid.part(C), out_part = grid.part(O);
  float* const filters = static_cast<float*>(stream->scratch(stream->threads(), floats(kParts * C * O)));
  const std::size_t strips_bytes = static_cast<std::size_t>(grid.block_strips) * (sizeof(Strip<4>) + sizeof(Strip<2>));
  if (filters == nullptr || !stream->reserve(strips_bytes + floats(kParts * (in_part + out_part)))) return DSW_OUT_OF_MEMORY;
  transform_filters(stream, p, C, O, filters);
  std::atomic<bool> finite{true};
  const double cost = static_cast<double>(kStripTiles * kParts * C * O) * kNanosecondsAProduct;
  parallel_for(stream, grid.strips(), cost, grid.block_strips, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* const inputs = static_cast<float*>(stream->scratch(thread, 0));
    float* const results = inputs + kParts * in_part;
    auto* const sources = reinterpret_cast<Strip<4>*>(results + kParts * out_part);
    auto* const targets = reinterpret_cast<Strip<2>*>(sources + grid.block_strips);
    Vec check{};
    for (std::int64_t strip = begin; strip < end; strip += grid.block_strips) {
      const std::int64_t strips = whole(std::min(end - strip, grid.block_strips), 2), tiles = strips * kStripTiles;
      for (std::int64_t s = 0; s < strips; ++s) {
        sources[s] = make_strip<4>(grid, strip + s, p.x, p.pad_h, p.pad_w);
        targets[s] = make_strip<2>(grid, strip + s, p.y, 0, 0);
      }
      transform_inputs(p.x, sources, strips, inputs, pitch, in_part);
      for (std::int64_t k = 0; k < kParts; ++k) {
        const Factor<float> filter{filters + k * C * O, 1, O};
        small_gemm(filter, O, inputs + k * in_part, pitch, C, tiles, results + k * out_part, pitch, false);
      }
      for (std::int64_t o = 0; o < O; ++o) {
        const float bias = given(p.bias) ? data<float>(p.bias)[o] : 0.0f;
        float* channel = data<float>(p.y) + o * p.y.stride[1];
        for (std::int64_t s = 0; s < strips; ++s) prefetch(channel + kAhead * p.y.stride[1], targets[s]);
        for (std::int64_t s = 0; s < strips; s += 2)
          check += transform_output(results + o * pitch + s * kStripTiles, out_part, bias, channel, targets[s], targets[s + 1]);
      }
    }
    if (sum_lanes(check) != 0) finite = false;  // NaN
  });
  return finite ? DSW_OK : DSW_UNSUPPORTED;
}

int winograd(DswStream* stream, const WinogradWeights& p) {
  const std::int64_t C = p.x.shape[1], O = p.dy.shape[1], ins = whole(C, kIns), outs = whole(O, kOuts);
  const TileGrid grid(p.dy, ins + outs, 160 * 1024);  // long sums, and yet near the second cache
  const std::int64_t pitch = grid.pitch(), in_part = grid.part(ins), out_part = grid.part(outs), numbers = kParts * ins * outs + outs;
  const int threads = stream->threads();
  float* const totals = static_cast<float*>(stream->scratch(threads, floats(threads * numbers)));
  const std::size_t strips_bytes = static_cast<std::size_t>(grid.block_strips) * (sizeof(Strip<4>) + sizeof(Strip<2>));
  if (totals == nullptr || !stream->reserve(strips_bytes + floats(kParts * (in_part + out_part)))) return DSW_OUT_OF_MEMORY;
  std::fill(totals, totals + threads * numbers, 0.0f);
  const double cost = static_cast<double>(kStripTiles * kParts * C * O) * kNanosecondsAProduct;
  parallel_for(stream, grid.strips(), cost, grid.block_strips, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* const inputs = static_cast<float*>(stream->scratch(thread, 0));
    float* const gradients = inputs + kParts * in_part;
    auto* const sources = reinterpret_cast<Strip<4>*>(gradients + kParts * out_part);
    auto* const targets = reinterpret_cast<Strip<2>*>(sources + grid.block_strips);
    float* const mine = totals + thread * numbers;
    std::fill(inputs, gradients + kParts * out_part, 0.0f);  // channels that fill a tile of sums up
    for (std::int64_t strip = begin; strip < end; strip += grid.block_strips) {
      const std::int64_t strips = whole(std::min(end - strip, grid.block_strips), 2), tiles = strips * kStripTiles;
      for (std::int64_t s = 0; s < strips; ++s) {
        sources[s] = make_strip<4>(grid, strip + s, p.x, p.pad_h, p.pad_w);
        targets[s] = make_strip<2>(grid, strip + s, p.dy, 0, 0);
      }
      transform_inputs(p.x, sources, strips, inputs, pitch, in_part);
      for (std::int64_t o = 0; o < O; ++o) {
        const float* channel = data<float>(p.dy) + o * p.dy.stride[1];
        for (std::int64_t s = 0; s < strips; ++s) prefetch(channel + kAhead * p.dy.stride[1], targets[s]);
        for (std::int64_t s = 0; s < strips; s += 2)
          transform_gradient(channel, targets[s], targets[s + 1], gradients + o * pitch + s * kStripTiles, out_part);
      }
      for (std::int64_t k = 0; k < kParts; ++k)
        add_tile_products(gradients + k * out_part, outs, inputs + k * in_part, ins, pitch, tiles, mine + k * ins * outs);
      for (std::int64_t o = 0; given(p.dbias) && o < O; ++o) {
        Vec sum{};  // part (1, 1) is the sum of the tile
        for (std::int64_t t = 0; t < tiles; t += kWidth) sum += load(gradients + 5 * out_part + o * pitch + t);
        mine[kParts * ins * outs + o] += sum_lanes(sum);
      }
    }
  });
  std::atomic<bool> finite{true};
  parallel_for(stream, O, static_cast<double>(C) * 15.0, 1, [&](std::int64_t begin, std::int64_t end, int) {
    const auto total = [&](std::int64_t i) {
      float sum = 0;
      for (int t = 0; t < threads; ++t) sum += totals[t * numbers + i];
      return sum;
    };
    const auto turned = [](float r0, float r1, float r2, float r3, float* to, int step) {
      to[0] = r0 + 0.5f * (r1 + r2);
      to[step] = 0.5f * (r1 - r2);
      to[2 * step] = r3 + 0.5f * (r1 + r2);
    };
    float check = 0;
    for (std::int64_t o = begin; o < end; ++o) {
      for (std::int64_t c = 0; c < C; ++c) {
        const std::int64_t place = (o / kOuts * (ins / kIns) + c / kIns) * kWidth + o % kOuts * kIns + c % kIns;
        float parts[16], rows[12], *w = data<float>(p.dw) + (o * C + c) * 9;
        for (int k = 0; k < kParts; ++k) parts[k] = total(k * ins * outs + place);
        for (int j = 0; j < 4; ++j) turned(parts[j], parts[4 + j], parts[8 + j], parts[12 + j], rows + j, 4);
        for (int i = 0; i < 3; ++i) turned(rows[4 * i], rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3], w + 3 * i, 1);
        for (int i = 0; i < 9; ++i) check += w[i] - w[i];
      }
      if (given(p.dbias)) {
        float& sum = data<float>(p.dbias)[o] = total(kParts * ins * outs + o);
        check += sum - sum;
      }
    }
    if (check != 0) finite = false;
  });
  return finite ? DSW_OK : DSW_UNSUPPORTED;
}

}  // namespace dsw::kernels::DSW_ISA
