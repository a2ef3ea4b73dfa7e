// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include <gmock/gmock.h>

#include <cmath>

#include "engine/run/checkpoint.h"
#include "engine/run/task.h"
#include "engine/tensor/forwarding_device.h"
#include "engine/train/nan_search.h"
#include "engine/train/run_model.h"
#include "engine/train/train_step.h"
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

std::map<std::pair<std::string, std::int64_t>, double> without(std::map<std::pair<std::string, std::int64_t>, double> metrics,
                                                               const std::string& key) {
  std::erase_if(metrics, [&](const auto& entry) { return entry.first.first == key; });
  return metrics;
}

TEST_F(TrainFixture, ActivationCheckpointingChangesNoBit) {
  const auto numbers = [](const Outcome& outcome) { return without(outcome.metrics, "sys/activation-bytes"); };
  const Outcome plain = run(text_document(20), folder / "plain");
  for (const char* policy : {"every-block", "sqrt", "auto"}) {
    Json document = text_document(20);
    document["training"]["activation_checkpointing"] = policy;
    document["training"]["memory_limit"] = 100'000'000;
    EXPECT_EQ(numbers(run(document, folder / policy)), numbers(plain)) << policy;
  }
}

TEST_F(TrainFixture, AutoChoosesWhatTheLimitAsksForAndSaysSo) {
  Json document = text_document(20);
  document["training"]["batch"] = 64;
  document["model"]["layers"] = 6;
  const auto activations = [&](const char* name) {
    const Outcome outcome = run(document, folder / name);
    EXPECT_TRUE(outcome.result) << outcome.result.error().sentence();
    std::vector<std::string> said;
    for (const MarkBody& mark : outcome.bodies<MarkBody>())
      if (mark.kind == "memory") said.push_back(mark.text);
    return std::pair(outcome.metrics.at({"sys/activation-bytes", 20}), said);
  };
  const double all = activations("all").first;
  document["training"]["activation_checkpointing"] = "auto";
  const double weights = 4 * 3 * (6.0 * 12 * 16 * 16 + 16 * (65 + 16) + 6 * 13 * 16 + 32);  // and AdamW's two
  document["training"]["memory_limit"] = static_cast<std::int64_t>(weights + all * 0.5);
  const auto [half, said] = activations("half");
  EXPECT_LE(half, all * 0.5);
  EXPECT_GT(half, all * 0.2);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], testing::HasSubstr("of 6 blocks are computed again in the backward pass, so that a step takes "));

  document["training"]["memory_limit"] = static_cast<std::int64_t>(weights + all * 0.1);  // less than every block computed again takes
  const auto [little, steps] = activations("little");
  EXPECT_LE(little, all * 0.12);
  ASSERT_GE(steps.size(), 2u);
  EXPECT_THAT(steps[0], testing::HasSubstr("above the limit of"));
  EXPECT_THAT(steps[0], testing::HasSubstr("32 examples at once from here on"));
}

TEST_F(TrainFixture, MicroBatchesAddUpToTheBatchAndResume) {
  Json document = text_document(30);
  document["precision"] = "float32";  // in a narrow one parts round otherwise than the whole
  document["model"]["dropout"] = 0.0;
  const Outcome whole = run(document, folder / "whole");
  document["training"]["micro_batch"] = 3;  // of 4: parts of 3 and 1
  const Outcome parts = run(document, folder / "parts");
  for (const std::int64_t step : {1, 10, 30})
    EXPECT_NEAR(parts.metrics.at({"train/loss", step}), whole.metrics.at({"train/loss", step}), 2e-5) << step;
  EXPECT_NEAR(parts.metrics.at({"train/grad-norm", 1}), whole.metrics.at({"train/grad-norm", 1}), 1e-5);
  EXPECT_LT(parts.metrics.at({"sys/activation-bytes", 10}), whole.metrics.at({"sys/activation-bytes", 10}));
  const Outcome stopped = run(document, folder / "stopped", 13);
  ASSERT_FALSE(stopped.checkpoints.empty());
  const Outcome resumed = run(document, folder / "resumed", -1, folder / "stopped" / stopped.checkpoints.back().file, stopped.last_seq + 1);
  EXPECT_EQ(resumed.metrics.at({"train/loss", 30}), parts.metrics.at({"train/loss", 30}));
}

