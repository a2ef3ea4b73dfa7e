// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "engine/formats/image_file.h"
#include "tests/support/datasets.h"
#include "tests/support/gzip.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_images.h"

namespace dsw {
namespace {

class ImageData : public ::testing::Test {
 protected:
  std::unique_ptr<Dataset> load(const std::string& more, std::uint64_t seed = 1) {
    auto dataset = load_test_data(document(more), folder.path(), seed);
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    return dataset ? std::move(*dataset) : nullptr;
  }
  std::string error(const std::string& more) { return load_error(document(more), folder.path()); }
  static std::string document(const std::string& more) { return R"({"type": "images", )" + more + "}"; }

  /// 20 pictures of 2 × 3 pixels, whose bytes are the picture's number; labels in turn.
  void write_idx(const std::string& prefix = "train") {
    std::string pixels, labels;
    for (int i = 0; i < 20; ++i) pixels.append(6, static_cast<char>(i)), labels += static_cast<char>(i % 2);
    write_text(folder / (prefix + "-images-idx3-ubyte"), idx_images(20, 2, 3, pixels));
    write_text(folder / (prefix + "-labels-idx1-ubyte.gz"), gzip(idx_labels(labels)));
  }
  void write_picture(const std::string& name, int channels, int height, int width, std::uint8_t value) {
    const std::vector<std::uint8_t> planes(static_cast<std::size_t>(channels * height * width), value);
    write_text(folder.path() / name, encode_png(channels, height, width, planes.data()));
  }
  TempFolder folder;
  std::unique_ptr<Device> cpu = make_cpu_device(1);
};

TEST_F(ImageData, mnistIsAsPublished) {
  const auto data = load(R"("source": "builtin:mnist")");
  ASSERT_TRUE(data);
  EXPECT_EQ(data->size(Split::Train), 54000);
  EXPECT_EQ(data->size(Split::Val), 6000);
  EXPECT_EQ(data->size(Split::Test), 10000);
  const InputSpec spec = data->input_spec();
  EXPECT_EQ(spec.kind, InputSpec::Kind::Image);
  EXPECT_EQ(spec.channels, 1);
  EXPECT_EQ(spec.height, 28);
  EXPECT_EQ(spec.width, 28);
  EXPECT_EQ(spec.classes, 10);
  // First labels of the test part and counts of digits, as published by LeCun.
  const Batch batch = data->eval_batch(Split::Test, 0, 10, *cpu);
  EXPECT_EQ(batch.target.to_vector<std::int32_t>(), (std::vector<std::int32_t>{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}));
  EXPECT_EQ(data->facts()["class_counts"]["1"], 6742 + 1135);
  EXPECT_EQ(data->files().size(), 4U);
  EXPECT_EQ(data->files()[0].sha256, "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64");
  const std::vector<float> values = batch.input.to_vector<float>();
  EXPECT_NEAR(values[0], -0.1307 / 0.3081, 1e-6);
  EXPECT_NEAR(*std::max_element(values.begin(), values.end()), (1 - 0.1307) / 0.3081, 1e-6);
  // Over the training part the usual mean and deviation give 0 and 1.
  double sum = 0, squares = 0, count = 0;
  for (std::int64_t i = 0; i < 20; ++i)
    for (const float x : data->eval_batch(Split::Train, i, 500, *cpu).input.to_vector<float>()) sum += x, squares += x * x, ++count;
  EXPECT_NEAR(sum / count, 0, 0.02);
  EXPECT_NEAR(squares / count, 1, 0.02);
  EXPECT_EQ(load(R"("source": "builtin:mnist", "split": [0.5, 0.25])")->size(Split::Train), 30000);
  EXPECT_NE(
      error(R"("source": "builtin:mnist", "split": [0.8, 0.1, 0.1])").find("three shares, but the test part comes from a file of its own"),
      std::string::npos);
}

TEST_F(ImageData, batchesAreMadeFast) {
  const auto data = load(R"("source": "builtin:mnist", "augment": ["shift"])");
  const std::uint64_t warm = (data->train_batch(1, 0, 64, *cpu), cpu->allocator_stats().system_allocations);
  const auto start = std::chrono::steady_clock::now();
  constexpr int kSteps = 400;
  for (int step = 1; step <= kSteps; ++step) data->train_batch(1, step, 64, *cpu);
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() / kSteps;
  RecordProperty("ms_a_batch", std::to_string(ms));
  EXPECT_LT(ms, 5);  // 0.1 ms on an idle machine; this only notices an order of magnitude
  EXPECT_EQ(cpu->allocator_stats().system_allocations, warm);
}

TEST_F(ImageData, readsIdxFilesByNameByPairAndByFolder) {
  write_idx();
  write_idx("t10k");
  const auto folder_set = load(R"("source": ".", "split": [0.8, 0.2])");
  EXPECT_EQ(folder_set->size(Split::Train), 16);
  EXPECT_EQ(folder_set->size(Split::Val), 4);
  EXPECT_EQ(folder_set->size(Split::Test), 20);
  const auto pair =
      load(R"("source": ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"], "split": [0.6, 0.2, 0.2], "mean": 0, "std": 1)");
  EXPECT_EQ(pair->size(Split::Test), 4);
  EXPECT_EQ(pair->input_spec().width, 3);
  const Batch batch = pair->eval_batch(Split::Test, 0, 4, *cpu);
  EXPECT_EQ(batch.input.shape(), (Shape{4, 1, 2, 3}));
  const auto labels = batch.target.to_vector<std::int32_t>();
  const auto pixels = batch.input.to_vector<float>();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(static_cast<int>(std::lround(pixels[i * 6] * 255)) % 2, labels[i]);
  EXPECT_EQ(load(R"("source": ["train-labels-idx1-ubyte.gz", "train-images-idx3-ubyte"])")->size(Split::Train), 18);
  std::filesystem::rename(folder / "t10k-labels-idx1-ubyte.gz", folder / "other");
  EXPECT_NE(error(R"("source": "t10k-images-idx3-ubyte")").find("t10k-labels-idx1-ubyte is not there"), std::string::npos);
}

TEST_F(ImageData, damagedIdxFilesGetASentence) {
  write_idx();
  const std::string images = read_text(folder / "train-images-idx3-ubyte"), labels = idx_labels(std::string(20, 'a'));
  const std::string both = R"("format": "idx", "source": ["i", "l"])";
  write_text(folder / "l", labels);
  for (std::size_t cut = 0; cut < images.size(); ++cut) {
    write_text(folder / "i", images.substr(0, cut));
    const std::string sentence = error(both);
    EXPECT_NE(sentence.find(cut == 0 ? "i is empty" : fmt::format("{}", cut)), std::string::npos) << sentence;
    EXPECT_NE(error(R"("source": ["i", "l"])"), "loaded");
  }
  write_text(folder / "i", images);
  for (std::size_t cut = 0; cut < labels.size(); ++cut) {
    write_text(folder / "l", labels.substr(0, cut));
    EXPECT_NE(error(both), "loaded") << cut;
  }
  write_text(folder / "l", idx_labels(std::string(19, 'a')));
  EXPECT_EQ(error(both), "/data/source: i has 20 pictures, but l has 19 labels. Choose two files that belong together.");
  write_text(folder / "i", images + "x");
  EXPECT_EQ(error(both), "/data/source: i goes on after byte 136, where its 20 pictures end. Fetch it again, or choose another file.");
  write_text(folder / "i", images.substr(0, 100));
  EXPECT_EQ(error(both),
            "/data/source: i ends at byte 100, but its head says 20 pictures, which take 136 bytes. Fetch it again: it is not complete.");
  write_text(folder / "i", idx_images(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, ""));
  EXPECT_EQ(error(both),
            "/data/source: i says that it holds more than any file can, in its first 16 bytes. Fetch it again, or choose another file.");
  write_text(folder / "i", std::string("\x89PNG\r\n\x1a\n", 8));
  EXPECT_EQ(error(both), "/data/source: i is not an IDX file: it starts with 89 50, not with 00 00. Choose an IDX file.");
  EXPECT_EQ(error(R"("source": "i")"), "/data/source: i is one picture. Give the folder that holds one folder a class.");
  write_text(folder / "i", "some text");
  EXPECT_EQ(error(R"("source": "i")"),
            "/data/source: i is neither IDX nor CIFAR binary: it has 9 bytes, and does not start with 00 00 08. Choose another file, or "
            "say its \"format\" to learn what is wrong with it.");
}

TEST_F(ImageData, readsCifarBinaryFiles) {
  std::string records;
  for (int i = 0; i < 20; ++i)
    records += static_cast<char>(i % 10) + std::string(1024, 'r') + std::string(1024, 'g') + std::string(1024, static_cast<char>(i));
  write_text(folder / "a.bin", records);
  write_text(folder / "b.bin.gz", gzip(records));
  const auto data = load(R"("source": ["a.bin", "b.bin.gz"], "test_source": "a.bin", "mean": [0, 0, 0], "std": [1, 1, 1])");
  EXPECT_EQ(data->size(Split::Train), 36);
  EXPECT_EQ(data->size(Split::Val), 4);
  EXPECT_EQ(data->size(Split::Test), 20);
  EXPECT_EQ(data->class_names()[6], "frog");
  const auto pixels = data->eval_batch(Split::Test, 3, 1, *cpu).input.to_vector<float>();
  EXPECT_NEAR(pixels[0] * 255, 'r', 1e-4);
  EXPECT_NEAR(pixels[2048] * 255, 3, 1e-4);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{3072}, std::size_t{3075}, records.size() - 1}) {
    write_text(folder / "cut.bin", records.substr(0, cut));
    const std::string wanted =
        cut == 0 ? "cut.bin is empty"
                 : fmt::format("cut.bin has {} bytes, which is no whole number of records of 3073 bytes: it ends inside record {}", cut,
                               cut / 3073 + 1);
    EXPECT_NE(error(R"("format": "cifar-binary", "source": "cut.bin")").find(wanted), std::string::npos) << cut;
    EXPECT_NE(error(R"("source": "cut.bin")"), "loaded");
  }
  records[3073] = 77;
  write_text(folder / "a.bin", records);
  EXPECT_EQ(error(R"("source": "a.bin")"),
            "/data/source: a.bin has the label 77 at byte 3073; there are 10 classes. Choose a file in the binary version of CIFAR.");
  write_text(folder / "c.bin", "\x01\x63" + std::string(3072, 'x') + "\x02\x05" + std::string(3072, 'x'));
  EXPECT_EQ(load(R"("source": "c.bin", "split": [1, 0])")->input_spec().classes, 100);
}

