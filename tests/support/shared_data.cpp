// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/shared_data.h"

namespace dsw {

std::optional<std::filesystem::path> shared_data(const char* relative) {
  const std::filesystem::path path = std::filesystem::path("../shared/data") / relative;
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return std::nullopt;
  return path;
}

}  // namespace dsw
