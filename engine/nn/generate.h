// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/core/result.h"
#include "engine/core/rng.h"
#include "engine/nn/module.h"

namespace dsw {

struct Sampling {
  double temperature = 1;         ///< 0: always the likeliest, the first of equals
  std::int64_t top_k = 0;         ///< > 0: only among the k likeliest (Fan et al. 2018)
  double top_p = 1;               ///< below 1: only among the fewest that together have this probability (Holtzman et al. 2020)
  double repetition_penalty = 1;  ///< above 1: logits of ids seen before are divided by it, negative ones multiplied (Keskar et al. 2019)
};

/// Index drawn from softmax(logits / temperature): the penalty for what was `seen` first, then temperature, top-k, top-p.
/// Sums in double, so it is the same on every machine for the same logits; among equals the lower id counts as likelier.
std::int32_t draw_token(std::vector<float> logits, const Sampling& sampling, Rng& rng, std::span<const std::int32_t> seen = {});

/// `count` token ids that follow `prompt` (at least one id) by a gpt. Each is drawn from the logits after the last `context` ids, as
/// nanoGPT does, in float32. While all ids fit into the context, keys and values are kept, so one more token costs one token's products.
/// `on_token` sees each id as it comes and may be empty. Throws Error{InvalidArgument} for a prompt that is empty or has ids outside the
/// vocabulary or for a model of another family, Error{Stopped} between tokens.
std::vector<std::int32_t> generate(Module& model, const std::vector<std::int32_t>& prompt, std::int64_t count, const Sampling& sampling,
                                   Rng& rng, Device& device, std::stop_token stop = {},
                                   const std::function<void(std::int32_t)>& on_token = {});

/// Several texts that follow one prompt, drawn side by side: the weights are read once for all of them, and the full pages
/// of the prompt's keys and values are kept once. `rngs`: one for each text, at
/// least one; [text][token] comes back. A text is what `generate` writes with the same Rng, but for the rounding of products of more rows.
/// `on_tokens` sees the next id of every text as they come. Throws as `generate` does.
std::vector<std::vector<std::int32_t>> generate_batch(Module& model, const std::vector<std::int32_t>& prompt, std::int64_t count,
                                                      const Sampling& sampling, std::span<Rng> rngs, Device& device,
                                                      std::stop_token stop = {},
                                                      const std::function<void(std::span<const std::int32_t>)>& on_tokens = {});

}  // namespace dsw
