// SPDX-License-Identifier: GPL-3.0-or-later
// The readers of single picture formats.
#include <algorithm>
#include <cctype>
#include <cstring>

#include "engine/core/file_bytes.h"
#include "engine/core/sha256.h"
#include "engine/data/image_sets.h"
#include "engine/formats/image_file.h"

namespace dsw {
namespace {

Error bad(std::string message, std::string hint) { return {ErrorCode::BadFormat, std::move(message), std::move(hint)}; }

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// The counts of an IDX head of `rank` axes whose data has exactly the length that they say.
Result<std::vector<std::uint64_t>> idx_counts(std::string_view bytes, std::size_t rank, const std::string& name, const char* what) {
  const std::string fetch = "Fetch it again, or choose another file.";
  const std::size_t head = 4 + 4 * rank;
  if (bytes.empty()) return fail(bad(fmt::format("{} is empty", name), fetch));
  if (bytes.size() >= 4 && (bytes[0] != 0 || bytes[1] != 0))
    return fail(bad(fmt::format("{} is not an IDX file: it starts with {:02X} {:02X}, not with 00 00", name,
                                static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1])),
                    "Choose an IDX file."));
  if (bytes.size() >= 4 && bytes[2] != 8)
    return fail(bad(
        fmt::format("{} has values of the type 0x{:02X} at byte 2; only bytes (0x08) are read", name, static_cast<unsigned char>(bytes[2])),
        "Convert it to bytes."));
  if (bytes.size() >= 4 && static_cast<unsigned char>(bytes[3]) != rank)
    return fail(bad(fmt::format("{} has {} axes at byte 3, and {} need {}", name, static_cast<unsigned char>(bytes[3]), what, rank),
                    rank == 3 ? "Give the file of the pictures first, then that of the labels." : "Give the file of the labels second."));
  if (bytes.size() < head) return fail(bad(fmt::format("{} ends inside its head at byte {}", name, bytes.size()), fetch));
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    counts.push_back(big_endian(bytes, 4 + 4 * axis));
    if (counts.back() == 0)
      return fail(bad(fmt::format("{} says at byte {} that it holds 0 {}", name, 4 + 4 * axis, axis == 0 ? what : "pixels a side"), fetch));
    if (total > (std::uint64_t{1} << 62) / counts.back())
      return fail(bad(fmt::format("{} says that it holds more than any file can, in its first {} bytes", name, head), fetch));
    total *= counts.back();
  }
  const std::uint64_t have = bytes.size() - head;
  if (have < total)
    return fail(bad(
        fmt::format("{} ends at byte {}, but its head says {} {}, which take {} bytes", name, bytes.size(), counts[0], what, head + total),
        "Fetch it again: it is not complete."));
  if (have > total)
    return fail(bad(fmt::format("{} goes on after byte {}, where its {} {} end", name, head + total, counts[0], what), fetch));
  return counts;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Visible entries of a folder in the order of their names.
Result<std::vector<std::filesystem::path>> entries(const std::filesystem::path& folder, const std::string& name,
                                                   const std::string& pointer) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
    if (it->path().filename().string().front() != '.') paths.push_back(it->path());
  if (failed)
    return fail(ErrorCode::Io, fmt::format("the folder {} cannot be read: {}", name, failed.message()), "Check its permissions.", pointer);
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Adds a picture as planes. The first gives the size; grey ones become three equal planes once there is a coloured one.
Result<void> append_picture(ImageSet& set, const DecodedImage& image, const std::string& name, std::string& first_name) {
  if (set.labels.empty()) {
    set.channels = image.channels;
    set.height = image.height;
    set.width = image.width;
    first_name = name;
  }
  if (image.height != set.height || image.width != set.width)
    return fail(
        bad(fmt::format("{} has {} × {} pixels, but {} has {} × {}", name, image.width, image.height, first_name, set.width, set.height),
            "Scale all pictures to one size."));
  const auto area = static_cast<std::size_t>(set.height * set.width);
  if (image.channels > set.channels) {
    std::vector<std::uint8_t> coloured(set.pixels.size() * 3);
    for (std::size_t n = 0; n < set.labels.size(); ++n)
      for (std::size_t c = 0; c < 3; ++c) std::memcpy(coloured.data() + (n * 3 + c) * area, set.pixels.data() + n * area, area);
    set.pixels = std::move(coloured);
    set.channels = 3;
  }
  const auto step = static_cast<std::size_t>(image.channels);
  for (std::size_t c = 0; c < static_cast<std::size_t>(set.channels); ++c)
    for (std::size_t i = 0; i < area; ++i) set.pixels.push_back(image.pixels[i * step + std::min(c, step - 1)]);
  return {};
}

}  // namespace

Result<ImageSet> parse_idx(std::string_view images, const std::string& images_name, std::string_view labels,
                           const std::string& labels_name) {
  const auto size = idx_counts(images, 3, images_name, "pictures");
  if (!size) return fail(size.error());
  const auto count = idx_counts(labels, 1, labels_name, "labels");
  if (!count) return fail(count.error());
  if ((*size)[0] != (*count)[0])
    return fail(bad(fmt::format("{} has {} pictures, but {} has {} labels", images_name, (*size)[0], labels_name, (*count)[0]),
                    "Choose two files that belong together."));
  ImageSet set;
  set.channels = 1;
  set.height = static_cast<std::int64_t>((*size)[1]);
  set.width = static_cast<std::int64_t>((*size)[2]);
  set.pixels.assign(images.begin() + 16, images.end());
  for (const char c : labels.substr(8)) set.labels.push_back(static_cast<unsigned char>(c));
  return set;
}

