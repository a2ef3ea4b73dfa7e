// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dsw {

/// Which changes a training picture gets; drawn anew for each example in each epoch.
struct AugmentSettings {
  bool shift = false;   ///< moved by up to height/14 and width/14 pixels each way (2 of 28), black comes in
  bool crop = false;    ///< padded with height/8 and width/8 black pixels (4 of 32) on each side and cut at a random place
  bool flip = false;    ///< left and right exchanged for every second one
  bool cutout = false;  ///< a square of half the height becomes the mean (DeVries & Taylor 2017), also over the edge
  bool any() const { return shift || crop || flip || cutout; }
};
AugmentSettings augment_settings(const std::vector<std::string>& names);

/// The change of one picture.
struct Augmentation {
  std::int64_t dy = 0, dx = 0;  ///< out[y][x] = in[y + dy][x + dx], black outside
  bool flip = false;
  std::int64_t cut_top = 0, cut_left = 0, cut_size = 0;
};
/// A pure function of (key, epoch, example).
Augmentation draw_augmentation(const AugmentSettings& settings, std::uint64_t key, std::int64_t epoch, std::int64_t example,
                               std::int64_t height, std::int64_t width);

/// out[c][y][x] = value_of[c][in[c][y'][x']] with the change applied; cut pixels are 0. `value_of`: 256 numbers a channel.
void normalise_picture(const std::uint8_t* in, std::int64_t channels, std::int64_t height, std::int64_t width, const float* value_of,
                       const Augmentation& change, float* out);

}  // namespace dsw
