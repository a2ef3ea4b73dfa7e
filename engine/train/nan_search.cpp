// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/nan_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "engine/autograd/node.h"

namespace dsw {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// GPT-2's short names, in words.
std::string in_words(const std::string& part) {
  static const std::map<std::string, std::string> kWords{
      {"h", "block"},        {"blocks", "block"},   {"attn", "attention"},      {"ln_1", "first norm"},        {"ln_2", "second norm"},
      {"ln_f", "last norm"}, {"lm_head", "logits"}, {"wte", "token embedding"}, {"wpe", "position embedding"}, {"embedded", "embedding"}};
  const auto word = kWords.find(part);
  return word == kWords.end() ? part : word->second;
}

/// NaN or plus infinity. Minus infinity is what a mask puts before a softmax.
bool went_wrong(const Tensor& x) {
  if (!dtype_is_float(x.dtype())) return false;
  const std::vector<float> values = x.to_vector<float>();
  return std::any_of(values.begin(), values.end(), [](float v) { return std::isnan(v) || v == std::numeric_limits<float>::infinity(); });
}

}  // namespace

bool all_finite(const Tensor& x) {
  if (!dtype_is_float(x.dtype())) return true;
  const Tensor count = zeros({1}, DType::I64, x.device());
  check_status(x.device().kernels().count_not_finite(x.device().stream(), x.view(), count.view()), "count_not_finite", x.device());
  return count.item() == 0;
}

std::string place_in_words(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t dot = std::min(name.find('.', begin), name.size());
    parts.push_back(name.substr(begin, dot - begin));
    begin = dot + 1;
  }
  // The outermost name of a network says nothing; of what is inside a numbered part only the next name matters to a person.
  if (parts.size() > 1 && parts.front() == "transformer") parts.erase(parts.begin());
  std::string words;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool numbered = i + 1 < parts.size() && is_number(parts[i + 1]);
    words += (words.empty() ? "" : ", ") + in_words(parts[i]) + (numbered ? " " + parts[i + 1] : "");
    if (!numbered) break;
    ++i;
  }
  return words;
}

Rng dropout_stream(std::uint64_t seed, std::int64_t step) { return Rng(seed, fmt::format("dropout/{}", step)); }

std::string where_not_finite(Module& model, const Batch& batch, std::uint64_t dropout_seed, std::int64_t step, bool training) {
  for (const Module::Named& named : model.parameters())
    if (!all_finite(named.parameter->value)) return fmt::format("{} (the weight {})", place_in_words(named.name), named.name);
  const NoGradScope no_graph;
  std::string place;
  Rng dropout = dropout_stream(dropout_seed, step);
  Forward pass = model.new_pass();
  pass.training = training;
  pass.dropout_rng = training ? &dropout : nullptr;
  pass.observe = [&](const std::string& name, const Tensor& value) {
    if (place.empty() && went_wrong(value)) place = place_in_words(name);
  };
  model.forward(batch.input, pass);
  return place;
}

}  // namespace dsw
