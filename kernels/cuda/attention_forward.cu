// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attention_forward.h"

#include "kernels/cuda/attention_call.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

int attention_tiled_forward(DswStream* stream, const AttentionRun& run, int dtype) {
  return with_tiles(dtype, run.D, [&](auto type, auto width) {
    using Tiles = ForwardTiles<width>;
    const dim3 grid(blocks_for(run.T, Tiles::kRows), static_cast<unsigned>(run.Hq), static_cast<unsigned>(run.B));
    return launch(stream, "attention_fwd", attention_forward<decltype(type), width>, grid, Tiles::kThreads, Tiles::kBytes, run);
  });
}

}  // namespace dsw::cuda
