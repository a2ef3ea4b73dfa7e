// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/text_classifier.h"

#include <algorithm>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

/// What the padding of a batch says: which keys may be seen (uint8 [B, S]) and each word's share of the mean (float32 [B, 1, S]).
struct Padding {
  Tensor seen, share;
};

Padding read_padding(const Tensor& tokens, bool cls) {
  const std::vector<std::int32_t> ids = tokens.to_vector<std::int32_t>();
  const std::size_t batch = static_cast<std::size_t>(tokens.size(0)), words = static_cast<std::size_t>(tokens.size(1)), extra = cls ? 1 : 0,
                    row = words + extra;
  std::vector<std::uint8_t> seen(batch * row, 1);
  std::vector<float> share(batch * row, 0);
  for (std::size_t b = 0; b < batch; ++b) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(b * words);
    const auto count = std::count_if(first, first + static_cast<std::ptrdiff_t>(words), [](std::int32_t id) { return id != 0; });
    for (std::size_t t = 0; t < words; ++t) {
      const bool word = first[static_cast<std::ptrdiff_t>(t)] != 0;
      seen[b * row + extra + t] = word ? 1 : 0;
      share[b * row + extra + t] = word ? 1 / static_cast<float>(count) : 0;
    }
  }
  const std::int64_t columns = static_cast<std::int64_t>(row);
  return {from_host(seen, {tokens.size(0), columns}, tokens.device()), from_host(share, {tokens.size(0), 1, columns}, tokens.device())};
}

}  // namespace

TextClassifier::TextClassifier(const TextClassifierConfig& config)
    : config_(config), wte_(adopt("wte", std::make_unique<Embedding>(config.vocabulary, config.block.width, config.block.init_sd))) {
  const TransformerConfig& block = config.block;
  if (!block.rotary) wpe_ = &adopt("wpe", std::make_unique<Embedding>(config.context + (config.cls ? 1 : 0), block.width, block.init_sd));
  if (config.cls) cls_ = &declare("cls", {1, 1, block.width}, Init::normal(block.init_sd), false);
  for (std::int64_t layer = 0; layer < config.layers; ++layer)
    blocks_.push_back(&adopt(fmt::format("h.{}", layer), std::make_unique<TransformerBlock>(block)));
  norm_ = &adopt("ln_f", make_norm(block));
  head_ = &adopt("head", std::make_unique<Linear>(block.width, config.classes, true, Init::normal(block.init_sd), Init::zeros()));
}

Tensor TextClassifier::forward(const Tensor& tokens, Forward& pass) {
  output_shape(tokens.shape());
  const Padding padding = read_padding(tokens, config_.cls);
  Tensor x = call("wte", wte_, tokens, pass);
  if (cls_) x = concat({expand(cls_->value, {tokens.size(0), 1, config_.block.width}), x}, 1);
  AttentionContext context;
  context.key_mask = padding.seen;
  context.positions = position_range(0, x.size(1), tokens.device());
  if (wpe_) x = add(x, call("wpe", *wpe_, context.positions, pass));
  pass.see("embedded", x);
  x = drop(x, config_.block.dropout, pass);
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    ForwardScope scope(pass, fmt::format("h.{}", layer));
    x = blocks_[layer]->run(x, pass, context);
    if (pass.observe) pass.observe(pass.scope, x);
  }
  x = call("ln_f", *norm_, x, pass);
  const Tensor pooled =
      reshape(cls_ ? slice(x, 1, 0, 1) : matmul(cast(padding.share, x.dtype()), x), Shape{tokens.size(0), config_.block.width});
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

}  // namespace dsw
