// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/result.h"

namespace dsw {

/// A token as it is shown in a list: control characters as \n, \t, \x1b, bytes that are no UTF-8 as \xff.
std::string shown_token(std::string_view bytes);

/// Error{InvalidArgument} with the byte at which `text` is not UTF-8; nothing where it is.
std::optional<Error> utf8_error(std::string_view text);

}  // namespace dsw
