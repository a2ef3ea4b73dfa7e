// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace dsw {

/// Labelled pictures as they lie in their files: 8 bits, one after another, each as channel planes.
struct ImageSet {
  std::int64_t channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< N × channels × height × width
  std::vector<std::int32_t> labels;  ///< N
  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
  std::int64_t picture_bytes() const { return channels * height * width; }
};

/// What was read of an images source, before it is split.
struct ImageSource {
  ImageSet images;                ///< those of test_source, or of the set's own test part, stand last
  std::int64_t source_count = 0;  ///< pictures that are not of the test part's own files
  bool own_test = false;          ///< the test part comes from files of its own
  bool keep_order = false;        ///< validation is the end of the training pictures instead of a drawn part
  std::vector<std::string> classes;
  std::vector<double> mean, std;  ///< usual ones of the set; empty: to be computed
  std::vector<std::string> notes;
  std::vector<DataFile> files;
};

/// Reads `source` and `test_source` as `format` says, or as the files look. Errors name file, place and what to do.
Result<ImageSource> read_image_source(const Json& settings, const std::filesystem::path& base, std::stop_token stop);

// The readers of single formats; `name` is for messages, bytes are unpacked.

/// IDX (LeCun): magic 0 0 8 3, three big-endian counts, bytes; labels: magic 0 0 8 1.
Result<ImageSet> parse_idx(std::string_view images, const std::string& images_name, std::string_view labels,
                           const std::string& labels_name);
/// CIFAR-10 binary: records of a label byte and 3 × 32 × 32 bytes; CIFAR-100: coarse and fine label before them, the fine one counts.
/// Appends to `set`. `classes` becomes 10 or 100.
Result<void> parse_cifar(std::string_view bytes, const std::string& name, ImageSet& set, int& classes);
/// One folder a class, PNG and JPEG in it. Appends to `set`, whose size the first picture gives; classes must be the same where given.
Result<void> read_image_folder(const std::filesystem::path& folder, const std::string& name, const std::string& pointer, ImageSource& out,
                               std::stop_token stop);

}  // namespace dsw
