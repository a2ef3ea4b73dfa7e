// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/image_file.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
// libjpeg's header needs size_t and FILE first.
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

namespace dsw {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;
constexpr std::uint32_t kMostPixels = 65535;

Error bad(const std::string& name, const std::string& what) {
  return {ErrorCode::BadFormat, fmt::format("{} {}", name, what), "Replace it, or take it out of the folder."};
}

// Both libraries leave by longjmp. What is set between setjmp and longjmp lives in one struct outside of the frames that are left.
struct Work {
  std::string_view bytes;
  std::size_t at = 0;
  DecodedImage image;
  std::vector<png_bytep> rows;
  std::string problem;  // why a decoder gave up
};

/// Sizes the picture; false when it is too large.
bool make_room(Work& work, std::uint32_t width, std::uint32_t height, int channels) {
  if (width == 0 || height == 0 || width > kMostPixels || height > kMostPixels ||
      std::uint64_t{width} * height * static_cast<std::uint64_t>(channels) > kMostBytes) {
    work.problem = fmt::format("says it has {} × {} pixels, which is not possible here", width, height);
    return false;
  }
  work.image.width = static_cast<int>(width);
  work.image.height = static_cast<int>(height);
  work.image.channels = channels;
  const std::size_t row = std::size_t{width} * static_cast<std::size_t>(channels);
  work.image.pixels.resize(row * height);
  work.rows.resize(height);
  for (std::size_t y = 0; y < height; ++y) work.rows[y] = work.image.pixels.data() + y * row;
  return true;
}

void read_png_bytes(png_structp png, png_bytep out, png_size_t count) {
  Work& work = *static_cast<Work*>(png_get_io_ptr(png));
  if (count > work.bytes.size() - work.at) {
    work.problem = fmt::format("ends inside its picture at byte {}", work.bytes.size());
    png_error(png, "end of file");
  }
  std::memcpy(out, work.bytes.data() + work.at, count);
  work.at += count;
}
void png_failed(png_structp png, png_const_charp message) {
  Work& work = *static_cast<Work*>(png_get_error_ptr(png));
  if (work.problem.empty()) work.problem = fmt::format("is damaged before byte {} ({})", work.at, message);
  png_longjmp(png, 1);
}
void png_warned(png_structp, png_const_charp) {}

bool decode_png(Work& work) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &work, png_failed, png_warned);
  if (!png) return false;
  png_infop info = png_create_info_struct(png);
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_read_fn(png, &work, read_png_bytes);
  png_set_user_limits(png, kMostPixels, kMostPixels);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (!make_room(work, png_get_image_width(png, info), png_get_image_height(png, info), png_get_channels(png, info))) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_read_image(png, work.rows.data());
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

struct JpegErrors {
  jpeg_error_mgr base;  // first, so that libjpeg's pointer leads here
  std::jmp_buf leave;
  Work* work;
};
[[noreturn]] void jpeg_failed(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  if (errors->work->problem.empty()) errors->work->problem = fmt::format("is damaged ({})", message);
  std::longjmp(errors->leave, 1);
}
void jpeg_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace
  const int code = info->err->msg_code;
  if (code == JWRN_JPEG_EOF) {
    auto* errors = reinterpret_cast<JpegErrors*>(info->err);
    errors->work->problem = fmt::format("ends inside its picture at byte {}", errors->work->bytes.size());
  }
  // Missing picture data would be filled with grey; other warnings change nothing that is seen.
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE) jpeg_failed(info);
}

bool decode_jpeg(Work& work) {
  jpeg_decompress_struct jpeg{};
  JpegErrors errors{};
  jpeg.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = jpeg_failed;
  errors.base.emit_message = jpeg_message;
  errors.work = &work;
  if (setjmp(errors.leave)) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(work.bytes.data()), work.bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;  // the same numbers on every machine
  jpeg_start_decompress(&jpeg);
  const bool room = make_room(work, jpeg.output_width, jpeg.output_height, jpeg.output_components);
  while (room && jpeg.output_scanline < jpeg.output_height) jpeg_read_scanlines(&jpeg, &work.rows[jpeg.output_scanline], 1);
  if (room) jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return room;
}

void append_png_bytes(png_structp png, png_bytep bytes, png_size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), count);
}
void flush_nothing(png_structp) {}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n"; }
bool is_jpeg(std::string_view bytes) { return bytes.substr(0, 3) == "\xFF\xD8\xFF"; }

Result<DecodedImage> decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return fail(bad(name, "is empty"));
  Work work;
  work.bytes = bytes;
  if (!is_png(bytes) && !is_jpeg(bytes)) return fail(bad(name, "is neither PNG nor JPEG, which its first bytes say"));
  try {
    if (!(is_png(bytes) ? decode_png(work) : decode_jpeg(work)))
      return fail(bad(name, work.problem.empty() ? "cannot be decoded" : work.problem));
  } catch (const std::bad_alloc&) {
    return fail(bad(name, "does not fit into memory"));
  }
  return std::move(work.image);
}

std::string encode_png(int channels, int height, int width, const std::uint8_t* planes) {
  const auto h = static_cast<std::size_t>(height), w = static_cast<std::size_t>(width), c = static_cast<std::size_t>(channels);
  std::vector<std::uint8_t> pixels(h * w * c);
  for (std::size_t k = 0; k < c; ++k)
    for (std::size_t i = 0; i < h * w; ++i) pixels[i * c + k] = planes[k * h * w + i];
  std::vector<png_bytep> rows(h);
  for (std::size_t y = 0; y < h; ++y) rows[y] = pixels.data() + y * w * c;
  std::string out;
  Work work;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &work, png_failed, png_warned);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  DSW_CHECK(info != nullptr, "there is memory for a small picture");
  const bool written = setjmp(png_jmpbuf(png)) == 0;
  if (written) {
    png_set_write_fn(png, &out, append_png_bytes, flush_nothing);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_write_image(png, rows.data());
    png_write_end(png, nullptr);
  }
  png_destroy_write_struct(&png, &info);
  DSW_CHECK(written, "a picture in memory can be written");
  return out;
}

}  // namespace dsw
