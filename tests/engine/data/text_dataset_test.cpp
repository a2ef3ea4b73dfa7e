// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

#include "engine/data/tokenizer.h"
#include "tests/support/datasets.h"
#include "tests/support/gzip.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

std::vector<std::int32_t> values(const Tensor& tensor) { return tensor.to_vector<std::int32_t>(); }

/// "abcdefghij…" of `count` characters with a period of 26.
std::string alphabet(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

class TextData : public ::testing::Test {
 protected:
  std::unique_ptr<Dataset> load(const std::string& json, std::uint64_t seed = 1) {
    auto dataset = load_test_data(json, folder.path(), seed);
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    return dataset ? std::move(*dataset) : nullptr;
  }
  TempFolder folder;
  std::unique_ptr<Device> cpu = make_cpu_device(1);
};

TEST_F(TextData, tinyshakespeareIsAsPublished) {
  const auto data = load(R"({"type": "text", "source": "builtin:tinyshakespeare"})");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->input_spec().vocabulary, 65);
  EXPECT_EQ(data->input_spec().context, 256);
  EXPECT_EQ(data->size(Split::Train), 1003854);  // nanoGPT, data/shakespeare_char/readme.md
  EXPECT_EQ(data->size(Split::Val), 111540);
  EXPECT_FALSE(data->has(Split::Test));
  EXPECT_EQ(data->facts()["characters"], 1115394);
  EXPECT_EQ(data->facts()["symbols"], 65);
  ASSERT_EQ(data->files().size(), 1U);
  EXPECT_EQ(data->files()[0].path, "builtin:tinyshakespeare/input.txt.gz");
  EXPECT_EQ(data->files()[0].sha256.size(), 64U);
  const Batch batch = data->eval_batch(Split::Val, 0, 1, *cpu);
  EXPECT_EQ(data->tokenizer()->decode(values(batch.input)).substr(0, 30), "?\n\nGREMIO:\nGood morrow, neighb");
}

TEST_F(TextData, trainBatchesAreAPureFunctionOfSeedStepAndSize) {
  write_text(folder / "t.txt", alphabet(1000));
  const auto data = load(R"({"type": "text", "source": "t.txt", "context": 8})");
  const Batch batch = data->train_batch(7, 3, 5, *cpu);
  EXPECT_EQ(batch.input.shape(), (Shape{5, 8}));
  EXPECT_EQ(batch.target.shape(), (Shape{5, 8}));
  const auto input = values(batch.input), target = values(batch.target);
  for (std::size_t b = 0; b < 5; ++b)
    for (std::size_t t = 0; t < 8; ++t) {
      EXPECT_EQ(input[b * 8 + t], (batch.examples[b] + static_cast<std::int64_t>(t)) % 26);
      EXPECT_EQ(target[b * 8 + t], (batch.examples[b] + static_cast<std::int64_t>(t) + 1) % 26);
    }
  EXPECT_EQ(data->train_batch(7, 3, 5, *cpu).examples, batch.examples);
  EXPECT_NE(data->train_batch(7, 4, 5, *cpu).examples, batch.examples);
  EXPECT_NE(data->train_batch(8, 3, 5, *cpu).examples, batch.examples);
  std::set<std::int64_t> starts;  // all of 0 … n - T - 1, and nothing else
  for (std::int64_t step = 0; step < 300; ++step)
    for (const std::int64_t start : data->train_batch(1, step, 64, *cpu).examples) starts.insert(start);
  EXPECT_EQ(*starts.begin(), 0);
  EXPECT_EQ(*starts.rbegin(), 900 - 8 - 1);
  EXPECT_EQ(starts.size(), 892U);
  EXPECT_EQ(data->batches_per_epoch(10), 900 / 80);
  EXPECT_EQ(data->batches_per_epoch(1000), 1);
}

TEST_F(TextData, evaluationCountsEveryTargetOnce) {
  write_text(folder / "t.txt", alphabet(1000));
  for (const char* split : {"[0.9, 0.1]", "[0.8, 0.1, 0.1]", "[0.839, 0.161]", "[0.998, 0.002]", "[0.5, 0.009, 0.4]"}) {
    const auto data = load(std::string(R"({"type": "text", "source": "t.txt", "context": 16, "split": )") + split + "}");
    for (const Split part : {Split::Train, Split::Val, Split::Test})
      for (const std::int64_t size : {1, 3, 100}) {
        std::int64_t targets = 0, next = 0;
        for (std::int64_t i = 0; i < data->eval_batches(part, size); ++i) {
          const Batch batch = data->eval_batch(part, i, size, *cpu);
          for (const std::int64_t start : batch.examples) {
            EXPECT_EQ(start, next);
            next += batch.input.size(1);
          }
          targets += batch.target.elements();
        }
        EXPECT_EQ(targets, data->has(part) ? data->size(part) - 1 : 0) << split;
      }
  }
}

