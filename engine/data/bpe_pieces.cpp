// SPDX-License-Identifier: GPL-3.0-or-later
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <unordered_map>

#include "engine/core/utf8.h"
#include "engine/data/bpe_tokenizer.h"

namespace dsw {

struct BpePieces::Pattern {
  pcre2_code* code = nullptr;
  ~Pattern() { pcre2_code_free(code); }
};

BpePieces::BpePieces() : pattern_(std::make_unique<Pattern>()) {
  static constexpr char kPattern[] = R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
  int error = 0;
  PCRE2_SIZE place = 0;
  pattern_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr);
  DSW_CHECK(pattern_->code != nullptr, "GPT-2's pattern compiles");
  pcre2_jit_compile(pattern_->code, PCRE2_JIT_COMPLETE);  // only faster: without it the same matches are found
}
BpePieces::~BpePieces() = default;
BpePieces::BpePieces(BpePieces&&) noexcept = default;
BpePieces& BpePieces::operator=(BpePieces&&) noexcept = default;

void BpePieces::for_each(std::string_view text, const std::function<void(std::string_view)>& piece) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  DSW_CHECK(match != nullptr, "there is memory for a match");
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    const int found = pcre2_match(pattern_->code, subject, text.size(), at, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    DSW_CHECK(found > 0, "every text has a next piece");
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
    piece(text.substr(at, ends[1] - at));  // a match starts where the last one ended: the pattern takes every character
    at = ends[1];
  }
}

namespace {

/// Printable bytes stand for themselves, the others for U+0100 and on.
struct Spelling {
  char32_t of_byte[256];
  std::unordered_map<char32_t, unsigned char> byte_of;
  Spelling() {
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      of_byte[b] = printable ? static_cast<char32_t>(b) : next++;
      byte_of[of_byte[b]] = static_cast<unsigned char>(b);
    }
  }
};
const Spelling& spelling_table() {
  static const Spelling table;
  return table;
}

}  // namespace

std::string bpe_spelling(std::string_view bytes) {
  std::string out;
  for (const char b : bytes) append_character(out, spelling_table().of_byte[static_cast<unsigned char>(b)]);
  return out;
}

std::optional<std::string> bpe_bytes(std::string_view spelling) {
  std::string out;
  for (std::size_t at = 0; at < spelling.size();) {
    const auto it = spelling_table().byte_of.find(next_character(spelling, at));
    if (it == spelling_table().byte_of.end()) return std::nullopt;
    out += static_cast<char>(it->second);
  }
  return out;
}

}  // namespace dsw
