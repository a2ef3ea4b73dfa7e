// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/char_tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/utf8.h"
#include "engine/data/token_text.h"

namespace dsw {
namespace {
constexpr std::size_t kLowCharacters = 0x800;
}

CharTokenizer::CharTokenizer(std::string_view training_text, bool with_unknown)
    : with_unknown_(with_unknown), low_ids_(kLowCharacters, -1) {
  for (std::size_t at = 0; at < training_text.size();) {
    const char32_t c = next_character(training_text, at);
    if (c < kLowCharacters)
      low_ids_[c] = 0;
    else
      high_ids_[c] = 0;
  }
  for (std::size_t c = 0; c < kLowCharacters; ++c)
    if (low_ids_[c] == 0) symbols_.push_back(static_cast<char32_t>(c));
  const std::size_t low_count = symbols_.size();
  for (const auto& [c, id] : high_ids_) symbols_.push_back(c);
  std::sort(symbols_.begin() + static_cast<std::ptrdiff_t>(low_count), symbols_.end());
  for (std::size_t i = 0; i < symbols_.size(); ++i)
    (symbols_[i] < kLowCharacters ? low_ids_[symbols_[i]] : high_ids_[symbols_[i]]) = static_cast<std::int32_t>(i);
}

std::int32_t CharTokenizer::vocabulary() const { return static_cast<std::int32_t>(symbols_.size()) + (with_unknown_ ? 1 : 0); }

std::int32_t CharTokenizer::id_of(char32_t c) const {
  if (c < kLowCharacters) return low_ids_[c];
  const auto it = high_ids_.find(c);
  return it == high_ids_.end() ? -1 : it->second;
}

bool CharTokenizer::knows(std::string_view text) const {
  for (std::size_t at = 0; at < text.size();)
    if (id_of(next_character(text, at)) < 0) return false;
  return true;
}

Result<std::vector<std::int32_t>> CharTokenizer::encode(std::string_view text) const {
  if (const auto error = utf8_error(text)) return fail(*error);
  std::vector<std::int32_t> ids;
  ids.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t place = at;
    const char32_t c = next_character(text, at);
    std::int32_t id = id_of(c);
    if (id < 0 && !with_unknown_)
      return fail(
          ErrorCode::InvalidArgument,
          fmt::format("the character {} at byte {} is not among the {} that the model knows", character_text(c), place, symbols_.size()),
          "Leave it out, or write it another way.");
    if (id < 0) id = vocabulary() - 1;
    ids.push_back(id);
  }
  return ids;
}

std::string CharTokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids)
    append_character(text, id >= 0 && id < static_cast<std::int32_t>(symbols_.size()) ? symbols_[static_cast<std::size_t>(id)] : U'\uFFFD');
  return text;
}

std::string CharTokenizer::token_text(std::int32_t id) const {
  if (id < 0 || id >= vocabulary()) return {};
  if (id == static_cast<std::int32_t>(symbols_.size())) return "unknown";
  return shown_token(decode({id}));
}

Json CharTokenizer::to_json() const {
  std::string symbols;
  for (const char32_t c : symbols_) append_character(symbols, c);
  return {{"kind", kind()}, {"symbols", symbols}, {"unknown", with_unknown_}};
}

Result<std::vector<std::int32_t>> ByteTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids(text.size());
  std::transform(text.begin(), text.end(), ids.begin(), [](char c) { return static_cast<unsigned char>(c); });
  return ids;
}

std::string ByteTokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids) text += static_cast<char>(static_cast<unsigned char>(id));
  return text;
}

std::string ByteTokenizer::token_text(std::int32_t id) const { return id < 0 || id > 255 ? std::string() : shown_token(decode({id})); }

Json ByteTokenizer::to_json() const { return {{"kind", kind()}}; }

}  // namespace dsw
