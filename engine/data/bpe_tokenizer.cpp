// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/bpe_tokenizer.h"

#include <nlohmann/json.hpp>
#include <queue>

#include "engine/data/token_text.h"

namespace dsw {
namespace {

std::uint64_t pair_key(std::int32_t a, std::int32_t b) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32) | static_cast<std::uint32_t>(b);
}

Error bad(const std::string& message) {
  return {ErrorCode::BadFormat, message, "Choose vocab.json and merges.txt of one GPT-2 style tokenizer."};
}

/// Checks what the constructor expects.
Result<BpeTokenizer> make_tokenizer(std::vector<std::string> tokens, const std::vector<BpeTokenizer::Merge>& merges,
                                    std::int32_t end_of_text, const std::string& name) {
  std::vector<bool> seen(256, false);
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (tokens[id].size() == 1 && static_cast<std::int32_t>(id) != end_of_text) seen[static_cast<unsigned char>(tokens[id][0])] = true;
  for (std::size_t b = 0; b < 256; ++b)
    if (!seen[b]) return fail(bad(fmt::format("{} has no token for the byte {}, and texts with it could not be encoded", name, b)));
  return BpeTokenizer(std::move(tokens), merges, end_of_text);
}

}  // namespace

BpeTokenizer::BpeTokenizer(std::vector<std::string> tokens, const std::vector<Merge>& merges, std::int32_t end_of_text)
    : tokens_(std::move(tokens)), merges_(merges), end_of_text_(end_of_text) {
  std::unordered_map<std::string_view, std::int32_t> ids;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (id == end_of_text_) continue;
    ids.emplace(tokens_[i], id);
    if (tokens_[i].size() == 1) byte_ids_[static_cast<unsigned char>(tokens_[i][0])] = id;
  }
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto [a, b] = merges_[rank];
    const std::string joined = tokens_.at(static_cast<std::size_t>(a)) + tokens_.at(static_cast<std::size_t>(b));
    const auto it = ids.find(joined);
    DSW_CHECK(it != ids.end(), "two merged tokens make a token");
    steps_.emplace(pair_key(a, b), Step{static_cast<std::int32_t>(rank), it->second});
  }
}

/// A list of the piece's tokens, and a queue of the pairs in it that can be merged: lowest rank first, then leftmost.
void BpeTokenizer::encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const {
  struct Link {
    std::int32_t id, before, after;
  };
  struct Candidate {
    std::int32_t rank, left, left_id, right_id, merged;
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
  };
  const auto n = static_cast<std::int32_t>(piece.size());
  std::vector<Link> links(piece.size());
  for (std::int32_t i = 0; i < n; ++i)
    links[static_cast<std::size_t>(i)] = {byte_ids_[static_cast<unsigned char>(piece[static_cast<std::size_t>(i)])], i - 1,
                                          i + 1 < n ? i + 1 : -1};
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::int32_t left) {
    if (left < 0) return;
    const Link& l = links[static_cast<std::size_t>(left)];
    if (l.after < 0) return;
    const std::int32_t right_id = links[static_cast<std::size_t>(l.after)].id;
    const auto it = steps_.find(pair_key(l.id, right_id));
    if (it != steps_.end()) queue.push({it->second.rank, left, l.id, right_id, it->second.merged});
  };
  for (std::int32_t i = 0; i + 1 < n; ++i) offer(i);
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    Link& left = links[static_cast<std::size_t>(c.left)];
    if (left.id != c.left_id || left.after < 0) continue;  // merged meanwhile
    Link& right = links[static_cast<std::size_t>(left.after)];
    if (right.id != c.right_id) continue;
    right.id = -1;
    left.id = c.merged;
    left.after = right.after;
    if (left.after >= 0) links[static_cast<std::size_t>(left.after)].before = c.left;
    offer(left.before);
    offer(c.left);
  }
  for (std::int32_t i = n > 0 ? 0 : -1; i >= 0; i = links[static_cast<std::size_t>(i)].after)
    ids.push_back(links[static_cast<std::size_t>(i)].id);
}

Result<std::vector<std::int32_t>> BpeTokenizer::encode(std::string_view text) const {
  if (const auto error = utf8_error(text)) return fail(*error);
  std::vector<std::int32_t> ids;
  std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> known;  // where in ids a piece was encoded before
  const auto encode_plain = [&](std::string_view plain) {
    pieces_.for_each(plain, [&](std::string_view piece) {
      const auto [it, fresh] = known.try_emplace(piece, ids.size(), 0);
      if (fresh) {
        encode_piece(piece, ids);
        it->second.second = ids.size();
        return;
      }
      for (std::size_t i = it->second.first; i < it->second.second; ++i) ids.push_back(ids[i]);
    });
  };
  while (end_of_text_ >= 0) {
    const std::size_t special = text.find(kEndOfText);
    if (special == std::string_view::npos) break;
    encode_plain(text.substr(0, special));
    ids.push_back(end_of_text_);
    text.remove_prefix(special + kEndOfText.size());
  }
  encode_plain(text);
  return ids;
}

std::string BpeTokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids)
    if (id >= 0 && id < vocabulary()) text += tokens_[static_cast<std::size_t>(id)];
  return text;
}

std::string BpeTokenizer::token_text(std::int32_t id) const {
  return id < 0 || id >= vocabulary() ? std::string() : shown_token(tokens_[static_cast<std::size_t>(id)]);
}