TEST_F(TextData, partsAreCutInOrderByCharacters) {
  write_text(folder / "t.txt", "ääääääääbc");
  const auto data = load(R"({"type": "text", "source": "t.txt", "context": 2, "split": [0.8, 0.1, 0.1]})");
  EXPECT_EQ(data->size(Split::Train), 8);
  EXPECT_EQ(data->size(Split::Val), 1);
  EXPECT_EQ(data->size(Split::Test), 1);
  EXPECT_FALSE(data->has(Split::Val));          // nothing to predict
  EXPECT_EQ(data->input_spec().vocabulary, 2);  // "ä" and unknown: b and c are no part of training
  EXPECT_EQ(data->tokenizer()->token_text(1), "unknown");
  const auto bytes = load(R"({"type": "text", "source": "t.txt", "context": 2, "tokenizer": "byte", "split": [0.5, 0.5]})");
  EXPECT_EQ(bytes->size(Split::Train), 9);
  const auto part = load(R"({"type": "text", "source": "t.txt", "context": 2, "split": [0.4, 0.2]})");
  EXPECT_EQ(part->size(Split::Val), 2);  // the rest is not used
  EXPECT_FALSE(part->has(Split::Test));
}

TEST_F(TextData, aTestFileIsTheTestPart) {
  write_text(folder / "t.txt", alphabet(100));
  write_text(folder / "test.txt", "zyxZ");
  const auto data = load(R"({"type": "text", "source": "t.txt", "test_source": "test.txt", "context": 4})");
  EXPECT_EQ(data->size(Split::Test), 4);
  EXPECT_EQ(values(data->eval_batch(Split::Test, 0, 1, *cpu).target), (std::vector<std::int32_t>{24, 23, 26}));
  EXPECT_EQ(data->files().size(), 2U);
  EXPECT_NE(load_error(R"({"type": "text", "source": "t.txt", "test_source": "test.txt", "split": [0.8, 0.1, 0.1]})", folder.path())
                .find("/data/split: there are three shares"),
            std::string::npos);
}

TEST_F(TextData, bpeAndWordsLearnFromTheTrainingPartAlone) {
  std::string text;
  for (int i = 0; i < 90; ++i) text += "the cat ";
  for (int i = 0; i < 10; ++i) text += "zqzqzqzq";
  write_text(folder / "t.txt", text);
  const auto bpe = load(R"({"type": "text", "source": "t.txt", "context": 4, "tokenizer": {"type": "bpe", "vocabulary": 300}})");
  for (std::int32_t id = 257; id < bpe->input_spec().vocabulary; ++id)
    EXPECT_EQ(bpe->tokenizer()->token_text(id).find('z'), std::string::npos);
  EXPECT_GT(bpe->characters_per_token(Split::Train), 3.9);
  EXPECT_EQ(bpe->characters_per_token(Split::Val), 1);
  EXPECT_EQ(bpe->tokenizer()->bos(), -1);  // the text has no <|endoftext|>
  write_text(folder / "u.txt", "one<|endoftext|>two<|endoftext|>three");
  EXPECT_EQ(load(R"({"type": "text", "source": "u.txt", "context": 2, "tokenizer": "bpe"})")->tokenizer()->bos(), 0);
  const auto words = load(R"({"type": "text", "source": "t.txt", "context": 4, "tokenizer": "word"})");
  EXPECT_EQ(words->input_spec().vocabulary, 4);
}

TEST_F(TextData, readsGzipAndByteOrderMarks) {
  write_text(folder / "t.txt.gz", gzip("\xEF\xBB\xBF" + alphabet(100)));
  const auto data = load(R"({"type": "text", "source": "t.txt.gz", "context": 4})");
  EXPECT_EQ(data->input_spec().vocabulary, 26);
  EXPECT_EQ(data->facts()["characters"], 100);
}

