// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_images.h"

#include <cstdio>
// libjpeg's header needs size_t and FILE first.
#include <jpeglib.h>

#include <cstdlib>

namespace dsw {

std::string encode_test_jpeg(int channels, int height, int width, const std::vector<std::uint8_t>& pixels) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row =
        const_cast<JSAMPROW>(pixels.data() + static_cast<std::size_t>(jpeg.next_scanline) * static_cast<std::size_t>(width * channels));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string out(reinterpret_cast<const char*>(memory), size);
  std::free(memory);
  return out;
}

namespace {
void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<unsigned char>(value >> shift));
}
}  // namespace

std::string idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width, const std::string& pixels) {
  std::string out;
  for (const std::uint32_t value : {0x803U, count, height, width}) append_big_endian(out, value);
  return out + pixels;
}

std::string idx_labels(const std::string& labels) {
  std::string out;
  append_big_endian(out, 0x801);
  append_big_endian(out, static_cast<std::uint32_t>(labels.size()));
  return out + labels;
}

}  // namespace dsw
