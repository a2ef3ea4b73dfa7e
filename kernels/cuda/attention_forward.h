// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/attention_walk.h"
#include "kernels/cuda/mma_tiles.h"

/// Attention of 16-bit numbers, float32 inside, scores never in memory. A thread block of kRows / 16 warps takes kRows queries of a head,
/// each warp 16 of them, and meets kKeys keys at a time, of which the next ones are on their way while it computes: two blocks of queries
/// share what is loaded of the keys. Source: Dao 2024, FlashAttention-2, algorithm 1.
namespace dsw::cuda {

template <int kWidth>
struct ForwardTiles {
  static constexpr int kRows = kWidth <= 128 ? 128 : 64, kKeys = kWidth <= 128 ? 64 : 32;
  static constexpr int kThreads = kRows * 2, kBlocks = kRows / DSW_BLOCK;
  static constexpr int kBytes = (kRows + 4 * kKeys) * kWidth * 2;  // queries, and keys and values twice
};

/// The running softmax of the two rows whose scores a thread holds.
struct RunningRows {
  float maximum[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};  // of scores in units of log2; of weights relative to the maximum
};

/// scores (products of 16 queries with kKeys keys; the thread's two rows see `ranges`) become weights of the softmax so far, and `out` is
/// brought to the new maximum.
template <int kKeys, int kWidth>
DSW_DEVICE void running_softmax(const AttentionRun& run, int b, const KeyRange (&ranges)[2], int first_key, int lane,
                                float (&scores)[kKeys / 8][4], RunningRows& rows, float (&out)[kWidth / 8][4]) {
  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    const KeyRange range = ranges[r];
    const bool whole = range.first <= first_key && first_key + kKeys <= range.last && run.mask == nullptr;
    float maximum = rows.maximum[r];
    DSW_UNROLL
    for (int n = 0; n < kKeys / 8; ++n) {
      DSW_UNROLL
      for (int e = 2 * r; e < 2 * r + 2; ++e) {
        const int key = first_key + n * 8 + (lane & 3) * 2 + (e & 1);
        const bool seen = whole || (key >= range.first && key < range.last && !run.masked_out(b, key));
        scores[n][e] = seen ? log2_weight(run, scores[n][e]) : -INFINITY;
        maximum = fmaxf(maximum, scores[n][e]);
      }
    }
    maximum = row_maximum(maximum);
    const float base = maximum == -INFINITY ? 0 : maximum, shrink = exp2f(rows.maximum[r] - base);
    float sum = 0;
    DSW_UNROLL
    for (int n = 0; n < kKeys / 8; ++n) {
      DSW_UNROLL
      for (int e = 2 * r; e < 2 * r + 2; ++e) {
        scores[n][e] = exp2f(scores[n][e] - base);
        sum += scores[n][e];
      }
    }
    rows.sum[r] = rows.sum[r] * shrink + sum;
    rows.maximum[r] = maximum;
    DSW_UNROLL
    for (int n = 0; n < kWidth / 8; ++n) {
      out[n][2 * r] *= shrink;
      out[n][2 * r + 1] *= shrink;
    }
  }
}

/// Weights that dropout takes become 0; those it keeps are divided by 1 - dropout at the end.
template <int kKeys>
DSW_DEVICE void drop_weights(const AttentionRun& run, std::int64_t row, int first_key, int lane, float (&weights)[kKeys / 8][4]) {
  DSW_UNROLL
  for (int n = 0; n < kKeys / 8; ++n) {
    DSW_UNROLL
    for (int e = 0; e < 4; ++e)
      if (!keeps(run, row + 8 * (e >> 1), first_key + n * 8 + (lane & 3) * 2 + (e & 1))) weights[n][e] = 0;
  }
}

