// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <optional>

namespace dsw {

/// A file or folder of the team's test data, "mnist/t10k-labels-idx1-ubyte.gz". Nothing where the data is not beside the
/// checkout; a test then says GTEST_SKIP() << kNoSharedData.
std::optional<std::filesystem::path> shared_data(const char* relative);
inline constexpr const char* kNoSharedData = "the test data is not here (../shared/data)";

}  // namespace dsw
