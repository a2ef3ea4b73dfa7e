// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/document_scan.h"

#include <cmath>
#include <cstdlib>
#include <unordered_set>

namespace dsw {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Bytes of the UTF-8 sequence at `i`, 0 when it is none (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF).
std::size_t utf8_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t k) -> unsigned { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  const auto follows = [&](std::size_t k) { return (byte(k) & 0xC0u) == 0x80u; };
  const unsigned b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b < 0xE0) return follows(1) ? 2 : 0;
  if (b >= 0xE0 && b < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    if (b == 0xE0 && byte(1) < 0xA0) return 0;
    if (b == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (b >= 0xF0 && b < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (b == 0xF0 && byte(1) < 0x90) return 0;
    if (b == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned b) { out.push_back(static_cast<char>(b)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  std::vector<TextPlace> run() {
    if (text_.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;  // a byte-order mark some editors write
    skip_space();
    if (end()) error("The document is empty", "Write an object: { \"deepshock\": 1, … }");
    value(TextPlace{}, 1);
    skip_space();
    if (!end()) error("Something follows the document's end");
    return std::move(places_);
  }

 private:
  [[noreturn]] void error_at(std::size_t offset, std::string message, std::string hint = {}) const {
    throw Error(ErrorCode::InvalidDocument, std::move(message), std::move(hint), line_and_column(text_, offset));
  }
  [[noreturn]] void error(std::string message, std::string hint = {}) const { error_at(at_, std::move(message), std::move(hint)); }
  bool end() const { return at_ >= text_.size(); }
  char peek() const { return end() ? '\0' : text_[at_]; }
  void skip_space() {
    while (!end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
    if (!end() && peek() == '/' && at_ + 1 < text_.size() && (text_[at_ + 1] == '/' || text_[at_ + 1] == '*'))
      error("JSON has no comments", "Take it out; a run's note is the place for words.");
  }

  void value(TextPlace place, int depth) {
    if (depth > kMaxDocumentDepth) error(fmt::format("The document is nested deeper than {} levels", kMaxDocumentDepth));
    const std::size_t index = places_.size();
    place.value_begin = at_;
    places_.push_back(place);
    switch (peek()) {
      case '{':
        object(place.pointer, depth);
        break;
      case '[':
        array(place.pointer, depth);
        break;
      case '"':
        string();
        break;
      case 't':
        word("true");
        break;
      case 'f':
        word("false");
        break;
      case 'n':
        word("null");
        break;
      default:
        if (peek() == '-' || is_digit(peek()))
          number();
        else if (end())
          error("The document ends where a value is wanted");
        else
          error("Here a value is wanted: a text in quotes, a number, true, false, null, [ or {");
    }
    places_[index].value_end = at_;
  }

  void object(const std::string& pointer, int depth) {
    ++at_;
    std::unordered_set<std::string> keys;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return;
    }
    for (;;) {
      skip_space();
      if (peek() != '"')
        error(end() ? "The document ends inside an object" : "Here a key in double quotes is wanted", end() ? "A } is missing." : "");
      TextPlace place;
      place.key_begin = at_;
      const std::string key = string();
      place.key_end = at_;
      if (!keys.insert(key).second)
        error_at(place.key_begin, fmt::format("The key \"{}\" stands twice in this object", key), "Keep one of them.");
      place.pointer = pointer + "/" + pointer_token(key);
      skip_space();
      if (peek() != ':') error(fmt::format("After the key \"{}\" a colon is wanted", key));
      ++at_;
      skip_space();
      value(std::move(place), depth + 1);
      skip_space();
      if (peek() == '}') {
        ++at_;
        return;
      }
      if (peek() != ',')
        error(end() ? "The document ends inside an object" : "Here a comma or } is wanted", end() ? "A } is missing." : "");
      const std::size_t comma = at_++;
      skip_space();
      if (peek() == '}') error_at(comma, "A comma stands before }", "Take it out.");
    }
  }

  void array(const std::string& pointer, int depth) {
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return;
    }
    for (std::size_t i = 0;; ++i) {
      skip_space();
      TextPlace place;
      place.pointer = pointer + "/" + std::to_string(i);
      value(std::move(place), depth + 1);
      skip_space();
      if (peek() == ']') {
        ++at_;
        return;
      }
      if (peek() != ',') error(end() ? "The document ends inside a list" : "Here a comma or ] is wanted", end() ? "A ] is missing." : "");
      const std::size_t comma = at_++;
      skip_space();
      if (peek() == ']') error_at(comma, "A comma stands before ]", "Take it out.");
    }
  }

  unsigned hex4() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const unsigned digit = is_digit(c)            ? static_cast<unsigned>(c - '0')
                             : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                             : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                    : 16u;
      if (digit == 16) error("After \\u four hexadecimal digits are wanted");
      code = code * 16 + digit;
    }
    return code;
  }

  std::string string() {
    const std::size_t begin = at_++;
    std::string out;
    for (;;) {
      if (end()) error_at(begin, "A text begins here and does not end", "A closing quote is missing.");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20)
        error(c == '\n' ? "A text does not go over the end of a line" : "A control character stands in a text",
              "Write it as an escape: \\n, \\t, \\u0001.");
      if (c == '\\') {
        escape(out);
        continue;
      }
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) error(fmt::format("Byte {} is no UTF-8", at_), "Save the file as UTF-8.");
      out.append(text_, at_, length);
      at_ += length;
    }
  }

  void escape(std::string& out) {
    const std::size_t begin = at_++;
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return;
      case 'b':
        out.push_back('\b');
        return;
      case 'f':
        out.push_back('\f');
        return;
      case 'n':
        out.push_back('\n');
        return;
      case 'r':
        out.push_back('\r');
        return;
      case 't':
        out.push_back('\t');
        return;
      case 'u':
        break;
      default:
        error_at(begin, "This escape is not known", "Known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u.");
    }
    unsigned code = hex4();
    if (code >= 0xDC00 && code < 0xE000) error_at(begin, "A low surrogate stands alone");
    if (code >= 0xD800 && code < 0xDC00) {
      if (text_.compare(at_, 2, "\\u") != 0) error_at(begin, "A high surrogate stands alone");
      at_ += 2;
      const unsigned low = hex4();
      if (low < 0xDC00 || low >= 0xE000) error_at(begin, "A high surrogate stands alone");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
  }

  void digits(const char* after) {
    if (!is_digit(peek())) error(fmt::format("After {} a digit is wanted", after));
    while (is_digit(peek())) ++at_;
  }
  void number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
      if (is_digit(peek())) error_at(begin, "A number does not begin with 0 and more digits");
    } else {
      digits("the sign");
    }
    if (peek() == '.') {
      ++at_;
      digits("the decimal point");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits("the exponent's letter");
    }
    if (!std::isfinite(std::strtod(text_.substr(begin, at_ - begin).c_str(), nullptr))) error_at(begin, "This number is too large");
  }

  void word(const char* expected) {
    const std::string want(expected);
    if (text_.compare(at_, want.size(), want) != 0) error("Here a value is wanted: a text in quotes, a number, true, false, null, [ or {");
    at_ += want.size();
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::vector<TextPlace> places_;
};

}  // namespace

std::string pointer_token(const std::string& key) {
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string line_and_column(const std::string& text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u) {
      ++column;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

Result<std::vector<TextPlace>> scan_document(const std::string& text) {
  if (text.size() > kMaxDocumentBytes)
    return fail(ErrorCode::InvalidDocument,
                fmt::format("The document has {:.1f} MiB; {} MiB is the limit", static_cast<double>(text.size()) / (1 << 20),
                            kMaxDocumentBytes >> 20),
                "Data belongs in files that the document names.");
  try {
    return Scanner(text).run();
  } catch (const Error& error) {
    return fail(error);
  }
}

Result<std::vector<TextPlace>> document_places(const std::string& text) { return scan_document(text); }

}  // namespace dsw
