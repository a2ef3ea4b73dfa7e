// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tokenizer_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/data/bpe_tokenizer.h"
#include "engine/data/char_tokenizer.h"
#include "engine/data/data_file.h"
#include "engine/data/model_data.h"
#include "engine/data/padded_tokenizer.h"
#include "engine/data/word_tokenizer.h"

namespace dsw {
namespace {

Result<BpeTokenizer> read_bpe(const Json& settings, const std::filesystem::path& base, const std::string& pointer,
                              std::vector<DataFile>& files, std::stop_token stop) {
  for (const char* key : {"vocab_file", "merges_file"})
    if (!settings.contains(key))
      return fail(ErrorCode::InvalidDocument, fmt::format("a tokenizer that is read needs two files, and {} is not given", key),
                  "Name vocab.json and merges.txt.", fmt::format("{}/{}", pointer, key));
  const auto vocab_name = settings["vocab_file"].get<std::string>(), merges_name = settings["merges_file"].get<std::string>();
  auto vocab = read_data_file(base, vocab_name, pointer + "/vocab_file", files, stop);
  if (!vocab) return fail(vocab.error());
  auto merges = read_data_file(base, merges_name, pointer + "/merges_file", files, stop);
  if (!merges) return fail(merges.error());
  auto tokenizer = BpeTokenizer::from_files(*vocab, vocab_name, *merges, merges_name);
  if (!tokenizer) return fail(at_pointer(tokenizer.error(), pointer));
  return tokenizer;
}

}  // namespace

Param tokenizer_param(const std::string& default_kind) {
  Param vocab = path_param("vocab_file", "vocab.json", "Reads the tokens of a GPT-2 style tokenizer instead of learning them");
  Param merges = path_param("merges_file", "merges.txt", "The merges that belong to vocab.json");
  ParamSchema characters{}, bytes{};
  characters.summary = "One token a character";
  bytes.summary = "One token a byte: 256 of them, for any file";
  ParamSchema bpe{
      int_param("vocabulary", "Vocabulary", 1024, 257, 65536, "Tokens to learn from the training part; not used with files", "tokens"),
      advanced(vocab), advanced(merges)};
  bpe.summary = "Byte-level byte-pair encoding, learned here or read from vocab.json and merges.txt";
  ParamSchema words{int_param("vocabulary", "Vocabulary", 10000, 3, 1000000,
                              "Most frequent words of the training part; padding and unknown count too", "words")};
  words.summary = "Lower-cased words and signs";
  Param p = variant_param("tokenizer", "Tokenizer", default_kind, {{"char", characters}, {"byte", bytes}, {"bpe", bpe}, {"word", words}},
                          "How text is cut into tokens");
  p.short_form = true;
  return p;
}

Result<std::unique_ptr<Tokenizer>> model_tokenizer(const Json& settings) {
  const Json& model = model_of(settings);
  if (!model.is_object() || !model.contains("tokenizer") || model["tokenizer"].is_null()) return nullptr;
  return tokenizer_from_json(model["tokenizer"]);
}

Result<std::unique_ptr<Tokenizer>> make_tokenizer(const Json& settings, const std::filesystem::path& base,
                                                  const std::vector<std::string_view>& training, bool with_unknown,
                                                  const std::string& pointer, std::vector<DataFile>& files, std::stop_token stop) {
  const auto type = settings.at("type").get<std::string>();
  if (type == "byte") return std::make_unique<ByteTokenizer>();
  if (type == "word") return std::make_unique<WordTokenizer>(WordTokenizer::train(training, settings.at("vocabulary").get<std::int32_t>()));
  if (type == "bpe") {
    const bool read = settings.contains("vocab_file") || settings.contains("merges_file");
    auto tokenizer = read ? read_bpe(settings, base, pointer, files, stop)
                          : BpeTokenizer::train(training, settings.at("vocabulary").get<std::int32_t>(), stop);
    if (!tokenizer) return fail(tokenizer.error());
    tokenizer->set_starts_texts(std::any_of(training.begin(), training.end(), [](std::string_view text) {
      return text.find(BpeTokenizer::kEndOfText) != std::string_view::npos;
    }));
    return std::make_unique<BpeTokenizer>(std::move(*tokenizer));
  }
  std::string joined;  // only where there is more than one text
  if (training.size() > 1)
    for (const std::string_view text : training) joined += text;
  return std::make_unique<CharTokenizer>(training.size() == 1 ? training[0] : std::string_view(joined), with_unknown);
}

bool has_unknown_characters(std::string_view training, std::string_view text) { return !CharTokenizer(training, false).knows(text); }

Result<std::unique_ptr<Tokenizer>> tokenizer_from_json(const Json& json) {
  try {
    const auto kind = json.at("kind").get<std::string>();
    if (kind == "char")
      return std::make_unique<CharTokenizer>(json.at("symbols").get_ref<const std::string&>(), json.at("unknown").get<bool>());
    if (kind == "byte") return std::make_unique<ByteTokenizer>();
    if (kind == "word") return std::make_unique<WordTokenizer>(json.at("words").get<std::vector<std::string>>());
    if (kind == "padded" && json.at("inner").at("kind") != "padded") {
      auto inner = tokenizer_from_json(json.at("inner"));
      if (!inner) return inner;
      return std::make_unique<PaddedTokenizer>(std::move(*inner));
    }
    if (kind == "bpe") {
      auto tokenizer = BpeTokenizer::from_json(json);
      if (!tokenizer) return fail(tokenizer.error());
      return std::make_unique<BpeTokenizer>(std::move(*tokenizer));
    }
    return fail(ErrorCode::BadFormat, fmt::format("A stored tokenizer is of the unknown kind \"{}\"", kind),
                "It may be of a newer version of the program.");
  } catch (const Json::exception& e) {
    return fail(ErrorCode::BadFormat, fmt::format("A stored tokenizer is damaged: {}", e.what()));
  }
}

}  // namespace dsw
