// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/data/tokenizer.h"
#include "engine/nn/module.h"

namespace dsw {

struct TextRequest {
  std::string prompt;             ///< empty: starts from the tokenizer's BOS, else from a line end, else from id 0
  std::int64_t tokens = 200;      ///< generated ones
  double temperature = 0.8;       ///< 0: always the likeliest, the first of equals
  std::int64_t top_k = 0;         ///< > 0: only among the k likeliest
  double top_p = 1;               ///< 0 to 1; below 1: only among the fewest that together have this probability
  double repetition_penalty = 1;  ///< >= 1; above 1: what was there before becomes less likely
  std::uint64_t seed = 1;
  std::function<void(const std::string& text)> on_text;  ///< called with each piece as it comes, whole characters only
};

/// What follows the prompt, without it. Each token is drawn from softmax(logits / temperature) of the last `context` tokens; the model is a
/// gpt. Error{InvalidArgument} for a prompt that the tokenizer does not know; Error{Stopped} between tokens.
Result<std::string> generate_text(Module& model, const Tokenizer& tokenizer, const TextRequest& request, Device& device,
                                  std::stop_token stop);
/// `count` texts (at least 1) that follow the prompt, drawn side by side, each without it; the first is that of generate_text, the others
/// have random numbers of their own. `on_text` is not called.
Result<std::vector<std::string>> generate_texts(Module& model, const Tokenizer& tokenizer, const TextRequest& request, std::int64_t count,
                                                Device& device, std::stop_token stop);

}  // namespace dsw
