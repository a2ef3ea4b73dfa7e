// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/csv.h"

#include <algorithm>

namespace dsw {

void CsvReader::skip_line_end() {
  if (at_ >= text_.size()) return;
  if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  ++at_;
  ++line_;
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  while (at_ < text_.size() && at_line_end()) skip_line_end();
  if (at_ >= text_.size()) return false;
  record_line_ = line_;
  record_byte_ = at_;
  for (bool more = true; more;) {
    std::string field;
    DSW_TRY_ASSIGN(more, read_field(field));
    fields.push_back(std::move(field));
  }
  skip_line_end();
  return true;
}

/// From the opening quote. False: with tabs, the quote is a part of the text, and nothing was taken.
bool CsvReader::quoted_field(std::string& field, bool& closed) {
  const std::size_t start = at_, start_line = line_;
  ++at_;
  closed = false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c != '"') {
      if (c == '\n' || (c == '\r' && (at_ >= text_.size() || text_[at_] != '\n'))) ++line_;
      field += c;
    } else if (at_ < text_.size() && text_[at_] == '"') {
      field += '"';
      ++at_;
    } else {
      closed = true;
      break;
    }
  }
  const bool ends_field = closed && (at_line_end() || text_[at_] == separator_);
  if (separator_ != '\t' || ends_field) return true;
  at_ = start;
  line_ = start_line;
  field.clear();
  return false;
}

Result<bool> CsvReader::read_field(std::string& field) {
  if (at_ < text_.size() && text_[at_] == '"') {
    const std::size_t opened = line_;
    bool closed = false;
    if (quoted_field(field, closed) && !closed)
      return fail(ErrorCode::BadFormat, fmt::format("the quote that opens in line {} is never closed", opened),
                  "Close it, or double it where it is a part of the text.");
  }
  const std::size_t start = at_;
  while (!at_line_end() && text_[at_] != separator_) ++at_;
  field.append(text_.substr(start, at_ - start));
  if (at_line_end()) return false;
  ++at_;
  return true;
}

char guess_separator(std::string_view text, const std::string& file_name) {
  const auto ends_with = [&](std::string_view end) {
    return file_name.size() >= end.size() && file_name.compare(file_name.size() - end.size(), end.size(), end) == 0;
  };
  if (ends_with(".tsv") || ends_with(".tab") || ends_with(".tsv.gz")) return '\t';
  const std::string_view line = text.substr(0, std::min(text.find_first_of("\r\n"), text.size()));
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char candidate : {'\t', ',', ';'}) {
    bool quoted = false;
    const auto count = std::count_if(line.begin(), line.end(), [&](char c) {
      if (c == '"') quoted = !quoted;
      return c == candidate && !quoted;
    });
    if (count > most) most = count, best = candidate;
  }
  return best;
}

}  // namespace dsw
