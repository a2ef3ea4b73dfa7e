// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/image_sets.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/registry.h"
#include "engine/data/data_file.h"
#include "engine/data/model_data.h"
#include "engine/formats/image_file.h"

namespace dsw {
namespace {

using Names = std::vector<std::string>;

std::string file_of(const std::string& name) { return std::filesystem::path(name).filename().string(); }

/// Adds the pictures of `more`, which must be as large as those that are there.
Result<void> append(ImageSet& set, ImageSet&& more, const std::string& name) {
  if (set.count() == 0) {
    set = std::move(more);
    return {};
  }
  if (more.channels != set.channels || more.height != set.height || more.width != set.width)
    return fail(ErrorCode::BadFormat,
                fmt::format("{} has pictures of {} × {} pixels and {} channels, but those of the source have {} × {} and {}", name,
                            more.width, more.height, more.channels, set.width, set.height, set.channels),
                "Choose files that belong together.");
  set.pixels.insert(set.pixels.end(), more.pixels.begin(), more.pixels.end());
  set.labels.insert(set.labels.end(), more.labels.begin(), more.labels.end());
  return {};
}

/// Both IDX files of MNIST's names, with or without .gz, in a folder; nothing when one is missing.
std::optional<Names> idx_pair(const std::filesystem::path& folder, const std::string& shown, const char* which) {
  Names names;
  for (const char* kind : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
    const std::string plain = fmt::format("{}-{}", which, kind);
    std::error_code none;
    for (const std::string& file : {plain, plain + ".gz"})
      if (std::filesystem::is_regular_file(folder / file, none)) {
        names.push_back((std::filesystem::path(shown) / file).string());
        break;
      }
  }
  if (names.size() != 2) return std::nullopt;
  return names;
}

/// "t10k-labels-idx1-ubyte" of "t10k-images-idx3-ubyte".
std::string labels_name(const std::string& images) {
  const std::filesystem::path path(images);
  std::string file = path.filename().string();
  for (const auto& [from, to] : {std::pair("images", "labels"), std::pair("idx3", "idx1")})
    if (const std::size_t at = file.rfind(from); at != std::string::npos) file.replace(at, std::string_view(from).size(), to);
  return (path.parent_path() / file).string();
}

class Reader {
 public:
  Reader(const Json& settings, const std::filesystem::path& base, std::stop_token stop)
      : settings_(settings), base_(base), stop_(std::move(stop)), format_(settings.at("format")) {}

  Result<ImageSource> read() {
    const Names source = names("source");
    const std::string shipped = builtin_name(source.at(0));
    if (!shipped.empty() || format_ == "builtin") {
      DSW_TRY(read_builtin(source, shipped));
    } else {
      DSW_TRY(at("/data/source", read_files(source, "/data/source")));
      out_.source_count = out_.images.count();
      if (settings_.contains("test_source")) {
        DSW_TRY(at("/data/test_source", read_files(names("test_source"), "/data/test_source")));
      } else if (!own_test_.empty()) {
        DSW_TRY(at("/data/source", read_files(own_test_, "/data/source")));
      }
      out_.own_test = out_.images.count() > out_.source_count;
    }
    DSW_TRY(name_classes());
    return std::move(out_);
  }

 private:
  Names names(const char* key) const { return settings_.at(key).get<Names>(); }

  static Result<void> at(const std::string& pointer, Result<void> result) {
    if (!result && result.error().where.rfind("/data", 0) != 0) return fail(at_pointer(result.error(), pointer));
    return result;
  }
  static Result<void> wrong(std::string message, std::string hint, const std::string& pointer) {
    return fail(ErrorCode::BadFormat, std::move(message), std::move(hint), pointer);
  }

