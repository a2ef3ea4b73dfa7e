// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/utf8.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace dsw {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// Bytes of the character that `lead` starts; 0: no character starts so.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

/// The second byte's range keeps out overlong forms, surrogates and what lies past U+10FFFF.
bool second_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (lead == 0xED) return second >= 0x80 && second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (lead == 0xF4) return second >= 0x80 && second <= 0x8F;
  return (second & 0xC0) == 0x80;
}

}  // namespace

std::optional<Utf8Fault> find_utf8_fault(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    while (i + 8 <= text.size()) {  // most texts are mostly ASCII
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, 8);
      if (word & 0x8080808080808080U) break;
      i += 8;
    }
    if (i >= text.size()) break;
    const unsigned char lead = byte_at(text, i);
    const std::size_t length = length_of(lead);
    if (length == 0) return Utf8Fault{i, false};
    for (std::size_t k = 1; k < length; ++k) {
      if (i + k >= text.size()) return Utf8Fault{i, true};
      const unsigned char c = byte_at(text, i + k);
      if (k == 1 ? !second_fits(lead, c) : (c & 0xC0) != 0x80) return Utf8Fault{i, false};
    }
    i += length;
  }
  return std::nullopt;
}

char32_t next_character(std::string_view text, std::size_t& at) {
  const unsigned char lead = byte_at(text, at);
  const std::size_t length = length_of(lead);
  if (length == 0 || at + length > text.size()) {
    ++at;
    return 0xFFFD;
  }
  if (length == 1) {
    ++at;
    return lead;
  }
  char32_t c = lead & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) c = (c << 6) | (byte_at(text, at + k) & 0x3FU);
  at += length;
  return c;
}

void append_character(std::string& text, char32_t c) {
  const auto byte = [&text](std::uint32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += starts_character(c);
  return count;
}

std::size_t byte_of_character(std::string_view text, std::size_t count) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!starts_character(text[i])) continue;
    if (count == 0) return i;
    --count;
  }
  return text.size();
}

std::string latin1_to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) append_character(out, static_cast<unsigned char>(c));
  return out;
}

std::string character_text(char32_t character) {
  const auto number = static_cast<std::uint32_t>(character);
  if (number < 0x20 || (number >= 0x7F && number < 0xA0)) return fmt::format("U+{:04X}", number);
  std::string text;
  append_character(text, character);
  return fmt::format("\"{}\" (U+{:04X})", text, number);
}

}  // namespace dsw
