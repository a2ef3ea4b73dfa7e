// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/transformer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/autograd/node.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/padding.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/swiglu.h"

namespace dsw {
namespace {

std::unique_ptr<Linear> make_linear(const TransformerConfig& config, std::int64_t in, std::int64_t out, double sd) {
  return std::make_unique<Linear>(in, out, config.bias, Init::normal(sd), Init::zeros());
}

/// q k^T scale with -inf where a query may not look. Only for observers: the fused kernel never makes it.
Tensor masked_scores(const Tensor& q, const Tensor& k, double scale, bool causal, const Tensor& key_mask) {
  const std::int64_t batch = q.size(0), heads = q.size(1), queries = q.size(2), keys = k.size(2), depth = q.size(3);
  const std::int64_t group = heads / k.size(1);
  const std::vector<float> qs = q.to_vector<float>(), ks = k.to_vector<float>();
  const std::vector<std::uint8_t> mask = key_mask ? key_mask.to_vector<std::uint8_t>() : std::vector<std::uint8_t>();
  std::vector<float> scores(static_cast<std::size_t>(batch * heads * queries * keys));
  std::size_t at = 0;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t t = 0; t < queries; ++t) {
        for (std::int64_t s = 0; s < keys; ++s, ++at) {
          const bool hidden = (causal && s > t + keys - queries) || (!mask.empty() && mask[static_cast<std::size_t>(b * keys + s)] == 0);
          double sum = 0;
          const float* row = &qs[static_cast<std::size_t>(((b * heads + h) * queries + t) * depth)];
          const float* column = &ks[static_cast<std::size_t>(((b * k.size(1) + h / group) * keys + s) * depth)];
          for (std::int64_t d = 0; d < depth; ++d) sum += static_cast<double>(row[d]) * static_cast<double>(column[d]);
          scores[at] = hidden ? -std::numeric_limits<float>::infinity() : static_cast<float>(sum * scale);
        }
      }
    }
  }
  return from_host(scores, {batch, heads, queries, keys}, q.device());
}

void check_pattern(const AttentionPattern& pattern, std::int64_t tokens) {
  const std::int64_t rows = (tokens + 63) / 64;
  const auto count = static_cast<std::int32_t>(pattern.block.size());
  const auto wrong = [](std::string what) { throw Error(ErrorCode::ShapeMismatch, "the pattern of attention " + what); };
  if (static_cast<std::int64_t>(pattern.begin.size()) != rows + 1)
    wrong(fmt::format("has {} begins, but {} tokens are {} blocks of 64, so it has {}", pattern.begin.size(), tokens, rows, rows + 1));
  if (pattern.begin.front() != 0 || pattern.begin.back() != count) wrong("begins with 0 and ends with the number of its blocks");
  for (std::size_t row = 0; row + 1 < pattern.begin.size(); ++row) {
    if (pattern.begin[row] > pattern.begin[row + 1]) wrong("has begins that fall");
    for (std::int32_t at = pattern.begin[row]; at < pattern.begin[row + 1]; ++at) {
      const std::int32_t block = pattern.block[static_cast<std::size_t>(at)];
      const bool ascends = at == pattern.begin[row] || pattern.block[static_cast<std::size_t>(at) - 1] < block;
      if (block < 0 || block >= rows || !ascends) wrong(fmt::format("lists ascending blocks below {} in each row", rows));
    }
  }
}

/// rope by the positions of each text [B, T].
Tensor turn(const Tensor& x, const Tensor& positions, const TransformerConfig& config) {
  std::vector<Tensor> turned;
  std::int64_t text = 0;
  for (const Tensor& one : split(x, 0, std::vector<std::int64_t>(static_cast<std::size_t>(x.size(0)), 1))) {
    const Tensor own = positions.view_slice(0, text, text + 1).view_reshape({positions.size(1)});
    turned.push_back(rope(one, own, config.rotary_base, config.rotary_neighbours));
    ++text;
  }
  return concat(turned, 0);
}

}  // namespace

std::unique_ptr<RowNorm> make_norm(const TransformerConfig& config) {
  if (config.rms_norm) return std::make_unique<RmsNorm>(config.width, config.norm_eps);
  return std::make_unique<LayerNorm>(config.width, config.bias, config.norm_eps);
}