template <class T, int kWidth>
__global__ void __launch_bounds__(ForwardTiles<kWidth>::kThreads) attention_forward(const AttentionRun run) {
  using Tiles = ForwardTiles<kWidth>;
  constexpr int kKeys = Tiles::kKeys;
  DSW_DYNAMIC_SHARED(std::uint16_t, shared);
  const Tile<kWidth> queries{shared};
  std::uint16_t* const kept = shared + Tiles::kRows * kWidth;
  const auto keys = [=](int stage) { return Tile<kWidth>{kept + stage * 2 * kKeys * kWidth}; };
  const auto values = [=](int stage) { return Tile<kWidth>{kept + (stage * 2 + 1) * kKeys * kWidth}; };

  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int h = static_cast<int>(blockIdx.y), b = static_cast<int>(blockIdx.z), hk = h / (run.Hq / run.Hkv);
  const int t0 = static_cast<int>(gridDim.x - 1 - blockIdx.x) * Tiles::kRows;  // causal: those that see most start first
  const std::uint16_t *const k = run.k.of(b, hk), *const v = run.v.of(b, hk);
  const auto fetch = [&](const Step& step, int stage) {
    load_rows<kKeys, Tiles::kThreads>(keys(stage), k, run.k.row, step.first, run.S + DSW_PLANTED(row_too_far), run.D, thread);
    load_rows<kKeys, Tiles::kThreads>(values(stage), v, run.v.row, step.first, run.S, run.D, thread);
  };

  KeyWalk<Tiles::kBlocks, kKeys> walk(run, b, h, t0);
  Step now = walk.next();
  load_rows<Tiles::kRows, Tiles::kThreads>(queries, run.q.of(b, h), run.q.row, t0, run.T, run.D, thread);
  if (now.seen_by) fetch(now, 0);
  cp_async_commit();

  const int row = t0 + warp * 16 + lane / 4;
  const std::int64_t drop_row = (static_cast<std::int64_t>(b) * run.Hq + h) * run.T + row;
  const KeyRange ranges[2] = {visible_keys(run, row), visible_keys(run, row + 8)};
  float out[kWidth / 8][4] = {};
  RunningRows rows;
  for (int stage = 0; now.seen_by; stage ^= 1) {
    const Step after = walk.next();
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<0>();
    if (!DSW_PLANTED(missing_barrier)) __syncthreads();  // this step's keys are there, and nobody reads those of the step before
    if (after.seen_by) fetch(after, stage ^ 1);
    cp_async_commit();
    if (now.seen_by >> (warp * 16 / DSW_BLOCK) & 1) {
      float scores[kKeys / 8][4] = {};
      multiply_rows<T, kKeys>(scores, queries, warp * 16, keys(stage), 0, lane);
      running_softmax<kKeys, kWidth>(run, b, ranges, now.first, lane, scores, rows, out);
      if (run.drop_below != 0) drop_weights<kKeys>(run, drop_row, now.first, lane, scores);
      add_product<T, kWidth / 16, kKeys>(out, scores, values(stage), 0, 0, lane);
    }
    now = after;
  }
  cp_async_wait<0>();  // queries that see nothing were loaded too

  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    const float sum = row_sum(rows.sum[r]);
    const int t = row + 8 * r;
    if (t >= run.T) continue;
    const bool sees_nothing = sum == 0;  // not NaN
    const float factor = sees_nothing ? 0 : (run.drop_below != 0 ? run.kept : 1) / sum;
    std::uint16_t* const o = run.o.of(b, h) + t * run.o.row;
    DSW_UNROLL
    for (int n = 0; n < kWidth / 8; ++n) {
      if (n * 8 < run.D)
        store(reinterpret_cast<std::uint32_t*>(o + n * 8 + (lane & 3) * 2), pack<T>(out[n][2 * r] * factor, out[n][2 * r + 1] * factor));
    }
    if (lane % 4 == 0) store(run.lse.at(b, h, t), sees_nothing ? -INFINITY : kLn2 * (rows.maximum[r] + log2f(sum)));
  }
}

}  // namespace dsw::cuda
