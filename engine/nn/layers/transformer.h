// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>

#include "engine/nn/block_chain.h"
#include "engine/nn/kept_memory.h"
#include "engine/nn/kv_pages.h"
#include "engine/nn/layer_type.h"
#include "engine/nn/layers/activation.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/layers/open_sizes.h"

namespace dsw {

/// A fixed pattern of attention: which blocks of 64 keys each block of 64 queries sees, in compressed sparse rows (nn/ops/attention.h).
struct AttentionPattern {
  std::vector<std::int32_t> begin, block;
};

/// What the blocks of one transformer have in common. Pre-norm: x + attention(norm(x)), then x + mlp(norm(x)).
struct TransformerConfig {
  std::int64_t width = 128;     ///< C
  std::int64_t heads = 4;       ///< Hq, divides C
  std::int64_t kv_heads = 4;    ///< Hkv, divides Hq; smaller: grouped-query attention (Ainslie et al. 2023)
  std::int64_t head_width = 0;  ///< D; 0: C / Hq. Otherwise heads need not divide the width: inside, attention is Hq D wide
  std::int64_t hidden = 512;    ///< of the mlp
  /// > 0: causal, a token sees only the last `window` ones; else those of its own stretch of `window` tokens, which divides T.
  std::int64_t window = 0;
  std::shared_ptr<const AttentionPattern> pattern;  ///< null: every block
  bool causal = true;
  bool rotary = false;            ///< queries and keys are turned by their positions (Su et al. 2021); D = C / Hq is even
  bool rotary_neighbours = true;  ///< pairs (2i, 2i+1); false: (i, i + D/2) as GPT-NeoX and Hugging Face's Llama
  double rotary_base = 10000;
  bool rms_norm = false;
  double norm_eps = 1e-5;
  bool swiglu = false;  ///< silu(x Wg) ∘ (x Wu) Wd (Shazeer 2020) instead of `activation`
  ActivationKind activation = ActivationKind::Gelu;
  bool bias = true;
  double dropout = 0;  ///< of the attention's probabilities, and after attention and mlp, before the sum
  double init_sd = 0.02;
  double residual_sd = 0.02;  ///< of the projections that end in the residual stream: 0.02 / sqrt(2 L) in GPT-2
};

/// What attention knows besides its input.
struct AttentionContext {
  Tensor key_mask;         ///< bool [B, T], 1: may be seen; undefined: all
  Tensor positions;        ///< int32 [T], or [B, T] in generation, for rotary positions
  KvStep* step = nullptr;  ///< generation: the input continues the texts in it; without a key mask
  std::size_t layer = 0;   ///< of the step
};

/// softmax(q k^T / sqrt(D)) v for each head, then a projection. x [B, T, C] → [B, T, C].
/// State: c_attn.{weight [C + 2 Hkv D, C], bias} makes q, k, v in this order; c_proj.
/// Observed: "q", "k", "v" [B, H, T, D], outside generation "scores" (masked with -inf), "probabilities" [B, Hq, T, T], "heads" [B, T, C].
/// Cost: the products; scores and values 4 D FLOPs and softmax 5 for each pair that may be seen (causal: T (T + 1) / 2 a head; fewer under
/// a window or a pattern).
/// As a join a second input, token ids [B, T], says what is padding (id 0): no token sees it. "heads" is a size that may be open.
class SelfAttention : public JoinModule, public KeptMemory, public OpenSizes {
 public:
  explicit SelfAttention(const TransformerConfig& config);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Tensor join(const std::vector<Tensor>& inputs, Forward& pass) override;
  Shape join_shape(const std::vector<Shape>& inputs) const override { return output_shape(inputs.front()); }
  Cost join_cost(const std::vector<Shape>& inputs) const override { return cost(inputs.front()); }
  void set_size(const std::string& setting, const Tensor& mask) override;
  Tensor attend(const Tensor& x, Forward& pass, const AttentionContext& context);
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }

 private:
  Tensor mix(const Tensor& q, const Tensor& k, const Tensor& v, Forward& pass, const AttentionContext& context) const;

  double pairs(std::int64_t tokens) const;
  Tensor in_stretches(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionContext& context, double scale) const;
  Tensor with_pattern(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionContext& context, double scale) const;

  TransformerConfig config_;
  std::int64_t head_width_;
  Linear &c_attn_, &c_proj_;
  Tensor heads_mask_;
};

/// c_proj(activation(c_fc x)), or with swiglu c_proj(silu(c_gate x) ∘ c_fc x). [..., C] → [..., C].
/// Observed: "c_fc", "activation". "hidden" is a size that may be open.
class MlpBlock : public Module, public KeptMemory, public OpenSizes {
 public:
  explicit MlpBlock(const TransformerConfig& config);
  Tensor forward(const Tensor& x, Forward& pass) override;
  void set_size(const std::string& setting, const Tensor& mask) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }

 private:
  TransformerConfig config_;
  Linear* c_gate_ = nullptr;
  Linear &c_fc_, &c_proj_;
  Tensor hidden_mask_;
};

/// One pre-norm block: children ln_1, attn, ln_2, mlp. Observed besides theirs: "after_attention".
class TransformerBlock : public Module, public KeptMemory {
 public:
  explicit TransformerBlock(const TransformerConfig& config);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Tensor run(const Tensor& x, Forward& pass, const AttentionContext& context);
  Shape output_shape(const Shape& input) const override { return attention_.output_shape(input); }
  Cost cost(const Shape& input) const override;
  BlockCost block_cost(const Shape& input) const;
  bool keeps_input() const override { return true; }

 private:
  TransformerConfig config_;
  Module& norm_1_;
  SelfAttention& attention_;
  RowNorm& norm_2_;
  MlpBlock& mlp_;
};

/// A block as a link of a network's chain; `context` is kept with it.
ChainBlock transformer_link(std::string name, TransformerBlock& block, AttentionContext context);
/// The norm that a config asks for, over its width.
std::unique_ptr<RowNorm> make_norm(const TransformerConfig& config);
/// int32 [count]: first, first + 1, …
Tensor position_range(std::int64_t first, std::int64_t count, Device& device);

}  // namespace dsw