Json BpeTokenizer::to_json() const {
  Json tokens = Json::array(), merges = Json::array();
  for (std::size_t id = 0; id < tokens_.size(); ++id)
    tokens.push_back(static_cast<std::int32_t>(id) == end_of_text_ ? tokens_[id] : bpe_spelling(tokens_[id]));
  for (const auto& [a, b] : merges_) merges.push_back({a, b});
  return {{"kind", kind()}, {"tokens", tokens}, {"merges", merges}, {"end_of_text", end_of_text_}, {"starts_texts", starts_texts_}};
}

Result<BpeTokenizer> BpeTokenizer::from_json(const Json& json) {
  try {
    const auto end_of_text = json.at("end_of_text").get<std::int32_t>();
    std::vector<std::string> tokens;
    std::unordered_map<std::string, bool> there;
    for (const Json& token : json.at("tokens")) {
      const auto& spelling = token.get_ref<const std::string&>();
      const bool special = static_cast<std::int32_t>(tokens.size()) == end_of_text;
      auto bytes = special ? std::optional(spelling) : bpe_bytes(spelling);
      if (!bytes) return fail(bad(fmt::format("the token {} of a stored tokenizer is not spelled in GPT-2's way", tokens.size())));
      if (!special) there[*bytes] = true;
      tokens.push_back(std::move(*bytes));
    }
    std::vector<Merge> merges;
    const auto count = static_cast<std::int32_t>(tokens.size());
    for (const Json& merge : json.at("merges")) {
      const Merge pair{merge.at(0).get<std::int32_t>(), merge.at(1).get<std::int32_t>()};
      if (pair.first < 0 || pair.second < 0 || pair.first >= count || pair.second >= count ||
          !there.count(tokens[static_cast<std::size_t>(pair.first)] + tokens[static_cast<std::size_t>(pair.second)]))
        return fail(bad(fmt::format("the merge {} of a stored tokenizer leads to no token", merges.size())));
      merges.push_back(pair);
    }
    auto tokenizer = make_tokenizer(std::move(tokens), merges, end_of_text, "a stored tokenizer");
    if (tokenizer) tokenizer->set_starts_texts(json.at("starts_texts").get<bool>());
    return tokenizer;
  } catch (const Json::exception& e) {
    return fail(bad(fmt::format("a stored tokenizer is damaged: {}", e.what())));
  }
}

Result<BpeTokenizer> BpeTokenizer::from_files(std::string_view vocab_json, const std::string& vocab_name, std::string_view merges_txt,
                                              const std::string& merges_name) {
  const auto vocab = nlohmann::json::parse(vocab_json, nullptr, false);  // Json finds a key in linear time: a second for 50,000
  if (!vocab.is_object() || vocab.empty()) return fail(bad(fmt::format("{} is no JSON object of tokens and their numbers", vocab_name)));
  std::vector<std::string> tokens(vocab.size());
  std::vector<bool> given(vocab.size(), false);
  std::unordered_map<std::string, std::int32_t> ids;
  std::int32_t end_of_text = -1;
  for (const auto& [spelling, number] : vocab.items()) {
    if (!number.is_number_unsigned() || number.get<std::uint64_t>() >= tokens.size() || given[number.get<std::size_t>()])
      return fail(bad(fmt::format("{} gives the token \"{}\" the number {}; its {} tokens need the numbers 0 to {}, each once", vocab_name,
                                  spelling, number.dump(), tokens.size(), tokens.size() - 1)));
    const auto id = number.get<std::size_t>();
    given[id] = true;
    if (spelling == kEndOfText) end_of_text = static_cast<std::int32_t>(id);
    auto bytes = bpe_bytes(spelling);
    if (bytes && spelling != kEndOfText)
      tokens[id] = std::move(*bytes);
    else
      tokens[id] = spelling;  // special tokens; texts are encoded to none but <|endoftext|>
    ids.emplace(spelling, static_cast<std::int32_t>(id));
  }
  std::vector<Merge> merges;
  std::size_t line_number = 0;
  while (!merges_txt.empty()) {
    const std::size_t end = std::min(merges_txt.find('\n'), merges_txt.size());
    std::string_view line = merges_txt.substr(0, end);
    merges_txt.remove_prefix(std::min(end + 1, merges_txt.size()));
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || (line_number == 1 && line.substr(0, 9) == "#version:")) continue;
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || blank == 0 || blank + 1 == line.size() || line.find(' ', blank + 1) != std::string_view::npos)
      return fail(bad(fmt::format("{} line {} is not two tokens with a blank between them", merges_name, line_number)));
    const std::string a(line.substr(0, blank)), b(line.substr(blank + 1));
    const auto left = ids.find(a), right = ids.find(b);
    if (left == ids.end() || right == ids.end() || ids.find(a + b) == ids.end())
      return fail(bad(fmt::format("{} line {} merges \"{}\" and \"{}\", but {} has no \"{}\"", merges_name, line_number, a, b, vocab_name,
                                  left == ids.end()    ? a
                                  : right == ids.end() ? b
                                                       : a + b)));
    merges.emplace_back(left->second, right->second);
  }
  return make_tokenizer(std::move(tokens), merges, end_of_text, vocab_name);
}

}  // namespace dsw
