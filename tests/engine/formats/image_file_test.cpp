// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/formats/image_file.h"

#include <gtest/gtest.h>

#include "tests/support/test_images.h"

namespace dsw {
namespace {

std::vector<std::uint8_t> ramp(std::size_t count) {
  std::vector<std::uint8_t> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(i * 37 + i / 11);
  return out;
}

TEST(ImageFile, pngThereAndBack) {
  for (const int channels : {1, 3})
    for (const int width : {1, 7, 32}) {
      const auto planes = ramp(static_cast<std::size_t>(channels * width * 5));
      const std::string png = encode_png(channels, 5, width, planes.data());
      ASSERT_TRUE(is_png(png));
      const auto image = decode_image(png, "x.png");
      ASSERT_TRUE(image) << image.error().sentence();
      EXPECT_EQ(image->channels, channels);
      EXPECT_EQ(image->height, 5);
      EXPECT_EQ(image->width, width);
      for (std::size_t i = 0; i < static_cast<std::size_t>(width * 5); ++i)
        for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
          ASSERT_EQ(image->pixels[i * static_cast<std::size_t>(channels) + c], planes[c * static_cast<std::size_t>(width * 5) + i]);
    }
}

TEST(ImageFile, jpegIsDecoded) {
  for (const int channels : {1, 3}) {
    const std::vector<std::uint8_t> flat(static_cast<std::size_t>(16 * 24 * channels), 200);
    const auto image = decode_image(encode_test_jpeg(channels, 16, 24, flat), "x.jpg");
    ASSERT_TRUE(image) << image.error().sentence();
    EXPECT_EQ(image->channels, channels);
    EXPECT_EQ(image->height, 16);
    EXPECT_EQ(image->width, 24);
    for (const std::uint8_t value : image->pixels) EXPECT_NEAR(value, 200, 2);
  }
}

TEST(ImageFile, cutFilesGetASentence) {
  const auto pixels = ramp(3 * 16 * 16);
  for (const std::string& whole : {encode_png(3, 16, 16, pixels.data()), encode_test_jpeg(3, 16, 16, pixels)})
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      const auto image = decode_image(std::string_view(whole).substr(0, cut), "x.png");
      // The last bytes of a JPEG are its end mark: without it the picture may be whole.
      if (is_jpeg(whole) && cut + 2 >= whole.size()) continue;
      ASSERT_FALSE(image) << cut;
      EXPECT_EQ(image.error().code, ErrorCode::BadFormat);
      EXPECT_EQ(image.error().message.rfind("x.png ", 0), 0U);
    }
}

TEST(ImageFile, flippedBitsDoNotCrash) {
  const auto pixels = ramp(3 * 16 * 16);
  for (const std::string& whole : {encode_png(3, 16, 16, pixels.data()), encode_test_jpeg(3, 16, 16, pixels)})
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int mask : {0x01, 0x80, 0xFF}) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ mask);
        (void)decode_image(flipped, "x");
      }
}

TEST(ImageFile, otherFilesAreRefused) {
  EXPECT_EQ(decode_image("", "x.png").error().message, "x.png is empty");
  EXPECT_EQ(decode_image("GIF89a", "x.png").error().message, "x.png is neither PNG nor JPEG, which its first bytes say");
  // A head that promises 60,000 × 60,000 pixels.
  const std::uint8_t one = 0;
  std::string huge = encode_png(1, 1, 1, &one);
  huge[18] = huge[22] = static_cast<char>(0xEA);
  EXPECT_FALSE(decode_image(huge, "x.png"));
}

}  // namespace
}  // namespace dsw
