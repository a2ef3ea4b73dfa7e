// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/attention_walk.h"
#include "kernels/cuda/mma_tiles.h"

/// Gradients of attention of 16-bit numbers from lse, float32 inside, in two passes that each write what they own, so that nothing is added
/// by two thread blocks: attention_dq over blocks of queries, then attention_dkv over blocks of keys, which reads the delta of the first.
/// With P = exp(scores - lse), M what dropout multiplies by: dV = (P M)' dO; dP = M (dO V'); dS = P (dP - delta) cap'; delta = sum_d dO O;
/// dQ = scale dS K; dK = scale dS' Q. Source: Dao 2024, FlashAttention-2, algorithm 2, taken apart.
namespace dsw::cuda {

template <int kWidth>
struct DqTiles {
  static constexpr int kRows = kWidth <= 64 ? 128 : 64, kKeys = kWidth <= 128 ? 64 : 32, kStages = kWidth <= 128 ? 2 : 1;
  static constexpr int kColumns = kWidth <= 128 ? 32 : 16;  // of P and dS that a warp holds at once
  static constexpr int kThreads = kRows * 2, kBlocks = kRows / DSW_BLOCK;
  static constexpr int kBytes = (2 * kRows + 2 * kStages * kKeys) * kWidth * 2;
};

/// P (0 where key s is not seen by query t) and dS / P from the product of q and k, for one element.
struct Weight {
  float p, cap_slope;
};
DSW_DEVICE Weight weight_of(const AttentionRun& run, float product, float lse, bool seen) {
  const float score = run.scale * product;
  if (!(run.soft_cap > 0)) return {seen ? exp2f(kLog2e * (score - lse)) : 0, 1};
  const float t = tanhf(score / run.soft_cap);
  return {seen ? exp2f(kLog2e * (run.soft_cap * t - lse)) : 0, 1 - t * t};
}
DSW_DEVICE bool sees(const AttentionRun& run, int b, int t, int s) {
  const KeyRange range = visible_keys(run, t);
  return s >= range.first && s < range.last && !run.masked_out(b, s);
}
/// What dropout multiplies the probability of (row, s) by.
DSW_DEVICE float kept_factor(const AttentionRun& run, std::int64_t row, int s) {
  return run.drop_below == 0 ? 1 : keeps(run, row, s) ? run.kept : 0;
}

/// Two neighbours of a row each, `factor` times, to row `row` of `rows` in memory; the last D columns' pads are left out.
template <class T, int kTiles>
DSW_DEVICE void store_row(std::uint16_t* to, const float (&out)[kTiles][4], int half, float factor, int first_column, int width, int lane) {
  DSW_UNROLL
  for (int n = 0; n < kTiles; ++n) {
    if (first_column + n * 8 < width)
      store(reinterpret_cast<std::uint32_t*>(to + first_column + n * 8 + (lane & 3) * 2),
            pack<T>(out[n][2 * half] * factor, out[n][2 * half + 1] * factor));
  }
}

template <class T>
struct alignas(4) Two {
  T first, second;
};
/// sum over d of dO O of row t, by the four lanes that hold one row of accumulators.
template <class T>
DSW_DEVICE float delta_of(const AttentionRun& run, int b, int h, int t, int lane) {
  float sum = 0;
  if (t < run.T) {
    const std::uint16_t *const o = run.o.of(b, h) + t * run.o.row, *const d_o = run.d_o.of(b, h) + t * run.d_o.row;
    for (int d = (lane & 3) * 2; d < run.D; d += 8) {
      const Two<T> x = load(reinterpret_cast<const Two<T>*>(o + d)), y = load(reinterpret_cast<const Two<T>*>(d_o + d));
      sum += widen(x.first) * widen(y.first) + widen(x.second) * widen(y.second);
    }
  }
  return row_sum(sum);
}
/// lse, made so that a row which sees nothing, or which does not exist, weighs nothing.
DSW_DEVICE float lse_of(const AttentionRun& run, int b, int h, int t) {
  const float lse = t < run.T ? load(run.lse.at(b, h, t)) : INFINITY;
  return lse == -INFINITY ? INFINITY : lse;
}

template <class T, int kWidth>
__global__ void __launch_bounds__(DqTiles<kWidth>::kThreads) attention_dq(const AttentionRun run) {
  using Tiles = DqTiles<kWidth>;
  constexpr int kKeys = Tiles::kKeys, kColumns = Tiles::kColumns;
  DSW_DYNAMIC_SHARED(std::uint16_t, shared);
  const Tile<kWidth> queries{shared}, d_outs{shared + Tiles::kRows * kWidth};
  std::uint16_t* const kept = shared + 2 * Tiles::kRows * kWidth;
  const auto keys = [=](int stage) { return Tile<kWidth>{kept + stage * 2 * kKeys * kWidth}; };
  const auto values = [=](int stage) { return Tile<kWidth>{kept + (stage * 2 + 1) * kKeys * kWidth}; };

  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int h = static_cast<int>(blockIdx.y), b = static_cast<int>(blockIdx.z), hk = h / (run.Hq / run.Hkv);
  const int t0 = static_cast<int>(gridDim.x - 1 - blockIdx.x) * Tiles::kRows;
  const std::uint16_t *const k = run.k.of(b, hk), *const v = run.v.of(b, hk);
  const auto fetch = [&](const Step& step, int stage) {
    load_rows<kKeys, Tiles::kThreads>(keys(stage), k, run.k.row, step.first, run.S + DSW_PLANTED(row_too_far), run.D, thread);
    load_rows<kKeys, Tiles::kThreads>(values(stage), v, run.v.row, step.first, run.S, run.D, thread);
  };

  KeyWalk<Tiles::kBlocks, kKeys> walk(run, b, h, t0);
  Step now = walk.next();
  load_rows<Tiles::kRows, Tiles::kThreads>(queries, run.q.of(b, h), run.q.row, t0, run.T, run.D, thread);
  load_rows<Tiles::kRows, Tiles::kThreads>(d_outs, run.d_o.of(b, h), run.d_o.row, t0, run.T, run.D, thread);
  if (now.seen_by) fetch(now, 0);
  cp_async_commit();

  const int row = t0 + warp * 16 + lane / 4;
  float lse[2], delta[2], dq[kWidth / 8][4] = {};
  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    lse[r] = lse_of(run, b, h, row + 8 * r);
    delta[r] = delta_of<T>(run, b, h, row + 8 * r, lane);
    if (lane % 4 == 0 && row + 8 * r < run.T) store(run.delta.at(b, h, row + 8 * r), delta[r]);
  }
  const std::int64_t drop_row = (static_cast<std::int64_t>(b) * run.Hq + h) * run.T + row;
  for (int stage = 0; now.seen_by; stage ^= Tiles::kStages - 1) {
    const Step after = walk.next();
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<0>();
    if (!DSW_PLANTED(missing_barrier)) __syncthreads();
    if (Tiles::kStages == 2 && after.seen_by) fetch(after, stage ^ 1);
    cp_async_commit();
    for (int first = 0; first < kKeys && (now.seen_by >> (warp * 16 / DSW_BLOCK) & 1); first += kColumns) {
      float scores[kColumns / 8][4] = {}, slopes[kColumns / 8][4] = {};
      multiply_rows<T, kColumns>(scores, queries, warp * 16, keys(stage), first, lane);
      multiply_rows<T, kColumns>(slopes, d_outs, warp * 16, values(stage), first, lane);
      DSW_UNROLL
      for (int n = 0; n < kColumns / 8; ++n) {
        DSW_UNROLL
        for (int e = 0; e < 4; ++e) {
          const int r = e >> 1, t = row + 8 * r, s = now.first + first + n * 8 + (lane & 3) * 2 + (e & 1);
          const Weight weight = weight_of(run, scores[n][e], lse[r], sees(run, b, t, s));
          slopes[n][e] = weight.p * weight.cap_slope * (kept_factor(run, drop_row + 8 * r, s) * slopes[n][e] - delta[r]);
        }
      }
      add_product<T, kWidth / 16, kColumns>(dq, slopes, keys(stage), first, 0, lane);
    }
    if (Tiles::kStages == 1) {
      __syncthreads();
      if (after.seen_by) fetch(after, 0);
      cp_async_commit();
    }
    now = after;
  }
  cp_async_wait<0>();
  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    const int t = row + 8 * r;
    if (t < run.T) store_row<T>(run.dq.of(b, h) + t * run.dq.row, dq, r, run.scale, 0, run.D, lane);
  }
}

