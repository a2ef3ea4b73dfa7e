// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/nn/layers/transformer.h"
#include "engine/nn/model_type.h"

namespace dsw {

// What the model families share when they read and check their settings.

/// "1, 2, 4, 8, 16, 32, 64 or 128"; more than twelve are cut to those near `near`.
std::string list_divisors(std::int64_t n, std::int64_t near);
/// "Use 4" and "Use 8": the nearest divisor of n on each side of `given`, for the number at `pointer`.
std::vector<Fix> divisor_fixes(std::int64_t n, std::int64_t given, const std::string& pointer);
/// A number that has to divide `n`: nothing when it does.
std::vector<Problem> check_divides(std::int64_t given, std::int64_t n, const std::string& n_name, const std::string& pointer);

/// A family that wants other data: "is gpt, but the data are images; …" at /model/type, with a fix for each family that fits.
Problem wrong_input(const std::string& family, const InputSpec& input);

/// Settings of transformer blocks (heads, kv_heads, width, mlp, norm, activation, bias, dropout) in the schema's order.
/// Callers add what is theirs.
void add_transformer_params(ParamSchema& schema, bool decoder);
/// Data of another kind than `wanted`, and numbers that do not divide.
std::vector<Problem> check_transformer(const std::string& family, InputSpec::Kind wanted, const Json& settings, const InputSpec& input);
/// `layers` scales the residual projections.
TransformerConfig transformer_config(const Json& settings, bool causal);

/// A batch of ids or pictures in words: "12×64×128".
std::string shape_words(const Shape& shape);

}  // namespace dsw
