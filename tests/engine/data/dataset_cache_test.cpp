// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/data/dataset_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/data/tokenizer.h"
#include "tests/support/datasets.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

/// A data type that counts how often it is read.
struct CountedDataset : Dataset {
  InputSpec spec;
  const InputSpec& input_spec() const override { return spec; }
  bool has(Split) const override { return true; }
  std::int64_t size(Split) const override { return 1; }
  std::int64_t batches_per_epoch(std::int64_t) const override { return 1; }
  Batch train_batch(std::uint64_t, std::int64_t, std::int64_t, Device&) const override { return {}; }
  std::int64_t eval_batches(Split, std::int64_t) const override { return 1; }
  Batch eval_batch(Split, std::int64_t, std::int64_t, Device&) const override { return {}; }
  std::vector<std::string> class_names() const override { return {}; }
  const Tokenizer* tokenizer() const override { return nullptr; }
  std::vector<DataFile> files() const override { return {}; }
  Json facts() const override { return {}; }
  std::string example(Split, std::int64_t) const override { return {}; }
};

struct Counted {
  Catalog catalog;
  std::atomic<int> reads{0};
  Counted() {
    catalog.datasets.add({"counted",
                          "",
                          {int_param("context", "Context", 4, 1, 100, "")},
                          [this](const Json& settings, const std::filesystem::path&, std::uint64_t,
                                 std::stop_token stop) -> Result<std::unique_ptr<Dataset>> {
                            ++reads;
                            for (int i = 0; i < 20 && !stop.stop_requested(); ++i)
                              std::this_thread::sleep_for(std::chrono::milliseconds(5));
                            if (stop.stop_requested()) return fail(ErrorCode::Stopped, "stopped");
                            auto dataset = std::make_unique<CountedDataset>();
                            dataset->spec.context = settings.at("context").get<std::int64_t>();
                            return dataset;
                          }});
  }
};

TEST(DatasetCache, aSetThatManyAskForIsReadOnce) {
  Counted counted;
  DatasetCache cache(counted.catalog);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] { EXPECT_EQ(cache.describe(Json::parse(R"({"type": "counted"})"), "").value().context, 4); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counted.reads, 1);
  EXPECT_TRUE(cache.describe(Json::parse(R"({"type": "counted", "context": 4})"), ""));  // the default is the same as the value
  EXPECT_EQ(counted.reads, 1);
  EXPECT_TRUE(cache.describe(Json::parse(R"({"type": "counted", "context": 5})"), ""));
  EXPECT_TRUE(cache.describe(Json::parse(R"({"type": "counted"})"), "/other"));
  EXPECT_TRUE(cache.get(Json::parse(R"({"type": "counted"})"), "", 7));
  EXPECT_EQ(counted.reads, 4);
  EXPECT_TRUE(cache.describe(Json::parse(R"({"type": "counted"})"), ""));  // three others pushed it out
  EXPECT_EQ(counted.reads, 5);
}

TEST(DatasetCache, waitingAndReadingFollowTheStopRequest) {
  Counted counted;
  DatasetCache cache(counted.catalog);
  const Json data = Json::parse(R"({"type": "counted"})");
  std::stop_source first, second;
  std::thread reader([&] { EXPECT_EQ(cache.get(data, "", 1, first.get_token()).error().code, ErrorCode::Stopped); });
  while (counted.reads == 0) std::this_thread::yield();
  std::thread waiter([&] { EXPECT_EQ(cache.get(data, "", 1, second.get_token()).error().code, ErrorCode::Stopped); });
  second.request_stop();
  waiter.join();
  EXPECT_EQ(counted.reads, 1);
  first.request_stop();
  reader.join();
  EXPECT_TRUE(cache.get(data, "", 1));  // a failure is not kept
}

class CachedText : public ::testing::Test {
 protected:
  CachedText() { write_text(folder / "t.txt", "abcabcabcabcabcabcabcabcabcabc"); }
  Json data(const std::string& more = "") {
    return Json::parse(std::string(R"({"type": "text", "source": "t.txt")") +
                       (more.find("context") == std::string::npos ? R"(, "context": 4)" : "") + more + "}");
  }
  std::shared_ptr<const Dataset> get(const Json& settings, std::uint64_t seed = 1) {
    auto dataset = cache.get(settings, folder.path(), seed);
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    return dataset ? *dataset : nullptr;
  }
  TempFolder folder;
  DatasetCache cache{dataset_catalog()};
};

TEST_F(CachedText, changedFilesAreReadAgain) {
  const auto first = get(data());
  EXPECT_EQ(get(data()), first);
  EXPECT_EQ(cache.describe(data(), folder.path()).value().vocabulary, 3);
  write_text(folder / "t.txt", "abcdabcdabcdabcdabcdabcdabcdabcdabcd");
  EXPECT_EQ(cache.describe(data(), folder.path()).value().vocabulary, 4);
  EXPECT_NE(get(data()), first);
  EXPECT_EQ(first->input_spec().vocabulary, 3);  // who has it keeps it
  std::filesystem::remove(folder / "t.txt");
  EXPECT_EQ(cache.describe(data(), folder.path()).error().code, ErrorCode::NotFound);
}

TEST_F(CachedText, otherSettingsShareWhatWasRead) {
  const auto first = get(data());
  const auto other = get(data(R"(, "context": 8)"));
  EXPECT_EQ(other->input_spec().context, 8);
  EXPECT_EQ(other->tokenizer(), first->tokenizer());  // the very same: nothing was tokenised again
  EXPECT_EQ(get(data(R"(, "tokenizer": "byte")"))->input_spec().vocabulary, 256);
  const auto refused = cache.describe(data(R"(, "context": 64)"), folder.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "/data/context");
  EXPECT_EQ(cache.describe(data(R"(, "contxt": 64)"), folder.path()).error().where, "/data/contxt");
  EXPECT_EQ(cache.describe(Json::parse("[]"), folder.path()).error().where, "/data/type");
}

TEST(DatasetCache, seedsShareTheFilesButNotTheSplit) {
  const TempFolder folder;
  std::string table = "label,text\n";
  for (int i = 0; i < 60; ++i) table += fmt::format("{},{}\n", i % 2, i);
  write_text(folder / "t.csv", table);
  DatasetCache cache(dataset_catalog());
  const Json data = Json::parse(R"({"type": "text-classification", "source": "t.csv"})");
  const auto of_seed = [&](std::uint64_t seed) { return cache.get(data, folder.path(), seed).value(); };
  const auto val = [](const Dataset& set) {
    std::vector<std::string> out;
    for (std::int64_t i = 0; i < set.size(Split::Val); ++i) out.push_back(set.example(Split::Val, i));
    return out;
  };
  EXPECT_NE(val(*of_seed(1)), val(*of_seed(2)));
  EXPECT_EQ(val(*of_seed(2)), val(*load_dataset(dataset_catalog(), data, folder.path(), 2).value()));  // as if it had been read afresh
}

TEST(DatasetCache, addedFilesAreNoticed) {
  const TempFolder folder;
  write_text(folder / "set" / "a.txt", "x\ny\n");
  write_text(folder / "set" / "b.txt", "z\n");
  DatasetCache cache(dataset_catalog());
  const Json data = Json::parse(R"({"type": "text-classification", "source": "set", "split": [1, 0]})");
  EXPECT_EQ(cache.describe(data, folder.path()).value().classes, 2);
  write_text(folder / "set" / "c.txt", "w\n");
  EXPECT_EQ(cache.describe(data, folder.path()).value().classes, 3);
}

}  // namespace
}  // namespace dsw
