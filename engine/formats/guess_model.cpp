// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/formats/model_file.h"

namespace dsw {
namespace {

/// A tensor by its name without the prefixes that wrappers put before it.
const StoredTensor* find(const TensorFile& file, const std::string& name) {
  for (const char* prefix : {"", "module.", "_orig_mod.", "transformer."}) {
    if (const StoredTensor* tensor = file.find(prefix + name)) return tensor;
  }
  return nullptr;
}

/// How many of "PREFIX0SUFFIX", "PREFIX1SUFFIX", … there are.
std::int64_t count_layers(const TensorFile& file, const std::string& prefix, const std::string& suffix) {
  std::int64_t count = 0;
  while (find(file, prefix + std::to_string(count) + suffix)) ++count;
  return count;
}

std::int64_t number_of(const TensorFile& file, const char* key, std::int64_t otherwise) {
  std::int64_t number = 0;
  const std::string* text = file.meta(key);
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc() || number < 1) return otherwise;
  return number;
}

std::optional<GuessedModel> guess_resnet(const TensorFile& file) {
  const StoredTensor *stem = find(file, "conv1.weight"), *head = find(file, "linear.weight");
  const std::int64_t blocks = count_layers(file, "layer1.", ".conv1.weight");
  if (!stem || !head || stem->shape.rank() != 4 || head->shape.rank() != 2 || blocks == 0) return std::nullopt;
  GuessedModel guess;
  guess.section = Json{{"type", "resnet"},
                       {"depth", 6 * blocks + 2},
                       {"width", stem->shape[0]},
                       {"shortcut", find(file, "layer2.0.shortcut.0.weight") ? "B" : "A"}}
                      .dump();
  guess.input.kind = InputSpec::Kind::Image;
  guess.input.channels = stem->shape[1];
  guess.input.height = guess.input.width = 32;
  guess.input.classes = head->shape[0];
  return guess;
}

std::optional<GuessedModel> guess_gpt(const TensorFile& file) {
  const StoredTensor *tokens = find(file, "wte.weight"), *positions = find(file, "wpe.weight");
  const std::int64_t layers = count_layers(file, "h.", ".attn.c_attn.weight");
  if (!tokens || !positions || tokens->shape.rank() != 2 || positions->shape.rank() != 2 || layers == 0) return std::nullopt;
  const std::int64_t width = tokens->shape[1];
  const StoredTensor* up = find(file, "h.0.mlp.c_fc.bias");
  const StoredTensor* head = find(file, "lm_head.weight");
  // Equal bytes: the output layer was tied, and the file shows it twice.
  const bool tied = !head || std::equal(head->bytes.begin(), head->bytes.end(), tokens->bytes.begin(), tokens->bytes.end());
  const std::int64_t said = number_of(file, "config.n_head", 0), heads = said > 0 ? said : std::max<std::int64_t>(1, width / 64);
  Json section{{"type", "gpt"}, {"layers", layers}, {"heads", heads}, {"width", width}, {"tied", tied}, {"bias", up != nullptr}};
  if (const std::string* activation = file.meta("config.activation_function")) {
    // Hugging Face's names: "gelu" is the exact form there.
    static const std::map<std::string, const char*> kNames{{"gelu", "gelu-erf"}, {"gelu_new", "gelu"}, {"gelu_pytorch_tanh", "gelu"},
                                                           {"relu", "relu"},     {"silu", "silu"},     {"swish", "silu"}};
    const auto known = kNames.find(*activation);
    section["activation"] = known == kNames.end() ? *activation : known->second;  // an unknown one is refused by name
  }
  if (up && up->shape.rank() == 1 && up->shape[0] != 4 * width) section["mlp_hidden"] = up->shape[0];
  GuessedModel guess;
  guess.section = section.dump();
  guess.heads_guessed = said == 0;
  guess.input.kind = InputSpec::Kind::Tokens;
  guess.input.context = positions->shape[0];
  guess.input.vocabulary = guess.input.classes = tokens->shape[0];
  return guess;
}

}  // namespace

std::optional<GuessedModel> guess_model(const TensorFile& weights) {
  if (auto gpt = guess_gpt(weights)) return gpt;
  return guess_resnet(weights);
}

}  // namespace dsw
