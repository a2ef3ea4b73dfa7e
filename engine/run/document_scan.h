// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/run/experiment.h"

namespace dsw {

inline constexpr std::size_t kMaxDocumentBytes = std::size_t{8} << 20;
inline constexpr int kMaxDocumentDepth = 64;

/// One pass over a document's text: grammar (RFC 8259), UTF-8, depth, duplicate keys, numbers that no double holds; gives where every
/// value stands, parents before children. The first error ends it: Error{InvalidDocument} with `where` "line 3, column 14"
/// (columns count characters). Recursion is bounded by kMaxDocumentDepth.
Result<std::vector<TextPlace>> scan_document(const std::string& text);

/// "line 3, column 14" of a byte offset.
std::string line_and_column(const std::string& text, std::size_t offset);

/// A key as it stands in a JSON pointer: "~" → "~0", "/" → "~1" (RFC 6901).
std::string pointer_token(const std::string& key);

}  // namespace dsw
