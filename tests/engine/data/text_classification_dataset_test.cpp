// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

#include "engine/data/tokenizer.h"
#include "tests/support/datasets.h"
#include "tests/support/gzip.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

class LabelledTextData : public ::testing::Test {
 protected:
  std::unique_ptr<Dataset> load(const std::string& more, std::uint64_t seed = 1) {
    auto dataset = load_test_data(document(more), folder.path(), seed);
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    return dataset ? std::move(*dataset) : nullptr;
  }
  std::string error(const std::string& more) { return load_error(document(more), folder.path()); }
  static std::string document(const std::string& more) { return R"({"type": "text-classification", )" + more + "}"; }
  TempFolder folder;
  std::unique_ptr<Device> cpu = make_cpu_device(1);
};

TEST_F(LabelledTextData, readsATableByNames) {
  std::string table = "id,text,label\n";
  for (int i = 0; i < 100; ++i) table += fmt::format("{},\"Good, good {}\",{}\n", i, i, i % 4 == 0 ? "neg" : "pos");
  write_text(folder / "t.csv", table);
  const auto data = load(R"("source": "t.csv", "split": [0.7, 0.2, 0.1], "max_length": 4)");
  EXPECT_EQ(data->class_names(), (std::vector<std::string>{"neg", "pos"}));
  EXPECT_EQ(data->size(Split::Train), 70);
  EXPECT_EQ(data->size(Split::Val), 20);
  EXPECT_EQ(data->size(Split::Test), 10);
  EXPECT_EQ(data->input_spec().kind, InputSpec::Kind::TokenSequence);
  EXPECT_EQ(data->input_spec().classes, 2);
  std::map<std::int32_t, int> of_class;
  const Batch val = data->eval_batch(Split::Val, 0, 100, *cpu);
  EXPECT_EQ(val.input.shape(), (Shape{20, 4}));
  for (const std::int32_t label : val.target.to_vector<std::int32_t>()) ++of_class[label];
  EXPECT_EQ(of_class, (std::map<std::int32_t, int>{{0, 5}, {1, 15}}));  // each class alike
  const auto ids = val.input.to_vector<std::int32_t>();
  EXPECT_EQ(data->tokenizer()->decode({ids[0], ids[1], ids[2]}), "good , good");
  EXPECT_EQ(data->example(Split::Val, 0).substr(0, 11), "Good, good ");
  EXPECT_EQ(data->facts()["class_counts"], Json::parse(R"({"neg": 25, "pos": 75})"));
}

TEST_F(LabelledTextData, readsATableByNumbersAndJoinsTexts) {
  write_text(folder / "t.csv", "3,Title one,Body one\n1,Title two,Body two\n10,c,d\n3,e,f\n");
  const auto data = load(R"("source": "t.csv", "header": false, "columns": {"label": 0, "text": [1, 2]}, "split": [1, 0])");
  EXPECT_EQ(data->class_names(), (std::vector<std::string>{"1", "3", "10"}));
  EXPECT_EQ(data->example(Split::Train, 0), "Title one Body one");
  EXPECT_EQ(data->size(Split::Train), 4);
  EXPECT_FALSE(data->has(Split::Val));
}

TEST_F(LabelledTextData, readsAFolderWithOneFileAClass) {
  std::filesystem::create_directory(folder / "set");
  write_text(folder / "set" / "pos.txt", "fine\r\n\nvery fine\n");
  write_text(folder / "set" / "neg.csv", "bad");
  write_text(folder / "set" / "mixed.note.gz", gzip("so\nso\n"));
  write_text(folder / "set" / ".hidden", "x");
  const auto data = load(R"("source": "set", "split": [1, 0])");
  EXPECT_EQ(data->class_names(), (std::vector<std::string>{"mixed.note", "neg", "pos"}));
  EXPECT_EQ(data->size(Split::Train), 5);
  EXPECT_EQ(data->example(Split::Train, 3), "fine");
  EXPECT_EQ(data->files().size(), 3U);
  write_text(folder / "set" / "pos.csv", "again");
  EXPECT_EQ(error(R"("source": "set")"),
            "/data/source: the folder set has two files for the label \"pos\": pos.csv and pos.txt. Join them, or rename one.");
}

TEST_F(LabelledTextData, latin1IsReadAndSaidSo) {
  write_text(folder / "t.tsv", "label\ttext\na\tcaf\xE9\nb\tna\xEFve\n");
  const auto data = load(R"("source": "t.tsv", "split": [1, 0])");
  EXPECT_EQ(data->example(Split::Train, 0), "café");
  EXPECT_EQ(data->facts()["notes"][0], "t.tsv is not UTF-8 at byte 16, so it was read as Latin-1.");
}