template <int kWidth>
struct DkvTiles {
  static constexpr int kRows = kWidth <= 64 ? 128 : 64, kQueries = kWidth <= 128 ? 64 : 32, kStages = kWidth <= 128 ? 2 : 1;
  static constexpr int kColumns = 32;
  static constexpr int kParts = kWidth <= 128 ? 1 : 2;  // warps that share 16 keys and each keep a part of the columns of dK and dV
  static constexpr int kThreads = kRows * 2 * kParts, kBlocks = kRows / DSW_BLOCK;
  static constexpr int kNumbers = kStages * 2 * kQueries;  // lse and delta
  static constexpr int kBytes = (2 * kRows + 2 * kStages * kQueries) * kWidth * 2 + kNumbers * 4;
};

/// Rows of accumulators are keys here and columns queries: the transposes of P and dS are then left operands as they are.
template <class T, int kWidth>
__global__ void __launch_bounds__(DkvTiles<kWidth>::kThreads) attention_dkv(const AttentionRun run) {
  using Tiles = DkvTiles<kWidth>;
  constexpr int kQueries = Tiles::kQueries, kColumns = Tiles::kColumns, kPairs = kWidth / 16 / Tiles::kParts;
  DSW_DYNAMIC_SHARED(std::uint16_t, shared);
  const Tile<kWidth> keys{shared}, values{shared + Tiles::kRows * kWidth};
  std::uint16_t* const passing = shared + 2 * Tiles::kRows * kWidth;
  const auto queries = [=](int stage) { return Tile<kWidth>{passing + stage * 2 * kQueries * kWidth}; };
  const auto d_outs = [=](int stage) { return Tile<kWidth>{passing + (stage * 2 + 1) * kQueries * kWidth}; };
  float* const numbers = reinterpret_cast<float*>(passing + 2 * Tiles::kStages * kQueries * kWidth);

  const int thread = static_cast<int>(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp;
  const int part = warp % Tiles::kParts, own = warp / Tiles::kParts * 16;
  const int hk = static_cast<int>(blockIdx.y), b = static_cast<int>(blockIdx.z), s0 = static_cast<int>(blockIdx.x) * Tiles::kRows;
  const auto fetch = [&](const Step& step, int stage) {
    load_rows<kQueries, Tiles::kThreads>(queries(stage), run.q.of(b, step.head), run.q.row, step.first, run.T + DSW_PLANTED(row_too_far),
                                         run.D, thread);
    load_rows<kQueries, Tiles::kThreads>(d_outs(stage), run.d_o.of(b, step.head), run.d_o.row, step.first, run.T, run.D, thread);
    if (thread < kQueries) {
      const int t = step.first + thread;
      numbers[stage * 2 * kQueries + thread] = lse_of(run, b, step.head, t);
      numbers[(stage * 2 + 1) * kQueries + thread] = t < run.T ? load(run.delta.at(b, step.head, t)) : 0;
    }
  };

  QueryWalk<Tiles::kBlocks, kQueries> walk(run, b, hk, s0);
  Step now = walk.next();
  load_rows<Tiles::kRows, Tiles::kThreads>(keys, run.k.of(b, hk), run.k.row, s0, run.S, run.D, thread);
  load_rows<Tiles::kRows, Tiles::kThreads>(values, run.v.of(b, hk), run.v.row, s0, run.S, run.D, thread);
  if (now.seen_by) fetch(now, 0);
  cp_async_commit();

  float dk[2 * kPairs][4] = {}, dv[2 * kPairs][4] = {};
  for (int stage = 0; now.seen_by; stage ^= Tiles::kStages - 1) {
    const Step after = walk.next();
    if (!DSW_PLANTED(missing_wait)) cp_async_wait<0>();
    if (!DSW_PLANTED(missing_barrier)) __syncthreads();
    if (Tiles::kStages == 2 && after.seen_by) fetch(after, stage ^ 1);
    cp_async_commit();
    for (int first = 0; first < kQueries && (now.seen_by >> (own / DSW_BLOCK) & 1); first += kColumns) {
      float weights[kColumns / 8][4] = {}, slopes[kColumns / 8][4] = {};
      multiply_rows<T, kColumns>(weights, keys, own, queries(stage), first, lane);
      multiply_rows<T, kColumns>(slopes, values, own, d_outs(stage), first, lane);
      DSW_UNROLL
      for (int n = 0; n < kColumns / 8; ++n) {
        DSW_UNROLL
        for (int e = 0; e < 4; ++e) {
          const int column = first + n * 8 + (lane & 3) * 2 + (e & 1), t = now.first + column, s = s0 + own + lane / 4 + 8 * (e >> 1);
          const Weight weight = weight_of(run, weights[n][e], numbers[stage * 2 * kQueries + column], sees(run, b, t, s));
          const float kept = kept_factor(run, (static_cast<std::int64_t>(b) * run.Hq + now.head) * run.T + t, s);
          slopes[n][e] = weight.p * weight.cap_slope * (kept * slopes[n][e] - numbers[(stage * 2 + 1) * kQueries + column]);
          weights[n][e] = kept * weight.p;
        }
      }
      add_product<T, kPairs, kColumns>(dv, weights, d_outs(stage), first, part * kPairs, lane);
      add_product<T, kPairs, kColumns>(dk, slopes, queries(stage), first, part * kPairs, lane);
    }
    if (Tiles::kStages == 1) {
      __syncthreads();
      if (after.seen_by) fetch(after, 0);
      cp_async_commit();
    }
    now = after;
  }
  cp_async_wait<0>();
  DSW_UNROLL
  for (int r = 0; r < 2; ++r) {
    const int s = s0 + own + lane / 4 + 8 * r, column = part * kPairs * 16;
    if (s >= run.S) continue;
    store_row<T>(run.dk.of(b, hk) + s * run.dk.row, dk, r, run.scale, column, run.D, lane);
    store_row<T>(run.dv.of(b, hk) + s * run.dv.row, dv, r, 1, column, run.D, lane);
  }
}

/// Fills AttentionRun::seen_by, one thread a word: the list turned, in an order that no race decides. Bit i % 32 of word i / 32 of key
/// block j of (b, h): query block i lists j.
__global__ void attention_turn_list(const AttentionRun run, std::uint32_t* seen_by) {
  const int blocks = (run.S + DSW_BLOCK - 1) / DSW_BLOCK, words = query_words(run), query_blocks = (run.T + DSW_BLOCK - 1) / DSW_BLOCK;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= static_cast<std::int64_t>(run.B) * run.Hq * blocks * words) return;
  const int word = static_cast<int>(at % words), block = static_cast<int>(at / words % blocks);
  const int h = static_cast<int>(at / words / blocks % run.Hq), b = static_cast<int>(at / words / blocks / run.Hq);
  std::uint32_t bits = 0;
  for (int i = word * 32; i < min(word * 32 + 32, query_blocks); ++i) {
    if (lists(run.list, b, h, i, block)) bits |= 1u << (i % 32);
  }
  store(seen_by + at, bits);
}

}  // namespace dsw::cuda