TEST_F(ImageData, readsAFolderOfPictures) {
  for (int i = 0; i < 6; ++i) write_picture(fmt::format("pets/cat/{}.png", i), 1, 4, 5, static_cast<std::uint8_t>(i));
  for (int i = 0; i < 4; ++i) write_picture(fmt::format("pets/dog/{}.PNG", i), 3, 4, 5, 200);
  write_text(folder / "pets/dog/z.jpg", encode_test_jpeg(3, 4, 5, std::vector<std::uint8_t>(60, 100)));
  write_text(folder / "pets/dog/notes.txt", "x");
  const auto data = load(R"("source": "pets", "split": [0.8, 0.2])");
  EXPECT_EQ(data->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data->input_spec().channels, 3);  // grey ones become coloured
  EXPECT_EQ(data->input_spec().height, 4);
  EXPECT_EQ(data->input_spec().width, 5);
  EXPECT_EQ(data->facts()["examples"], 11);
  EXPECT_EQ(data->facts()["notes"][0], "1 file in pets is no PNG or JPEG picture and was left out.");
  EXPECT_EQ(data->files().size(), 11U);
  const auto image = decode_image(data->example(Split::Train, 0), "example");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->pixels, std::vector<std::uint8_t>(60, image->pixels[0]));

  write_picture("test/dog/1.png", 3, 4, 5, 1);
  EXPECT_EQ(load(R"("source": "pets", "test_source": "test")")->size(Split::Test), 1);
  write_picture("test/cow/1.png", 3, 4, 5, 1);
  EXPECT_EQ(error(R"("source": "pets", "test_source": "test")"),
            "/data/test_source: the folder test has the class \"cow\", which the source has not. Rename it, or take it out.");
  write_picture("pets/cat/9.png", 1, 4, 6, 1);
  EXPECT_EQ(error(R"("source": "pets")"),
            "/data/source: cat/9.png has 6 × 4 pixels, but cat/0.png has 5 × 4. Scale all pictures to one size.");
  write_text(folder / "pets/cat/9.png", "not a picture");
  EXPECT_EQ(error(R"("source": "pets")"),
            "/data/source: cat/9.png is neither PNG nor JPEG, which its first bytes say. Replace it, or take it out of the folder.");
  std::filesystem::remove(folder / "pets/cat/9.png");
  std::filesystem::create_directory(folder / "pets/owl");
  EXPECT_EQ(error(R"("source": "pets")"),
            "/data/source: the class folder owl of pets holds no PNG or JPEG picture. Put pictures in it, or take it out.");
  std::filesystem::create_directories(folder / "set/train/cat");
  std::filesystem::create_directories(folder / "set/test");
  EXPECT_EQ(
      error(R"("source": "set")"),
      "/data/source: set holds parts of a set, not classes. Give set/train as source and the folder of the test part as test_source.");
  std::filesystem::create_directories(folder / "nothing");
  EXPECT_EQ(error(R"("source": "nothing")"), "/data/source: the folder nothing holds no folder. Put one folder of pictures a class in it.");
}

