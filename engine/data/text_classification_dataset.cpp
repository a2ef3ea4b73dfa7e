// SPDX-License-Identifier: GPL-3.0-or-later
// Labelled texts as sequences of tokens, padded with 0 to one length.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/data/batch_tensor.h"
#include "engine/data/dataset_types.h"
#include "engine/data/example_order.h"
#include "engine/data/labelled_texts.h"
#include "engine/data/model_data.h"
#include "engine/data/padded_tokenizer.h"
#include "engine/data/tokenizer_settings.h"
#include "engine/data/word_tokenizer.h"

namespace dsw {
namespace {

/// One fold of each class is the test part; of the rest `shares` of train and val remain.
SplitIndices fold_split(const std::vector<std::int32_t>& labels, std::int32_t classes, const SplitShares& shares, std::uint64_t seed,
                        const Json& folds) {
  const auto count = folds.at("count").get<std::int64_t>(), index = folds.at("index").get<std::int64_t>();
  std::vector<std::vector<std::int64_t>> by_class(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) by_class[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int64_t>(i));
  std::vector<std::int64_t> rest, test;
  Rng rng(folds.at("seed").get<std::uint64_t>(), "folds");
  std::int64_t place = 0;  // goes on over the classes, so that folds are of one size
  for (std::vector<std::int64_t>& examples : by_class) {
    rng.shuffle(examples.begin(), examples.end());
    for (const std::int64_t example : examples) (place++ % count == index ? test : rest).push_back(example);
  }
  std::sort(rest.begin(), rest.end());
  std::sort(test.begin(), test.end());
  std::vector<std::int32_t> own;
  for (const std::int64_t example : rest) own.push_back(labels[static_cast<std::size_t>(example)]);
  SplitIndices parts = stratified_split(own, classes, shares, seed);
  for (auto* part : {&parts.train, &parts.val})
    for (std::int64_t& position : *part) position = rest[static_cast<std::size_t>(position)];
  parts.test = std::move(test);
  return parts;
}

class TextClassificationDataset : public Dataset {
 public:
  static Result<std::unique_ptr<Dataset>> make(std::shared_ptr<const LabelledTexts> source, const Json& settings, std::uint64_t seed,
                                               std::stop_token stop) {
    const bool folds = settings.contains("folds");
    DSW_TRY_ASSIGN(const SplitShares shares, read_split(settings, folds || settings.contains("test_source")));
    if (folds && settings.contains("test_source"))
      return fail(ErrorCode::InvalidDocument, "folds are given beside test_source, which is the test part already", "Take one of them.",
                  "/data/folds");
    if (folds && settings["folds"].at("index") >= settings["folds"].at("count"))
      return fail(ErrorCode::InvalidDocument, "the fold's index is not below their count", "", "/data/folds/index");
    const std::vector<std::int32_t> own(source->labels.begin(), source->labels.begin() + static_cast<std::ptrdiff_t>(source->source_count));
    const auto classes = static_cast<std::int32_t>(source->classes.size());
    SplitIndices parts = folds ? fold_split(own, classes, shares, seed, settings["folds"]) : stratified_split(own, classes, shares, seed);
    for (std::size_t i = source->source_count; i < source->labels.size(); ++i) parts.test.push_back(static_cast<std::int64_t>(i));
    std::vector<std::string_view> training;
    for (const std::int64_t i : parts.train) training.emplace_back(source->texts[static_cast<std::size_t>(i)]);
    std::vector<DataFile> files = source->files;
    DSW_TRY_ASSIGN(std::unique_ptr<Tokenizer> tokenizer, model_tokenizer(settings));
    if (!tokenizer) {
      DSW_TRY_ASSIGN(tokenizer, make_tokenizer(settings.at("tokenizer"), source->base, training, true, "/data/tokenizer", files, stop));
      if (tokenizer->kind() != "word") tokenizer = std::make_unique<PaddedTokenizer>(std::move(tokenizer));
    }
    auto dataset =
        std::make_unique<TextClassificationDataset>(std::move(source), std::move(parts), std::move(tokenizer), std::move(files), settings);
    DSW_TRY(dataset->encode(stop));
    return dataset;
  }

  TextClassificationDataset(std::shared_ptr<const LabelledTexts> source, SplitIndices parts, std::unique_ptr<Tokenizer> tokenizer,
                            std::vector<DataFile> files, Json settings)
      : source_(std::move(source)),
        order_(std::move(parts)),
        tokenizer_(std::move(tokenizer)),
        files_(std::move(files)),
        settings_(std::move(settings)) {
    spec_.kind = InputSpec::Kind::TokenSequence;
    spec_.context = settings_.at("max_length").get<std::int64_t>();
    if (const Json& model = model_of(settings_); model.is_object() && model.contains("input"))
      spec_.context = model["input"].value("context", spec_.context);
    spec_.vocabulary = tokenizer_->vocabulary();
    spec_.classes = static_cast<std::int64_t>(source_->classes.size());
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
    return make_batch(Split::Train, order_.training(seed, step, batch, share).positions, device);
  }
  std::int64_t eval_batches(Split split, std::int64_t batch) const override { return order_.batches(split, batch); }
  Batch eval_batch(Split split, std::int64_t index, std::int64_t batch, Device& device) const override {
    return make_batch(split, order_.evaluation(split, index, batch), device);
  }
  std::vector<std::string> class_names() const override { return source_->classes; }
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }
  std::vector<DataFile> files() const override { return files_; }

