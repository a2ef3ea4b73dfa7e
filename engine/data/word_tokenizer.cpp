// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/word_tokenizer.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/utf8.h"
#include "engine/data/token_text.h"

namespace dsw {
namespace {

bool belongs_to_word(char32_t c) {
  const auto u = static_cast<UChar32>(c);
  const auto type = u_charType(u);
  return u_isalnum(u) || type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK;
}
bool is_apostrophe(char32_t c) { return c == U'\'' || c == U'’'; }
char32_t lower(char32_t c) { return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))); }

}  // namespace

void for_each_word(std::string_view text, const std::function<void(const std::string&)>& word) {
  std::string run;
  const auto end_run = [&] {
    if (!run.empty()) word(run);
    run.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    std::size_t ahead = at;
    if (belongs_to_word(c)) {
      append_character(run, lower(c));
    } else if (is_apostrophe(c) && !run.empty() && at < text.size() && belongs_to_word(next_character(text, ahead))) {
      run += '\'';
    } else {
      end_run();
      if (u_isUWhiteSpace(static_cast<UChar32>(c)) || u_iscntrl(static_cast<UChar32>(c))) continue;
      append_character(run, c);
      end_run();
    }
  }
  end_run();
}

WordTokenizer::WordTokenizer(std::vector<std::string> words_by_rank) : words_{"", "unknown"} {
  for (std::string& word : words_by_rank) {
    ids_.emplace(word, static_cast<std::int32_t>(words_.size()));
    words_.push_back(std::move(word));
  }
}

WordTokenizer WordTokenizer::train(const std::vector<std::string_view>& texts, std::int32_t vocabulary) {
  std::unordered_map<std::string, std::int64_t> counts;
  for (const std::string_view text : texts) for_each_word(text, [&](const std::string& word) { ++counts[word]; });
  std::vector<std::pair<std::string, std::int64_t>> ranked(counts.begin(), counts.end());
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (ranked.size() > static_cast<std::size_t>(vocabulary - 2)) ranked.resize(static_cast<std::size_t>(vocabulary - 2));
  std::vector<std::string> words;
  words.reserve(ranked.size());
  for (auto& [word, count] : ranked) words.push_back(std::move(word));
  return WordTokenizer(std::move(words));
}

Result<std::vector<std::int32_t>> WordTokenizer::encode(std::string_view text) const {
  if (const auto error = utf8_error(text)) return fail(*error);
  std::vector<std::int32_t> ids;
  for_each_word(text, [&](const std::string& word) {
    const auto it = ids_.find(word);
    ids.push_back(it == ids_.end() ? kUnknown : it->second);
  });
  return ids;
}

std::string WordTokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids) {
    if (id == kPadding) continue;
    if (!text.empty()) text += ' ';
    text += id > kUnknown && id < vocabulary() ? words_[static_cast<std::size_t>(id)] : "\uFFFD";
  }
  return text;
}

std::string WordTokenizer::token_text(std::int32_t id) const {
  if (id == kPadding) return "padding";
  return id < 0 || id >= vocabulary() ? std::string() : words_[static_cast<std::size_t>(id)];
}

Json WordTokenizer::to_json() const { return {{"kind", kind()}, {"words", std::vector<std::string>(words_.begin() + 2, words_.end())}}; }

}  // namespace dsw
