// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/token_text.h"

#include "engine/core/utf8.h"

namespace dsw {

std::string shown_token(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const auto fault = find_utf8_fault(bytes);
    const std::string_view valid = bytes.substr(0, fault ? fault->byte : bytes.size());
    for (const char c : valid) {
      const auto u = static_cast<unsigned char>(c);
      if (c == '\n')
        out += "\\n";
      else if (c == '\t')
        out += "\\t";
      else if (c == '\r')
        out += "\\r";
      else if (u < 0x20 || u == 0x7F)
        out += fmt::format("\\x{:02x}", u);
      else
        out += c;
    }
    bytes.remove_prefix(valid.size());
    if (bytes.empty()) break;
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
  }
  return out;
}

std::optional<Error> utf8_error(std::string_view text) {
  const auto fault = find_utf8_fault(text);
  if (!fault) return std::nullopt;
  return Error(ErrorCode::InvalidArgument,
               fault->at_end ? fmt::format("the text ends in the middle of a UTF-8 character at byte {}", fault->byte)
                             : fmt::format("the text is not UTF-8 at byte {}", fault->byte),
               "Write it as UTF-8.");
}

}  // namespace dsw
