// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/settings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

std::vector<std::int64_t> divisors(std::int64_t n) {
  std::vector<std::int64_t> found;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    found.push_back(d);
    if (d != n / d) found.push_back(n / d);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Fix use(std::int64_t value, const std::string& pointer) {
  return {fmt::format("Use {}", value), pointer, std::to_string(value), {}, false};
}

}  // namespace

std::string list_divisors(std::int64_t n, std::int64_t near) {
  std::vector<std::int64_t> all = divisors(n);
  constexpr std::size_t kMost = 12;
  if (all.size() > kMost) {
    std::stable_sort(all.begin(), all.end(), [near](auto a, auto b) { return std::llabs(a - near) < std::llabs(b - near); });
    all.resize(kMost);
    std::sort(all.begin(), all.end());
  }
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) text += i + 1 == all.size() ? " or " : ", ";
    text += std::to_string(all[i]);
  }
  return text;
}

std::vector<Fix> divisor_fixes(std::int64_t n, std::int64_t given, const std::string& pointer) {
  std::int64_t below = 0, above = 0;
  for (const std::int64_t d : divisors(n)) {
    if (d < given) below = d;
    if (d > given && above == 0) above = d;
  }
  std::vector<Fix> fixes;
  if (below != 0) fixes.push_back(use(below, pointer));
  if (above != 0) fixes.push_back(use(above, pointer));
  return fixes;
}

std::vector<Problem> check_divides(std::int64_t given, std::int64_t n, const std::string& n_name, const std::string& pointer) {
  if (given > 0 && n % given == 0) return {};
  return {{pointer, fmt::format("is {}, but {} {} needs a divisor: {}.", given, n_name, n, list_divisors(n, given)),
           divisor_fixes(n, given, pointer), false}};
}

Problem wrong_input(const std::string& family, const InputSpec& input) {
  const char* data = "";
  std::vector<std::string> fitting;
  switch (input.kind) {
    case InputSpec::Kind::Tokens:
      data = "running text";
      fitting = {"gpt"};
      break;
    case InputSpec::Kind::TokenSequence:
      data = "labelled texts";
      fitting = {"text-classifier"};
      break;
    case InputSpec::Kind::Image:
      data = "images";
      fitting = {"cnn", "resnet", "mlp"};
      break;
  }
  Problem problem{"/model/type", fmt::format("is {}, which does not fit the data: they are {}.", family, data), {}, false};
  for (const std::string& name : fitting)
    problem.fixes.push_back({"Use " + name, "/model", fmt::format("{{\"type\":\"{}\"}}", name), {}, false});
  return problem;
}

void add_transformer_params(ParamSchema& schema, bool decoder) {
  const long long layers = decoder ? 4 : 2;
  schema.add(int_param("layers", "Layers", layers, 1, 96, "Number of blocks, each attention and mlp."));
  schema.add(int_param("heads", "Heads", 4, 1, 256, "Attention heads; they share the width, so it must be a multiple of this."));
  schema.add(int_param("width", "Width", 128, 8, 16384, "Numbers that carry one token from block to block."));
  schema.add(
      advanced(int_param("kv_heads", "Key and value heads", std::nullopt, 1, 256,
                         "Fewer than heads: groups of heads share keys and values (grouped-query attention). Default: as many as heads.")));
  schema.add(float_param("mlp_ratio", "Mlp ratio", 4, 0.25, 16,
                         "Hidden width of the mlp as a multiple of the width. With swiglu 8/3 costs the same as 4."));
  schema.add(advanced(
      int_param("mlp_hidden", "Mlp hidden width", std::nullopt, 1, 131072, "Hidden width of the mlp itself; overrides the ratio.")));
  schema.add(choice_param("positions", "Positions", "learned", {"learned", "rotary"},
                          "learned: a vector for each place; rotary: queries and keys are turned by their place."));
  Param base = advanced(
      float_param("rotary_base", "Rotary base", 10000, 1, 1e9, "Longest wavelength of rotary positions; larger for long contexts."));
  base.log_scale = true;
  schema.add(base);
  schema.add(advanced(choice_param("rotary_pairs", "Rotary pairs", "neighbours", {"neighbours", "halves"},
                                   "Which numbers turn together: 2i with 2i+1, or i with i + half. Matters for weights from elsewhere.")));
  schema.add(choice_param("norm", "Norm", "layernorm", {"layernorm", "rmsnorm"},
                          "Normalisation before attention, before the mlp and at the end."));
  Param eps = advanced(float_param("norm_eps", "Norm epsilon", 1e-5, 1e-12, 0.1, "Keeps the norm from dividing by zero."));
  eps.log_scale = true;
  schema.add(eps);
  schema.add(choice_param("activation", "Activation", "gelu", {"gelu", "gelu-erf", "relu", "silu", "swiglu"},
                          "Of the mlp. gelu is the tanh form of GPT-2, gelu-erf the exact one; swiglu adds a gate."));
  schema.add(bool_param("bias", "Biases", true, "Biases in linear layers and layer norms."));
  Param dropout = float_param(
      "dropout", "Dropout", 0.0, 0, 0.95,
      "Share of numbers set to zero while training: of the embeddings, the attention's probabilities, and what attention and mlp add.");
  schema.add(dropout);
}

std::vector<Problem> check_transformer(const std::string& family, InputSpec::Kind wanted, const Json& settings, const InputSpec& input) {
  const std::int64_t width = settings.at("width"), heads = settings.at("heads");
  std::vector<Problem> problems;
  if (input.kind != wanted) problems.push_back(wrong_input(family, input));
  std::vector<Problem> uneven = check_divides(heads, width, "width", "/model/heads");
  const bool even = uneven.empty();
  for (Problem& problem : uneven) problems.push_back(std::move(problem));
  if (even && settings.at("positions") == "rotary" && (width / heads) % 2 != 0) {
    problems.push_back({"/model/heads",
                        fmt::format("is {}, so a head of width {} has {} numbers; rotary positions turn pairs and need an even number.",
                                    heads, width, width / heads),
                        {{"Learned positions", "/model/positions", "\"learned\"", {}, false}},
                        false});
  }
  if (settings.contains("kv_heads")) {
    for (Problem& problem : check_divides(settings.at("kv_heads"), heads, "heads", "/model/kv_heads"))
      problems.push_back(std::move(problem));
  }
  return problems;
}

TransformerConfig transformer_config(const Json& settings, bool causal) {
  TransformerConfig config;
  config.width = settings.at("width");
  config.heads = settings.at("heads");
  config.kv_heads = settings.value("kv_heads", config.heads);
  config.hidden = settings.value(
      "mlp_hidden", std::max<std::int64_t>(1, std::llround(static_cast<double>(config.width) * settings.at("mlp_ratio").get<double>())));
  config.causal = causal;
  config.rotary = settings.at("positions") == "rotary";
  config.rotary_neighbours = settings.at("rotary_pairs") == "neighbours";
  config.rotary_base = settings.at("rotary_base");
  config.rms_norm = settings.at("norm") == "rmsnorm";
  config.norm_eps = settings.at("norm_eps");
  const std::string activation = settings.at("activation");
  config.swiglu = activation == "swiglu";
  if (!config.swiglu) config.activation = activation_from_name(activation);
  config.bias = settings.at("bias");
  config.dropout = settings.at("dropout");
  config.residual_sd = config.init_sd / std::sqrt(2 * settings.at("layers").get<double>());
  return config;
}

std::string shape_words(const Shape& shape) {
  std::string text;
  for (const std::int64_t length : shape) text += (text.empty() ? "" : "×") + std::to_string(length);
  return text;
}

}  // namespace dsw
