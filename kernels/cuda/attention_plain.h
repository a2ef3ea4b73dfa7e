// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/attention_run.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/warp.h"

/// Attention of any dtypes, strides and widths, for what the tiled kernels do not take: one warp a query row (or, for the gradients of
/// keys, a key row). Source: kernels/reference/attention.h.
namespace dsw::cuda {

constexpr int kPlainWarps = 4;  // of a thread block

/// Keys and values: [B, Hkv, S, D], or pages [P, Hkv, 64, D] of which text b's are table[b]. Lengths and pages out of range are read as the
/// nearest in range, so that a wrong table reads no foreign memory.
struct KeyPlaces {
  DswView k, v, table, lengths;

  DSW_DEVICE int keys(int b) const {
    if (table.data == nullptr) return static_cast<int>(k.shape[2]);
    const int most = k.shape[0] == 0 ? 0 : static_cast<int>(DSW_BLOCK * table.shape[1]);
    return max(0, min(load(data<std::int32_t>(lengths) + b * lengths.stride[0]), most));
  }
  DSW_DEVICE int page(int b, int number) const {
    return max(0, min(load(data<std::int32_t>(table) + b * table.stride[0] + number * table.stride[1]), static_cast<int>(k.shape[0]) - 1));
  }
  DSW_DEVICE std::int64_t row(const DswView& x, int b, int hk, int s) const {
    if (table.data == nullptr) return b * x.stride[0] + hk * x.stride[1] + s * x.stride[2];
    return page(b, s / DSW_BLOCK) * x.stride[0] + hk * x.stride[1] + s % DSW_BLOCK * x.stride[2];
  }
};
struct PlainAttention {
  AttentionRun run;  // sizes, options, mask and list
  DswView q, o, lse, probabilities, d_o, dq, dk, dv;
  KeyPlaces places;
};

/// The row that the calling warp takes of `length` in each of `heads` heads of B texts.
struct PlainRow {
  int b, h, t;
  bool there;
};
DSW_DEVICE PlainRow plain_row(int texts, int heads, int length) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kPlainWarps + threadIdx.x / kWarp;
  if (row >= static_cast<std::int64_t>(texts) * heads * length) return {0, 0, 0, false};
  return {static_cast<int>(row / length / heads), static_cast<int>(row / length % heads), static_cast<int>(row % length), true};
}

}  // namespace dsw::cuda
