// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/result.h"

namespace dsw {

/// Reads records of comma-, tab- or semicolon-separated text, one after another (RFC 4180 and what is found in the wild):
/// fields in quotes may hold separators, line ends and doubled quotes; lines end with LF, CRLF or CR; empty lines are skipped.
/// With tabs a quote only counts when its closing quote ends the field, because such files often have single quotes in their texts.
class CsvReader {
 public:
  /// Keeps no copy: `text` outlives the reader.
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  /// The next record; false at the end. Error{BadFormat} for a quote that is never closed, with its line.
  Result<bool> next(std::vector<std::string>& fields);
  std::size_t line() const { return record_line_; }  ///< of the last record's first line, from 1
  std::size_t byte() const { return record_byte_; }  ///< of its first byte

 private:
  Result<bool> read_field(std::string& field);  ///< true: another field follows in the record
  bool quoted_field(std::string& field, bool& closed);
  bool at_line_end() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void skip_line_end();

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0, line_ = 1, record_line_ = 0, record_byte_ = 0;
};

/// The separator of a table by its name (.tsv, .tab: tab) or its first line: the one of tab, comma, semicolon that is there most.
char guess_separator(std::string_view text, const std::string& file_name);

}  // namespace dsw
