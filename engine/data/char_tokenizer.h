// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/data/tokenizer.h"

namespace dsw {

/// One id a character (Unicode code point), in the order of their numbers: nanoGPT's `sorted(set(text))`.
class CharTokenizer : public Tokenizer {
 public:
  /// The symbols of `training_text`, valid UTF-8. `with_unknown` adds one last id for every other character.
  CharTokenizer(std::string_view training_text, bool with_unknown);

  std::string kind() const override { return "char"; }
  std::int32_t vocabulary() const override;
  Result<std::vector<std::int32_t>> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int32_t>& ids) const override;
  std::string token_text(std::int32_t id) const override;
  Json to_json() const override;

  /// True when each character of `text` has an id of its own.
  bool knows(std::string_view text) const;

 private:
  std::int32_t id_of(char32_t character) const;  ///< -1: none

  std::vector<char32_t> symbols_;
  bool with_unknown_;
  std::vector<std::int32_t> low_ids_;  ///< by code point below U+0800
  std::unordered_map<char32_t, std::int32_t> high_ids_;
};

/// 256 ids, one a byte; any file is a text to it.
class ByteTokenizer : public Tokenizer {
 public:
  std::string kind() const override { return "byte"; }
  std::int32_t vocabulary() const override { return 256; }
  Result<std::vector<std::int32_t>> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int32_t>& ids) const override;
  std::string token_text(std::int32_t id) const override;
  Json to_json() const override;
};

}  // namespace dsw
