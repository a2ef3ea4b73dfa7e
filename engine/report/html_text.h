// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <string_view>

namespace dsw {

/// Text for HTML and SVG, in elements and in quoted attributes: & < > " ' become entities, control characters that no document
/// may hold become U+FFFD, and so does what is no UTF-8.
std::string html_escape(std::string_view text);

/// RFC 4648, for pictures inside the page.
std::string base64(std::string_view bytes);

}  // namespace dsw
