// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/result.h"

namespace dsw {

/// A picture of 8-bit values, row by row, the channels of a pixel beside one another.
struct DecodedImage {
  int channels = 0;  ///< 1: grey, 3: red, green, blue
  int height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< height × width × channels
};

bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

/// Decodes PNG (any kind: palettes and 16 bits become 8 bits, transparency is dropped) and JPEG (grey or colour). Values are taken as
/// they are, without gamma. `name` is for messages. Error{BadFormat} for anything else, damaged or incomplete files, and pictures
/// of more than 65,535 pixels a side or 256 MB.
Result<DecodedImage> decode_image(std::string_view bytes, const std::string& name);

/// PNG of one picture; planes of `channels` (1 or 3), each height × width, as datasets keep them.
std::string encode_png(int channels, int height, int width, const std::uint8_t* planes);

}  // namespace dsw