  Result<void> read_builtin(const Names& source, const std::string& shipped) {
    if (shipped != "mnist" || source.size() != 1)
      return wrong(fmt::format("no pictures \"{}\" are shipped with the program", source[0]),
                   shipped == "tinyshakespeare" ? "tinyshakespeare is a text: its data type is text." : "There is builtin:mnist.",
                   "/data/source");
    if (settings_.contains("test_source"))
      return wrong("builtin:mnist has a test part of its own", "Take test_source out.", "/data/test_source");
    DSW_TRY(read_idx({source[0] + "/train-images-idx3-ubyte.gz", source[0] + "/train-labels-idx1-ubyte.gz"}, "/data/source"));
    out_.source_count = out_.images.count();
    DSW_TRY(read_idx({source[0] + "/t10k-images-idx3-ubyte.gz", source[0] + "/t10k-labels-idx1-ubyte.gz"}, "/data/source"));
    out_.own_test = out_.keep_order = true;
    out_.mean = {0.1307};
    out_.std = {0.3081};
    return {};
  }

  Result<void> read_files(Names files, const std::string& pointer) {
    DSW_TRY_ASSIGN(const std::filesystem::path first, resolve_data_path(base_, files[0]));
    std::error_code none;
    if (std::filesystem::is_directory(first, none) && format_ != "cifar-binary") {
      const auto train = format_ == "folder" ? std::nullopt : idx_pair(first, files[0], "train");
      if (train) {
        if (const auto test = idx_pair(first, files[0], "t10k"); test && !settings_.contains("test_source")) own_test_ = *test;
        return read_idx(*train, pointer);
      }
      if (format_ == "idx")
        return wrong(fmt::format("the folder {} has no train-images-idx3-ubyte and train-labels-idx1-ubyte", files[0]),
                     "Give the two files.", pointer);
      if (files.size() != 1)
        return wrong("a folder of pictures stands alone, and there are several sources", "Give one folder with one folder a class.",
                     pointer);
      if (auto split = split_folder(first, files[0]); !split.empty())
        return wrong(fmt::format("{} holds parts of a set, not classes", files[0]),
                     fmt::format("Give {} as source and the folder of the test part as test_source.", split), pointer);
      return read_image_folder(first, files[0], pointer, out_, stop_);
    }
    if (format_ == "folder") {
      if (!std::filesystem::exists(first, none))
        return wrong(fmt::format("the folder {} is not there", first.string()), "Choose another folder.", pointer);
      return wrong(fmt::format("{} is not a folder", files[0]), "Give the folder that holds one folder a class.", pointer);
    }
    if (format_ == "idx") return read_idx(files, pointer);
    DSW_TRY_ASSIGN(std::string bytes, read_data_file(base_, files[0], pointer, out_.files, stop_));
    if (format_ == "cifar-binary") return read_cifar(files, std::move(bytes), pointer);
    // What the first file is like.
    if (bytes.size() >= 4 && bytes.compare(0, 3, std::string("\0\0\x08", 3)) == 0) {
      out_.files.pop_back();
      return read_idx(files, pointer);
    }
    if (is_png(bytes) || is_jpeg(bytes))
      return wrong(fmt::format("{} is one picture", file_of(files[0])), "Give the folder that holds one folder a class.", pointer);
    if (!bytes.empty() && (bytes.size() % 3073 == 0 || bytes.size() % 3074 == 0)) return read_cifar(files, std::move(bytes), pointer);
    return wrong(bytes.empty() ? fmt::format("{} is empty", file_of(files[0]))
                               : fmt::format("{} is neither IDX nor CIFAR binary: it has {} bytes, and does not start with 00 00 08",
                                             file_of(files[0]), bytes.size()),
                 "Choose another file, or say its \"format\" to learn what is wrong with it.", pointer);
  }

  Result<void> read_idx(Names files, const std::string& pointer) {
    if (files.size() == 1) files.push_back(labels_name(files[0]));
    if (files.size() != 2)
      return wrong(fmt::format("IDX takes two files, pictures and labels, and there are {}", files.size()), "Give the two.", pointer);
    DSW_TRY_ASSIGN(std::string images, read_data_file(base_, files[0], pointer, out_.files, stop_));
    DSW_TRY_ASSIGN(std::string labels, read_data_file(base_, files[1], pointer, out_.files, stop_));
    std::string images_name = file_of(files[0]), labels_file = file_of(files[1]);
    if (labels.size() >= 4 && images.size() >= 4 && labels[3] == 3 && images[3] == 1) {  // given the other way round
      std::swap(images, labels);
      std::swap(images_name, labels_file);
    }
    auto set = parse_idx(images, images_name, labels, labels_file);
    if (!set) return fail(at_pointer(set.error(), pointer));
    return append(out_.images, std::move(*set), images_name);
  }

