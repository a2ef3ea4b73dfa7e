// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/text_sample.h"

#include "engine/nn/generate.h"

namespace dsw {
namespace {

/// Bytes at the end of `text` that begin a character whose rest has not come.
std::size_t open_bytes(const std::string& text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0u) == 0x80u) continue;
    const std::size_t needs = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return needs > back ? back : 0;
  }
  return 0;
}

}  // namespace

Result<std::string> generate_text(Module& model, const Tokenizer& tokenizer, const TextRequest& request, Device& device,
                                  std::stop_token stop) {
  std::vector<std::int32_t> ids;
  if (!request.prompt.empty()) {
    if (auto encoded = tokenizer.encode(request.prompt))
      ids = std::move(*encoded);
    else
      return fail(encoded.error());
  }
  if (ids.empty()) {
    const auto line_end = tokenizer.encode("\n");
    ids.push_back(tokenizer.bos() >= 0 ? tokenizer.bos() : line_end && !line_end->empty() ? line_end->front() : 0);
  }
  Rng rng(request.seed, "sample");
  std::vector<std::int32_t> made;
  std::size_t told = 0;
  const auto tell = [&](std::int32_t id) {
    made.push_back(id);
    if (!request.on_text) return;
    const std::string text = tokenizer.decode(made);
    const std::size_t whole = text.size() - (static_cast<std::int64_t>(made.size()) < request.tokens ? open_bytes(text) : 0);
    if (whole <= told) return;
    request.on_text(text.substr(told, whole - told));
    told = whole;
  };
  Sampling sampling;
  sampling.temperature = request.temperature;
  sampling.top_k = request.top_k;
  sampling.top_p = request.top_p;
  sampling.repetition_penalty = request.repetition_penalty;
  try {
    return tokenizer.decode(generate(model, ids, request.tokens, sampling, rng, device, stop, tell));
  } catch (const Error& error) {
    return fail(error);
  }
}

}  // namespace dsw