Tensor position_range(std::int64_t first, std::int64_t count, Device& device) {
  std::vector<std::int32_t> positions(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::int32_t>(first) + static_cast<std::int32_t>(i);
  return from_host(positions, {count}, device);
}

SelfAttention::SelfAttention(const TransformerConfig& config)
    : config_(config),
      head_width_(config.head_width > 0 ? config.head_width : config.width / config.heads),
      c_attn_(adopt("c_attn", make_linear(config, config.width, (config.heads + 2 * config.kv_heads) * head_width_, config.init_sd))),
      c_proj_(adopt("c_proj", make_linear(config, config.heads * head_width_, config.width, config.residual_sd))) {
  DSW_CHECK((config.head_width > 0 || config.width % config.heads == 0) && config.heads % config.kv_heads == 0,
            "heads divide the width and kv_heads the heads");
}

Tensor SelfAttention::join(const std::vector<Tensor>& inputs, Forward& pass) {
  AttentionContext context;
  if (config_.rotary) context.positions = position_range(0, inputs[0].size(1), inputs[0].device());
  if (inputs.size() > 1) context.key_mask = padding_mask(inputs[1]);
  return attend(inputs[0], pass, context);
}

void SelfAttention::set_size(const std::string& setting, const Tensor& mask) {
  DSW_CHECK(setting == "heads", "attention has open heads alone");
  heads_mask_ = mask;
}

Tensor SelfAttention::forward(const Tensor& x, Forward& pass) {
  AttentionContext context;
  if (config_.rotary) context.positions = position_range(0, x.size(1), x.device());
  return attend(x, pass, context);
}

Tensor SelfAttention::attend(const Tensor& x, Forward& pass, const AttentionContext& context) {
  const std::int64_t batch = x.size(0), tokens = x.size(1), heads = config_.heads, kv_heads = config_.kv_heads;
  const Tensor qkv = reshape(call("c_attn", c_attn_, x, pass), {batch, tokens, heads + 2 * kv_heads, head_width_});
  const bool each_text = config_.rotary && context.positions.rank() == 2;  // texts that stand at different places
  const Tensor positions = config_.rotary && !each_text ? context.positions : Tensor();
  auto [q, k, v] = split_heads(qkv, heads, kv_heads, positions, config_.rotary_base, config_.rotary_neighbours);
  if (each_text) {
    q = turn(q, context.positions, config_);
    k = turn(k, context.positions, config_);
  }
  pass.see("q", q);
  pass.see("k", k);
  pass.see("v", v);
  Tensor by_token = permute(mix(q, k, v, pass, context), {0, 2, 1, 3});
  if (heads_mask_) by_token = mul(by_token, cast(reshape(heads_mask_, Shape{heads, 1}), by_token.dtype()));
  const Tensor mixed = reshape(by_token, {batch, tokens, heads * head_width_});
  pass.see("heads", mixed);
  return call("c_proj", c_proj_, mixed, pass);
}

Tensor SelfAttention::mix(const Tensor& q, const Tensor& k, const Tensor& v, Forward& pass, const AttentionContext& context) const {
  AttentionOptions options;
  options.scale = 1 / std::sqrt(static_cast<double>(head_width_));
  options.causal = config_.causal;
  if (config_.causal) options.window = static_cast<std::int32_t>(config_.window);
  if (config_.pattern) return with_pattern(q, k, v, context, options.scale);
  if (config_.window > 0 && !config_.causal) return in_stretches(q, k, v, context, options.scale);
  if (pass.training && config_.dropout > 0) {
    options.dropout = config_.dropout;
    options.dropout_key = next_dropout_key(pass);
  }
  if (KvStep* step = context.step) {
    DSW_CHECK(config_.causal && !context.key_mask, "generation is causal and its texts have no padding");
    step->keep(context.layer, k, v);
    return step->is_first() ? attention(q, k, v, options) : step->attend(context.layer, q, options.scale);
  }
  if (!pass.observe) return attention(q, k, v, options, context.key_mask);
  pass.see("scores", masked_scores(q.detach(), k.detach(), options.scale, config_.causal, context.key_mask));
  Tensor probabilities;
  Tensor y = attention(q, k, v, options, context.key_mask, &probabilities);
  pass.see("probabilities", probabilities);
  return y;
}

/// Each stretch of `window` tokens as a text of its own.
Tensor SelfAttention::in_stretches(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionContext& context, double scale) const {
  const std::int64_t batch = q.size(0), tokens = q.size(2), window = config_.window, parts = tokens / window;
  const auto cut = [&](const Tensor& x) {
    const Tensor split = reshape(x, {batch, x.size(1), parts, window, head_width_});
    return reshape(permute(split, {0, 2, 1, 3, 4}), {batch * parts, x.size(1), window, head_width_});
  };
  AttentionOptions options;
  options.scale = scale;
  const Tensor mask = context.key_mask ? context.key_mask.view_reshape({batch * parts, window}) : Tensor();
  const Tensor mixed = reshape(attention(cut(q), cut(k), cut(v), options, mask), {batch, parts, q.size(1), window, head_width_});
  return reshape(permute(mixed, {0, 2, 1, 3, 4}), {batch, q.size(1), tokens, head_width_});
}

Tensor SelfAttention::with_pattern(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionContext& context, double scale) const {
  AttentionOptions options;
  options.scale = scale;
  options.causal = config_.causal;
  const BlockList blocks{from_host(config_.pattern->begin, {1, 1, static_cast<std::int64_t>(config_.pattern->begin.size())}, q.device()),
                         from_host(config_.pattern->block, q.device())};
  return attention_blocks(q, k, v, blocks, options, context.key_mask);
}

Shape SelfAttention::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != config_.width) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("attention wants [B, T, {}], but its input is {}", config_.width, input.text()));
  }
  if (config_.window > 0 && !config_.causal && input[1] % config_.window != 0)
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("attention without a direction wants a window that divides its {} tokens, not {}", input[1], config_.window));
  if (config_.pattern) check_pattern(*config_.pattern, input[1]);
  return input;
}

