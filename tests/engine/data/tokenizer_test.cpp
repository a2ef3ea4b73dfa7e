// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit reference
#include "engine/data/tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/utf8.h"
#include "engine/data/bpe_tokenizer.h"
#include "engine/data/char_tokenizer.h"
#include "engine/data/padded_tokenizer.h"
#include "engine/data/token_text.h"
#include "engine/data/word_tokenizer.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using Ids = std::vector<std::int32_t>;

std::unique_ptr<Tokenizer> there_and_back(const Tokenizer& tokenizer) {
  auto again = tokenizer_from_json(Json::parse(tokenizer.to_json().dump()));
  EXPECT_TRUE(again) << again.error().sentence();
  return again ? std::move(*again) : nullptr;
}

TEST(Utf8, findsTheFirstFault) {
  EXPECT_FALSE(find_utf8_fault(""));
  EXPECT_FALSE(find_utf8_fault("plain ASCII that is longer than a word"));
  EXPECT_FALSE(find_utf8_fault("é € 😀 \xED\x9F\xBF \xEE\x80\x80 \xF4\x8F\xBF\xBF"));
  for (const char* wrong : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                            "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82("}) {
    const auto fault = find_utf8_fault(std::string("abcdefghij") + wrong + "xxxxxxxxx");
    ASSERT_TRUE(fault) << wrong;
    EXPECT_EQ(fault->byte, 10U);
    EXPECT_FALSE(fault->at_end);
  }
  const std::string smile = "ab😀";
  for (std::size_t cut = 3; cut < smile.size(); ++cut) {
    const auto fault = find_utf8_fault(std::string_view(smile).substr(0, cut));
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->byte, 2U);
    EXPECT_TRUE(fault->at_end);
  }
}

TEST(Utf8, charactersThereAndBack) {
  std::string text;
  for (const char32_t c : {U'a', U'é', U'€', U'😀', U'\0'}) append_character(text, c);
  EXPECT_EQ(count_characters(text), 5U);
  EXPECT_EQ(byte_of_character(text, 2), 3U);
  EXPECT_EQ(byte_of_character(text, 9), text.size());
  std::size_t at = 0;
  EXPECT_EQ(next_character(text, at), U'a');
  EXPECT_EQ(next_character(text, at), U'é');
  EXPECT_EQ(next_character(text, at), U'€');
  EXPECT_EQ(next_character(text, at), U'😀');
  EXPECT_EQ(latin1_to_utf8("caf\xE9"), "café");
}

TEST(CharTokenizer, sortedSymbols) {
  const CharTokenizer tokenizer("hello é😀", false);
  EXPECT_EQ(tokenizer.vocabulary(), 7);
  EXPECT_EQ(tokenizer.encode(" ehloé😀").value(), (Ids{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(tokenizer.decode({2, 1, 3, 3, 4, 0, 6}), "hello 😀");
  EXPECT_EQ(tokenizer.encode("").value(), Ids{});
  const auto unknown = tokenizer.encode("hexe");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "the character \"x\" (U+0078) at byte 2 is not among the 7 that the model knows");
  EXPECT_EQ(tokenizer.encode("h\xC3").error().message, "the text ends in the middle of a UTF-8 character at byte 1");
  EXPECT_EQ(there_and_back(tokenizer)->encode("lo 😀").value(), tokenizer.encode("lo 😀").value());
  EXPECT_EQ(CharTokenizer("a\n", false).token_text(0), "\\n");
}

TEST(CharTokenizer, unknownHasTheLastId) {
  const CharTokenizer tokenizer("ab", true);
  EXPECT_EQ(tokenizer.vocabulary(), 3);
  EXPECT_EQ(tokenizer.encode("axb").value(), (Ids{0, 2, 1}));
  EXPECT_EQ(tokenizer.decode({0, 2, 1}), "a\uFFFDb");
  EXPECT_EQ(there_and_back(tokenizer)->vocabulary(), 3);
}

TEST(ByteTokenizer, takesAnything) {
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  const ByteTokenizer tokenizer;
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(all).value()), all);
  EXPECT_EQ(tokenizer.token_text(0xC3), "\\xc3");
  EXPECT_EQ(there_and_back(tokenizer)->vocabulary(), 256);
}

