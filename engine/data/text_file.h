// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/result.h"

namespace dsw {

/// Checks that the bytes of the file `name` are a text and takes a byte order mark away. Errors: UTF-16, binary data (a NUL), an
/// empty file; with the place and what to do.
std::optional<Error> check_text(std::string& bytes, const std::string& name, const std::string& pointer);

/// Text that must be UTF-8. A text that ends inside a character offers to read up to there (`max_bytes`), any other fault the
/// tokenizer `byte`.
std::optional<Error> check_utf8(const std::string& bytes, const std::string& name, const std::string& pointer);

/// Text that is UTF-8, or is taken for Latin-1 (ISO 8859-1); then `note` says so.
void to_utf8(std::string& bytes, const std::string& name, std::string& note);

}  // namespace dsw