TEST_F(TrainFixture, TheEstimateOfMemoryIsWithinATenthOfTheMeasuredPeak) {
  const Json gpt = Json::parse(R"({"type": "gpt", "layers": 4, "heads": 4, "width": 64})"),
             llama = Json::parse(R"({"type": "gpt", "layers": 4, "heads": 4, "kv_heads": 2, "width": 64, "norm": "rmsnorm",
                                     "activation": "swiglu", "positions": "rotary", "dropout": 0.1, "bias": false})");
  struct Case {
    Json model;
    const char* training;
    const char* precision = "float32";
  };
  int number = 0;
  for (const Case& test :
       {Case{gpt, "{}"}, Case{gpt, "{}", "bfloat16"}, Case{llama, "{}", "bfloat16"},
        Case{gpt, R"({"activation_checkpointing": "every-block"})", "bfloat16"},
        Case{llama, R"({"activation_checkpointing": "sqrt"})", "bfloat16"}, Case{llama, "{}"},
        Case{gpt, R"({"activation_checkpointing": "every-block"})"}, Case{llama, R"({"activation_checkpointing": "sqrt"})"},
        Case{gpt, R"({"micro_batch": 4})"}, Case{gpt, R"({"activation_checkpointing": "auto", "memory_limit": 12000000})"},
        Case{llama, R"({"activation_checkpointing": "auto", "memory_limit": 6000000})"}}) {
    Json document = text_document(20);
    document["precision"] = test.precision;
    document["data"]["context"] = 64;
    document["model"] = test.model;
    document["training"].update(Json::parse(test.training));
    document["training"]["batch"] = 16;
    const auto estimate = (*catalog.tasks.find("train")->make(Json::object()))->estimate(catalog, document, ".", data.get(), {});
    ASSERT_TRUE(estimate) << estimate.error().sentence();
    const Outcome outcome = run(document, folder / std::to_string(number++));
    ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
    const double measured = 3 * 4 * estimate->parameters + outcome.metrics.at({"sys/activation-bytes", 20});
    EXPECT_NEAR(estimate->peak_bytes / measured, 1, 0.1)
        << test.model.dump() << test.training << test.precision << " measured " << measured;
  }
}

/// A CPU with so much memory.
class SmallDevice : public ForwardingDevice {
 public:
  explicit SmallDevice(std::uint64_t bytes) : ForwardingDevice(make_cpu_device(1)), bytes_(bytes) {}
  std::shared_ptr<Storage> allocate(std::size_t bytes) override {
    if (allocator_stats().live_bytes + bytes > bytes_) throw Error(ErrorCode::OutOfMemory, "A tensor finds no memory.");
    return inner().allocate(bytes);
  }

 private:
  std::uint64_t bytes_;
};

TEST_F(TrainFixture, WithoutMemoryForTheBatchItGoesThroughInParts) {
  Json document = text_document(30);
  document["precision"] = "float32";
  document["training"]["batch"] = 64;
  const auto experiment = make_experiment(catalog, document, ".", data.get());
  ASSERT_TRUE(experiment);
  std::vector<std::string> said;
  const auto steps_on = [&](Device& device) {
    RunContext context(catalog, *experiment, device, folder / "small", {}, [&](Event event) {
      if (const auto* mark = std::get_if<MarkBody>(&event.body)) said.push_back(mark->kind + ": " + mark->text);
    });
    context.data = data.get();
    const auto state = TrainState::make(context);
    EXPECT_TRUE(state);
    std::vector<double> losses;
    for (int i = 0; i < 3; ++i) losses.push_back(train_step(**state, context)->loss);
    return std::pair(losses, (*state)->memory.micro_batch());
  };
  SmallDevice enough(1 << 30), small(2 << 20);
  const auto [expected, all] = steps_on(enough);
  EXPECT_EQ(all, 64);
  EXPECT_TRUE(said.empty());
  const auto [losses, parts] = steps_on(small);
  EXPECT_LT(parts, 64);
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said[0], "memory: A tensor finds no memory. 32 examples at once from here on.");
  EXPECT_NEAR(losses[0], expected[0], 0.05);  // other elements fall to dropout
  SmallDevice nothing(150 << 10);
  EXPECT_THROW(steps_on(nothing), Error);
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