TEST_F(ImageData, settingsThatDoNotFitGetASentence) {
  write_idx();
  const std::string source = R"("source": ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"], )";
  EXPECT_EQ(error(source + R"("mean": [0.1, 0.2])"),
            "/data/mean: mean has 2 numbers, but the pictures have 1 channel. Give one number a channel, or one for all.");
  EXPECT_EQ(error(source + R"("std": 0)"), "/data/std: `/data/std` is 0, but must be above 0 and at most 10.");
  EXPECT_EQ(error(source + R"("augment": ["rotate"])"),
            "/data/augment/0: `/data/augment/0` is \"rotate\", but must be \"shift\", \"crop\", \"flip\" or \"cutout\".");
  EXPECT_EQ(error(R"("source": "builtin:mnst")"),
            "/data/source: no pictures \"builtin:mnst\" are shipped with the program. There is builtin:mnist.");
  EXPECT_EQ(error(R"("source": [])"), "/data/source: `/data/source` has 0 items, but must have at least 1.");
  EXPECT_EQ(load(source + R"("classes": ["even", "odd"])")->class_names()[1], "odd");
}

TEST_F(ImageData, augmentationIsPureAndOnlyForTraining) {
  const std::string mnist = R"("source": "builtin:mnist", "augment": )";
  const auto plain = load(mnist + "[]"), changed = load(mnist + R"(["shift", "crop", "flip", "cutout"])");
  const auto pixels = [&](const Dataset& data, std::uint64_t seed, std::int64_t step) {
    return data.train_batch(seed, step, 8, *cpu).input.to_vector<float>();
  };
  EXPECT_EQ(pixels(*changed, 1, 5), pixels(*changed, 1, 5));
  EXPECT_NE(pixels(*changed, 1, 5), pixels(*plain, 1, 5));
  EXPECT_EQ(changed->train_batch(1, 5, 8, *cpu).examples, plain->train_batch(1, 5, 8, *cpu).examples);
  EXPECT_EQ(changed->eval_batch(Split::Train, 3, 8, *cpu).input.to_vector<float>(),
            plain->eval_batch(Split::Train, 3, 8, *cpu).input.to_vector<float>());
}

TEST_F(ImageData, realCifarLoads) {
  const auto shared = shared_data("cifar10-lossless-5k/test_batch_first1000.bin.gz");
  if (!shared) GTEST_SKIP() << kNoSharedData;
  const auto data =
      load(R"("format": "cifar-binary", "source": ")" + std::filesystem::absolute(*shared).string() + R"(", "split": [1, 0])");
  EXPECT_EQ(data->size(Split::Train), 1000);
  std::vector<std::int32_t> labels = data->eval_batch(Split::Train, 0, 11, *cpu).target.to_vector<std::int32_t>();
  EXPECT_EQ(labels, (std::vector<std::int32_t>{3, 8, 8, 0, 6, 6, 1, 6, 3, 1, 0}));
}

}  // namespace
}  // namespace dsw
