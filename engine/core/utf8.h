// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dsw {

/// Where text stops being UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF).
struct Utf8Fault {
  std::size_t byte = 0;  ///< of the character's first byte
  bool at_end = false;   ///< the text ends inside the character
};
std::optional<Utf8Fault> find_utf8_fault(std::string_view text);

/// The character at `at`, which moves past it. Expects valid UTF-8; a stray byte gives U+FFFD and moves by one.
char32_t next_character(std::string_view text, std::size_t& at);
void append_character(std::string& text, char32_t character);
std::size_t count_characters(std::string_view valid_utf8);
/// The byte at which character number `count` starts; text.size() past the end.
std::size_t byte_of_character(std::string_view valid_utf8, std::size_t count);
/// ISO 8859-1: each byte is the character of that number.
std::string latin1_to_utf8(std::string_view bytes);
/// A character for a sentence: `"é" (U+00E9)`; control characters by number alone.
std::string character_text(char32_t character);

}  // namespace dsw
