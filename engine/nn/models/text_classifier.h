// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/nn/layers/transformer.h"
#include "engine/nn/model_type.h"

namespace dsw {

struct TextClassifierConfig {
  TransformerConfig block;  ///< not causal
  std::int64_t layers = 2, context = 64, vocabulary = 1000, classes = 2;
  bool cls = false;  ///< pools by a learned first vector; else by the mean over the words
};

/// Transformer encoder: ids int32 [B, T] padded with 0, T <= context → logits [B, K]. Padding is seen by no word and counts in no mean.
/// State: wte, wpe (learned positions), cls [1, 1, C], h.N, ln_f, head.{weight, bias}. Weights start as those of gpt.
/// Observed besides the blocks': "embedded", "pooled" [B, C].
class TextClassifier : public Module, public HasChain {
 public:
  explicit TextClassifier(const TextClassifierConfig& config);
  Tensor forward(const Tensor& tokens, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  std::vector<BlockCost> chain_costs(const Shape& input) const override;
  /// Of an input [B, T]: [B, T or T + 1, C].
  Shape hidden_shape(const Shape& input) const { return {input[0], input[1] + (config_.cls ? 1 : 0), config_.block.width}; }
  Cost embedding_cost(const Shape& input) const;
  Cost position_cost(const Shape& input) const;
  Cost final_norm_cost(const Shape& input) const;
  Cost pool_cost(const Shape& input) const;
  Cost head_cost(const Shape& input) const;

 private:
  TextClassifierConfig config_;
  Embedding& wte_;
  Embedding* wpe_ = nullptr;
  Parameter* cls_ = nullptr;
  std::vector<TransformerBlock*> blocks_;
  Module* norm_ = nullptr;
  Linear* head_ = nullptr;
};

/// Registered as "text-classifier".
struct TextClassifierType : ModelType {
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;
};

}  // namespace dsw
