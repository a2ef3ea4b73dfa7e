// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 180
// Training in bfloat16: near float32, the same bits each time, and a model that is used as it was trained.
#include <gmock/gmock.h>

#include <cmath>

#include "engine/run/checkpoint.h"
#include "engine/tensor/device.h"
#include "engine/train/evaluation.h"
#include "engine/train/run_model.h"
#include "tests/engine/train/train_fixture.h"
#include "tests/support/relabelled_device.h"

namespace dsw {
namespace {

struct PrecisionTest : TrainFixture {
  using TrainFixture::TrainFixture;
  static Json document(int steps, const char* precision = "bfloat16") {
    Json made = text_document(steps);
    made["precision"] = precision;
    return made;
  }
};

TEST_F(PrecisionTest, BfloatFollowsFloat32) {
  const Outcome wide = run(document(60, "float32"), folder / "wide"), narrow = run(document(60), folder / "narrow");
  ASSERT_TRUE(wide.result && narrow.result);
  bool differs = false;
  for (const auto& [key, value] : wide.metrics) {
    if (key.first != "train/loss" && key.first != "val/loss") continue;
    EXPECT_NEAR(narrow.metrics.at(key), value, 0.02 * value) << key.first << " at " << key.second;
    differs = differs || narrow.metrics.at(key) != value;
  }
  EXPECT_TRUE(differs) << "the run did not compute in another precision";
  EXPECT_LT(narrow.metrics.at({"sys/activation-bytes", 60}), 0.8 * wide.metrics.at({"sys/activation-bytes", 60}));
}

TEST_F(PrecisionTest, Float8FollowsBfloatRepeatsAndIsKnownToTheModel) {
  const Outcome outcome = run(document(30, "float8"), folder / "float8"), beside = run(document(30), folder / "bfloat");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  for (const char* key : {"train/loss", "val/loss"})
    EXPECT_NEAR(outcome.metrics.at({key, 30}), beside.metrics.at({key, 30}), 0.02 * beside.metrics.at({key, 30})) << key;
  EXPECT_NE(outcome.metrics, beside.metrics) << "the run did not compute in 8 bits";
  EXPECT_LT(outcome.metrics.at({"sys/activation-bytes", 30}), beside.metrics.at({"sys/activation-bytes", 30}));
  EXPECT_EQ(run(document(30, "float8"), folder / "again").metrics, outcome.metrics);

  const auto device = make_cpu_device(1);
  const auto loaded = load_run_model(catalog, folder / "float8" / outcome.checkpoints.back().file, *device);
  ASSERT_TRUE(loaded) << loaded.error().sentence();
  EXPECT_EQ(loaded->model->compute(), (Compute{DType::BF16, true}));
}

TEST_F(PrecisionTest, BfloatRepeatsAndResumesToTheBit) {
  const Outcome whole = run(document(20), folder / "whole");
  EXPECT_EQ(run(document(20), folder / "again").metrics, whole.metrics);
  const Outcome first = run(document(20), folder / "stopped", 7);
  ASSERT_EQ(first.checkpoints.back().step, 7);
  const Outcome second = run(document(20), folder / "stopped", -1, folder / "stopped" / first.checkpoints.back().file, first.last_seq + 1);
  ASSERT_TRUE(second.result) << second.result.error().sentence();
  auto both = first.metrics;
  both.insert(second.metrics.begin(), second.metrics.end());
  EXPECT_EQ(both, whole.metrics);
}

TEST_F(PrecisionTest, WeightsAreFloat32AndTheModelKnowsItsPrecision) {
  const Json trained = document(20);
  const Outcome outcome = run(trained, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  const auto file = folder / "run" / outcome.checkpoints.back().file;
  const auto device = make_cpu_device(1);
  const auto checkpoint = read_checkpoint(file, *device);
  ASSERT_TRUE(checkpoint);
  for (const auto& [name, tensor] : checkpoint->tensors) EXPECT_EQ(tensor.dtype(), DType::F32) << name;

  const auto loaded = load_run_model(catalog, file, *device);
  ASSERT_TRUE(loaded) << loaded.error().sentence();
  EXPECT_EQ(loaded->model->compute(), DType::BF16);
  const auto set = data->get(trained.at("data"), ".", 5, {});
  ASSERT_TRUE(set);
  EvaluationRequest request;
  request.batch = evaluation_batch((*set)->input_spec(), 4);
  const auto again = evaluate(*loaded->model, **set, request, *device, {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->loss(), outcome.metrics.at({"val/loss", 20}));
  // In float32 the same weights say nearly the same.
  loaded->model->compute_in(DType::F32);
  const double wide = evaluate(*loaded->model, **set, request, *device, {})->loss();
  EXPECT_NE(wide, again->loss());
  EXPECT_NEAR(wide, again->loss(), 0.005 * wide);
}

/// A device that says float16 is its fastest precision.
struct HalfFirst : PrecisionTest {
  HalfFirst()
      : PrecisionTest([](Catalog& with) {
          with.devices.add({"half", "Float16 first", ParamSchema{}, [](const Json&) -> Result<std::unique_ptr<Device>> {
                              return std::make_unique<RelabelledDevice>(make_cpu_device(2), "half",
                                                                        std::vector<std::string>{"float16", "bfloat16", "float32"});
                            }});
        }) {
    on_device = "half";
  }
  Outcome run_in(const char* precision, Json document, const char* place) {
    document["precision"] = precision;
    return run(document, folder / place);
  }
  static std::vector<std::string> changes(const Outcome& outcome) {
    std::vector<std::string> said;
    for (const MarkBody& mark : outcome.bodies<MarkBody>())
      if (mark.kind == "precision") said.push_back(fmt::format("{} {}", mark.step, mark.text));
    return said;
  }
  /// Powers of up to the 16th lie beyond float16's 65504; a norm behind them brings them back.
  static Json overflowing(int steps) {
    Json made = text_document(steps);
    made["model"] =
        Json::parse(R"({"type": "graph", "nodes": [{"id": "words", "op": "embedding", "width": 16}, {"id": "even", "op": "layernorm"},
      {"id": "power2", "op": "multiply", "inputs": ["even", "even"]}, {"id": "power4", "op": "multiply", "inputs": ["power2", "power2"]},
      {"id": "power8", "op": "multiply", "inputs": ["power4", "power4"]}, {"id": "power16", "op": "multiply", "inputs": ["power8", "power8"]},
      {"id": "back", "op": "layernorm"}, {"id": "logits", "op": "logits"}]})");
    return made;
  }
};

TEST_F(HalfFirst, Float16FollowsFloat32WithAScaledLoss) {
  const Outcome wide = run_in("float32", text_document(60), "wide"), narrow = run_in("float16", text_document(60), "narrow");
  ASSERT_TRUE(wide.result && narrow.result);
  bool differs = false;
  for (const auto& [key, value] : wide.metrics) {
    if (key.first != "train/loss" && key.first != "val/loss") continue;
    EXPECT_NEAR(narrow.metrics.at(key), value, 0.02 * value) << key.first << " at " << key.second;
    differs = differs || narrow.metrics.at(key) != value;
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(narrow.metrics.at({"sys/loss-scale", 60}), 1);
  EXPECT_FALSE(wide.metrics.contains({"sys/loss-scale", 60}));
}

TEST_F(HalfFirst, AutoLeavesFloat16WhereAModelOverflowsItAndSaysWhy) {
  const Outcome fixed = run_in("float16", overflowing(30), "fixed");
  ASSERT_FALSE(fixed.result);
  EXPECT_EQ(fixed.result.error().code, ErrorCode::NotANumber);

  const Outcome outcome = run_in("auto", overflowing(30), "auto");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  const auto said = changes(outcome);
  ASSERT_EQ(said.size(), 1u) << testing::PrintToString(said);
  EXPECT_EQ(said[0], "0 bfloat16 instead of float16: val/loss became NaN, first in power16");
  EXPECT_LT(outcome.metrics.at({"train/loss", 30}), outcome.metrics.at({"train/loss", 1}));
  Json without_val = overflowing(30);
  without_val["data"]["split"] = {1.0, 0.0};
  const Outcome trained = run_in("auto", without_val, "trained");
  ASSERT_TRUE(trained.result) << trained.result.error().sentence();
  EXPECT_THAT(changes(trained), testing::ElementsAre("0 bfloat16 instead of float16: train/loss became NaN, first in power16"));
  // What it learned is what bfloat16 alone learns.
  const Outcome bfloat = run_in("bfloat16", overflowing(30), "bfloat");
  EXPECT_EQ(outcome.metrics.at({"val/loss", 30}), bfloat.metrics.at({"val/loss", 30}));
}

/// The batch that overflowed in training has also spoilt the running statistics, which an evaluation reads.
TEST_F(HalfFirst, AStepThatIsComputedAgainCountsOnceInRunningStatistics) {
  const Json document = Json::parse(R"({"deepshock": 1, "task": "train", "name": "pictures", "seed": 5,
    "data": {"type": "images", "source": "builtin:mnist", "split": [1.0, 0.0]},
    "model": {"type": "graph", "nodes": [{"id": "conv", "op": "conv2d", "out": 2, "stride": 4}, {"id": "even", "op": "batchnorm2d"},
      {"id": "power2", "op": "multiply", "inputs": ["even", "even"]}, {"id": "power4", "op": "multiply", "inputs": ["power2", "power2"]},
      {"id": "power8", "op": "multiply", "inputs": ["power4", "power4"]}, {"id": "power16", "op": "multiply", "inputs": ["power8", "power8"]},
      {"id": "flat", "op": "flatten"}, {"id": "back", "op": "layernorm"}, {"id": "logits", "op": "logits"}]},
    "optimizer": {"type": "adamw", "lr": 1e-3}, "training": {"steps": 3, "batch": 64, "eval_every": 3, "eval_batches": 1}})");
  const Outcome outcome = run(document, folder / "auto"), bfloat = run_in("bfloat16", document, "bfloat");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  ASSERT_TRUE(bfloat.result) << bfloat.result.error().sentence();
  ASSERT_EQ(changes(outcome).size(), 1u);
  EXPECT_THAT(changes(outcome)[0], testing::StartsWith("0 bfloat16 instead of float16: train/loss became "));
  EXPECT_EQ(outcome.metrics.at({"train/loss", 3}), bfloat.metrics.at({"train/loss", 3}));
  EXPECT_EQ(outcome.metrics.at({"test/loss", 3}), bfloat.metrics.at({"test/loss", 3}));
}

TEST_F(HalfFirst, AutoRepeatsAndResumesToTheBit) {
  const Json document = text_document(30);  // its precision is auto
  const Outcome whole = run(document, folder / "whole");
  ASSERT_TRUE(whole.result);
  EXPECT_TRUE(changes(whole).empty()) << testing::PrintToString(changes(whole));  // float16 suffices
  EXPECT_EQ(run(document, folder / "again").metrics, whole.metrics);
  const Outcome first = run(document, folder / "stopped", 13);
  const Outcome second = run(document, folder / "stopped", -1, folder / "stopped" / first.checkpoints.back().file, first.last_seq + 1);
  ASSERT_TRUE(second.result) << second.result.error().sentence();
  auto both = first.metrics;
  both.insert(second.metrics.begin(), second.metrics.end());
  EXPECT_EQ(both, whole.metrics);
}

}  // namespace
}  // namespace dsw
