// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attention_backward.h"

#include "kernels/cuda/attention_call.h"
#include "kernels/cuda/scratch.h"

namespace dsw::cuda {
namespace {

/// One pass after the other; the second reads the delta of the first.
int both_passes(DswStream* stream, const AttentionRun& run, int dtype) {
  return with_tiles(dtype, run.D, [&](auto type, auto width) {
    using T = decltype(type);
    using Dq = DqTiles<width>;
    using Dkv = DkvTiles<width>;
    const auto texts = static_cast<unsigned>(run.B);
    const dim3 dq_grid(blocks_for(run.T, Dq::kRows), static_cast<unsigned>(run.Hq), texts);
    const dim3 dkv_grid(blocks_for(run.S, Dkv::kRows), static_cast<unsigned>(run.Hkv), texts);
    const int status = launch(stream, "attention_bwd of q", attention_dq<T, width>, dq_grid, Dq::kThreads, Dq::kBytes, run);
    if (status != DSW_OK) return status;
    return launch(stream, "attention_bwd of k, v", attention_dkv<T, width>, dkv_grid, Dkv::kThreads, Dkv::kBytes, run);
  });
}

}  // namespace

int attention_tiled_backward(DswStream* stream, AttentionRun run, int dtype) {
  const std::int64_t rows = static_cast<std::int64_t>(run.B) * run.Hq;
  const std::int64_t words = run.list.begin == nullptr ? 0 : rows * blocks_for(run.S, DSW_BLOCK) * blocks_for(run.T, 32 * DSW_BLOCK);
  Scratch<float> delta(stream, rows * run.T);
  Scratch<std::uint32_t> seen_by(stream, words);
  if (delta.status() != DSW_OK) return delta.status();
  if (seen_by.status() != DSW_OK) return seen_by.status();
  run.delta = {delta.data(), static_cast<std::int64_t>(run.Hq) * run.T, run.T, 1};
  if (words > 0) {
    constexpr int kThreads = 128;
    const int status =
        launch(stream, "attention_bwd of the list", attention_turn_list, blocks_for(words, kThreads), kThreads, 0, run, seen_by.data());
    if (status != DSW_OK) return status;
    run.seen_by = seen_by.data();
  }
  return both_passes(stream, run, dtype);
}

}  // namespace dsw::cuda
