// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/nn/block_chain.h"

namespace dsw {

std::vector<RecomputedBlocks> every_block(std::size_t blocks);
/// ⌈√n⌉ runs of blocks of nearly equal length: memory and work grow as √n and 1 (Chen et al. 2016, section 3).
std::vector<RecomputedBlocks> sqrt_blocks(std::size_t blocks);

/// Most live bytes of a step with `recomputed`, from a measure of the chain with every block computed again.
std::uint64_t predicted_peak(const ChainMeasure& chain, const std::vector<RecomputedBlocks>& recomputed);

struct RecomputeChoice {
  std::vector<RecomputedBlocks> recomputed;
  double seconds = 0;  ///< of computing them again
  std::uint64_t peak_bytes = 0;
};
/// The least time under which predicted_peak stays within `limit` bytes; of equals the lower peak. None: no choice fits.
/// A dynamic programme over the blocks; its states are (bytes stored so far, time), of which none is worse in both than another. Time
/// counts in 500ths of the chain's forward pass, so two choices whose times differ by less may be taken for one another.
std::optional<RecomputeChoice> choose_recomputed(const ChainMeasure& chain, std::uint64_t limit);

}  // namespace dsw
