// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/gpt.h"

#include <algorithm>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/linear_cross_entropy.h"
#include "engine/nn/ops/loss.h"

namespace dsw {
namespace {
constexpr std::int64_t kMostLogits = std::int64_t{1} << 23;  // 32 MiB at once; above, half of that at a time
}  // namespace

Gpt::Gpt(const GptConfig& config)
    : config_(config),
      wte_(adopt("transformer.wte", std::make_unique<Embedding>(config.vocabulary, config.block.width, config.block.init_sd))) {
  const TransformerConfig& block = config.block;
  if (!block.rotary) wpe_ = &adopt("transformer.wpe", std::make_unique<Embedding>(config.context, block.width, block.init_sd));
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    blocks_.push_back(&adopt(fmt::format("transformer.h.{}", layer), std::make_unique<TransformerBlock>(block)));
  }
  norm_ = &adopt("transformer.ln_f", make_norm(block));
  if (!config.tied) {
    head_ = &adopt("lm_head", std::make_unique<Linear>(block.width, config.vocabulary, false, Init::normal(block.init_sd), Init::zeros()));
    head_->keep_precise();
  }
}

Tensor Gpt::forward(const Tensor& tokens, Forward& pass) { return logits_of(hidden(tokens, pass), pass); }

Tensor Gpt::step(const Tensor& tokens, KvPages& pages, std::span<KvText> texts, Forward& pass, StepPlans* plans) {
  DSW_CHECK(tokens.rank() == 2 && tokens.size(0) == static_cast<std::int64_t>(texts.size()), "a row of tokens for each text");
  std::int64_t longest = 0;
  for (const KvText& text : texts) longest = std::max(longest, text.length());
  output_shape({tokens.size(0), longest + tokens.size(1)});
  KvStep step(pages, texts, tokens.size(1), config_.context, tokens.device());
  const auto logits = [&](const Tensor& ids) { return logits_of(run(ids, step.positions(), pass, &step), pass); };
  if (plans == nullptr || step.is_first() || pass.observe) return logits(tokens);
  std::vector<Tensor> inputs = step.state();
  inputs.push_back(tokens);
  const std::int64_t key[] = {tokens.size(0), tokens.size(1), step.positions().rank(), pages.moves()};
  Rng unused(0);
  const auto compute = [&](std::span<const Tensor> own, Rng&) {
    step.read_state(own);
    return StepOutputs{{logits(own.back())}, {}};
  };
  return plans->run(key, inputs, unused, compute).values.front();
}

Tensor Gpt::hidden(const Tensor& tokens, Forward& pass) {
  output_shape(tokens.shape());
  return run(tokens, position_range(0, tokens.size(1), tokens.device()), pass, nullptr);
}

Tensor Gpt::run(const Tensor& tokens, const Tensor& positions, Forward& pass, KvStep* step) {
  AttentionContext context;
  context.positions = positions;
  context.step = step;
  Tensor x = call("transformer.wte", wte_, tokens, pass);
  if (wpe_) x = add(x, call("transformer.wpe", *wpe_, context.positions, pass));
  pass.see("transformer.embedded", x);
  x = drop(x, config_.block.dropout, pass);
  std::vector<ChainBlock> chain;
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    context.layer = layer;
    chain.push_back(transformer_link(fmt::format("transformer.h.{}", layer), *blocks_[layer], context));
  }
  x = run_blocks(chain, x, pass);
  return call("transformer.ln_f", *norm_, x, pass);
}

Tensor Gpt::logits_of(const Tensor& x, Forward& pass) {
  const Tensor logits = head_ ? head_->forward(x, pass) : linear(x, pass.weight(wte_.weight().value), Tensor());
  pass.see("logits", logits);
  return logits;
}

std::int64_t Gpt::logits_rows(const Shape& input) const {
  const std::int64_t rows = input.elements(), vocabulary = config_.vocabulary;
  return rows * vocabulary <= kMostLogits ? rows : std::clamp<std::int64_t>(kMostLogits / 2 / vocabulary, 64, rows);
}

double Gpt::logits_bytes(const Shape& input) const {
  return static_cast<double>(sizeof(float)) * static_cast<double>(logits_rows(input) * config_.vocabulary);
}

Tensor Gpt::loss(const Tensor& tokens, const Tensor& target, double smoothing, Forward& pass) {
  const std::int64_t rows = logits_rows(tokens.shape());
  const Tensor x = hidden(tokens, pass);
  if (rows >= tokens.elements() || pass.observe || pass.compute.dtype == DType::F16)
    return cross_entropy(logits_of(x, pass), target, smoothing);
  return linear_cross_entropy(x, pass.weight((head_ ? head_->weight() : wte_.weight()).value), target, smoothing, rows);
}

Shape Gpt::output_shape(const Shape& input) const {
  if (input.rank() != 2 || input[1] > config_.context) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("gpt wants token ids [B, T] with at most {} tokens, but its input is {}", config_.context, input.text()));
  }
  return {input[0], input[1], config_.vocabulary};
}

Cost Gpt::embedding_cost(const Shape& input) const {
  Cost sum = wte_.cost(input);
  sum += dropout_cost(hidden_shape(input), config_.block.dropout);
  if (!wpe_) sum += kept(hidden_shape(input));  // else the sum with the positions is what the first block keeps
  return sum;
}

Cost Gpt::position_cost(const Shape& input) const {
  if (!wpe_) return {};
  Cost cost = wpe_->cost({input[1]});
  cost += sum_cost(hidden_shape(input));
  cost += kept(hidden_shape(input));
  return cost;
}

Cost Gpt::final_norm_cost(const Shape& input) const {
  Cost sum = norm_->cost(hidden_shape(input));
  sum += kept(hidden_shape(input));
  return sum;
}

Cost Gpt::logits_cost(const Shape& input) const {
  const Shape hidden = hidden_shape(input);
  output_shape(input);  // says what is wrong with the input
  Cost sum{0, 0, logits_bytes(input)};
  if (head_) {
    sum += head_->cost(hidden);
  } else {
    sum.flops += 2 * static_cast<double>(hidden.elements()) * static_cast<double>(config_.vocabulary);
  }
  return sum;
}

Cost Gpt::cost(const Shape& input) const {
  Cost sum = embedding_cost(input);
  sum += position_cost(input);
  for (const TransformerBlock* block : blocks_) {
    sum += block->cost(hidden_shape(input));
    sum += kept(hidden_shape(input));
  }
  sum += final_norm_cost(input);
  sum += logits_cost(input);
  return sum;
}

std::vector<BlockCost> Gpt::chain_costs(const Shape& input) const {
  std::vector<BlockCost> costs;
  for (const TransformerBlock* block : blocks_) costs.push_back(block->block_cost(hidden_shape(input)));
  return costs;
}

}  // namespace dsw
