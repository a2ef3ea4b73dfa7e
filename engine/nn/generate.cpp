// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/autograd/node.h"
#include "engine/nn/models/gpt.h"

namespace dsw {

namespace {

/// Each id once, however often it was seen.
void penalise(std::vector<float>& logits, std::span<const std::int32_t> seen, double penalty) {
  std::vector<bool> done(logits.size());
  const auto factor = static_cast<float>(penalty);
  for (const std::int32_t id : seen) {
    const auto i = static_cast<std::size_t>(id);
    if (done[i]) continue;
    done[i] = true;
    logits[i] = logits[i] > 0 ? logits[i] / factor : logits[i] * factor;
  }
}

}  // namespace

std::int32_t draw_token(std::vector<float> logits, const Sampling& sampling, Rng& rng, std::span<const std::int32_t> seen) {
  if (sampling.repetition_penalty != 1) penalise(logits, seen, sampling.repetition_penalty);
  const auto likeliest = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  if (sampling.temperature <= 0) return likeliest;
  std::vector<std::int32_t> candidates(logits.size());
  std::iota(candidates.begin(), candidates.end(), 0);
  const auto logit = [&](std::int32_t id) { return static_cast<double>(logits[static_cast<std::size_t>(id)]); };
  const auto likelier = [&](std::int32_t a, std::int32_t b) { return logit(a) > logit(b) || (logit(a) == logit(b) && a < b); };
  const auto weight = [&](std::int32_t id) { return std::exp((logit(id) - logit(likeliest)) / sampling.temperature); };
  if (sampling.top_k > 0 && static_cast<std::size_t>(sampling.top_k) < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + sampling.top_k, candidates.end(), likelier);
    candidates.resize(static_cast<std::size_t>(sampling.top_k));
  }
  if (sampling.top_p < 1) {
    std::sort(candidates.begin(), candidates.end(), likelier);
    double all = 0, sum = 0;
    for (const std::int32_t id : candidates) all += weight(id);
    std::size_t kept = 0;
    while (kept < candidates.size() && (kept == 0 || sum < sampling.top_p * all)) sum += weight(candidates[kept++]);
    candidates.resize(kept);
  }
  std::sort(candidates.begin(), candidates.end());  // one order of drawing, whatever was sorted before
  double total = 0;
  std::vector<double> weights;
  for (const std::int32_t id : candidates) weights.push_back(total += weight(id));
  const auto drawn = std::upper_bound(weights.begin(), weights.end(), rng.uniform() * total) - weights.begin();
  return candidates[std::min(static_cast<std::size_t>(drawn), candidates.size() - 1)];
}

std::vector<std::vector<std::int32_t>> generate_batch(Module& model, const std::vector<std::int32_t>& prompt, std::int64_t count,
                                                      const Sampling& sampling, std::span<Rng> rngs, Device& device, std::stop_token stop,
                                                      const std::function<void(std::span<const std::int32_t>)>& on_tokens) {
  auto* gpt = dynamic_cast<Gpt*>(&model);
  if (!gpt) throw Error(ErrorCode::InvalidArgument, "This model does not write text", "Choose a model of the type gpt.");
  const std::int64_t context = gpt->config().context, vocabulary = gpt->config().vocabulary;
  if (prompt.empty()) throw Error(ErrorCode::InvalidArgument, "The prompt is empty", "Begin with one token at least.");
  for (const std::int32_t id : prompt) {
    if (id < 0 || id >= vocabulary)
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("The prompt holds the token {}, but the model knows 0 to {}", id, vocabulary - 1));
  }
  const NoGradScope no_grad;
  Forward pass;  // in float32: for one token, narrow copies of the weights would cost more than reading the weights
  const std::size_t texts = rngs.size();
  std::vector<std::vector<std::int32_t>> ids(texts, prompt), made(texts);
  std::vector<std::int32_t> next(texts);
  KvPages pages;
  StepPlans plans(device, 2);
  std::vector<KvText> kept(1, KvText(pages));
  for (std::int64_t n = 0; n < count; ++n) {
    if (stop.stop_requested()) throw Error(ErrorCode::Stopped, fmt::format("Stopped after {} of {} tokens", n, count));
    const std::int64_t length = static_cast<std::int64_t>(ids.front().size());
    const std::int64_t known = kept.front().length();
    // Beyond the context every token gets another position, so nothing of what is kept still holds.
    const bool fits = length <= context;
    const std::int64_t first = fits ? known : length - context;
    const std::size_t rows = n == 0 ? 1 : texts;  // the prompt is the same for all
    std::vector<std::int32_t> window;
    for (std::size_t text = 0; text < rows; ++text) window.insert(window.end(), ids[text].begin() + first, ids[text].end());
    const Tensor input = from_host(window, {static_cast<std::int64_t>(rows), length - first}, device);
    const Tensor logits = fits ? gpt->step(input, pages, kept, pass, &plans) : gpt->forward(input, pass);
    const std::vector<float> last = logits.view_slice(1, length - first - 1, length - first).to_vector<float>();
    for (std::size_t text = 0; text < texts; ++text) {
      const auto row = last.begin() + static_cast<std::ptrdiff_t>(rows == 1 ? 0 : text) * vocabulary;
      next[text] = draw_token({row, row + vocabulary}, sampling, rngs[text], ids[text]);
      ids[text].push_back(next[text]);
      made[text].push_back(next[text]);
    }
    if (n == 0) kept = std::vector<KvText>(texts, kept.front());  // who share the prompt's pages
    if (on_tokens) on_tokens(next);
  }
  return made;
}

std::vector<std::int32_t> generate(Module& model, const std::vector<std::int32_t>& prompt, std::int64_t count, const Sampling& sampling,
                                   Rng& rng, Device& device, std::stop_token stop, const std::function<void(std::int32_t)>& on_token) {
  const auto tell = [&](std::span<const std::int32_t> ids) {
    if (on_token) on_token(ids.front());
  };
  return generate_batch(model, prompt, count, sampling, {&rng, 1}, device, std::move(stop), tell).front();
}

}  // namespace dsw