TEST_F(LabelledTextData, theTestPartStaysOutOfTraining) {
  std::string table = "label\ttext\n", test = "label\ttext\n";
  for (int i = 0; i < 50; ++i) table += fmt::format("{}\tseen\n", i % 2);
  for (int i = 0; i < 10; ++i) test += fmt::format("{}\tsecret{}\n", i % 2, i);
  write_text(folder / "train.tsv", table);
  write_text(folder / "test.tsv", test);
  const auto data = load(R"("source": "train.tsv", "test_source": "test.tsv", "split": [0.8, 0.2])");
  EXPECT_EQ(data->size(Split::Train), 40);
  EXPECT_EQ(data->size(Split::Val), 10);
  EXPECT_EQ(data->size(Split::Test), 10);
  EXPECT_EQ(data->input_spec().vocabulary, 3);  // padding, unknown, seen
  EXPECT_EQ(data->example(Split::Test, 3), "secret3");
  EXPECT_EQ(data->eval_batch(Split::Test, 0, 10, *cpu).input.to_vector<std::int32_t>()[0], 1);
  write_text(folder / "test.tsv", "label\ttext\n0\tx\n7\ty\n");
  EXPECT_EQ(
      error(R"("source": "train.tsv", "test_source": "test.tsv")"),
      "/data/test_source: test.tsv line 3 has the label \"7\", which is not among those of the source. Mend it, or take the line out.");
}

TEST_F(LabelledTextData, theSeedDrawsTheParts) {
  std::string table = "label,text\n";
  for (int i = 0; i < 200; ++i) table += fmt::format("{},text{}\n", i % 2, i);
  write_text(folder / "t.csv", table);
  const auto texts = [&](std::uint64_t seed, Split split) {
    const auto data = load(R"("source": "t.csv", "split": [0.6, 0.2, 0.2])", seed);
    std::set<std::string> out;
    for (std::int64_t i = 0; i < data->size(split); ++i) out.insert(data->example(split, i));
    return out;
  };
  EXPECT_EQ(texts(1, Split::Val), texts(1, Split::Val));
  EXPECT_NE(texts(1, Split::Val), texts(2, Split::Val));
  std::set<std::string> all = texts(1, Split::Train);
  all.merge(texts(1, Split::Val));
  all.merge(texts(1, Split::Test));
  EXPECT_EQ(all.size(), 200U);  // no example twice, none left out
}

TEST_F(LabelledTextData, eachEpochHoldsEveryExampleOnce) {
  std::string table = "label,text\n";
  for (int i = 0; i < 53; ++i) table += fmt::format("{},{}\n", i % 2, i);
  write_text(folder / "t.csv", table);
  const auto data = load(R"("source": "t.csv", "split": [1, 0])");
  EXPECT_EQ(data->batches_per_epoch(10), 6);
  std::vector<std::vector<std::int64_t>> epochs(2);
  for (std::int64_t step = 0; step < 12; ++step) {
    const Batch batch = data->train_batch(5, step, 10, *cpu);
    EXPECT_EQ(batch.input.size(0), step % 6 == 5 ? 3 : 10);
    EXPECT_EQ(static_cast<std::int64_t>(batch.examples.size()), batch.input.size(0));
    epochs[static_cast<std::size_t>(step / 6)].insert(epochs[static_cast<std::size_t>(step / 6)].end(), batch.examples.begin(),
                                                      batch.examples.end());
  }
  EXPECT_NE(epochs[0], epochs[1]);
  for (const auto& epoch : epochs) EXPECT_EQ(std::set<std::int64_t>(epoch.begin(), epoch.end()).size(), 53U);
}

TEST_F(LabelledTextData, everyTokenizerKeepsZeroForPadding) {
  write_text(folder / "t.csv", "label,text\na,ab\nb,ba\na,a\nb,\n");
  for (const char* tokenizer : {"char", "byte", "bpe", "word"}) {
    const auto data = load(std::string(R"("source": "t.csv", "split": [1, 0], "max_length": 3, "tokenizer": ")") + tokenizer + "\"");
    const auto ids = data->eval_batch(Split::Train, 0, 4, *cpu).input.to_vector<std::int32_t>();
    for (std::size_t row = 0; row < 4; ++row) {
      EXPECT_NE(ids[row * 3], 0) << tokenizer;  // also of the empty text
      EXPECT_EQ(ids[row * 3 + 2], 0) << tokenizer;
    }
    for (const std::int32_t id : ids) EXPECT_LT(id, data->input_spec().vocabulary);
    EXPECT_TRUE(data->tokenizer()->encode("zürich")) << tokenizer;
  }
}

