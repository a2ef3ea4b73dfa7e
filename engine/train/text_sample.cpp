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

Result<std::vector<std::int32_t>> prompt_ids(const Tokenizer& tokenizer, const std::string& prompt) {
  std::vector<std::int32_t> ids;
  if (!prompt.empty()) {
    DSW_TRY_ASSIGN(ids, tokenizer.encode(prompt));
  }
  if (ids.empty()) {
    const auto line_end = tokenizer.encode("\n");
    ids.push_back(tokenizer.bos() >= 0 ? tokenizer.bos() : line_end && !line_end->empty() ? line_end->front() : 0);
  }
  return ids;
}

Sampling sampling_of(const TextRequest& request) {
  Sampling sampling;
  sampling.temperature = request.temperature;
  sampling.top_k = request.top_k;
  sampling.top_p = request.top_p;
  sampling.repetition_penalty = request.repetition_penalty;
  return sampling;
}

constexpr const char* kStream = "sample";

}  // namespace

Result<std::string> generate_text(Module& model, const Tokenizer& tokenizer, const TextRequest& request, Device& device,
                                  std::stop_token stop) {
  DSW_TRY_ASSIGN(const std::vector<std::int32_t> ids, prompt_ids(tokenizer, request.prompt));
  Rng rng(request.seed, kStream);
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
  try {
    return tokenizer.decode(generate(model, ids, request.tokens, sampling_of(request), rng, device, stop, tell));
  } catch (const Error& error) {
    return fail(error);
  }
}

Result<std::vector<std::string>> generate_texts(Module& model, const Tokenizer& tokenizer, const TextRequest& request, std::int64_t count,
                                                Device& device, std::stop_token stop) {
  DSW_TRY_ASSIGN(const std::vector<std::int32_t> ids, prompt_ids(tokenizer, request.prompt));
  std::vector<Rng> rngs{Rng(request.seed, kStream)};
  for (std::int64_t text = 1; text < count; ++text) rngs.emplace_back(request.seed, fmt::format("{}-{}", kStream, text));
  try {
    std::vector<std::string> texts;
    for (const auto& made : generate_batch(model, ids, request.tokens, sampling_of(request), rngs, device, std::move(stop)))
      texts.push_back(tokenizer.decode(made));
    return texts;
  } catch (const Error& error) {
    return fail(error);
  }
}

}  // namespace dsw
