// SPDX-License-Identifier: GPL-3.0-or-later
// Learning of merges. The distinct pieces of the text are words with counts; each merge changes only the words that hold its
// pair, and the counts of the pairs beside it, so the whole takes about as long as reading the text.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "engine/data/bpe_tokenizer.h"

namespace dsw {
namespace {

using Merge = BpeTokenizer::Merge;

struct PairHash {
  std::size_t operator()(const Merge& pair) const {
    const auto key = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(pair.first)) << 32) | static_cast<std::uint32_t>(pair.second);
    return static_cast<std::size_t>((key ^ (key >> 29)) * 0x9E3779B97F4A7C15U);
  }
};

struct Word {
  std::vector<std::int32_t> ids;
  std::int64_t count = 0;
};

struct PairState {
  std::int64_t count = 0;
  std::unordered_set<std::size_t> words;  // that hold it, or held it
};

class Trainer {
 public:
  Trainer(const std::vector<std::string_view>& texts, std::stop_token stop) : stop_(std::move(stop)) {
    tokens.emplace_back(BpeTokenizer::kEndOfText);
    // The order of the printable spelling: what stands for itself first.
    std::array<std::int32_t, 256> id_of_byte{};
    for (const bool printable : {true, false})
      for (unsigned b = 0; b < 256; ++b)
        if ((bpe_spelling(std::string(1, static_cast<char>(b))) == spelled_as_itself(b)) == printable) {
          id_of_byte[b] = static_cast<std::int32_t>(tokens.size());
          tokens.emplace_back(1, static_cast<char>(b));
        }
    for (std::size_t id = 1; id < tokens.size(); ++id) id_of_bytes_.emplace(tokens[id], static_cast<std::int32_t>(id));
    std::unordered_map<std::string_view, std::int64_t> counts;
    const BpePieces pieces;
    for (std::string_view text : texts) {
      while (!text.empty() && !stop_.stop_requested()) {
        const std::size_t special = std::min(text.find(BpeTokenizer::kEndOfText), text.size());
        pieces.for_each(text.substr(0, special), [&](std::string_view piece) { ++counts[piece]; });
        text.remove_prefix(std::min(special + BpeTokenizer::kEndOfText.size(), text.size()));
      }
    }
    words_.reserve(counts.size());
    for (const auto& [piece, count] : counts) {
      Word word;
      word.count = count;
      for (const char b : piece) word.ids.push_back(id_of_byte[static_cast<unsigned char>(b)]);
      const std::size_t index = words_.size();
      for (std::size_t i = 0; i + 1 < word.ids.size(); ++i) change({word.ids[i], word.ids[i + 1]}, count, index);
      words_.push_back(std::move(word));
    }
    for (const auto& [pair, state] : pairs_) queue_.push(entry(pair, state.count));
    changed_.clear();
  }

  /// False when there is nothing left to merge.
  bool step() {
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      queue_.pop();
      const auto it = pairs_.find(top.pair);
      if (it == pairs_.end() || it->second.count != top.count) continue;  // an older count; the newer one is queued too
      if (top.count < 2) return false;
      merge(top.pair);
      return true;
    }
    return false;
  }

  std::vector<std::string> tokens;
  std::vector<Merge> merges;

 private:
  struct Entry {
    std::int64_t count;
    Merge pair;
    std::string left, right;  // bytes, for ties
    bool operator<(const Entry& other) const {
      if (count != other.count) return count < other.count;
      return left != other.left ? left < other.left : right < other.right;
    }
  };

  static std::string spelled_as_itself(unsigned b) {
    std::string out;
    if (b < 0x80) return std::string(1, static_cast<char>(b));
    out += static_cast<char>(static_cast<unsigned char>(0xC0 | (b >> 6)));
    out += static_cast<char>(static_cast<unsigned char>(0x80 | (b & 0x3F)));
    return out;
  }

  Entry entry(const Merge& pair, std::int64_t count) const {
    return {count, pair, tokens[static_cast<std::size_t>(pair.first)], tokens[static_cast<std::size_t>(pair.second)]};
  }

  void change(const Merge& pair, std::int64_t by, std::size_t word) {
    PairState& state = pairs_[pair];
    state.count += by;
    if (by > 0) state.words.insert(word);
    changed_.push_back(pair);
  }

  void merge(const Merge pair) {
    // Two pairs may join to the same bytes ("a" "bc", "ab" "c"): they are one token.
    const std::string joined = tokens[static_cast<std::size_t>(pair.first)] + tokens[static_cast<std::size_t>(pair.second)];
    const auto [id, fresh] = id_of_bytes_.emplace(joined, static_cast<std::int32_t>(tokens.size()));
    const std::int32_t merged = id->second;
    if (fresh) tokens.push_back(joined);
    if (done_.insert(pair).second) merges.push_back(pair);
    const std::unordered_set<std::size_t> holders = std::move(pairs_[pair].words);
    for (const std::size_t index : holders) {
      Word& word = words_[index];
      std::vector<std::int32_t>& ids = word.ids;
      std::size_t to = 0;
      for (std::size_t from = 0; from < ids.size(); ++from) {
        if (from + 1 < ids.size() && ids[from] == pair.first && ids[from + 1] == pair.second) {
          if (to > 0) {
            change({ids[to - 1], pair.first}, -word.count, index);
            change({ids[to - 1], merged}, word.count, index);
          }
          if (from + 2 < ids.size()) {
            change({pair.second, ids[from + 2]}, -word.count, index);
            change({merged, ids[from + 2]}, word.count, index);
          }
          ids[to++] = merged;
          ++from;
        } else {
          ids[to++] = ids[from];
        }
      }
      ids.resize(to);
    }
    pairs_.erase(pair);
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const Merge& other : changed_) {
      const auto it = pairs_.find(other);
      if (it == pairs_.end() || other == pair) continue;
      if (it->second.count > 0)
        queue_.push(entry(other, it->second.count));
      else
        pairs_.erase(it);
    }
    pairs_.erase(pair);
    changed_.clear();
  }

  std::stop_token stop_;
  std::vector<Word> words_;
  std::unordered_map<Merge, PairState, PairHash> pairs_;
  std::priority_queue<Entry> queue_;
  std::vector<Merge> changed_;  // since the queue was last filled
  std::unordered_map<std::string, std::int32_t> id_of_bytes_;
  std::unordered_set<Merge, PairHash> done_;
};

}  // namespace

Result<BpeTokenizer> BpeTokenizer::train(const std::vector<std::string_view>& texts, std::int32_t vocabulary, std::stop_token stop) {
  Trainer trainer(texts, stop);
  while (!stop.stop_requested() && static_cast<std::int32_t>(trainer.tokens.size()) < vocabulary && trainer.step()) {
  }
  if (stop.stop_requested()) return fail(ErrorCode::Stopped, "training of the tokenizer was stopped");
  return BpeTokenizer(std::move(trainer.tokens), trainer.merges, 0);
}

}  // namespace dsw
