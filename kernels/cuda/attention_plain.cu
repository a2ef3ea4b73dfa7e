// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attention_plain.h"

#include "kernels/cuda/attention_call.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

constexpr int kPlainColumns = 8 * kWarp;  // that a warp sums at once; wider rows take several passes

DSW_DEVICE std::int64_t row_of(const DswView& x, int b, int h, int t) { return b * x.stride[0] + h * x.stride[1] + t * x.stride[2]; }

DSW_DEVICE float dot(const DswView& x, std::int64_t x_row, const DswView& y, std::int64_t y_row, int width) {
  float sum = 0;
  for (int d = 0; d < width; ++d) sum += read<float>(x, x_row + d * x.stride[3]) * read<float>(y, y_row + d * y.stride[3]);
  return sum;
}

/// A score, and what its gradient is multiplied by on the way to the product of q and k.
struct Score {
  float value, slope;
};
DSW_DEVICE Score score_of(const PlainAttention& call, float product) {
  const float score = call.run.scale * product;
  if (!(call.run.soft_cap > 0)) return {score, call.run.scale};
  const float cap = call.run.soft_cap, t = tanhf(score / cap);
  return {cap * t, call.run.scale * (1 - t * t)};
}

/// out[i] += sum over the 32 of a chunk for which `seen` has a bit of weights[n] times number `column` + 32 i of row `rows[n]` of x.
DSW_DEVICE void add_rows(float (&out)[kPlainColumns / kWarp], unsigned seen, const float* weights, const std::int64_t* rows,
                         const DswView& x, int column, int width) {
  for (; seen != 0; seen &= seen - 1) {
    const int n = __ffs(static_cast<int>(seen)) - 1;
    for (int i = 0; i < kPlainColumns / kWarp && column + i * kWarp < width; ++i)
      out[i] += weights[n] * read<float>(x, rows[n] + (column + i * kWarp) * x.stride[3]);
  }
}
DSW_DEVICE void write_row(const DswView& x, std::int64_t row, const float (&out)[kPlainColumns / kWarp], int column, int width) {
  for (int i = 0; i < kPlainColumns / kWarp && column + i * kWarp < width; ++i)
    write<float>(x, row + (column + i * kWarp) * x.stride[3], out[i]);
}

DSW_DEVICE bool plain_sees(const AttentionRun& run, int b, int h, int t, int s) {
  const KeyRange range = visible_keys(run, t);
  return s >= range.first && s < range.last && !run.masked_out(b, s) && lists(run.list, b, h, t / DSW_BLOCK, s / DSW_BLOCK);
}

__global__ void attention_plain(const PlainAttention call) {
  __shared__ float weights[kPlainWarps][kWarp];
  __shared__ std::int64_t rows[kPlainWarps][kWarp];
  AttentionRun run = call.run;
  const PlainRow own = plain_row(run.B, run.Hq, run.T);
  if (!own.there) return;
  const int b = own.b, h = own.h, t = own.t;
  run.S = call.places.keys(b);
  const int warp = static_cast<int>(threadIdx.x) / kWarp, lane = static_cast<int>(threadIdx.x) % kWarp, hk = h / (run.Hq / run.Hkv);
  const std::int64_t query = row_of(call.q, b, h, t);
  const KeyRange range = visible_keys(run, t);
  const auto seen = [&](int s) { return plain_sees(run, b, h, t, s); };
  const auto score = [&](int s) {
    return score_of(call, dot(call.q, query, call.places.k, call.places.row(call.places.k, b, hk, s), run.D)).value;
  };

  float maximum = -INFINITY, sum = 0;
  for (int s = range.first / kWarp * kWarp + lane; s < range.last; s += kWarp) {
    if (!seen(s)) continue;
    const float value = score(s), higher = value > maximum ? value : maximum;
    if (value == -INFINITY) continue;
    sum = sum * expf(maximum - higher) + expf(value - higher);
    maximum = higher;
  }
  const float highest = warp_maximum(maximum);
  sum = warp_sum(highest == -INFINITY ? sum : sum * expf(maximum - highest));
  const bool sees_nothing = sum == 0;  // not NaN
  if (lane == 0) write<float>(call.lse, row_of(call.lse, b, h, t), sees_nothing ? -INFINITY : highest + logf(sum));
  if (call.probabilities.data != nullptr) {
    for (int s = lane; s < run.S; s += kWarp)
      write<float>(call.probabilities, row_of(call.probabilities, b, h, t) + s * call.probabilities.stride[3], 0);
  }
  const std::int64_t drop_row = (static_cast<std::int64_t>(b) * run.Hq + h) * run.T + t;
  for (int column = lane; column - lane < run.D; column += kPlainColumns) {
    float out[kPlainColumns / kWarp] = {};
    for (int first = range.first / kWarp * kWarp; first < range.last && !sees_nothing; first += kWarp) {
      const int s = first + lane;
      const bool mine = seen(s);
      const unsigned all = __ballot_sync(kAllLanes, mine);
      if (mine) {
        float weight = expf(score(s) - highest) / sum;
        if (call.probabilities.data != nullptr)  // the lane that wrote the zero
          write<float>(call.probabilities, row_of(call.probabilities, b, h, t) + s * call.probabilities.stride[3], weight);
        if (run.drop_below != 0) weight *= keeps(run, drop_row, s) ? call.run.kept : 0;
        weights[warp][lane] = weight;
        rows[warp][lane] = call.places.row(call.places.v, b, hk, s);
      }
      __syncwarp();
      add_rows(out, all, weights[warp], rows[warp], call.places.v, column, run.D);
      __syncwarp();
    }
    write_row(call.o, row_of(call.o, b, h, t), out, column, run.D);
  }
}

