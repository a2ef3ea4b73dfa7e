// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/cli_commands.h"
#include "engine/core/file_bytes.h"
#include "engine/run/document_scan.h"
#include "engine/run/templates.h"

namespace dsw {

Result<NamedDocument> readNamedDocument(const std::string& name) {
  const std::filesystem::path here = std::filesystem::current_path();
  if (name.starts_with("template:")) {
    DSW_TRY_ASSIGN(std::string text, template_document(name.substr(9)));
    return NamedDocument{std::move(text), here};
  }
  if (name == "-") {
    std::string text;
    char block[1 << 14];
    while (text.size() <= kMaxDocumentBytes && std::cin.read(block, sizeof block).gcount() > 0)
      text.append(block, static_cast<std::size_t>(std::cin.gcount()));
    return NamedDocument{std::move(text), here};
  }
  DSW_TRY_ASSIGN(std::string text, read_file(name, {}, kMaxDocumentBytes + 1));
  return NamedDocument{std::move(text), std::filesystem::absolute(name).parent_path()};
}

void printJson(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

Json jsonNumber(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

std::string numberText(double value) {
  if (std::isnan(value)) return "NaN";
  return fmt::format("{:.4g}", value);
}

std::string durationText(double seconds) {
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02d} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace dsw