  Json facts() const override {
    Json facts = {{"examples", source_->texts.size()}, {"classes", source_->classes.size()}, {"symbols", spec_.vocabulary}};
    for (const Split split : {Split::Train, Split::Val, Split::Test}) facts[split_name(split)] = size(split);
    facts["longest"] = longest_;
    facts["cut"] = cut_;
    Json& counts = facts["class_counts"] = Json::object();
    std::vector<std::int64_t> count(source_->classes.size());
    for (const std::int32_t label : source_->labels) ++count[static_cast<std::size_t>(label)];
    for (std::size_t k = 0; k < count.size(); ++k) counts[source_->classes[k]] = count[k];
    if (!source_->notes.empty()) facts["notes"] = source_->notes;
    return facts;
  }

  std::string example(Split split, std::int64_t index) const override { return source_->texts[source_index(split, index)]; }

  Result<std::unique_ptr<Dataset>> with_settings(const Json& settings, std::uint64_t seed, std::stop_token stop) const override {
    for (const char* key : {"source", "test_source", "columns", "header", "delimiter"})
      if (settings.value(key, Json()) != settings_.value(key, Json())) return nullptr;
    return make(source_, settings, seed, stop);
  }

 private:
  std::size_t source_index(Split split, std::int64_t position) const {
    return static_cast<std::size_t>(order_.part(split).at(static_cast<std::size_t>(position)));
  }

  Result<void> encode(std::stop_token stop) {
    begins_.reserve(source_->texts.size() + 1);
    begins_.push_back(0);
    for (std::size_t i = 0; i < source_->texts.size(); ++i) {
      if (i % 1024 == 0 && stop.stop_requested()) return fail(ErrorCode::Stopped, "reading the texts was stopped");
      auto ids = tokenizer_->encode(source_->texts[i]);
      if (!ids) return fail(at_pointer(ids.error(), "/data/source"));
      longest_ = std::max(longest_, static_cast<std::int64_t>(ids->size()));
      if (static_cast<std::int64_t>(ids->size()) > spec_.context) {
        ids->resize(static_cast<std::size_t>(spec_.context));
        ++cut_;
      }
      if (ids->empty()) ids->push_back(WordTokenizer::kUnknown);  // attention needs something that is not padding
      tokens_.insert(tokens_.end(), ids->begin(), ids->end());
      begins_.push_back(tokens_.size());
    }
    return {};
  }

  Batch make_batch(Split split, std::vector<std::int64_t> positions, Device& device) const {
    const auto count = static_cast<std::int64_t>(positions.size());
    Batch batch;
    batch.input = filled_tensor<std::int32_t>(Shape{count, spec_.context}, device, [&](std::int32_t* out) {
      for (const std::int64_t position : positions) {
        const std::size_t i = source_index(split, position), length = begins_[i + 1] - begins_[i];
        std::copy_n(tokens_.data() + begins_[i], length, out);
        std::fill(out + length, out + spec_.context, 0);
        out += spec_.context;
      }
    });
    batch.target = filled_tensor<std::int32_t>(Shape{count}, device, [&](std::int32_t* out) {
      for (const std::int64_t position : positions) *out++ = source_->labels[source_index(split, position)];
    });
    batch.examples = std::move(positions);
    return batch;
  }

  std::shared_ptr<const LabelledTexts> source_;
  ExampleOrder order_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<DataFile> files_;
  Json settings_;
  InputSpec spec_;
  std::vector<std::int32_t> tokens_;  // of all texts, one after another
  std::vector<std::size_t> begins_;   // where each starts, and the end
  std::int64_t longest_ = 0, cut_ = 0;
};

}  // namespace

ParamSchema text_classification_schema() {
  Param label = any_param("label", "Label", "Name of the label's column, or its number counted from 0");
  label.default_text = "\"label\"";
  Param text =
      list_param("text", "Text", R"(["text"])", any_param("", "Column", ""), "Names or numbers of the text's columns; several are joined");
  text.short_form = true;
  text.min_items = 1;
  Param folds = object_param(
      "folds", "Folds",
      {int_param("count", "Count", 5, 2, 1000, "Of how many parts one is the test part; each class is divided alike"),
       int_param("index", "Index", 0, 0, 999, "Which one, counted from 0"),
       int_param("seed", "Seed", 1, 0, 9007199254740991.0, "Draws the parts; the document's seed divides the rest into train and val")},
      "Cross-validation: one part of the examples is the test part");
  folds.default_text.clear();
  ParamSchema schema{
      required(path_param("source", "Examples", "A TSV or CSV file (also .gz), or a folder with one text file a class")),
      path_param("test_source", "Test examples", "A file or folder that is only used for the test part"),
      object_param("columns", "Columns", {label, text}, "Where label and text stand in a table"),
      bool_param("header", "Names in the first line", true, "Off for tables without names: columns are then given by number"),
      advanced(choice_param("delimiter", "Delimiter", "auto", {"auto", "comma", "tab", "semicolon"},
                            "Between the columns; auto looks at the first line")),
      tokenizer_param("word"),
      int_param("max_length", "Longest text", 64, 1, 65536, "Longer texts are cut", "tokens"),
      split_param("Shares of training, validation and, if wanted, test; each class is divided alike, drawn by the seed"),
      advanced(folds)};
  schema.summary = "Texts with labels";
  return schema;
}

Result<std::unique_ptr<Dataset>> load_text_classification(const Json& settings, const std::filesystem::path& base, std::uint64_t seed,
                                                          std::stop_token stop) {
  DSW_TRY(read_split(settings, settings.contains("folds") || settings.contains("test_source")));
  auto source = read_labelled_texts(settings, base, stop);
  if (!source) return fail(source.error());
  return TextClassificationDataset::make(std::make_shared<const LabelledTexts>(std::move(*source)), settings, seed, stop);
}

}  // namespace dsw