TEST(WordTokenizer, cutsLowersAndRanks) {
  std::vector<std::string> words;
  for_each_word("It's Über-cool, 3.5 O’Neil's dogs' \t\n", [&](const std::string& word) { words.push_back(word); });
  EXPECT_EQ(words, (std::vector<std::string>{"it's", "über", "-", "cool", ",", "3", ".", "5", "o'neil's", "dogs", "'"}));
  const WordTokenizer tokenizer = WordTokenizer::train({"b a b", "c a b"}, 4);
  EXPECT_EQ(tokenizer.vocabulary(), 4);
  EXPECT_EQ(tokenizer.encode("A b c").value(), (Ids{3, 2, 1}));
  EXPECT_EQ(tokenizer.decode({3, 2, 0, 0}), "a b");
  EXPECT_EQ(there_and_back(tokenizer)->encode("A b c").value(), (Ids{3, 2, 1}));
}

TEST(PaddedTokenizer, movesIdsUp) {
  const PaddedTokenizer tokenizer(std::make_unique<CharTokenizer>("ab", true));
  EXPECT_EQ(tokenizer.vocabulary(), 4);
  EXPECT_EQ(tokenizer.encode("bax").value(), (Ids{2, 1, 3}));
  EXPECT_EQ(tokenizer.decode({2, 1, 0, 0}), "ba");
  EXPECT_EQ(there_and_back(tokenizer)->encode("bax").value(), (Ids{2, 1, 3}));
}

TEST(Tokenizers, damagedJsonGetsASentence) {
  for (const char* text :
       {"{}", "[]", "null", R"({"kind": 3})", R"({"kind": "morse"})", R"({"kind": "char"})",
        R"({"kind": "char", "symbols": 3, "unknown": true})", R"({"kind": "word", "words": [1]})",
        R"({"kind": "bpe", "tokens": [], "merges": [], "end_of_text": -1, "starts_texts": true})",
        R"({"kind": "bpe", "tokens": ["a"], "merges": [[0, 9]], "end_of_text": -1})", R"({"kind": "padded", "inner": {"kind": "padded"}})"})
    EXPECT_FALSE(tokenizer_from_json(Json::parse(text))) << text;
}

TEST(Bpe, mergesTheMostFrequentPairAndOfEqualOnesTheGreater) {
  // "low" ×5 after a blank, "newest" …: by hand, pairs across pieces never count.
  const auto tokenizer = BpeTokenizer::train({"ab ab ab cd cd cd"}, 259);
  ASSERT_TRUE(tokenizer);
  // (a,b) and (c,d) are there 3 times, ( ,a) twice, ( ,c) 3 times: (c,d) is the greatest of the three.
  EXPECT_EQ(tokenizer->tokens()[257], "cd");
  EXPECT_EQ(tokenizer->tokens()[258], "ab");
}

TEST(Bpe, anyTextComesBack) {
  const auto tokenizer = BpeTokenizer::train({"the cat sat on the mat, the cat sat on the hat"}, 300);
  ASSERT_TRUE(tokenizer);
  for (const std::string& text : {std::string(), std::string("the cat"), std::string("Äpfel 😀 \n\n\t x'll"), std::string(5000, ' '),
                                  std::string(20000, 'a'), std::string("a\0b", 3)})
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text).value()), text);
  EXPECT_EQ(tokenizer->encode("the<|endoftext|>cat").value().size(),
            tokenizer->encode("the").value().size() + 1 + tokenizer->encode("cat").value().size());
  EXPECT_EQ(tokenizer->bos(), 0);
  EXPECT_FALSE(tokenizer->encode("\xFF"));
  EXPECT_LT(tokenizer->vocabulary(), 300);  // no pair is there twice any more
  EXPECT_EQ(there_and_back(*tokenizer)->encode("the hat is on the cat").value(), tokenizer->encode("the hat is on the cat").value());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(BpeTokenizer::train({"aa aa"}, 300, stop.get_token()).error().code, ErrorCode::Stopped);
}

