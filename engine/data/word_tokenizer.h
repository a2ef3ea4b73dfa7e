// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/data/tokenizer.h"

namespace dsw {

/// Calls `word` for each word of a valid UTF-8 text, lower-cased: runs of letters, marks and digits (an apostrophe between two
/// letters belongs to the word), and every other visible character alone.
void for_each_word(std::string_view text, const std::function<void(const std::string& word)>& word);

/// Ids of lower-cased words: 0 is padding, 1 is unknown, then the training part's words, most frequent first (equal ones by name).
class WordTokenizer : public Tokenizer {
 public:
  static constexpr std::int32_t kPadding = 0, kUnknown = 1;

  explicit WordTokenizer(std::vector<std::string> words_by_rank);
  /// The `vocabulary` - 2 most frequent words of `texts`.
  static WordTokenizer train(const std::vector<std::string_view>& texts, std::int32_t vocabulary);

  std::string kind() const override { return "word"; }
  std::int32_t vocabulary() const override { return static_cast<std::int32_t>(words_.size()); }
  Result<std::vector<std::int32_t>> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int32_t>& ids) const override;  ///< words with blanks between
  std::string token_text(std::int32_t id) const override;
  Json to_json() const override;

 private:
  std::vector<std::string> words_;  ///< by id; the first two are no words
  std::unordered_map<std::string, std::int32_t> ids_;
};

}  // namespace dsw