  Result<void> read_cifar(const Names& files, std::string first, const std::string& pointer) {
    ImageSet set;
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::string bytes = std::move(first);
      if (i > 0) {
        DSW_TRY_ASSIGN(bytes, read_data_file(base_, files[i], pointer, out_.files, stop_));
      }
      if (auto parsed = parse_cifar(bytes, file_of(files[i]), set, cifar_classes_); !parsed)
        return fail(at_pointer(parsed.error(), pointer));
    }
    if (cifar_classes_ == 10) {
      out_.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
      out_.mean = {0.4914, 0.4822, 0.4465};
      out_.std = {0.2470, 0.2435, 0.2616};
    } else {
      out_.mean = {0.5071, 0.4865, 0.4409};
      out_.std = {0.2673, 0.2564, 0.2762};
    }
    return append(out_.images, std::move(set), file_of(files[0]));
  }

  /// "pics/train" when the folder's folders are parts and not classes.
  static std::string split_folder(const std::filesystem::path& folder, const std::string& name) {
    std::error_code none;
    for (const char* test : {"test", "val", "valid"})
      if (std::filesystem::is_directory(folder / "train", none) && std::filesystem::is_directory(folder / test, none))
        return (std::filesystem::path(name) / "train").string();
    return {};
  }

  /// Names of classes from the document, from the set, or their numbers.
  Result<void> name_classes() {
    const std::int32_t most = *std::max_element(out_.images.labels.begin(), out_.images.labels.end());
    if (settings_.contains("classes")) {
      out_.classes = settings_["classes"].get<Names>();
      if (out_.classes.size() <= static_cast<std::size_t>(most))
        return wrong(fmt::format("there are {} names of classes, but labels up to {}", out_.classes.size(), most),
                     "Name every class, in the order of the labels from 0.", "/data/classes");
    }
    const std::size_t count =
        std::max({out_.classes.size(), static_cast<std::size_t>(most) + 1, static_cast<std::size_t>(std::max(0, cifar_classes_))});
    for (std::size_t k = out_.classes.size(); k < count; ++k) out_.classes.push_back(fmt::format("{}", k));
    if (const Names known = model_classes(settings_); !known.empty()) return rename_classes(known);
    if (out_.classes.size() < 2) return wrong("all pictures have one label", "Classification needs two classes or more.", "/data/source");
    return {};
  }

  /// Labels by a model's numbers for the same names. A model that names its classes another way altogether is taken by number.
  Result<void> rename_classes(const Names& known) {
    std::vector<std::int32_t> number_of;
    for (const std::string& name : out_.classes) {
      const auto found = std::find(known.begin(), known.end(), name);
      number_of.push_back(found == known.end() ? -1 : static_cast<std::int32_t>(found - known.begin()));
    }
    const bool other_names = std::all_of(number_of.begin(), number_of.end(), [](std::int32_t number) { return number < 0; });
    if (other_names && out_.classes.size() == known.size()) return {};
    for (std::int32_t& label : out_.images.labels) {
      const auto old = static_cast<std::size_t>(label);
      if (number_of[old] < 0)
        return wrong(fmt::format("there are pictures of the class \"{}\", which the model does not know", out_.classes[old]), {},
                     "/data/source");
      label = number_of[old];
    }
    out_.classes = known;
    return {};
  }

  const Json& settings_;
  const std::filesystem::path& base_;
  std::stop_token stop_;
  std::string format_;
  ImageSource out_;
  Names own_test_;         // IDX files of the test part that lie beside those of the training part
  int cifar_classes_ = 0;  // 0: not known yet
};

}  // namespace

Result<ImageSource> read_image_source(const Json& settings, const std::filesystem::path& base, std::stop_token stop) {
  return Reader(settings, base, std::move(stop)).read();
}

}  // namespace dsw
