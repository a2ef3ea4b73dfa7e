// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/attention_forward.h"
#include "kernels/cuda/attention_plain.h"

/// Attention of few queries over pages of kept keys, 16-bit numbers: split among thread blocks by pages, then combined in the pages' order.
/// The queries of all heads that share keys are the rows of one product. Which pages make a split depends on nothing but their numbers, so
/// the result is the same on every device. Source: Dao et al. 2023, Flash-Decoding; Kwon et al. 2023 for the pages.
namespace dsw::cuda {

constexpr int kSplitPages = 4;  // pages of a thread block

/// A thread block of four warps takes 16 query rows; each warp takes 16 keys of a page, with a softmax of its own.
template <int kWidth>
struct PagedTiles {
  static constexpr int kRows = 16, kWarps = 4, kKeys = DSW_BLOCK / kWarps, kStages = kWidth <= 128 ? 2 : 1;
  static constexpr int kThreads = kWarps * kWarp;
  static constexpr int kBytes = (kRows + kWarps * kStages * 2 * kKeys) * kWidth * 2;
};

/// What the splits leave to be combined: for row (b Hq + h) T + t and split i its maximum (of log2) and sum at 2 (row splits + i), and D
/// numbers.
struct Splits {
  float *numbers, *outs;
  int count;
};

/// A row of a product: query t of head h.
struct SharedQuery {
  int h, t;
  bool there;
};
DSW_DEVICE SharedQuery shared_query(const AttentionRun& run, int hk, int row) {
  const int group = run.Hq / run.Hkv;
  return {hk * group + row / run.T, row % run.T, row < group * run.T};
}

template <class T, int kWidth>
__global__ void __launch_bounds__(PagedTiles<kWidth>::kThreads)
    attention_paged(AttentionRun run, const HeadRows k_pages, const HeadRows v_pages, const KeyPlaces places, const Splits splits) {
  using Tiles = PagedTiles<kWidth>;
  constexpr int kKeys = Tiles::kKeys;
  DSW_DYNAMIC_SHARED(std::uint16_t, shared);
  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int split = static_cast<int>(blockIdx.x), b = static_cast<int>(blockIdx.z);
  const int hk = static_cast<int>(blockIdx.y) % run.Hkv, first_row = static_cast<int>(blockIdx.y) / run.Hkv * Tiles::kRows;
  const auto partial = [&](int row) {
    const SharedQuery query = shared_query(run, hk, row);
    return ((static_cast<std::int64_t>(b) * run.Hq + query.h) * run.T + query.t) * splits.count + split;
  };
  run.S = places.keys(b);
  const int from = max(visible_keys(run, 0).first / DSW_BLOCK, split * kSplitPages);
  const int to = min((run.S + DSW_BLOCK - 1) / DSW_BLOCK, (split + 1) * kSplitPages);
  if (from >= to) {
    if (thread < Tiles::kRows && shared_query(run, hk, first_row + thread).there) {
      store(splits.numbers + 2 * partial(first_row + thread), -INFINITY);
      store(splits.numbers + 2 * partial(first_row + thread) + 1, 0);
    }
    return;
  }

  const Tile<kWidth> queries{shared};
  std::uint16_t* const own = shared + (Tiles::kRows + warp * Tiles::kStages * 2 * kKeys) * kWidth;
  const auto keys = [=](int stage) { return Tile<kWidth>{own + stage * 2 * kKeys * kWidth}; };
  const auto values = [=](int stage) { return Tile<kWidth>{own + (stage * 2 + 1) * kKeys * kWidth}; };
  const auto fetch = [&](int number, int stage) {
    const int page = places.page(b, number);
    const int kept = run.S - number * DSW_BLOCK + DSW_PLANTED(row_too_far);
    load_rows<kKeys, kWarp>(keys(stage), k_pages.of(page, hk), k_pages.row, warp * kKeys, kept, run.D, lane);
    load_rows<kKeys, kWarp>(values(stage), v_pages.of(page, hk), v_pages.row, warp * kKeys, kept, run.D, lane);
  };
  for (int i = thread; i < Tiles::kRows * (kWidth / 8); i += Tiles::kThreads) {
    const int row = i / (kWidth / 8), chunk = i % (kWidth / 8);
    const SharedQuery query = shared_query(run, hk, first_row + row);
    const bool exists = query.there && chunk * 8 < run.D;
    cp_async16(queries.at(row, chunk), exists ? run.q.of(b, query.h) + query.t * run.q.row + chunk * 8 : run.q.data, exists);
  }
  fetch(from, 0);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();

  KeyRange ranges[2];
  for (int r = 0; r < 2; ++r) ranges[r] = visible_keys(run, shared_query(run, hk, first_row + lane / 4 + 8 * r).t);
  float out[kWidth / 8][4] = {};
  RunningRows rows;
  for (int page = from, stage = 0; page < to; ++page, stage ^= Tiles::kStages - 1) {
    if (Tiles::kStages == 2 && page + 1 < to) fetch(page + 1, stage ^ 1);
    cp_async_commit();
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<Tiles::kStages - 1>();
    if (!DSW_PLANTED(missing_barrier)) __syncwarp();
    float scores[kKeys / 8][4] = {};
    multiply_rows<T, kKeys>(scores, queries, 0, keys(stage), 0, lane);
    running_softmax<kKeys, kWidth>(run, b, ranges, page * DSW_BLOCK + warp * kKeys, lane, scores, rows, out);
    add_product<T, kWidth / 16, kKeys>(out, scores, values(stage), 0, 0, lane);
    __syncwarp();  // nobody reads what the next copies overwrite
    if (Tiles::kStages == 1 && page + 1 < to) fetch(page + 1, 0);
  }
  cp_async_wait<0>();
  __syncthreads();

  // The four warps' sums, through the memory that held the keys.
  float* const outs = reinterpret_cast<float*>(shared);
  float* const numbers = outs + Tiles::kWarps * Tiles::kRows * kWidth;
  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    const int at = warp * Tiles::kRows + lane / 4 + 8 * r;
    const float sum = row_sum(rows.sum[r]);
    if (lane % 4 == 0) {
      numbers[2 * at] = rows.maximum[r];
      numbers[2 * at + 1] = sum;
    }
    DSW_UNROLL
    for (int n = 0; n < kWidth / 8; ++n) {
      outs[at * kWidth + n * 8 + lane % 4 * 2] = out[n][2 * r];
      outs[at * kWidth + n * 8 + lane % 4 * 2 + 1] = out[n][2 * r + 1];
    }
  }
  __syncthreads();
  for (int i = thread; i < Tiles::kRows * kWidth; i += Tiles::kThreads) {
    const int row = i / kWidth, d = i % kWidth;
    if (d >= run.D || !shared_query(run, hk, first_row + row).there) continue;
    float maximum = -INFINITY, sum = 0, total = 0;
    for (int w = 0; w < Tiles::kWarps; ++w) maximum = fmaxf(maximum, numbers[2 * (w * Tiles::kRows + row)]);
    const float base = maximum == -INFINITY ? 0 : maximum;
    for (int w = 0; w < Tiles::kWarps; ++w) {
      const int at = w * Tiles::kRows + row;
      const float weight = exp2f(numbers[2 * at] - base);
      sum += weight * numbers[2 * at + 1];
      total += weight * outs[at * kWidth + d];
    }
    const std::int64_t to_row = partial(first_row + row);
    store(splits.outs + to_row * run.D + d, total);
    if (d == 0) {
      store(splits.numbers + 2 * to_row, maximum);
      store(splits.numbers + 2 * to_row + 1, sum);
    }
  }
}

