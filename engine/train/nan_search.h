// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "engine/data/dataset.h"
#include "engine/nn/module.h"

namespace dsw {

/// Whether every element is a number.
bool all_finite(const Tensor& x);

/// Where a forward pass first becomes NaN or infinite: the first weight that is, else the first intermediate that
/// Forward::observe names, in words ("the weight block 2, attention, qkv", "block 2, attention"). Empty when everything named is finite.
/// `training` makes the pass with the dropout of that step, else an evaluation pass.
std::string where_not_finite(Module& model, const Batch& batch, std::uint64_t dropout_seed, std::int64_t step, bool training);

/// "transformer.h.2.attn.probabilities" → "block 2, attention".
std::string place_in_words(const std::string& name);

/// The dropout stream of one training step: a pure function, so a step can be made again.
Rng dropout_stream(std::uint64_t seed, std::int64_t step);

}  // namespace dsw
