// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/data/tokenizer.h"

namespace dsw {

/// GPT-2's cut of a text into pieces that merges never cross: contractions, words, numbers, signs (each with the blank before
/// it) and runs of white space. Source: openai/gpt-2, src/encoder.py. Immutable; any thread.
class BpePieces {
 public:
  BpePieces();
  ~BpePieces();
  BpePieces(BpePieces&&) noexcept;
  BpePieces& operator=(BpePieces&&) noexcept;
  /// `text` is valid UTF-8; the pieces follow one another without gaps.
  void for_each(std::string_view text, const std::function<void(std::string_view piece)>& piece) const;

 private:
  struct Pattern;
  std::unique_ptr<Pattern> pattern_;
};

/// GPT-2's printable spelling of bytes ("Ġ" is a blank), in which vocab.json and merges.txt are written.
std::string bpe_spelling(std::string_view bytes);
/// The bytes of a spelling; nothing when it holds a character that stands for no byte.
std::optional<std::string> bpe_bytes(std::string_view spelling);

/// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): the pair of neighbours that was merged first in
/// training is merged first. Any text has an encoding, and decode(encode(text)) == text.
class BpeTokenizer : public Tokenizer {
 public:
  static constexpr std::string_view kEndOfText = "<|endoftext|>";
  using Merge = std::pair<std::int32_t, std::int32_t>;

  /// `tokens`: the bytes of each id, all 256 single bytes among them; `merges`: pairs of ids, first come first merged, whose joined
  /// bytes are a token. `end_of_text`: id of the special token, -1 for none.
  BpeTokenizer(std::vector<std::string> tokens, const std::vector<Merge>& merges, std::int32_t end_of_text);

  /// Learns merges until there are `vocabulary` tokens: id 0 is <|endoftext|>, 1 … 256 the bytes in the order of their printable
  /// spelling, then the merges. The most frequent pair is merged; of equally frequent ones that with the greater bytes. Ends early
  /// when no pair is there twice. Error{Stopped}.
  static Result<BpeTokenizer> train(const std::vector<std::string_view>& texts, std::int32_t vocabulary, std::stop_token stop = {});
  /// From the content of GPT-2's vocab.json and merges.txt; the names are for messages. Errors name file, line or entry.
  static Result<BpeTokenizer> from_files(std::string_view vocab_json, const std::string& vocab_name, std::string_view merges_txt,
                                         const std::string& merges_name);
  static Result<BpeTokenizer> from_json(const Json& json);

  std::string kind() const override { return "bpe"; }
  std::int32_t vocabulary() const override { return static_cast<std::int32_t>(tokens_.size()); }
  Result<std::vector<std::int32_t>> encode(std::string_view text) const override;
  std::string decode(const std::vector<std::int32_t>& ids) const override;
  std::string token_text(std::int32_t id) const override;
  /// <|endoftext|>, where the text that a model learned from has it; a model knows nothing of a token it never saw.
  std::int32_t bos() const override { return starts_texts_ ? end_of_text_ : -1; }
  void set_starts_texts(bool on) { starts_texts_ = on; }
  Json to_json() const override;

  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::vector<Merge>& merges() const { return merges_; }

 private:
  struct Step {
    std::int32_t rank, merged;
  };
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& ids) const;

  std::vector<std::string> tokens_;
  std::vector<Merge> merges_;
  std::int32_t end_of_text_;
  bool starts_texts_ = true;
  std::array<std::int32_t, 256> byte_ids_{};
  std::unordered_map<std::uint64_t, Step> steps_;  ///< by pair of ids
  BpePieces pieces_;
};

}  // namespace dsw
