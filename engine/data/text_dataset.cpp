// SPDX-License-Identifier: GPL-3.0-or-later
// Data of language models: one long text, cut into training, validation and test in that order.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/registry.h"
#include "engine/core/utf8.h"
#include "engine/data/batch_tensor.h"
#include "engine/data/data_file.h"
#include "engine/data/dataset_types.h"
#include "engine/data/model_data.h"
#include "engine/data/text_file.h"
#include "engine/data/token_store.h"
#include "engine/data/tokenizer_settings.h"

namespace dsw {
namespace {

/// What was read, before it is cut into parts and tokens.
struct TextSource {
  std::string text, test_text;
  std::vector<DataFile> files;
  std::filesystem::path base;
};

/// The tokens of the three parts. What does not depend on the context.
struct TextCorpus {
  struct Part {
    TokenStore tokens;
    std::int64_t characters = 0;
  };
  std::array<Part, 3> parts;  // by Split
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<DataFile> files;
  std::int64_t bytes = 0;
};

Json without(Json settings, std::initializer_list<const char*> keys) {
  for (const char* key : keys) settings.erase(key);
  return settings;
}

/// Tokens of a window; not more than a given model takes.
std::int64_t context_of(const Json& settings) {
  const auto context = settings.at("context").get<std::int64_t>();
  const Json& model = model_of(settings);
  return model.is_object() && model.contains("input") ? std::min(context, model["input"].value("context", context)) : context;
}

/// Whether the tokenizer reads files that are not UTF-8.
bool any_bytes(const Json& settings) {
  const Json& model = model_of(settings);
  if (model.is_object() && model.contains("tokenizer") && model["tokenizer"].is_object())
    return model["tokenizer"].value("kind", "") == "byte";
  return settings.at("tokenizer").at("type") == "byte";
}

Result<std::string> read_source(const Json& settings, const char* key, TextSource& source, std::stop_token stop) {
  const auto name = settings.at(key).get<std::string>();
  const std::string pointer = std::string("/data/") + key, shipped = builtin_name(name);
  if (!shipped.empty() && shipped != "tinyshakespeare") {
    const bool near = !nearest_name(shipped, {"tinyshakespeare"}).empty();
    return fail(ErrorCode::NotFound, fmt::format("no text \"{}\" is shipped with the program", name),
                shipped == "mnist" ? "mnist is pictures: its data type is images."
                : near             ? "Nearest name: builtin:tinyshakespeare."
                                   : "There is builtin:tinyshakespeare.",
                pointer);
  }
  auto text = read_data_file(source.base, shipped.empty() ? name : name + "/input.txt.gz", pointer, source.files, stop);
  if (!text) return text;
  const bool bytes = any_bytes(settings);
  if (settings.contains("max_bytes")) {
    auto end = settings["max_bytes"].get<std::size_t>();
    if (end < text->size()) {
      while (!bytes && end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xC0) == 0x80) --end;  // not inside a character
      text->resize(end);
    }
  }
  const std::string file = std::filesystem::path(name).filename().string();
  if (bytes) {
    if (text->empty()) return fail(ErrorCode::BadFormat, fmt::format("{} is empty", file), "Choose a file with something in it.", pointer);
    return text;
  }
  if (auto error = check_text(*text, file, pointer)) return fail(*error);
  if (auto error = check_utf8(*text, file, pointer)) return fail(*error);
  return text;
}

Result<std::shared_ptr<const TextSource>> read_sources(const Json& settings, const std::filesystem::path& base, std::stop_token stop) {
  auto source = std::make_shared<TextSource>();
  source->base = base;
  DSW_TRY_ASSIGN(source->text, read_source(settings, "source", *source, stop));
  if (settings.contains("test_source")) {
    DSW_TRY_ASSIGN(source->test_text, read_source(settings, "test_source", *source, stop));
  }
  return source;
}

Result<std::shared_ptr<const TextCorpus>> make_corpus(const TextSource& source, const Json& settings, std::stop_token stop) {
  const bool has_test_file = settings.contains("test_source"), bytes = any_bytes(settings);
  DSW_TRY_ASSIGN(const SplitShares shares, read_split(settings, has_test_file));
  const std::string_view text = source.text;
  const Cuts cuts = contiguous_cuts(bytes ? text.size() : count_characters(text), shares);
  const auto place = [&](std::size_t count) { return bytes ? count : byte_of_character(text, count); };
  const std::size_t train_end = place(cuts.train_end), val_end = place(cuts.val_end), test_end = place(cuts.test_end);
  const std::array<std::string_view, 3> parts{
      text.substr(0, train_end), text.substr(train_end, val_end - train_end),
      has_test_file ? std::string_view(source.test_text) : text.substr(val_end, test_end - val_end)};
  auto corpus = std::make_shared<TextCorpus>();
  corpus->files = source.files;
  corpus->bytes = static_cast<std::int64_t>(source.text.size() + source.test_text.size());
  DSW_TRY_ASSIGN(corpus->tokenizer, model_tokenizer(settings));
  const Json& tokenizer = settings.at("tokenizer");
  if (!corpus->tokenizer) {
    const bool unknown =
        tokenizer.at("type") == "char" && (has_unknown_characters(parts[0], parts[1]) || has_unknown_characters(parts[0], parts[2]));
    DSW_TRY_ASSIGN(corpus->tokenizer, make_tokenizer(tokenizer, source.base, {parts[0]}, unknown, "/data/tokenizer", corpus->files, stop));
  }
  for (std::size_t part = 0; part < parts.size(); ++part) {
    if (stop.stop_requested()) return fail(ErrorCode::Stopped, "reading the text was stopped");
    auto ids = corpus->tokenizer->encode(parts[part]);
    if (!ids) return fail(at_pointer(ids.error(), "/data/source"));
    corpus->parts[part].tokens = TokenStore(*ids, corpus->tokenizer->vocabulary());
    corpus->parts[part].characters = static_cast<std::int64_t>(bytes ? parts[part].size() : count_characters(parts[part]));
  }
  return corpus;
}

class TextDataset : public Dataset {
 public:
  TextDataset(std::shared_ptr<const TextSource> source, std::shared_ptr<const TextCorpus> corpus, Json settings)
      : source_(std::move(source)), corpus_(std::move(corpus)), settings_(std::move(settings)) {
    spec_.kind = InputSpec::Kind::Tokens;
    spec_.context = context_of(settings_);
    spec_.vocabulary = spec_.classes = corpus_->tokenizer->vocabulary();
  }

