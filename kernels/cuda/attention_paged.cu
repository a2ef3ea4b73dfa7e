// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attention_paged.h"

#include "kernels/cuda/attention_call.h"
#include "kernels/cuda/scratch.h"

namespace dsw::cuda {

int attention_tiled_paged(DswStream* stream, const AttentionRun& run, const KeyPlaces& places, int dtype) {
  const auto pages_of = [](const DswView& x) {
    return HeadRows{static_cast<std::uint16_t*>(x.data), x.stride[0], x.stride[1], x.stride[2]};
  };
  const std::int64_t rows = static_cast<std::int64_t>(run.B) * run.Hq * run.T, count = blocks_for(places.table.shape[1], kSplitPages);
  const Scratch<float> numbers(stream, 2 * rows * count), outs(stream, rows * count * run.D);
  if (numbers.status() != DSW_OK) return numbers.status();
  if (outs.status() != DSW_OK) return outs.status();
  const Splits splits{numbers.data(), outs.data(), static_cast<int>(count)};
  return with_tiles(dtype, run.D, [&](auto type, auto width) {
    using T = decltype(type);
    using Tiles = PagedTiles<width>;
    const unsigned row_tiles = blocks_for(static_cast<std::int64_t>(run.Hq / run.Hkv) * run.T, Tiles::kRows);
    const dim3 grid(static_cast<unsigned>(count), row_tiles * static_cast<unsigned>(run.Hkv), static_cast<unsigned>(run.B));
    const int status = launch(stream, "attention_paged_fwd", attention_paged<T, width>, grid, Tiles::kThreads, Tiles::kBytes, run,
                              pages_of(places.k), pages_of(places.v), places, splits);
    if (status != DSW_OK) return status;
    return launch(stream, "attention_paged_fwd, combining", attention_paged_combine<T>, blocks_for(rows, kPlainWarps), kPlainWarps * kWarp,
                  0, run, splits);
  });
}

}  // namespace dsw::cuda
