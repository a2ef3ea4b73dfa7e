// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/nn/models/settings.h"
#include "engine/nn/models/text_classifier.h"
#include "engine/nn/models/transformer_plan.h"

namespace dsw {
namespace {

TextClassifierConfig classifier_config(const Json& settings, const InputSpec& input, const TransformerConfig& block) {
  TextClassifierConfig config;
  config.block = block;
  config.layers = settings.at("layers");
  config.context = input.context;
  config.vocabulary = input.vocabulary;
  config.classes = input.classes;
  config.cls = settings.at("pooling") == "cls";
  return config;
}

}  // namespace

ParamSchema TextClassifierType::schema() {
  ParamSchema schema;
  schema.summary = "Transformer encoder that sorts texts into classes; every word sees every other.";
  add_transformer_params(schema, false);
  schema.add(choice_param("pooling", "Pooling", "mean", {"mean", "cls"},
                          "What the classifier reads: the mean over the words, or a learned first vector."));
  return schema;
}

std::vector<Problem> TextClassifierType::validate(const Json& settings, const InputSpec& input) const {
  return check_transformer("text-classifier", InputSpec::Kind::TokenSequence, settings, input);
}

Result<std::unique_ptr<Module>> TextClassifierType::build(const Json& settings, const InputSpec& input) const {
  return std::make_unique<TextClassifier>(classifier_config(settings, input, transformer_config(settings, false)));
}

Result<NetworkPlan> TextClassifierType::plan(const Json& settings, const InputSpec& input, std::int64_t batch) const {
  if (input.kind != InputSpec::Kind::TokenSequence)
    return fail(ErrorCode::InvalidDocument, wrong_input("text-classifier", input).sentence());
  TextClassifierConfig config = classifier_config(settings, input, drawable(settings, false));
  config.layers = 1;  // the blocks count themselves
  const TextClassifier model(config);
  const Shape tokens = input.input_shape(batch), hidden = model.hidden_shape(tokens);
  const std::int64_t width = config.block.width, heads = settings.at("heads");
  PlanBuilder plan;
  std::string from = plan_embedding(plan, config.block, config.cls ? "token embed, cls" : "token embed", hidden,
                                    model.embedding_cost(tokens), config.block.rotary ? Cost() : model.position_cost(tokens));
  from = plan_blocks(plan, config.block, settings.at("layers"), heads, settings.value("kv_heads", heads), hidden, from);
  from = plan_final_norm(plan, config.block, hidden, model.final_norm_cost(tokens), from);
  plan.node("pool", config.cls ? "first vector" : "mean of words", shape_words({batch, width}), "pool", "pooling", {batch, width},
            model.pool_cost(tokens), "pool");
  plan.edge(from, "pool");
  const Shape logits{batch, config.classes};
  plan.node("logits", "logits", fmt::format("{}→{}", width, config.classes), "output", "", logits, model.head_cost(tokens), "logits");
  plan.edge("pool", "logits");
  return plan.finish();
}

}  // namespace dsw
