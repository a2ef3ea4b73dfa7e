// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dsw {

/// A JPEG of quality 95; `pixels` row by row, the channels (1 or 3) of a pixel beside one another.
std::string encode_test_jpeg(int channels, int height, int width, const std::vector<std::uint8_t>& pixels);

/// IDX files (LeCun) of bytes: pictures of height × width, labels.
std::string idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width, const std::string& pixels);
std::string idx_labels(const std::string& labels);

}  // namespace dsw