/// Pairs of a query and a key that see each other, in one text and head.
double SelfAttention::pairs(std::int64_t tokens) const {
  const auto t = static_cast<double>(tokens), w = static_cast<double>(std::min(config_.window, tokens));
  if (config_.pattern) {
    double pairs = 0;
    for (std::size_t row = 0; row + 1 < config_.pattern->begin.size(); ++row)
      for (auto at = static_cast<std::size_t>(config_.pattern->begin[row]); at < static_cast<std::size_t>(config_.pattern->begin[row + 1]);
           ++at) {
        const double first = 64 * static_cast<double>(config_.pattern->block[at]), query = 64 * static_cast<double>(row);
        const double keys = std::min(64.0, t - first), queries = std::min(64.0, t - query);
        pairs += config_.causal && first == query ? queries * (queries + 1) / 2 : config_.causal && first > query ? 0 : queries * keys;
      }
    return pairs;
  }
  if (config_.window > 0) return config_.causal ? w * (w + 1) / 2 + (t - w) * w : t * w;
  return config_.causal ? t * (t + 1) / 2 : t * t;
}

Cost SelfAttention::cost(const Shape& input) const {
  Cost sum = c_attn_.cost(input);
  Shape inner = input;
  inner[2] = config_.heads * head_width_;
  sum += c_proj_.cost(inner);
  const double batch = static_cast<double>(input[0]), tokens = static_cast<double>(input[1]);
  const double seen = pairs(input[1]) * batch * static_cast<double>(config_.heads);
  const double kv_width = static_cast<double>(config_.kv_heads * head_width_), width = static_cast<double>(config_.heads * head_width_);
  sum.flops += seen * (4 * static_cast<double>(head_width_) + 5);
  // q, k and v as one tensor, the heads' outputs, log-sum-exp of each row; the parts are copies, the product is not kept.
  sum.activation_bytes += 4 * batch * tokens * (2 * width + 2 * kv_width + static_cast<double>(config_.heads));
  if (config_.rotary) sum.flops += 3 * batch * tokens * (width + kv_width);
  sum += dropout_cost(input, config_.dropout);
  if (config_.dropout > 0) sum.flops += 2 * seen;
  return sum;
}