Result<void> parse_cifar(std::string_view bytes, const std::string& name, ImageSet& set, int& classes) {
  constexpr std::size_t kPicture = 3 * 32 * 32;
  if (bytes.empty()) return fail(bad(fmt::format("{} is empty", name), "Fetch it again, or choose another file."));
  const bool fine = classes == 100 || (classes == 0 && bytes.size() % (kPicture + 1) != 0 && bytes.size() % (kPicture + 2) == 0);
  const std::size_t head = fine ? 2 : 1, record = kPicture + head;
  if (classes == 0) classes = fine ? 100 : 10;
  if (bytes.size() % record != 0)
    return fail(bad(fmt::format("{} has {} bytes, which is no whole number of records of {} bytes: it ends inside record {}", name,
                                bytes.size(), record, bytes.size() / record + 1),
                    "Fetch it again, or choose a file in the binary version of CIFAR."));
  set.channels = 3;
  set.height = set.width = 32;
  set.pixels.reserve(set.pixels.size() + bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const int label = static_cast<unsigned char>(bytes[at + head - 1]);
    if (label >= classes)
      return fail(bad(fmt::format("{} has the label {} at byte {}; there are {} classes", name, label, at + head - 1, classes),
                      "Choose a file in the binary version of CIFAR."));
    set.labels.push_back(label);
    const std::string_view picture = bytes.substr(at + head, kPicture);
    set.pixels.insert(set.pixels.end(), picture.begin(), picture.end());
  }
  return {};
}

Result<void> read_image_folder(const std::filesystem::path& folder, const std::string& name, const std::string& pointer, ImageSource& out,
                               std::stop_token stop) {
  auto listed = entries(folder, name, pointer);
  if (!listed) return fail(listed.error());
  std::vector<std::filesystem::path> class_folders;
  bool files = false;
  for (const auto& path : *listed) {
    std::error_code none;
    if (std::filesystem::is_directory(path, none))
      class_folders.push_back(path);
    else
      files = true;
  }
  if (class_folders.empty())
    return fail(bad(fmt::format("the folder {} holds no folder", name),
                    files ? "Put the pictures into one folder a class." : "Put one folder of pictures a class in it."));
  const bool known_classes = !out.classes.empty();
  std::string first_name;
  if (out.images.count() > 0) first_name = "the first one";
  std::int64_t left_out = 0;
  const std::uint64_t limit = largest_readable_file();
  for (const auto& class_folder : class_folders) {
    const std::string label = class_folder.filename().string();
    const auto found = std::find(out.classes.begin(), out.classes.end(), label);
    if (known_classes && found == out.classes.end())
      return fail(
          bad(fmt::format("the folder {} has the class \"{}\", which the source has not", name, label), "Rename it, or take it out."));
    const auto number = static_cast<std::int32_t>(found - out.classes.begin());
    if (!known_classes) out.classes.push_back(label);
    auto pictures = entries(class_folder, label, pointer);
    if (!pictures) return fail(pictures.error());
    std::int64_t in_class = 0;
    for (const auto& path : *pictures) {
      if (stop.stop_requested()) return fail(ErrorCode::Stopped, fmt::format("reading {} was stopped", name));
      const std::string file = label + "/" + path.filename().string(), end = lower(path.extension().string());
      std::error_code none;
      if (std::filesystem::is_directory(path, none))
        return fail(
            bad(fmt::format("{} is a folder inside a class", file),
                fmt::format("Give {} as the source if its folders are the classes.", (std::filesystem::path(name) / label).string())));
      if (end != ".png" && end != ".jpg" && end != ".jpeg") {
        ++left_out;
        continue;
      }
      auto bytes = read_file(path, stop);
      if (!bytes) return fail(bytes.error());
      out.files.push_back({path.string(), sha256(*bytes), bytes->size()});
      auto image = decode_image(*bytes, file);
      if (!image) return fail(image.error());
      DSW_TRY(append_picture(out.images, *image, file, first_name));
      out.images.labels.push_back(number);
      ++in_class;
      if (out.images.pixels.size() > limit)
        return fail(ErrorCode::OutOfMemory,
                    fmt::format("the pictures of {} take over {} unpacked, more than fits into memory here", name, size_text(limit)),
                    "Scale them down, or use a part of them.");
    }
    if (in_class == 0)
      return fail(
          bad(fmt::format("the class folder {} of {} holds no PNG or JPEG picture", label, name), "Put pictures in it, or take it out."));
  }
  if (left_out > 0)
    out.notes.push_back(fmt::format("{} {} in {} {} no PNG or JPEG picture and {} left out.", left_out, left_out == 1 ? "file" : "files",
                                    name, left_out == 1 ? "is" : "are", left_out == 1 ? "was" : "were"));
  return {};
}

}  // namespace dsw