/// P times what dropout multiplies by, and dS times the slope, of one element.
struct Slope {
  float weight, slope;
};
DSW_DEVICE Slope slope_of(const PlainAttention& call, int b, int h, int hk, int t, int s) {
  const AttentionRun& run = call.run;
  const std::int64_t query = row_of(call.q, b, h, t), d_out = row_of(call.d_o, b, h, t);
  const Score score = score_of(call, dot(call.q, query, call.places.k, call.places.row(call.places.k, b, hk, s), run.D));
  const float weight = expf(score.value - read<float>(call.lse, row_of(call.lse, b, h, t)));
  const float delta = dot(call.d_o, d_out, call.o, row_of(call.o, b, h, t), run.D);
  float kept = 1;
  if (run.drop_below != 0) kept = keeps(run, (static_cast<std::int64_t>(b) * run.Hq + h) * run.T + t, s) ? call.run.kept : 0;
  const float into = dot(call.d_o, d_out, call.places.v, call.places.row(call.places.v, b, hk, s), run.D);
  return {weight * kept, weight * score.slope * (kept * into - delta)};
}

__global__ void attention_plain_dq(const PlainAttention call) {
  __shared__ float slopes[kPlainWarps][kWarp];
  __shared__ std::int64_t rows[kPlainWarps][kWarp];
  const AttentionRun& run = call.run;
  const PlainRow own = plain_row(run.B, run.Hq, run.T);
  if (!own.there) return;
  const int b = own.b, h = own.h, t = own.t;
  const int warp = static_cast<int>(threadIdx.x) / kWarp, lane = static_cast<int>(threadIdx.x) % kWarp, hk = h / (run.Hq / run.Hkv);
  const KeyRange range = visible_keys(run, t);
  for (int column = lane; column - lane < run.D; column += kPlainColumns) {
    float out[kPlainColumns / kWarp] = {};
    for (int first = range.first; first < range.last; first += kWarp) {
      const int s = first + lane;
      const bool mine = plain_sees(run, b, h, t, s);
      const unsigned all = __ballot_sync(kAllLanes, mine);
      if (mine) {
        slopes[warp][lane] = slope_of(call, b, h, hk, t, s).slope;
        rows[warp][lane] = call.places.row(call.places.k, b, hk, s);
      }
      __syncwarp();
      add_rows(out, all, slopes[warp], rows[warp], call.places.k, column, run.D);
      __syncwarp();
    }
    write_row(call.dq, row_of(call.dq, b, h, t), out, column, run.D);
  }
}

__global__ void attention_plain_dkv(const PlainAttention call) {
  __shared__ float weights[kPlainWarps][kWarp], slopes[kPlainWarps][kWarp];
  __shared__ std::int64_t rows[kPlainWarps][kWarp], d_rows[kPlainWarps][kWarp];
  const AttentionRun& run = call.run;
  const PlainRow own = plain_row(run.B, run.Hkv, run.S);
  if (!own.there) return;
  const int b = own.b, hk = own.h, s = own.t;
  const int warp = static_cast<int>(threadIdx.x) / kWarp, lane = static_cast<int>(threadIdx.x) % kWarp, group = run.Hq / run.Hkv;
  for (int column = lane; column - lane < run.D; column += kPlainColumns) {
    float dk[kPlainColumns / kWarp] = {}, dv[kPlainColumns / kWarp] = {};
    for (int h = hk * group; h < hk * group + group; ++h) {
      for (int first = 0; first < run.T; first += kWarp) {
        const int t = first + lane;
        const bool mine = t < run.T && plain_sees(run, b, h, t, s);
        const unsigned all = __ballot_sync(kAllLanes, mine);
        if (mine) {
          const Slope slope = slope_of(call, b, h, hk, t, s);
          weights[warp][lane] = slope.weight;
          slopes[warp][lane] = slope.slope;
          rows[warp][lane] = row_of(call.q, b, h, t);
          d_rows[warp][lane] = row_of(call.d_o, b, h, t);
        }
        __syncwarp();
        add_rows(dk, all, slopes[warp], rows[warp], call.q, column, run.D);
        add_rows(dv, all, weights[warp], d_rows[warp], call.d_o, column, run.D);
        __syncwarp();
      }
    }
    write_row(call.dk, row_of(call.dk, b, hk, s), dk, column, run.D);
    write_row(call.dv, row_of(call.dv, b, hk, s), dv, column, run.D);
  }
}

dim3 warps_for(std::int64_t rows) { return {blocks_for(rows, kPlainWarps)}; }
constexpr unsigned kPlainThreads = kPlainWarps * kWarp;

}  // namespace

int attention_plain_forward(DswStream* stream, const PlainAttention& call) {
  const std::int64_t rows = static_cast<std::int64_t>(call.run.B) * call.run.Hq * call.run.T;
  return launch(stream, "attention_fwd, plain", attention_plain, warps_for(rows), kPlainThreads, 0, call);
}
int attention_plain_backward(DswStream* stream, const PlainAttention& call) {
  const std::int64_t texts = call.run.B, queries = texts * call.run.Hq * call.run.T, keys = texts * call.run.Hkv * call.run.S;
  const int status = launch(stream, "attention_bwd of q, plain", attention_plain_dq, warps_for(queries), kPlainThreads, 0, call);
  if (status != DSW_OK) return status;
  return launch(stream, "attention_bwd of k, v, plain", attention_plain_dkv, warps_for(keys), kPlainThreads, 0, call);
}

}  // namespace dsw::cuda