MlpBlock::MlpBlock(const TransformerConfig& config)
    : config_(config),
      c_fc_(adopt("c_fc", make_linear(config, config.width, config.hidden, config.init_sd))),
      c_proj_(adopt("c_proj", make_linear(config, config.hidden, config.width, config.residual_sd))) {
  if (config.swiglu) c_gate_ = &adopt("c_gate", make_linear(config, config.width, config.hidden, config.init_sd));
}

Tensor MlpBlock::forward(const Tensor& x, Forward& pass) {
  const Tensor up = call("c_fc", c_fc_, x, pass);
  const Tensor active = c_gate_ ? swiglu(call("c_gate", *c_gate_, x, pass), up) : activate(config_.activation, up);
  pass.see("activation", active);
  return call("c_proj", c_proj_, hidden_mask_ ? mul(active, cast(hidden_mask_, active.dtype())) : active, pass);
}

void MlpBlock::set_size(const std::string& setting, const Tensor& mask) {
  DSW_CHECK(setting == "hidden", "an mlp has an open hidden width alone");
  hidden_mask_ = mask;
}

Shape MlpBlock::output_shape(const Shape& input) const { return c_proj_.output_shape(c_fc_.output_shape(input)); }

Cost MlpBlock::cost(const Shape& input) const {
  Cost sum = c_fc_.cost(input);
  const Shape inner = c_fc_.output_shape(input);
  const double elements = static_cast<double>(inner.elements());
  if (c_gate_) {
    sum += c_gate_->cost(input);
    sum += {(activation_flops(ActivationKind::Silu) + 1) * elements, 0, 12 * elements};  // gate, up and their product
  } else {
    sum += {activation_flops(config_.activation) * elements, 0, (activation_keeps_output(config_.activation) ? 4 : 8) * elements};
  }
  sum += c_proj_.cost(inner);
  sum += dropout_cost(input, config_.dropout);
  return sum;
}

TransformerBlock::TransformerBlock(const TransformerConfig& config)
    : config_(config),
      norm_1_(adopt("ln_1", make_norm(config))),
      attention_(adopt("attn", std::make_unique<SelfAttention>(config))),
      norm_2_(adopt("ln_2", make_norm(config))),
      mlp_(adopt("mlp", std::make_unique<MlpBlock>(config))) {}

Tensor TransformerBlock::forward(const Tensor& x, Forward& pass) {
  AttentionContext context;
  if (config_.rotary) context.positions = position_range(0, x.size(1), x.device());
  return run(x, pass, context);
}

Tensor TransformerBlock::run(const Tensor& x, Forward& pass, const AttentionContext& context) {
  const Tensor normed = call("ln_1", norm_1_, x, pass);
  Tensor mixed;
  {
    ForwardScope scope(pass, "attn");
    mixed = attention_.attend(normed, pass, context);
    if (pass.observe) pass.observe(pass.scope, mixed);
  }
  const auto [middle, middle_normed] = norm_2_.forward_sum(x, drop(mixed, config_.dropout, pass));
  pass.see("after_attention", middle);
  pass.see("ln_2", middle_normed);
  const Tensor up = call("mlp", mlp_, middle_normed, pass);
  return add(middle, drop(up, config_.dropout, pass));
}

BlockCost TransformerBlock::block_cost(const Shape& input) const {
  const Cost own = cost(input);
  const double output = kept(input).activation_bytes;
  const double hidden = output * static_cast<double>(config_.hidden) / static_cast<double>(config_.width);
  // The most stands when the mlp's backward pass holds the gradients of its output and of one (swiglu: two) of its inner layer.
  return {own.flops, own.parameters, output, own.activation_bytes + output, output + (config_.swiglu ? 2 : 1) * hidden};
}

ChainBlock transformer_link(std::string name, TransformerBlock& block, AttentionContext context) {
  return {std::move(name), &block,
          [&block, context = std::move(context)](const Tensor& x, Forward& pass) { return block.run(x, pass, context); }};
}

Cost TransformerBlock::cost(const Shape& input) const {
  Cost sum = norm_1_.cost(input);
  sum += kept(input);
  sum += attention_.cost(input);
  sum += kept(input);  // between the halves
  sum += norm_2_.cost(input);
  sum += kept(input);
  sum += mlp_.cost(input);
  sum += sum_cost(input);
  sum += sum_cost(input);
  return sum;
}

}  // namespace dsw
