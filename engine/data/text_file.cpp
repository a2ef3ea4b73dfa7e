// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text_file.h"

#include "engine/core/param_schema.h"
#include "engine/core/utf8.h"

namespace dsw {

std::optional<Error> check_text(std::string& bytes, const std::string& name, const std::string& pointer) {
  const auto error = [&](std::string message, std::string hint) {
    return Error(ErrorCode::BadFormat, std::move(message), std::move(hint), pointer);
  };
  if (bytes.rfind("\xFF\xFE", 0) == 0 || bytes.rfind("\xFE\xFF", 0) == 0)
    return error(fmt::format("{} is UTF-16, which its first two bytes say", name), "Save it as UTF-8.");
  if (bytes.rfind("\xEF\xBB\xBF", 0) == 0) bytes.erase(0, 3);
  if (bytes.find_first_not_of(" \t\r\n") == std::string::npos)
    return error(fmt::format("{} is empty", name), "Choose a file with text in it.");
  const std::size_t nul = bytes.find('\0');
  if (nul != std::string::npos) return error(fmt::format("{} is not a text: byte {} is NUL", name, nul), "Choose a text file.");
  return std::nullopt;
}

std::optional<Error> check_utf8(const std::string& bytes, const std::string& name, const std::string& pointer) {
  const auto fault = find_utf8_fault(bytes);
  if (!fault) return std::nullopt;
  std::vector<Fix> fixes;
  Error error(ErrorCode::BadFormat, {}, {}, pointer);
  if (fault->at_end) {
    error.message = fmt::format("{} ends in the middle of a UTF-8 character at byte {}", name, fault->byte);
    error.hint = fmt::format("Read up to there with \"max_bytes\": {}, or choose another file.", fault->byte);
    if (fault->byte > 0) fixes.push_back({"Read up to there", "/data/max_bytes", fmt::format("{}", fault->byte), {}, false});
  } else {
    error.message = fmt::format("{} is not UTF-8 at byte {} (0x{:02X})", name, fault->byte, static_cast<unsigned char>(bytes[fault->byte]));
    error.hint = "Save it as UTF-8, or choose the tokenizer byte, which reads any file.";
    fixes.push_back({"Use byte", "/data/tokenizer", "\"byte\"", {}, false});
  }
  error.fixes = std::make_shared<const std::vector<Fix>>(std::move(fixes));
  return error;
}

void to_utf8(std::string& bytes, const std::string& name, std::string& note) {
  const auto fault = find_utf8_fault(bytes);
  if (!fault) return;
  bytes = latin1_to_utf8(bytes);
  note = fmt::format("{} is not UTF-8 at byte {}, so it was read as Latin-1.", name, fault->byte);
}

}  // namespace dsw
