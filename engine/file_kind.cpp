// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/file_kind.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/core/file_bytes.h"
#include "engine/core/json.h"
#include "engine/core/utf8.h"
#include "engine/run/document_scan.h"
#include "engine/store/project.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLooked = std::size_t{64} << 10;

Result<std::string> first_bytes(const fs::path& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (!fs::exists(status)) return fail(ErrorCode::NotFound, fmt::format("{} is not there", path.string()), "Choose another file.");
  if (!fs::is_regular_file(status))
    return fail(ErrorCode::BadFormat, fmt::format("{} is no file", path.filename().string()), "Choose a file.", path.string());
  std::ifstream in(path, std::ios::binary);
  std::string bytes(kLooked, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad() || !in.is_open())
    return fail(ErrorCode::Io, fmt::format("{} cannot be read", path.string()), "Check its permissions, or choose another file.");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

Error unknown(const fs::path& path, const std::string& why) {
  return Error(ErrorCode::BadFormat, fmt::format("{} {}", path.filename().string(), why),
               "Imported are projects and archives (.dsx, .dsz), models (.safetensors, .th, .json), documents (.json), texts and tables.",
               path.string());
}

/// Two lines or more, each with the same separators outside quotes.
bool is_table(const std::string& text) {
  for (const char separator : {'\t', ',', ';'}) {
    std::int64_t columns = -1, lines = 0, here = 0;
    bool quoted = false, same = true;
    for (const char c : text) {
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == separator) ++here;
      if (c != '\n') continue;
      same = same && (columns < 0 || here == columns);
      columns = here;
      here = 0;
      ++lines;
    }
    if (same && lines >= 2 && columns >= 1) return true;
  }
  return false;
}

}  // namespace

Result<FileKind> recognise_file(const fs::path& path) {
  DSW_TRY_ASSIGN(std::string bytes, first_bytes(path));
  if (bytes.empty()) return fail(unknown(path, "is empty"));
  if (bytes.starts_with("SQLite format 3")) return FileKind::Project;
  if (bytes.starts_with("PK\3\4")) {
    // torch.save writes zips too; ours hold a manifest, which the archive reader asks for.
    return bytes.find("/data.pkl") != std::string::npos && bytes.find("manifest.json") == std::string::npos ? FileKind::Model
                                                                                                            : FileKind::Archive;
  }
  if (bytes.starts_with("\x80\x02")) return FileKind::Model;
  if (bytes.size() > 9 && bytes[8] == '{' && bytes[7] == '\0') return FileKind::Model;
  const auto start = bytes.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  const bool whole = bytes.size() < kLooked;
  if (start != std::string::npos && bytes[start] == '{') {
    std::error_code ignored;
    if (!whole && fs::file_size(path, ignored) > kMaxDocumentBytes) return FileKind::Model;  // no document is that long
    DSW_TRY_ASSIGN(const std::string text, read_file(path, {}, kMaxDocumentBytes));
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return fail(unknown(path, "begins like JSON, but is none"));
    if (json.contains("deepshock") || json.contains("task")) return FileKind::Document;
    const bool tensors = std::any_of(json.begin(), json.end(), [](const Json& value) {
      return value.is_object() && (value.contains("shape") || std::any_of(value.begin(), value.end(), [](const Json& inner) {
                                     return inner.is_object() && inner.contains("shape");
                                   }));
    });
    if (tensors) return FileKind::Model;
    return fail(unknown(path, "is JSON, but neither an experiment document nor tensors"));
  }
  if (!whole) bytes.resize(bytes.find_last_of('\n') == std::string::npos ? bytes.size() - 4 : bytes.find_last_of('\n') + 1);
  const auto fault = find_utf8_fault(bytes);
  if (bytes.find('\0') != std::string::npos || (fault && !(fault->at_end && !whole)))
    return fail(unknown(path, "is of no kind that can be imported"));
  const std::string ending = path.extension().string();
  if (ending == ".csv" || ending == ".tsv" || (ending != ".txt" && is_table(bytes))) return FileKind::Table;
  return FileKind::Text;
}

}  // namespace dsw
