// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include <cmath>

#include "engine/run/checkpoint.h"
#include "engine/tensor/device.h"
#include "engine/train/nan_search.h"
#include "engine/train/run_model.h"
#include "tests/engine/train/train_fixture.h"

namespace dsw {
namespace {

/// Everything of two checkpoint files but the description.
void expect_equal_checkpoints(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto device = make_cpu_device(1);
  const auto x = read_checkpoint(a, *device), y = read_checkpoint(b, *device);
  ASSERT_TRUE(x && y);
  ASSERT_EQ(x->tensors.size(), y->tensors.size());
  for (const auto& [name, tensor] : x->tensors) EXPECT_EQ(tensor.to_vector<float>(), y->tensors.at(name).to_vector<float>()) << name;
  Json one = Json::parse(x->meta), other = Json::parse(y->meta);
  for (Json* meta : {&one, &other}) meta->erase("seq");  // a run that was stopped says so in events of their own
  EXPECT_EQ(one, other);
}

TEST_F(TrainFixture, TellsEveryMetricOfTheContract) {
  const Outcome outcome = run(text_document(30), folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  for (std::int64_t step = 1; step <= 30; ++step)
    for (const char* key : {"train/loss", "train/grad-norm", "train/lr"}) EXPECT_TRUE(outcome.metrics.contains({key, step})) << key << step;
  for (const std::int64_t step : {0, 10, 20, 30})
    for (const char* key : {"val/loss", "val/accuracy", "val/error", "val/perplexity", "val/bits-per-char"})
      EXPECT_TRUE(outcome.metrics.contains({key, step})) << key << step;
  EXPECT_TRUE(outcome.metrics.contains({"sys/activation-bytes", 10}));
  EXPECT_LT(outcome.metrics.at({"val/loss", 30}), outcome.metrics.at({"val/loss", 0}));
  EXPECT_NEAR(outcome.metrics.at({"val/perplexity", 30}), std::exp(outcome.metrics.at({"val/loss", 30})), 1e-9);
  EXPECT_NEAR(outcome.metrics.at({"val/bits-per-char", 30}), outcome.metrics.at({"val/loss", 30}) / std::log(2.0), 1e-9);
  const auto statuses = outcome.bodies<StatusBody>();
  ASSERT_EQ(statuses.size(), 2u);
  EXPECT_EQ(statuses[0].status, RunStatus::Running);
  EXPECT_EQ(statuses[1].status, RunStatus::Finished);
  EXPECT_EQ(statuses[1].step, 30);
  EXPECT_FALSE(outcome.bodies<SampleBody>().empty());
}

TEST_F(TrainFixture, TheSameDocumentGivesTheSameBits) {
  const Outcome a = run(text_document(25), folder / "a"), b = run(text_document(25), folder / "b");
  EXPECT_EQ(a.metrics, b.metrics);
  expect_equal_checkpoints(folder / "a" / "step-25.safetensors", folder / "b" / "step-25.safetensors");
  Json other = text_document(25);
  other["seed"] = 6;
  EXPECT_NE(run(other, folder / "c").metrics, a.metrics);
}

TEST_F(TrainFixture, StopAndResumeEqualsAnUnbrokenRun) {
  const Outcome whole = run(text_document(30), folder / "whole");
  for (const std::int64_t at : {1, 7, 10, 20, 29}) {
    SCOPED_TRACE(at);
    const auto place = folder / ("stopped" + std::to_string(at));
    const Outcome first = run(text_document(30), place, at);
    ASSERT_FALSE(first.result);
    EXPECT_EQ(first.result.error().code, ErrorCode::Stopped);
    EXPECT_EQ(first.bodies<StatusBody>().back().status, RunStatus::Stopped);
    EXPECT_EQ(first.checkpoints.back().step, at);
    const Outcome second = run(text_document(30), place, -1, place / first.checkpoints.back().file, first.last_seq + 1);
    ASSERT_TRUE(second.result) << second.result.error().sentence();
    EXPECT_EQ(second.events.front().seq, first.last_seq + 1);
    auto both = first.metrics;
    for (const auto& [key, value] : second.metrics)
      EXPECT_TRUE(both.emplace(key, value).second) << key.first << " " << key.second << " stands twice";
    EXPECT_EQ(both, whole.metrics);
    expect_equal_checkpoints(place / "step-30.safetensors", folder / "whole" / "step-30.safetensors");
  }
}

TEST_F(TrainFixture, ResumeFromAnOlderCheckpointGivesTheSameNumbersAgain) {
  const Outcome whole = run(text_document(30), folder / "whole");
  const auto& early = whole.checkpoints.at(1);
  ASSERT_LT(early.step, 30);
  // The folder keeps the newest; make it once more up to there.
  const Outcome part = run(text_document(30), folder / "part", early.step);
  const Outcome again = run(text_document(30), folder / "again", -1, folder / "part" / part.checkpoints.back().file, part.last_seq + 1);
  for (const auto& [key, value] : again.metrics) EXPECT_EQ(whole.metrics.at(key), value) << key.first << " " << key.second;
}

TEST_F(TrainFixture, ATinySetIsLearnedByHeart) {
  Json document = text_document(400);
  document["data"]["max_bytes"] = 200;
  document["data"]["split"] = {0.7, 0.3};
  document["model"] = {{"type", "gpt"}, {"layers", 1}, {"heads", 2}, {"width", 32}};
  document["optimizer"] = {{"type", "adamw"}, {"lr", 1e-2}};
  document["training"] = {{"steps", 400}, {"batch", 8}, {"eval_every", 400}};
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  EXPECT_LT(outcome.metrics.at({"train/loss", 400}), 0.35);
}

TEST_F(TrainFixture, ALossThatIsNoNumberStopsAtTheLastCheckpointAndSaysWhere) {
  Json document = text_document(60);
  document["optimizer"] = {{"type", "sgd"}, {"lr", 900}, {"clip", 0}, {"schedule", {{"type", "constant"}, {"warmup", 20}}}};
  document["training"]["checkpoint_every"] = 1;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_FALSE(outcome.result);
  const Error& error = outcome.result.error();
  EXPECT_EQ(error.code, ErrorCode::NotANumber);
  EXPECT_EQ(exit_code(error.code), 1);
  EXPECT_NE(error.message.find("at step "), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("first in "), std::string::npos) << error.message;
  ASSERT_FALSE(outcome.checkpoints.empty());
  EXPECT_NE(error.message.find(fmt::format("The checkpoint of step {} is kept", outcome.checkpoints.back().step)), std::string::npos)
      << error.message;
  EXPECT_NE(error.hint.find("learning rate"), std::string::npos);
  EXPECT_EQ(outcome.bodies<StatusBody>().back().status, RunStatus::Failed);
  EXPECT_EQ(outcome.bodies<MarkBody>().back().kind, "nan");
  // What is kept is good.
  const auto device = make_cpu_device(1);
  const auto checkpoint = read_checkpoint(folder / "run" / outcome.checkpoints.back().file, *device);
  ASSERT_TRUE(checkpoint);
  for (const auto& [name, tensor] : checkpoint->tensors)
    for (const float value : tensor.to_vector<float>()) ASSERT_TRUE(std::isfinite(value)) << name;
}

/// A weight that an earlier step ruined is found in a forward pass by its name.
TEST_F(TrainFixture, TheSearchNamesTheFirstPlaceOfAForwardPass) {
  const Outcome outcome = run(text_document(1), folder / "run");
  const auto device = make_cpu_device(1);
  const auto loaded = load_run_model(catalog, folder / "run" / "step-1.safetensors", *device);
  ASSERT_TRUE(loaded) << loaded.error().sentence();
  Batch batch;
  batch.input = from_host(std::vector<std::int32_t>{1, 2, 3, 4}, Shape{1, 4}, *device);
  EXPECT_EQ(where_not_finite(*loaded->model, batch, 0, 0, false), "");
  for (const Module::Named& named : loaded->model->parameters()) {
    if (named.name != "transformer.h.1.attn.c_attn.weight") continue;
    float* values = named.parameter->value.data<float>();
    std::fill(values, values + named.parameter->value.elements(), 1e30f);  // finite, but q k is not
  }
  EXPECT_EQ(where_not_finite(*loaded->model, batch, 0, 0, false), "block 1, attention");
  EXPECT_EQ(place_in_words("transformer.h.2.attn.probabilities"), "block 2, attention");
  EXPECT_EQ(place_in_words("layer3.0.conv1"), "layer3 0, conv1");
  EXPECT_EQ(place_in_words("logits"), "logits");
}

TEST_F(TrainFixture, EarlyStoppingEndsWithTheBestWeightsAlsoAfterAResume) {
  Json document = text_document(400);
  document["data"]["max_bytes"] = 1200;  // soon known by heart: the val loss turns up
  document["optimizer"]["lr"] = 2e-2;
  document["training"] = {{"steps", 400}, {"batch", 8}, {"eval_every", 10}, {"patience", 2}, {"sample_tokens", 0}};
  const Outcome whole = run(document, folder / "whole");
  ASSERT_TRUE(whole.result) << whole.result.error().sentence();
  const std::int64_t end = whole.checkpoints.back().step;
  ASSERT_LT(end, 400);
  EXPECT_EQ(whole.bodies<MarkBody>().back().kind, "early-stop");
  const Outcome first = run(document, folder / "stopped", end - 5);
  const Outcome second = run(document, folder / "stopped", -1, folder / "stopped" / first.checkpoints.back().file, first.last_seq + 1);
  ASSERT_TRUE(second.result);
  EXPECT_EQ(second.checkpoints.back().step, end);
  expect_equal_checkpoints(folder / "stopped" / ("step-" + std::to_string(end) + ".safetensors"),
                           folder / "whole" / ("step-" + std::to_string(end) + ".safetensors"));
  auto both = first.metrics;
  both.insert(second.metrics.begin(), second.metrics.end());
  EXPECT_EQ(both, whole.metrics);
}

TEST_F(TrainFixture, OldCheckpointsGoAndTheBestStays) {
  Json document = text_document(60);
  document["training"]["keep"] = 0;
  document["training"]["checkpoint_every"] = 2;
  document["training"]["eval_every"] = 20;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "run")) files += entry.path().extension() == ".safetensors";
  EXPECT_LE(files, 4u);
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "step-60.safetensors"));
}