  const InputSpec& input_spec() const override { return spec_; }
  bool has(Split split) const override { return size(split) >= 2; }  // one token to read, one to predict
  std::int64_t size(Split split) const override { return tokens(split).size(); }
  std::int64_t batches_per_epoch(std::int64_t batch) const override {
    return std::max<std::int64_t>(1, size(Split::Train) / (batch * spec_.context));
  }

  Batch train_batch(std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const override {
    return train_batch_of({}, seed, step, batch, device);
  }
  std::int64_t batches_per_epoch_of(TrainShare share, std::int64_t batch) const override {
    const auto [begin, end] = range(share);
    return std::max<std::int64_t>(1, (end - begin) / (batch * spec_.context));
  }
  Batch train_batch_of(TrainShare share, std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const override {
    const std::uint64_t key = Rng(seed, "text-offsets").key();
    const auto [begin, end] = range(share);
    if (end - begin <= spec_.context)
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("a share of {} tokens is too short for a context of {}", end - begin, spec_.context));
    const auto choices = static_cast<std::uint64_t>(end - begin - spec_.context);  // as nanoGPT: randint(len(data) - block_size)
    std::vector<std::int64_t> starts(static_cast<std::size_t>(batch));
    for (std::size_t b = 0; b < starts.size(); ++b) {
      const auto words = philox4x32(key, b, static_cast<std::uint64_t>(step));
      const std::uint64_t draw = words[0] | (std::uint64_t{words[1]} << 32);
      starts[b] =
          begin + static_cast<std::int64_t>(draw % choices);  // 2^64 draws on fewer than 2^40 places: the bias is below 2^-24 of a chance
    }
    return windows(Split::Train, std::move(starts), spec_.context, device);
  }

  std::int64_t eval_batches(Split split, std::int64_t batch) const override {
    if (!has(split)) return 0;
    const std::int64_t targets = size(split) - 1, whole = targets / spec_.context;
    return (whole + batch - 1) / batch + (targets % spec_.context != 0 ? 1 : 0);
  }

  Batch eval_batch(Split split, std::int64_t index, std::int64_t batch, Device& device) const override {
    const std::int64_t targets = size(split) - 1, whole = targets / spec_.context, first = index * batch;
    DSW_CHECK(index >= 0 && index < eval_batches(split, batch), "a batch of evaluation is asked for by its number");
    if (first >= whole)
      return windows(split, {whole * spec_.context}, targets % spec_.context, device);  // what is left, in a window of its own
    std::vector<std::int64_t> starts(static_cast<std::size_t>(std::min(batch, whole - first)));
    for (std::size_t b = 0; b < starts.size(); ++b) starts[b] = (first + static_cast<std::int64_t>(b)) * spec_.context;
    return windows(split, std::move(starts), spec_.context, device);
  }

  std::vector<std::string> class_names() const override { return {}; }
  const Tokenizer* tokenizer() const override { return corpus_->tokenizer.get(); }
  std::vector<DataFile> files() const override { return corpus_->files; }

  Json facts() const override {
    Json facts = {{"bytes", corpus_->bytes}, {"characters", 0}, {"symbols", spec_.vocabulary}, {"tokens", 0}};
    std::int64_t characters = 0, total = 0;
    for (const Split split : {Split::Train, Split::Val, Split::Test}) {
      characters += part(split).characters;
      total += size(split);
      facts[split_name(split)] = size(split);
    }
    facts["characters"] = characters;
    facts["tokens"] = total;
    facts["characters_per_token"] = characters_per_token(Split::Train);
    return facts;
  }

  std::string example(Split, std::int64_t) const override { return {}; }
  double characters_per_token(Split split) const override {
    return size(split) == 0 ? 1 : static_cast<double>(part(split).characters) / static_cast<double>(size(split));
  }

  Result<std::unique_ptr<Dataset>> with_settings(const Json& settings, std::uint64_t, std::stop_token stop) const override {
    const auto reading = [](const Json& s) {
      return std::make_tuple(s.at("source"), s.value("test_source", Json()), s.value("max_bytes", Json()), any_bytes(s));
    };
    if (reading(settings) != reading(settings_)) return nullptr;
    std::shared_ptr<const TextCorpus> corpus = corpus_;
    if (without(settings, {"context"}) != without(settings_, {"context"})) {
      DSW_TRY_ASSIGN(corpus, make_corpus(*source_, settings, stop));
    }
    return make(source_, std::move(corpus), settings);
  }

  /// Checks that the context fits the training part.
  static Result<std::unique_ptr<Dataset>> make(std::shared_ptr<const TextSource> source, std::shared_ptr<const TextCorpus> corpus,
                                               const Json& settings) {
    const std::int64_t context = context_of(settings), tokens = corpus->parts[0].tokens.size();
    if (tokens > context || !model_of(settings).is_null())
      return std::make_unique<TextDataset>(std::move(source), std::move(corpus), settings);
    Error error(ErrorCode::InvalidDocument, fmt::format("the training part has {} tokens, too few for a context of {}", tokens, context),
                "Choose a longer text.", "/data/context");
    if (tokens >= 2) {
      error.hint = fmt::format("Choose a context of at most {}, or a longer text.", tokens - 1);
      error.fixes = std::make_shared<const std::vector<Fix>>(
          std::vector<Fix>{{fmt::format("Use {}", tokens - 1), "/data/context", fmt::format("{}", tokens - 1), {}, false}});
    }
    return fail(std::move(error));
  }

 private:
  std::pair<std::int64_t, std::int64_t> range(TrainShare share) const {
    const double count = static_cast<double>(size(Split::Train));
    return {static_cast<std::int64_t>(share.begin * count), static_cast<std::int64_t>(share.end * count)};
  }
  const TextCorpus::Part& part(Split split) const { return corpus_->parts[static_cast<std::size_t>(split)]; }
  const TokenStore& tokens(Split split) const { return part(split).tokens; }

  Batch windows(Split split, std::vector<std::int64_t> starts, std::int64_t length, Device& device) const {
    const Shape shape{static_cast<std::int64_t>(starts.size()), length};
    const auto copy = [&](std::int64_t shift) {
      return filled_tensor<std::int32_t>(shape, device, [&](std::int32_t* out) {
        for (const std::int64_t start : starts) {
          tokens(split).copy(start + shift, length, out);
          out += length;
        }
      });
    };
    Batch batch;
    batch.input = copy(0);
    batch.target = copy(1);
    batch.examples = std::move(starts);
    return batch;
  }

  std::shared_ptr<const TextSource> source_;
  std::shared_ptr<const TextCorpus> corpus_;
  Json settings_;
  InputSpec spec_;
};

}  // namespace

ParamSchema text_schema() {
  Param source = path_param("source", "Text", "A text file (UTF-8, also .gz), or builtin:tinyshakespeare");
  source.choices = {"builtin:tinyshakespeare"};
  ParamSchema schema{
      required(source),
      path_param("test_source", "Test text", "A text that is only used for the test part"),
      tokenizer_param("char"),
      int_param("context", "Context", 256, 1, 65536, "Tokens that the model sees at once", "tokens"),
      split_param("Shares of training, validation and, if wanted, test, cut from the text in this order"),
      advanced(int_param("max_bytes", "Read at most", std::nullopt, 1, 1e12, "Reads only the beginning of the text", "bytes"))};
  schema.summary = "A text for a language model";
  return schema;
}

Result<std::unique_ptr<Dataset>> load_text(const Json& settings, const std::filesystem::path& base, std::uint64_t, std::stop_token stop) {
  DSW_TRY(read_split(settings, settings.contains("test_source")));  // before a long text is read
  DSW_TRY_ASSIGN(std::shared_ptr<const TextSource> source, read_sources(settings, base, stop));
  DSW_TRY_ASSIGN(std::shared_ptr<const TextCorpus> corpus, make_corpus(*source, settings, stop));
  return TextDataset::make(std::move(source), std::move(corpus), settings);
}

}  // namespace dsw
