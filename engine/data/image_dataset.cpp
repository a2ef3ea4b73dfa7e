// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled pictures: kept as bytes, normalised and changed when a batch is made.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/data/augmentation.h"
#include "engine/data/batch_tensor.h"
#include "engine/data/dataset_types.h"
#include "engine/data/example_order.h"
#include "engine/data/image_sets.h"
#include "engine/data/model_data.h"
#include "engine/formats/image_file.h"

namespace dsw {
namespace {

struct Normalisation {
  std::vector<double> mean, std;
};

/// Mean and standard deviation of each channel over the training pictures, of values 0 … 1.
Normalisation measure(const ImageSet& set, const std::vector<std::int64_t>& training) {
  const auto area = static_cast<std::size_t>(set.height * set.width);
  Normalisation out;
  for (std::size_t c = 0; c < static_cast<std::size_t>(set.channels); ++c) {
    std::array<std::uint64_t, 256> histogram{};
    for (const std::int64_t n : training) {
      const std::uint8_t* plane = set.pixels.data() + (static_cast<std::size_t>(n * set.channels) + c) * area;
      for (std::size_t i = 0; i < area; ++i) ++histogram[plane[i]];
    }
    double count = 0, sum = 0, squares = 0;
    for (std::size_t value = 0; value < 256; ++value) {
      const double times = static_cast<double>(histogram[value]), x = static_cast<double>(value) / 255;
      count += times, sum += times * x, squares += times * x * x;
    }
    const double mean = sum / count, deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
    out.mean.push_back(std::round(mean * 1e6) / 1e6);                             // short enough to be written into a document
    out.std.push_back(deviation < 1e-3 ? 1 : std::round(deviation * 1e6) / 1e6);  // pictures of one colour
  }
  return out;
}

Result<Normalisation> normalisation(const ImageSource& source, const Json& settings, const std::vector<std::int64_t>& training) {
  Normalisation out{source.mean, source.std};
  if (out.mean.empty()) out = measure(source.images, training);
  for (const auto& [key, numbers] : {std::pair("mean", &out.mean), std::pair("std", &out.std)}) {
    const Json& model = model_of(settings);
    const Json* given = settings.contains(key) ? &settings[key] : model.is_object() && model.contains(key) ? &model[key] : nullptr;
    if (!given) continue;
    *numbers = given->get<std::vector<double>>();
    if (numbers->size() == 1) numbers->resize(static_cast<std::size_t>(source.images.channels), numbers->front());
    if (static_cast<std::int64_t>(numbers->size()) != source.images.channels)
      return fail(ErrorCode::InvalidDocument,
                  fmt::format("{} has {} numbers, but the pictures have {} {}", key, numbers->size(), source.images.channels,
                              source.images.channels == 1 ? "channel" : "channels"),
                  "Give one number a channel, or one for all.", fmt::format("/data/{}", key));
  }
  return out;
}

SplitIndices split_parts(const ImageSource& source, const SplitShares& shares, std::uint64_t seed) {
  SplitIndices parts;
  if (source.keep_order) {
    const Cuts cuts = contiguous_cuts(static_cast<std::size_t>(source.source_count), shares);
    for (std::size_t i = 0; i < cuts.val_end; ++i) (i < cuts.train_end ? parts.train : parts.val).push_back(static_cast<std::int64_t>(i));
  } else {
    const std::vector<std::int32_t> own(source.images.labels.begin(), source.images.labels.begin() + source.source_count);
    parts = stratified_split(own, static_cast<std::int32_t>(source.classes.size()), shares, seed);
  }
  for (std::int64_t i = source.source_count; i < source.images.count(); ++i) parts.test.push_back(i);
  return parts;
}

class ImageDataset : public Dataset {
 public:
  static Result<std::unique_ptr<Dataset>> make(std::shared_ptr<const ImageSource> source, const Json& settings, std::uint64_t seed) {
    DSW_TRY_ASSIGN(const SplitShares shares, read_split(settings, source->own_test));
    SplitIndices parts = split_parts(*source, shares, seed);
    DSW_TRY_ASSIGN(Normalisation norm, normalisation(*source, settings, parts.train));
    return std::make_unique<ImageDataset>(std::move(source), std::move(parts), std::move(norm), settings);
  }

