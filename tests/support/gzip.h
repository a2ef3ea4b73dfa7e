// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <string_view>

namespace dsw {

/// Packs into one gzip member without name and time, so the same bytes give the same file.
std::string gzip(std::string_view bytes);

}  // namespace dsw
