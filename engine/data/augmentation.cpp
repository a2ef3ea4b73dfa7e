// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/augmentation.h"

#include <algorithm>

#include "engine/core/rng.h"

namespace dsw {
namespace {

/// A whole number from 0 to n - 1 from 32 random bits; n is small.
std::int64_t below(std::uint32_t bits, std::int64_t n) {
  return static_cast<std::int64_t>((std::uint64_t{bits} * static_cast<std::uint64_t>(n)) >> 32);
}

}  // namespace

AugmentSettings augment_settings(const std::vector<std::string>& names) {
  const auto has = [&](const char* name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  return {has("shift"), has("crop"), has("flip"), has("cutout")};
}

Augmentation draw_augmentation(const AugmentSettings& settings, std::uint64_t key, std::int64_t epoch, std::int64_t example,
                               std::int64_t height, std::int64_t width) {
  Augmentation change;
  const auto block = [&](std::uint64_t number) {
    return philox4x32(key, static_cast<std::uint64_t>(example), static_cast<std::uint64_t>(epoch) * 4 + number);
  };
  if (settings.shift) {
    const auto words = block(0);
    const std::int64_t most_y = std::max<std::int64_t>(1, height / 14), most_x = std::max<std::int64_t>(1, width / 14);
    change.dy += below(words[0], 2 * most_y + 1) - most_y;
    change.dx += below(words[1], 2 * most_x + 1) - most_x;
  }
  if (settings.crop || settings.flip) {
    const auto words = block(1);
    const std::int64_t pad_y = std::max<std::int64_t>(1, height / 8), pad_x = std::max<std::int64_t>(1, width / 8);
    if (settings.crop) change.dy += below(words[0], 2 * pad_y + 1) - pad_y, change.dx += below(words[1], 2 * pad_x + 1) - pad_x;
    change.flip = settings.flip && (words[2] & 1U);
  }
  if (settings.cutout) {
    const auto words = block(2);
    change.cut_size = std::max<std::int64_t>(1, height / 2);
    change.cut_top = below(words[0], height) - change.cut_size / 2;
    change.cut_left = below(words[1], width) - change.cut_size / 2;
  }
  return change;
}

void normalise_picture(const std::uint8_t* in, std::int64_t channels, std::int64_t height, std::int64_t width, const float* value_of,
                       const Augmentation& change, float* out) {
  const bool moved = change.dy != 0 || change.dx != 0;
  for (std::int64_t c = 0; c < channels; ++c, in += height * width, out += height * width, value_of += 256) {
    if (!moved && !change.flip) {
      for (std::int64_t i = 0; i < height * width; ++i) out[i] = value_of[in[i]];
    } else {
      const std::int64_t begin = std::clamp<std::int64_t>(-change.dx, 0, width),
                         end = std::clamp<std::int64_t>(width - change.dx, 0, width);  // columns from inside
      for (std::int64_t y = 0; y < height; ++y) {
        float* row = out + y * width;
        const std::int64_t from = y + change.dy;
        if (from < 0 || from >= height) {
          std::fill_n(row, width, value_of[0]);
          continue;
        }
        const std::uint8_t* source = in + from * width + change.dx;
        std::fill(row, row + begin, value_of[0]);
        for (std::int64_t x = begin; x < end; ++x) row[x] = value_of[source[x]];
        std::fill(row + end, row + width, value_of[0]);
        if (change.flip) std::reverse(row, row + width);
      }
    }
    const std::int64_t top = std::max<std::int64_t>(0, change.cut_top), bottom = std::min(height, change.cut_top + change.cut_size);
    const std::int64_t left = std::max<std::int64_t>(0, change.cut_left), right = std::min(width, change.cut_left + change.cut_size);
    for (std::int64_t y = top; y < bottom; ++y) std::fill(out + y * width + left, out + y * width + right, 0.0F);
  }
}

}  // namespace dsw