/// One warp a query: what its splits left, in their order.
template <class T>
__global__ void attention_paged_combine(const AttentionRun run, const Splits splits) {
  const PlainRow own = plain_row(run.B, run.Hq, run.T);
  if (!own.there) return;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const std::int64_t first = ((static_cast<std::int64_t>(own.b) * run.Hq + own.h) * run.T + own.t) * splits.count;
  float maximum = -INFINITY, sum = 0;
  for (int i = 0; i < splits.count; ++i) maximum = fmaxf(maximum, load(splits.numbers + 2 * (first + i)));
  const float base = maximum == -INFINITY ? 0 : maximum;
  for (int i = 0; i < splits.count; ++i)
    sum += exp2f(load(splits.numbers + 2 * (first + i)) - base) * load(splits.numbers + 2 * (first + i) + 1);
  const bool sees_nothing = sum == 0;  // not NaN
  std::uint16_t* const o = run.o.of(own.b, own.h) + own.t * run.o.row;
  for (int d = lane; d < run.D; d += kWarp) {
    float total = 0;
    for (int i = 0; i < splits.count; ++i) {
      if (load(splits.numbers + 2 * (first + i) + 1) == 0) continue;  // saw nothing and wrote nothing
      total += exp2f(load(splits.numbers + 2 * (first + i)) - base) * load(splits.outs + (first + i) * run.D + d);
    }
    store(o + d, narrow<T>(sees_nothing ? 0 : total / sum).bits);
  }
  if (lane == 0) store(run.lse.at(own.b, own.h, own.t), sees_nothing ? -INFINITY : kLn2 * (maximum + log2f(sum)));
}

}  // namespace dsw::cuda