/// A place that cannot be written makes the run wait; once it can, the run goes on as if nothing had been.
TEST_F(TrainFixture, ARunWaitsForAPlaceToSaveItsCheckpoint) {
  const Outcome whole = run(text_document(20), folder / "whole");
  const auto place = folder / "gone";
  on_event = [&](const Event& event) {
    const auto* metric = std::get_if<MetricBody>(&event.body);
    if (metric && metric->key == "train/loss" && metric->step == 12) std::filesystem::remove_all(place);
    const auto* status = std::get_if<StatusBody>(&event.body);
    if (status && status->status == RunStatus::Paused) std::filesystem::create_directories(place);
  };
  const Outcome outcome = run(text_document(20), place);
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  std::vector<RunStatus> statuses;
  for (const StatusBody& status : outcome.bodies<StatusBody>()) statuses.push_back(status.status);
  EXPECT_EQ(statuses, (std::vector<RunStatus>{RunStatus::Running, RunStatus::Paused, RunStatus::Running, RunStatus::Finished}));
  EXPECT_EQ(outcome.metrics, whole.metrics);
}

TEST_F(TrainFixture, ProblemsOfLengthDataAndModelComeTogether) {
  Json document = text_document(10);
  document["model"]["heads"] = 3;
  document["training"].erase("steps");
  document["training"]["sample_prompt"] = "\xE4\xBD\xA0";
  std::vector<std::string> pointers;
  for (const Problem& problem : validate_document(catalog, document, ".", data.get())) pointers.push_back(problem.pointer);
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers, (std::vector<std::string>{"/model/heads", "/training/sample_prompt", "/training/steps"}));
  document = text_document(10);
  document["training"]["epochs"] = 2;
  EXPECT_EQ(validate_document(catalog, document, ".", data.get()).at(0).pointer, "/training/epochs");
}

}  // namespace
}  // namespace dsw
