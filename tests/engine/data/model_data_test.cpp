// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/data/model_data.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/data/tokenizer.h"
#include "engine/formats/image_file.h"
#include "tests/support/datasets.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

class ModelData : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Dataset>> try_load(const std::string& data, const Json& model) {
    return load_dataset_for_model(dataset_catalog(), Json::parse(data), folder.path(), 1, model);
  }
  std::unique_ptr<Dataset> load(const std::string& data, const Json& model) {
    auto dataset = try_load(data, model);
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    return dataset ? std::move(*dataset) : nullptr;
  }
  /// What is stored with a model that was trained on `data`.
  Json trained_on(const std::string& data) {
    const auto dataset = load_test_data(data, folder.path());
    EXPECT_TRUE(dataset) << dataset.error().sentence();
    Json model = {{"classes", (*dataset)->class_names()}, {"input", {{"context", (*dataset)->input_spec().context}}}};
    if ((*dataset)->tokenizer()) model["tokenizer"] = (*dataset)->tokenizer()->to_json();
    const Json facts = (*dataset)->facts();
    for (const char* key : {"mean", "std"})
      if (facts.contains(key)) model[key] = facts[key];
    return model;
  }
  TempFolder folder;
  std::unique_ptr<Device> cpu = make_cpu_device(1);
};

TEST_F(ModelData, textsAreReadInTheModelsTokens) {
  write_text(folder / "train.txt", "abcdefghijabcdefghijabcdefghij");
  write_text(folder / "other.txt", "jihgfe");
  const Json model = trained_on(R"({"type": "text", "source": "train.txt", "context": 8})");
  const auto data = load(R"({"type": "text", "source": "other.txt", "split": [0.1, 0.9]})", model);  // shorter than any window
  EXPECT_EQ(data->input_spec().vocabulary, 10);
  EXPECT_EQ(data->input_spec().context, 8);
  EXPECT_EQ(data->eval_batch(Split::Val, 0, 1, *cpu).input.to_vector<std::int32_t>(), (std::vector<std::int32_t>{9, 8, 7, 6, 5}));
  write_text(folder / "other.txt", "abz");
  EXPECT_EQ(try_load(R"({"type": "text", "source": "other.txt"})", model).error().sentence(),
            "/data/source: the character \"z\" (U+007A) at byte 0 is not among the 10 that the model knows. Leave it out, or write it "
            "another way.");
}

TEST_F(ModelData, labelsAreTheModelsClasses) {
  write_text(folder / "train.csv", "label,text\nbad,awful film\ngood,great film\nugly,odd film\n");
  write_text(folder / "other.csv", "label,text\nugly,unseen film\ngood,great\n");
  const Json model = trained_on(R"({"type": "text-classification", "source": "train.csv", "split": [1, 0], "max_length": 3})");
  const auto data = load(R"({"type": "text-classification", "source": "other.csv", "split": [1, 0]})", model);
  EXPECT_EQ(data->class_names(), (std::vector<std::string>{"bad", "good", "ugly"}));
  const Batch batch = data->eval_batch(Split::Train, 0, 2, *cpu);
  EXPECT_EQ(batch.target.to_vector<std::int32_t>(), (std::vector<std::int32_t>{2, 1}));
  EXPECT_EQ(batch.input.shape(), (Shape{2, 3}));
  const auto ids = batch.input.to_vector<std::int32_t>();
  EXPECT_EQ(ids[0], 1);  // not a word of the model's
  EXPECT_EQ(ids[1], 2);  // "film", its most frequent one
  write_text(folder / "other.csv", "label,text\ngod,x\ngood,y\n");
  EXPECT_EQ(try_load(R"({"type": "text-classification", "source": "other.csv"})", model).error().sentence(),
            "/data/source: other.csv line 2 has the label \"god\", which the model does not know.");
}

TEST_F(ModelData, picturesAreNormalisedAndNumberedAsTheModelWants) {
  const auto write_picture = [&](const std::string& name, std::uint8_t value) {
    const std::vector<std::uint8_t> pixels(4, value);
    write_text(folder.path() / name, encode_png(1, 2, 2, pixels.data()));
  };
  for (const char* name : {"train/ant/1.png", "train/bee/1.png", "train/cat/1.png", "train/cat/2.png"}) write_picture(name, 100);
  write_picture("train/ant/2.png", 200);
  write_picture("other/cat/1.png", 50);
  const Json model = trained_on(R"({"type": "images", "source": "train", "split": [1, 0]})");
  const auto data = load(R"({"type": "images", "source": "other", "split": [1, 0]})", model);
  const Batch batch = data->eval_batch(Split::Train, 0, 1, *cpu);
  EXPECT_EQ(batch.target.to_vector<std::int32_t>(), std::vector<std::int32_t>{2});
  EXPECT_EQ(data->input_spec().classes, 3);
  const double mean = model["mean"][0], deviation = model["std"][0];
  EXPECT_NEAR(batch.input.to_vector<float>()[0], (50 / 255.0 - mean) / deviation, 1e-5);
  write_picture("other/dog/1.png", 50);
  EXPECT_EQ(try_load(R"({"type": "images", "source": "other"})", model).error().sentence(),
            "/data/source: there are pictures of the class \"dog\", which the model does not know.");
  const auto by_number = load(R"({"type": "images", "source": "other", "split": [1, 0]})", Json::parse(R"({"classes": ["0", "1"]})"));
  EXPECT_EQ(by_number->eval_batch(Split::Train, 0, 2, *cpu).target.to_vector<std::int32_t>(), (std::vector<std::int32_t>{0, 1}));
}

TEST_F(ModelData, aDamagedDescriptionGetsASentence) {
  write_text(folder / "t.txt", "abcabcabc");
  for (const char* model :
       {R"({"tokenizer": {"kind": "morse"}})", R"({"tokenizer": 5})", R"({"input": {"context": "x"}})", R"({"input": 5})"})
    EXPECT_FALSE(try_load(R"({"type": "text", "source": "t.txt", "context": 2})", Json::parse(model))) << model;
  EXPECT_TRUE(try_load(R"({"type": "text", "source": "t.txt", "context": 2})", Json::parse("null")));
}

}  // namespace
}  // namespace dsw