TEST_F(TextData, badFilesGetASentence) {
  const auto error = [&](const char* more) {
    return load_error(std::string(R"({"type": "text", "context": 4, )") + more + "}", folder.path());
  };
  write_text(folder / "book.txt", alphabet(100) + "\xC3");
  EXPECT_EQ(error(R"("source": "book.txt")"),
            "/data/source: book.txt ends in the middle of a UTF-8 character at byte 100. Read up to there with \"max_bytes\": 100, or "
            "choose another file.");
  EXPECT_EQ(error(R"("source": "book.txt", "max_bytes": 100)"), "loaded");
  EXPECT_EQ(error(R"("source": "book.txt", "tokenizer": "byte")"), "loaded");
  const auto refused = load_test_data(R"({"type": "text", "source": "book.txt"})", folder.path());
  const Problem problem = data_problem(refused.error());
  EXPECT_EQ(problem.sentence(),
            "`/data/source` cannot be used: book.txt ends in the middle of a UTF-8 character at byte 100. Read up to there with "
            "\"max_bytes\": 100, or choose another file.");
  ASSERT_EQ(problem.fixes.size(), 1U);
  EXPECT_EQ(problem.fixes[0].pointer, "/data/max_bytes");
  EXPECT_EQ(problem.fixes[0].value, "100");

  write_text(folder / "latin.txt", alphabet(20) + "\xE9" + alphabet(20));
  EXPECT_EQ(
      error(R"("source": "latin.txt")"),
      "/data/source: latin.txt is not UTF-8 at byte 20 (0xE9). Save it as UTF-8, or choose the tokenizer byte, which reads any file.");
  write_text(folder / "none.txt", "");
  EXPECT_EQ(error(R"("source": "none.txt")"), "/data/source: none.txt is empty. Choose a file with text in it.");
  EXPECT_EQ(error(R"("source": "none.txt", "tokenizer": "byte")"), "/data/source: none.txt is empty. Choose a file with something in it.");
  write_text(folder / "wide.txt", std::string("\xFF\xFE"
                                              "a\0",
                                              4));
  EXPECT_EQ(error(R"("source": "wide.txt")"), "/data/source: wide.txt is UTF-16, which its first two bytes say. Save it as UTF-8.");
  write_text(folder / "binary.txt", std::string("abc\0", 4));
  EXPECT_EQ(error(R"("source": "binary.txt")"), "/data/source: binary.txt is not a text: byte 3 is NUL. Choose a text file.");
  write_text(folder / "short.txt", "abcdefghij");
  EXPECT_EQ(error(R"("source": "short.txt", "context": 64)"),
            "/data/context: the training part has 9 tokens, too few for a context of 64. Choose a context of at most 8, or a longer text.");
  EXPECT_NE(error(R"("source": "bok.txt")").find("The nearest name in its folder is book.txt."), std::string::npos);
  EXPECT_EQ(error(R"("source": "builtin:tinyshakespere")"),
            "/data/source: no text \"builtin:tinyshakespere\" is shipped with the program. Nearest name: builtin:tinyshakespeare.");
  EXPECT_EQ(error(R"("source": "builtin:mnist")"),
            "/data/source: no text \"builtin:mnist\" is shipped with the program. mnist is pictures: its data type is images.");
  EXPECT_EQ(error(R"("source": "short.txt", "split": [0.9, 0.2])"), "/data/split: the shares sum to 1.1, more than 1. Lower one of them.");
  EXPECT_EQ(error(R"("source": "short.txt", "split": [0, 0.2])"),
            "/data/split: the training part has the share 0. Give it a share above 0.");
  EXPECT_EQ(error(R"("source": "short.txt", "tokenizer": {"type": "bpe", "vocab_file": "v.json"})"),
            "/data/tokenizer/merges_file: a tokenizer that is read needs two files, and merges_file is not given. Name vocab.json and "
            "merges.txt.");
  EXPECT_EQ(error(R"("source": "short.txt", "contxt": 4)"),
            "/data/contxt: `/data/contxt` is not known in `/data`. Nearest name: `context`.");
  EXPECT_EQ(load_error(R"({"type": "txt"})"), "/data/type: There is no data type named \"txt\". Nearest name: text.");
  const std::string packed = gzip(alphabet(1000));
  for (std::size_t cut = 2; cut < packed.size(); cut += 3) {
    write_text(folder / "cut.gz", packed.substr(0, cut));
    EXPECT_NE(error(R"("source": "cut.gz")").find("cut.gz ends inside its packed data at byte"), std::string::npos);
  }
}

TEST_F(TextData, stopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  const auto stopped =
      load_dataset(dataset_catalog(), Json::parse(R"({"type": "text", "source": "builtin:tinyshakespeare"})"), {}, 1, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Stopped);
}

}  // namespace
}  // namespace dsw
