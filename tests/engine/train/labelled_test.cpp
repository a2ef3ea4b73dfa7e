// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include <cmath>

#include "engine/tensor/device.h"
#include "engine/train/evaluation.h"
#include "engine/train/run_model.h"
#include "tests/engine/train/train_fixture.h"

namespace dsw {
namespace {

Json digits(int steps) {
  return Json::parse(R"({"deepshock": 1, "task": "train", "name": "digits", "seed": 2,
    "data": {"type": "images", "source": "builtin:mnist"},
    "model": {"type": "cnn", "channels": [4], "pool": [4]},
    "training": {"steps": )" +
                     std::to_string(steps) + R"(, "batch": 32, "eval_every": )" + std::to_string(steps) + R"(, "eval_batches": 2}})");
}

TEST_F(TrainFixture, ImagesGiveTestMetricsConfusionAndMistakesWithPictures) {
  const Outcome outcome = run(digits(20), folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  for (const char* name : {"loss", "accuracy", "error"}) {
    EXPECT_TRUE(outcome.metrics.contains({std::string("val/") + name, 20})) << name;
    EXPECT_TRUE(outcome.metrics.contains({std::string("test/") + name, 20})) << name;
  }
  for (const auto& [key, value] : outcome.metrics) {
    EXPECT_FALSE(key.first.starts_with("test/") && key.second != 20) << "the test part is seen at the end alone";
    EXPECT_FALSE(key.first.ends_with("perplexity"));
  }
  EXPECT_NEAR(outcome.metrics.at({"test/accuracy", 20}) + outcome.metrics.at({"test/error", 20}), 1, 1e-12);
  auto samples = outcome.bodies<SampleBody>();
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].kind, "profile") << "of the steps before the last evaluation";
  EXPECT_FALSE(Json::parse(samples[0].data).at("kernels").empty());
  samples.erase(samples.begin());
  const Json confusion = Json::parse(samples[0].data), wrong = Json::parse(samples[1].data);
  std::int64_t all = 0, right = 0;
  for (std::size_t r = 0; r < 10; ++r)
    for (std::size_t c = 0; c < 10; ++c) {
      all += confusion.at("counts")[r][c].get<std::int64_t>();
      right += r == c ? confusion.at("counts")[r][c].get<std::int64_t>() : 0;
    }
  EXPECT_EQ(all, 10000);  // the whole test part
  EXPECT_NEAR(static_cast<double>(right) / 10000, outcome.metrics.at({"test/accuracy", 20}), 1e-12);
  ASSERT_EQ(wrong.at("items").size(), 24u);
  double before = 1;
  for (const Json& item : wrong.at("items")) {
    EXPECT_NE(item.at("truth"), item.at("guess"));
    EXPECT_LE(item.at("probability").get<double>(), before);
    before = item.at("probability").get<double>();
    const std::string picture = read_text(folder / "run" / item.at("file").get<std::string>());
    EXPECT_EQ(picture.substr(0, 4), "\x89PNG");
  }
}

TEST_F(TrainFixture, LabelledTextsTrainAndTellTheirMistakes) {
  std::string lines = "label\ttext\n";
  for (int i = 0; i < 120; ++i)
    lines += i % 2 ? fmt::format("good\tfine nice word{}\n", i % 7) : fmt::format("bad\tpoor sad word{}\n", i % 5);
  write_text(folder / "t.tsv", lines);
  const Json document = Json::parse(R"({"deepshock": 1, "task": "train", "name": "texts", "seed": 2,
    "data": {"type": "text-classification", "source": ")" +
                                    (folder / "t.tsv").string() + R"(", "tokenizer": "word", "max_length": 8, "split": [0.5, 0.25, 0.25]},
    "model": {"type": "text-classifier", "layers": 1, "heads": 2, "width": 16},
    "optimizer": {"type": "adamw", "lr": 1e-2}, "training": {"epochs": 10, "batch": 10}})");
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  EXPECT_EQ(outcome.metrics.at({"test/accuracy", 60}), 1.0);  // 60 of 120 in the train part, 6 batches an epoch
  EXPECT_TRUE(outcome.bodies<SampleBody>().back().files.empty());
}

TEST_F(TrainFixture, AnEvaluationCountsEveryTargetOnceAndSamplesSpread) {
  const Outcome outcome = run(text_document(3), folder / "run");
  ASSERT_TRUE(outcome.result);
  const auto device = make_cpu_device(1);
  const auto loaded = load_run_model(catalog, folder / "run" / "step-3.safetensors", *device);
  ASSERT_TRUE(loaded) << loaded.error().sentence();
  const Json document = Json::parse(make_experiment(catalog, text_document(3), ".", data.get())->resolved);
  const auto set = data->get(document.at("data"), ".", 5).value();
  EvaluationRequest request;
  request.batch = 4;
  const Evaluation whole = evaluate(*loaded->model, *set, request, *device, {}).value();
  EXPECT_EQ(whole.targets, set->size(Split::Val) - 1);
  request.batch = 7;
  const Evaluation other = evaluate(*loaded->model, *set, request, *device, {}).value();
  EXPECT_EQ(other.targets, whole.targets);
  EXPECT_EQ(other.correct, whole.correct);
  EXPECT_NEAR(other.loss(), whole.loss(), 1e-5);
  EXPECT_NEAR(whole.loss(), outcome.metrics.at({"val/loss", 3}), 1e-5);
  request.batches = 3;
  EXPECT_LT(evaluate(*loaded->model, *set, request, *device, {}).value().targets, whole.targets);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(evaluate(*loaded->model, *set, request, *device, stop.get_token()).error().code, ErrorCode::Stopped);
}

}  // namespace
}  // namespace dsw
