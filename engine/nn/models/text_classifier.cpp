// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/text_classifier.h"

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/padding.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {

TextClassifier::TextClassifier(const TextClassifierConfig& config)
    : config_(config), wte_(adopt("wte", std::make_unique<Embedding>(config.vocabulary, config.block.width, config.block.init_sd))) {
  const TransformerConfig& block = config.block;
  if (!block.rotary) wpe_ = &adopt("wpe", std::make_unique<Embedding>(config.context + (config.cls ? 1 : 0), block.width, block.init_sd));
  if (config.cls) cls_ = &declare("cls", {1, 1, block.width}, Init::normal(block.init_sd), false);
  for (std::int64_t layer = 0; layer < config.layers; ++layer)
    blocks_.push_back(&adopt(fmt::format("h.{}", layer), std::make_unique<TransformerBlock>(block)));
  norm_ = &adopt("ln_f", make_norm(block));
  head_ = &adopt("head", std::make_unique<Linear>(block.width, config.classes, true, Init::normal(block.init_sd), Init::zeros()));
  head_->keep_precise();
}

Tensor TextClassifier::forward(const Tensor& tokens, Forward& pass) {
  output_shape(tokens.shape());
  const int leading = config_.cls ? 1 : 0;
  Tensor x = call("wte", wte_, tokens, pass);
  if (cls_) x = concat({expand(pass.activation(cls_->value), {tokens.size(0), 1, config_.block.width}), x}, 1);
  AttentionContext context;
  context.key_mask = padding_mask(tokens, leading);
  context.positions = position_range(0, x.size(1), tokens.device());
  if (wpe_) x = add(x, call("wpe", *wpe_, context.positions, pass));
  pass.see("embedded", x);
  x = drop(x, config_.block.dropout, pass);
  std::vector<ChainBlock> chain;
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer)
    chain.push_back(transformer_link(fmt::format("h.{}", layer), *blocks_[layer], context));
  x = run_blocks(chain, x, pass);
  x = call("ln_f", *norm_, x, pass);
  const Tensor pooled = reshape(cls_ ? slice(x, 1, 0, 1) : matmul(cast(padding_share(tokens, leading), x.dtype()), x),
                                Shape{tokens.size(0), config_.block.width});
  pass.see("pooled", pooled);
  return call("head", *head_, drop(pooled, config_.block.dropout, pass), pass);
}

Shape TextClassifier::output_shape(const Shape& input) const {
  if (input.rank() != 2 || input[1] > config_.context) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("text-classifier wants token ids [B, T] with at most {} tokens, but its input is {}",
                                                      config_.context, input.text()));
  }
  return {input[0], config_.classes};
}

Cost TextClassifier::embedding_cost(const Shape& input) const {
  Cost sum = wte_.cost(input);
  sum.parameters += own_parameters();
  sum += dropout_cost(hidden_shape(input), config_.block.dropout);
  if (!wpe_) sum += kept(hidden_shape(input));  // else the sum with the positions is what the first block keeps
  return sum;
}

Cost TextClassifier::position_cost(const Shape& input) const {
  if (!wpe_) return {};
  Cost sum = wpe_->cost({hidden_shape(input)[1]});
  sum += sum_cost(hidden_shape(input));
  sum += kept(hidden_shape(input));
  return sum;
}

Cost TextClassifier::final_norm_cost(const Shape& input) const { return norm_->cost(hidden_shape(input)); }
Cost TextClassifier::pool_cost(const Shape& input) const {
  const Shape pooled{input[0], config_.block.width};
  Cost sum = dropout_cost(pooled, config_.block.dropout);
  if (!cls_) sum.flops += 2 * static_cast<double>(hidden_shape(input).elements());
  // The first vector is a view of the whole sequence, which stays for it unless dropout makes a copy.
  sum += kept(cls_ && config_.block.dropout <= 0 ? hidden_shape(input) : pooled);
  return sum;
}
Cost TextClassifier::head_cost(const Shape& input) const {
  Cost sum = head_->cost({input[0], config_.block.width});
  sum += kept(output_shape(input));
  return sum;
}

Cost TextClassifier::cost(const Shape& input) const {
  Cost sum = embedding_cost(input);
  sum += position_cost(input);
  for (const TransformerBlock* block : blocks_) {
    sum += block->cost(hidden_shape(input));
    sum += kept(hidden_shape(input));
  }
  sum += final_norm_cost(input);
  sum += pool_cost(input);
  sum += head_cost(input);
  return sum;
}

std::vector<BlockCost> TextClassifier::chain_costs(const Shape& input) const {
  std::vector<BlockCost> costs;
  for (const TransformerBlock* block : blocks_) costs.push_back(block->block_cost(hidden_shape(input)));
  return costs;
}

}  // namespace dsw
