// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <type_traits>

#include "kernels/cuda/attention_plain.h"

/// The host's side of attention: what the entries of the table (attention.cu) call. Each returns a DswStatus.
namespace dsw::cuda {

/// Tiled kernels, for 16-bit numbers that fits_tiles() takes; dtype DSW_BF16 or DSW_F16.
int attention_tiled_forward(DswStream* stream, const AttentionRun& run, int dtype);
/// run.list is turned in memory of the stream, and run.delta lies there.
int attention_tiled_backward(DswStream* stream, AttentionRun run, int dtype);
int attention_tiled_paged(DswStream* stream, const AttentionRun& run, const KeyPlaces& places, int dtype);

/// Plain kernels, for everything.
int attention_plain_forward(DswStream* stream, const PlainAttention& call);
int attention_plain_backward(DswStream* stream, const PlainAttention& call);

/// Calls f(T, width) with T Bf16 or F16 and the width of tiles that hold run.D numbers, an integral_constant.
template <class F>
int with_tiles(int dtype, int D, F&& f) {
  const auto with_type = [&](auto type) {
    if (D <= 32) return f(type, std::integral_constant<int, 32>{});
    if (D <= 64) return f(type, std::integral_constant<int, 64>{});
    if (D <= 128) return f(type, std::integral_constant<int, 128>{});
    return f(type, std::integral_constant<int, 256>{});
  };
  return dtype == DSW_BF16 ? with_type(Bf16{}) : with_type(F16{});
}
/// Thread blocks for `count` rows, `rows` each.
inline unsigned blocks_for(std::int64_t count, std::int64_t rows) { return static_cast<unsigned>((count + rows - 1) / rows); }

}  // namespace dsw::cuda
