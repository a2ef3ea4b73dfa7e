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
  return check_transformer("gpt", InputSpec::Kind::Tokens, settings, input);
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
  std::string from = plan_embedding(plan, config.block, "token embed", hidden, model.embedding_cost(tokens),
                                    config.block.rotary ? Cost() : model.position_cost(tokens));
  from = plan_blocks(plan, config.block, layers, heads, settings.value("kv_heads", heads), hidden, from);
  from = plan_final_norm(plan, config.block, hidden, model.final_norm_cost(tokens), from);
  const Shape logits{batch, input.context, input.vocabulary};
  plan.node("logits", "logits", shape_words(logits), "output", "tied", logits, model.logits_cost(tokens), "logits");
  plan.edge(from, "logits");
  return plan.finish();
}

}  // namespace dsw