  ImageDataset(std::shared_ptr<const ImageSource> source, SplitIndices parts, Normalisation norm, Json settings)
      : source_(std::move(source)), order_(std::move(parts)), norm_(std::move(norm)), settings_(std::move(settings)) {
    const ImageSet& set = source_->images;
    spec_.kind = InputSpec::Kind::Image;
    spec_.channels = set.channels;
    spec_.height = set.height;
    spec_.width = set.width;
    spec_.classes = static_cast<std::int64_t>(source_->classes.size());
    augment_ = augment_settings(settings_.at("augment").get<std::vector<std::string>>());
    for (std::size_t c = 0; c < norm_.mean.size(); ++c)
      for (int value = 0; value < 256; ++value) value_of_.push_back(static_cast<float>((value / 255.0 - norm_.mean[c]) / norm_.std[c]));
  }

  const InputSpec& input_spec() const override { return spec_; }
  bool has(Split split) const override { return size(split) > 0; }
  std::int64_t size(Split split) const override { return order_.size(split); }
  std::int64_t batches_per_epoch(std::int64_t batch) const override { return order_.batches(Split::Train, batch); }

  Batch train_batch(std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const override {
    return train_batch_of({}, seed, step, batch, device);
  }
  std::int64_t batches_per_epoch_of(TrainShare share, std::int64_t batch) const override { return order_.training_batches(share, batch); }
  Batch train_batch_of(TrainShare share, std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const override {
    ExampleOrder::Selection selection = order_.training(seed, step, batch, share);
    const std::uint64_t key = Rng(seed, "augment").key();
    return make_batch(Split::Train, std::move(selection.positions), device, [&](std::int64_t position) {
      return augment_.any() ? draw_augmentation(augment_, key, selection.epoch, position, spec_.height, spec_.width) : Augmentation();
    });
  }
  std::int64_t eval_batches(Split split, std::int64_t batch) const override { return order_.batches(split, batch); }
  Batch eval_batch(Split split, std::int64_t index, std::int64_t batch, Device& device) const override {
    return make_batch(split, order_.evaluation(split, index, batch), device, [](std::int64_t) { return Augmentation(); });
  }

  std::vector<std::string> class_names() const override { return source_->classes; }
  const Tokenizer* tokenizer() const override { return nullptr; }
  std::vector<DataFile> files() const override { return source_->files; }

  Json facts() const override {
    Json facts = {{"examples", source_->images.count()},
                  {"classes", spec_.classes},
                  {"channels", spec_.channels},
                  {"height", spec_.height},
                  {"width", spec_.width}};
    for (const Split split : {Split::Train, Split::Val, Split::Test}) facts[split_name(split)] = size(split);
    facts["mean"] = norm_.mean;
    facts["std"] = norm_.std;
    std::vector<std::int64_t> count(source_->classes.size());
    for (const std::int32_t label : source_->images.labels) ++count[static_cast<std::size_t>(label)];
    Json& counts = facts["class_counts"] = Json::object();
    for (std::size_t k = 0; k < count.size(); ++k) counts[source_->classes[k]] = count[k];
    if (!source_->notes.empty()) facts["notes"] = source_->notes;
    return facts;
  }

  std::string example(Split split, std::int64_t index) const override {
    return encode_png(static_cast<int>(spec_.channels), static_cast<int>(spec_.height), static_cast<int>(spec_.width),
                      picture(source_index(split, index)));
  }

  Result<std::unique_ptr<Dataset>> with_settings(const Json& settings, std::uint64_t seed, std::stop_token) const override {
    for (const char* key : {"source", "test_source", "format", "classes"})
      if (settings.value(key, Json()) != settings_.value(key, Json())) return nullptr;
    return make(source_, settings, seed);
  }

 private:
  std::size_t source_index(Split split, std::int64_t position) const {
    return static_cast<std::size_t>(order_.part(split).at(static_cast<std::size_t>(position)));
  }
  const std::uint8_t* picture(std::size_t index) const {
    return source_->images.pixels.data() + index * static_cast<std::size_t>(source_->images.picture_bytes());
  }

  template <class ChangeOf>
  Batch make_batch(Split split, std::vector<std::int64_t> positions, Device& device, ChangeOf change_of) const {
    const auto count = static_cast<std::int64_t>(positions.size());
    Batch batch;
    batch.input = filled_tensor<float>(Shape{count, spec_.channels, spec_.height, spec_.width}, device, [&](float* out) {
      for (const std::int64_t position : positions) {
        normalise_picture(picture(source_index(split, position)), spec_.channels, spec_.height, spec_.width, value_of_.data(),
                          change_of(position), out);
        out += source_->images.picture_bytes();
      }
    });
    batch.target = filled_tensor<std::int32_t>(Shape{count}, device, [&](std::int32_t* out) {
      for (const std::int64_t position : positions) *out++ = source_->images.labels[source_index(split, position)];
    });
    batch.examples = std::move(positions);
    return batch;
  }

  std::shared_ptr<const ImageSource> source_;
  ExampleOrder order_;
  Normalisation norm_;
  Json settings_;
  InputSpec spec_;
  AugmentSettings augment_;
  std::vector<float> value_of_;  // 256 a channel: (byte / 255 - mean) / std
};

}  // namespace

ParamSchema images_schema() {
  const auto files = [](const char* name, const char* label, const char* help) {
    Param p = list_param(name, label, "", path_param("", "File", ""), help);
    p.short_form = true;
    p.min_items = 1;
    return p;
  };
  Param source = files("source", "Pictures",
                       "builtin:mnist, IDX files (pictures and labels), CIFAR binary files, or a folder with one folder a class");
  source.choices = {"builtin:mnist"};
  Param classes = list_param("classes", "Class names", "", string_param("", "Name", std::nullopt, ""),
                             "Names of the classes in the order of the labels from 0");
  classes.min_items = 2;
  Param mean = list_param("mean", "Mean", "", float_param("", "Mean", std::nullopt, -1, 2, ""),
                          "Subtracted from values of 0 to 1, one a channel; else the usual of the set, or that of the training part");
  Param deviation = float_param("", "Deviation", std::nullopt, 0, 10, "");
  deviation.low_open = true;
  Param std = list_param("std", "Deviation", "", deviation,
                         "Values are divided by it, one a channel; else the usual of the set, or that of the training part");
  mean.short_form = std.short_form = true;
  mean.min_items = std.min_items = 1;
  mean.max_items = std.max_items = 3;
  ParamSchema schema{required(source),
                     files("test_source", "Test pictures", "Files or a folder that are only used for the test part"),
                     advanced(choice_param("format", "Format", "auto", {"auto", "builtin", "idx", "cifar-binary", "folder"},
                                           "What the files are; auto looks at them")),
                     list_param("augment", "Augmentation", "[]", choice_param("", "Change", "", {"shift", "crop", "flip", "cutout"}, ""),
                                "Random changes of training pictures: small shifts, padded crops, mirror images, a square cut out"),
                     split_param("Shares of training, validation and, if wanted, test; each class is divided alike, drawn by the seed. "
                                 "builtin:mnist keeps its test part and its order"),
                     advanced(classes),
                     advanced(mean),
                     advanced(std)};
  schema.summary = "Pictures with labels";
  return schema;
}

Result<std::unique_ptr<Dataset>> load_images(const Json& settings, const std::filesystem::path& base, std::uint64_t seed,
                                             std::stop_token stop) {
  DSW_TRY(read_split(settings, settings.contains("test_source")));
  auto source = read_image_source(settings, base, stop);
  if (!source) return fail(source.error());
  return ImageDataset::make(std::make_shared<const ImageSource>(std::move(*source)), settings, seed);
}

}  // namespace dsw
