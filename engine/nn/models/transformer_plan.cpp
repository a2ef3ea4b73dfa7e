// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/transformer_plan.h"

#include <nlohmann/json.hpp>

#include "engine/nn/models/settings.h"

namespace dsw {
namespace {

std::string head_words(std::int64_t width, std::int64_t heads, std::int64_t kv_heads) {
  std::string text = width % heads == 0 ? fmt::format("{} heads of {}", heads, width / heads)
                                        : fmt::format("{} heads of {:.4g}", heads, static_cast<double>(width) / static_cast<double>(heads));
  if (heads == 1) text.replace(2, 5, "head");
  if (kv_heads != heads) text += fmt::format(", {} for keys", kv_heads);
  return text;
}

std::string number(double value) { return fmt::format("{:.0f}", value); }

}  // namespace

const char* norm_words(const TransformerConfig& config) { return config.rms_norm ? "rmsnorm" : "layernorm"; }

TransformerConfig drawable(const Json& settings, bool causal) {
  TransformerConfig config = transformer_config(settings, causal);
  if (config.width % config.heads != 0) config.heads = config.kv_heads = 1;
  if (config.heads % config.kv_heads != 0) config.kv_heads = config.heads;
  return config;
}

std::string plan_embedding(PlanBuilder& plan, const TransformerConfig& config, const std::string& title, const Shape& hidden,
                           const Cost& tokens, const Cost& table) {
  plan.node("embed.token", title, shape_words(hidden), "embedding", "width", hidden, tokens, "embed");
  if (config.rotary) return "embed.token";
  const Shape positions{hidden[1], config.width};
  Cost sum = sum_cost(hidden);
  sum += kept(hidden);
  Cost only_table = table;
  only_table.flops -= sum.flops;
  only_table.activation_bytes -= sum.activation_bytes;
  plan.node("embed.position", "position", shape_words(positions), "embedding", "positions", positions, only_table, "embed");
  plan.node("embed.add", "+", "", "add", "positions", hidden, sum, "embed");
  plan.edge("embed.token", "embed.add");
  plan.edge("embed.position", "embed.add");
  return "embed.add";
}

std::string plan_final_norm(PlanBuilder& plan, const TransformerConfig& config, const Shape& hidden, const Cost& norm,
                            const std::string& from) {
  plan.node("final_norm", norm_words(config), number(norm.parameters), "norm", "norm", hidden, norm, "norm");
  plan.edge(from, "final_norm");
  return "final_norm";
}

std::string plan_blocks(PlanBuilder& plan, const TransformerConfig& config, std::int64_t layers, std::int64_t given_heads,
                        std::int64_t given_kv_heads, const Shape& hidden, const std::string& from) {
  const SelfAttention attention(config);
  const MlpBlock mlp(config);
  const std::unique_ptr<RowNorm> norm = make_norm(config);
  Cost norm_cost = norm->cost(hidden), residual_cost = sum_cost(hidden);
  norm_cost += kept(hidden);
  residual_cost += kept(hidden);
  plan.begin_group("blocks", fmt::format("block × {}", layers), layers);
  plan.node("blocks.norm_1", norm_words(config), number(norm_cost.parameters), "norm", "norm", hidden, norm_cost, "norm");
  plan.node("blocks.attention", "attention", head_words(config.width, given_heads, given_kv_heads), "attention", "heads", hidden,
            attention.cost(hidden), "attention");
  plan.node("blocks.add_1", "+", "", "add", "layers", hidden, residual_cost);
  plan.node("blocks.norm_2", norm_words(config), number(norm_cost.parameters), "norm", "norm", hidden, norm_cost, "norm");
  plan.node("blocks.mlp", std::string("mlp, ") + (config.swiglu ? "swiglu" : activation_name(config.activation)),
            fmt::format("{}→{}→{}", config.width, config.hidden, config.width), "mlp", "mlp_ratio", hidden, mlp.cost(hidden), "mlp");
  plan.node("blocks.add_2", "+", "", "add", "layers", hidden, residual_cost);
  plan.end_group();
  plan.edge(from, "blocks.norm_1");
  plan.edge("blocks.norm_1", "blocks.attention");
  plan.edge("blocks.attention", "blocks.add_1");
  plan.edge(from, "blocks.add_1", true);
  plan.edge("blocks.add_1", "blocks.norm_2");
  plan.edge("blocks.norm_2", "blocks.mlp");
  plan.edge("blocks.mlp", "blocks.add_2");
  plan.edge("blocks.add_1", "blocks.add_2", true);
  return "blocks.add_2";
}

}  // namespace dsw
