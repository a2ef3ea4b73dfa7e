// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/core/json.h"
#include "engine/nn/layers/transformer.h"
#include "engine/nn/models/plan_builder.h"

namespace dsw {

/// The blocks of a transformer as one group that repeats, after node `from`; gives the last node of the group.
/// `given_heads` is what the person wrote (it may not divide the width; config then holds one head): it is what the node says.
std::string plan_blocks(PlanBuilder& plan, const TransformerConfig& config, std::int64_t layers, std::int64_t given_heads,
                        std::int64_t given_kv_heads, const Shape& hidden, const std::string& from);
/// The token embedding and, with learned positions, their table and the sum. `table`: what the model says positions cost. Gives the last
/// node.
std::string plan_embedding(PlanBuilder& plan, const TransformerConfig& config, const std::string& title, const Shape& hidden,
                           const Cost& tokens, const Cost& table);
/// The norm behind the blocks; gives its node.
std::string plan_final_norm(PlanBuilder& plan, const TransformerConfig& config, const Shape& hidden, const Cost& norm,
                            const std::string& from);
/// "layernorm" or "rmsnorm".
const char* norm_words(const TransformerConfig& config);
/// Heads that do not divide are replaced by one, so that a network with this mistake can still be drawn and counted.
TransformerConfig drawable(const Json& settings, bool causal);

}  // namespace dsw
