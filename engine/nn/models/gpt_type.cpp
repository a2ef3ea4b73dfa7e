// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/nn/models/gpt.h"
#include "engine/nn/models/settings.h"
#include "engine/nn/models/transformer_plan.h"

namespace dsw {
namespace {

GptConfig gpt_config(const Json& settings, const InputSpec& input, const TransformerConfig& block) {
  GptConfig config;
  config.block = block;
  config.layers = settings.at("layers");
  config.context = input.context;
  config.vocabulary = input.vocabulary;
  config.tied = settings.at("tied");
  return config;
}

}  // namespace

ParamSchema GptType::schema() {
  ParamSchema schema;
  schema.summary =
      "Language model that predicts the next token: a decoder-only transformer with norms before each part, as GPT-2 and Llama.";
  add_transformer_params(schema, true);
  schema.add(bool_param("tied", "Tied embeddings", true, "The output layer uses the weights of the token embedding."));
  return schema;
}

std::vector<Problem> GptType::validate(const Json& settings, const InputSpec& input) const {
  std::vector<Problem> problems;
  if (input.kind != InputSpec::Kind::Tokens) problems.push_back(wrong_input("gpt", input));
  for (Problem& problem : check_transformer(settings)) problems.push_back(std::move(problem));
  return problems;
}

Result<std::unique_ptr<Module>> GptType::build(const Json& settings, const InputSpec& input) const {
  return std::make_unique<Gpt>(gpt_config(settings, input, transformer_config(settings, true)));
}

Result<NetworkPlan> GptType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  if (input.kind != InputSpec::Kind::Tokens) return fail(ErrorCode::InvalidDocument, wrong_input("gpt", input).sentence());
  GptConfig config = gpt_config(settings, input, drawable(settings, true));
  config.layers = 1;  // the parts outside the blocks are asked for their costs; the blocks count themselves
  const Gpt model(config);
  const std::int64_t width = config.block.width, layers = settings.at("layers"), heads = settings.at("heads");
  const Shape tokens = input.input_shape(batch), hidden{batch, input.context, width};
  PlanBuilder plan;
  plan.node("embed.token", "token embed", shape_words(hidden), "embedding", "width", hidden, model.embedding_cost(tokens), "embed");
  std::string from = "embed.token";
  if (!config.block.rotary) {
    Cost sum = sum_cost(hidden);
    sum += kept(hidden);
    Cost table = model.position_cost(tokens);
    table.flops -= sum.flops;
    table.activation_bytes -= sum.activation_bytes;
    plan.node("embed.position", "position", shape_words({input.context, width}), "embedding", "positions", {input.context, width}, table,
              "embed");
    plan.node("embed.add", "+", "", "add", "positions", hidden, sum, "embed");
    plan.edge("embed.token", "embed.add");
    plan.edge("embed.position", "embed.add");
    from = "embed.add";
  }
  from = plan_blocks(plan, config.block, layers, heads, settings.value("kv_heads", heads), hidden, from);
  const Cost norm = model.final_norm_cost(tokens);
  plan.node("final_norm", norm_words(config.block), fmt::format("{:.0f}", norm.parameters), "norm", "norm", hidden, norm, "norm");
  plan.edge(from, "final_norm");
  const Shape logits{batch, input.context, input.vocabulary};
  plan.node("logits", "logits", shape_words(logits), "output", "tied", logits, model.logits_cost(tokens), "logits");
  plan.edge("final_norm", "logits");
  return plan.finish();
}

}  // namespace dsw
