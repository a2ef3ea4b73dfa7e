// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 180
// Training in bfloat16: near float32, the same bits each time, and a model that is used as it was trained.
#include <cmath>

#include "engine/run/checkpoint.h"
#include "engine/tensor/device.h"
#include "engine/train/evaluation.h"
#include "engine/train/run_model.h"
#include "tests/engine/train/train_fixture.h"

namespace dsw {
namespace {

struct PrecisionTest : TrainFixture {
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

}  // namespace
}  // namespace dsw