TEST_F(LabelledTextData, badFilesGetASentence) {
  write_text(folder / "t.csv", "lable,text\na,b\nc,d\n");
  EXPECT_EQ(error(R"("source": "t.csv")"),
            "/data/columns/label: t.csv has no column \"label\"; its first line has \"lable\", \"text\". Nearest name: lable.");
  const auto refused = load_test_data(document(R"("source": "t.csv")"), folder.path());
  ASSERT_EQ(data_problem(refused.error()).fixes.size(), 1U);
  EXPECT_EQ(data_problem(refused.error()).fixes[0].value, "\"lable\"");
  EXPECT_EQ(error(R"("source": "t.csv", "header": false)"),
            "/data/columns/label: a file without a head has no column \"label\". Give the column's number, counted from 0.");
  EXPECT_EQ(error(R"("source": "t.csv", "columns": {"label": 5})"),
            "/data/columns/label: t.csv has 2 columns, and none of the number 5. Columns are counted from 0.");
  EXPECT_EQ(error(R"("source": "t.csv", "columns": {"label": -1})"),
            "/data/columns/label: a column has the number -1. Columns are counted from 0.");
  EXPECT_EQ(error(R"("source": "t.csv", "columns": {"label": [1]})"),
            "/data/columns/label: a column is neither a name nor a number. Write \"label\" or 0.");
  write_text(folder / "t.csv", "label,text\na,b\nc\n");
  EXPECT_EQ(error(R"("source": "t.csv")"),
            "/data/source: t.csv line 3 has 1 field, but column \"text\" is wanted. Check the delimiter: it is \"auto\", \"tab\", "
            "\"comma\" or \"semicolon\".");
  write_text(folder / "t.csv", "label,text\na,b\n,d\n");
  EXPECT_EQ(error(R"("source": "t.csv")"), "/data/source: t.csv line 3 (byte 15) has no label. Give it one, or take the line out.");
  write_text(folder / "t.csv", "label,text\na,b\na,c\n");
  EXPECT_EQ(
      error(R"("source": "t.csv")"),
      "/data/columns/label: every example has the label \"a\". Classification needs two labels or more: check the column of the label.");
  write_text(folder / "t.csv", "label,text\n");
  EXPECT_EQ(error(R"("source": "t.csv")"), "/data/source: t.csv has a head but no example. Choose a table with examples in it.");
  write_text(folder / "t.csv", "label,text\na,\"b\nc,d\n");
  EXPECT_EQ(error(R"("source": "t.csv")"),
            "/data/source: t.csv: the quote that opens in line 2 is never closed. Close it, or double it where it is a part of the text.");
  std::filesystem::create_directories(folder / "empty");
  EXPECT_EQ(error(R"("source": "empty")"),
            "/data/source: the folder empty holds no file. Put one text file a class in it, one example a line.");
  EXPECT_NE(error(R"("source": "missing.csv")").find("missing.csv is not there"), std::string::npos);
  const std::string whole = "label,text\na,\"b \"\"c\"\"\"\nd,\xC3\xA9\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {  // none may crash, and only these can be read
    write_text(folder / "cut.csv", whole.substr(0, cut));
    const std::string result = error(R"("source": "cut.csv", "split": [1, 0])");
    EXPECT_EQ(result == "loaded", cut >= 25) << cut << ": " << result;
  }
}

TEST_F(LabelledTextData, realSetsLoad) {
  const auto shared = shared_data("textcls");
  if (!shared) GTEST_SKIP() << kNoSharedData;
  const std::string root = std::filesystem::absolute(*shared).string();
  const auto subj = load(R"("source": ")" + root + R"(/SUBJ", "split": [0.8, 0.1, 0.1])");
  EXPECT_EQ(subj->facts()["examples"], 10000);
  EXPECT_EQ(subj->class_names(), (std::vector<std::string>{"subj.objective", "subj.subjective"}));
  EXPECT_EQ(subj->size(Split::Train), 8000);
  const auto news = load(R"("source": ")" + root + R"(/AG_NEWS/test.csv", "header": false, "columns": {"label": 0, "text": [1, 2]})");
  EXPECT_EQ(news->facts()["examples"], 7600);
  EXPECT_EQ(news->facts()["class_counts"], Json::parse(R"({"1": 1900, "2": 1900, "3": 1900, "4": 1900})"));
}

}  // namespace
}  // namespace dsw
