// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <span>
#include <vector>

#include "engine/autograd/step_plan.h"
#include "engine/nn/block_chain.h"
#include "engine/nn/layers/transformer.h"
#include "engine/nn/model_type.h"
#include "engine/nn/network_loss.h"

namespace dsw {

struct GptConfig {
  TransformerConfig block;
  std::int64_t layers = 4, context = 256, vocabulary = 256;
  bool tied = true;  ///< logits use the token embedding's weight (Press & Wolf 2017)
};

/// Decoder-only language model: token ids int32 [B, T], T <= context → logits [B, T, V]. Names and start values as minGPT and nanoGPT:
/// transformer.wte, transformer.wpe (learned positions only), transformer.h.N.{ln_1, attn, ln_2, mlp}, transformer.ln_f, lm_head
/// (untied only); weights N(0, 0.02), residual projections N(0, 0.02 / sqrt(2 L)), biases 0.
/// Observed besides the blocks': "transformer.embedded" (token + position), "logits".
class Gpt : public Module, public HasChain, public HasLoss {
 public:
  explicit Gpt(const GptConfig& config);
  Tensor forward(const Tensor& tokens, Forward& pass) override;
  /// Generation: `tokens` [B, T] continue `texts` (B of them, whose keys and values lie in `pages`); logits of these tokens [B, T, V].
  /// The texts may have different lengths; each has at most `context` tokens in all. With `plans`, kept by the caller from step to step of
  /// the same pages, steps after the first are recorded and made again, with the same bits; the logits are then valid until the next step.
  Tensor step(const Tensor& tokens, KvPages& pages, std::span<KvText> texts, Forward& pass, StepPlans* plans = nullptr);
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  std::vector<BlockCost> chain_costs(const Shape& input) const override;
  /// With a large vocabulary a part of the logits at a time (ops/linear_cross_entropy.h).
  Tensor loss(const Tensor& tokens, const Tensor& target, double smoothing, Forward& pass) override;
  double logits_bytes(const Shape& input) const override;
  const GptConfig& config() const { return config_; }
  /// Parts of the cost, for the plan: input is [B, T].
  Cost embedding_cost(const Shape& input) const;
  Cost position_cost(const Shape& input) const;
  Cost final_norm_cost(const Shape& input) const;
  Cost logits_cost(const Shape& input) const;

 private:
  /// The last norm's result [B, T, C].
  Tensor run(const Tensor& tokens, const Tensor& positions, Forward& pass, KvStep* step);
  Tensor hidden(const Tensor& tokens, Forward& pass);  ///< the same of whole texts, without kept keys
  Tensor logits_of(const Tensor& x, Forward& pass);
  /// Tokens whose logits live at once.
  std::int64_t logits_rows(const Shape& input) const;
  Shape hidden_shape(const Shape& input) const { return {input[0], input[1], config_.block.width}; }

  GptConfig config_;
  Embedding& wte_;
  Embedding* wpe_ = nullptr;
  std::vector<TransformerBlock*> blocks_;
  Module* norm_ = nullptr;
  Linear* head_ = nullptr;
};

/// Registered as "gpt".
struct GptType : ModelType {
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;
};

}  // namespace dsw