TEST(Bpe, trainingEqualsTheReference) {
  const auto folder = shared_data("tokenizers/bpe-training");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  const std::string corpus = read_text(*folder / "corpus.en");
  const auto tokenizer = BpeTokenizer::train({corpus}, 500);
  ASSERT_TRUE(tokenizer);
  std::istringstream reference(read_text(*folder / "train-bpe-reference-merges.txt"));
  std::string line;
  std::size_t rank = 0;
  const auto spelled = [&](std::int32_t id) { return bpe_spelling(tokenizer->tokens()[static_cast<std::size_t>(id)]); };
  while (std::getline(reference, line)) {
    ASSERT_LT(rank, tokenizer->merges().size());
    EXPECT_EQ(spelled(tokenizer->merges()[rank].first) + " " + spelled(tokenizer->merges()[rank].second), line) << "merge " << rank;
    ++rank;
  }
  EXPECT_EQ(rank, tokenizer->merges().size());
  EXPECT_EQ(rank, 243U);
  const Json vocab = Json::parse(read_text(*folder / "train-bpe-reference-vocab.json"));
  ASSERT_EQ(vocab.size(), tokenizer->tokens().size());
  for (const auto& [spelling, id] : vocab.items()) EXPECT_EQ(id == 0 ? tokenizer->tokens()[0] : spelled(id.get<std::int32_t>()), spelling);
}

TEST(Bpe, gpt2IdsEqualTheTestVectors) {
  const auto folder = shared_data("tokenizers");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  const auto tokenizer =
      BpeTokenizer::from_files(read_text(*folder / "gpt2/vocab.json"), "vocab.json", read_text(*folder / "gpt2/merges.txt"), "merges.txt");
  ASSERT_TRUE(tokenizer) << tokenizer.error().sentence();
  EXPECT_EQ(tokenizer->vocabulary(), 50257);
  EXPECT_EQ(tokenizer->bos(), 50256);
  const std::string separator = "\n__ggml_vocab_test__\n", inputs = read_text(*folder / "gguf-vocab/test-vectors.inp");
  std::istringstream outputs(read_text(*folder / "gguf-vocab/ggml-vocab-gpt-2.gguf.out"));
  std::size_t at = 0, cases = 0;
  for (std::string line; std::getline(outputs, line); ++cases) {
    ASSERT_LE(at, inputs.size());
    const std::size_t end = std::min(inputs.find(separator, at), inputs.size());
    const std::string text = inputs.substr(at, end - at);
    at = end + separator.size();
    Ids expected;
    std::istringstream numbers(line);
    for (std::int32_t id; numbers >> id;) expected.push_back(id);
    EXPECT_EQ(tokenizer->encode(text).value(), expected) << text;
    EXPECT_EQ(tokenizer->decode(expected), text);
  }
  EXPECT_GT(cases, 30U);
  for (const char* name : {"address.txt", "german.txt", "tinystories_sample.txt"}) {
    const std::string text = read_text(*folder / "bpe-training" / name);
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text).value()), text);
  }
}

TEST(Bpe, damagedFilesGetASentence) {
  std::string vocab = "{";
  for (int b = 0; b < 256; ++b) vocab += Json(bpe_spelling(std::string(1, static_cast<char>(b)))).dump() + ":" + std::to_string(b) + ",";
  const auto read = [&](const std::string& more, const std::string& merges) {
    return BpeTokenizer::from_files(vocab + more + "}", "v.json", merges, "m.txt");
  };
  ASSERT_TRUE(read(R"("ab":256)", "#version: 0.2\na b\r\n"));
  EXPECT_EQ(read(R"("ab":256)", "a b\n").value().encode("ab").value(), Ids{256});
  EXPECT_EQ(read(R"("ab":256)", "a b\nab c\n").error().message, "m.txt line 2 merges \"ab\" and \"c\", but v.json has no \"abc\"");
  EXPECT_EQ(read(R"("ab":256)", "ab\n").error().message, "m.txt line 1 is not two tokens with a blank between them");
  EXPECT_EQ(read(R"("ab":173)", "").error().message,
            "v.json gives the token \"" + bpe_spelling("\xAD") + "\" the number 173; its 257 tokens need the numbers 0 to 256, each once");
  EXPECT_FALSE(read(R"("ab":-1)", ""));
  EXPECT_FALSE(read(R"("ab":"x")", ""));
  EXPECT_FALSE(read(R"("ab":1e99)", ""));
  EXPECT_FALSE(BpeTokenizer::from_files("[1]", "v.json", "", "m.txt"));
  EXPECT_EQ(BpeTokenizer::from_files(R"({"a": 0})", "v.json", "", "m.txt").error().message,
            "v.json has no token for the byte 0, and texts with it could not be encoded");
  for (std::size_t cut = 0; cut < vocab.size(); cut += 7)
    EXPECT_FALSE(BpeTokenizer::from_files(vocab.substr(0, cut), "v.json", "", "m.txt"));
}

}  // namespace
}  // namespace dsw
