// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 300
// Whole training steps by the CUDA kernels, emulated or on a real device: the CPU's losses within what the precision allows, and nothing
// that the guard of kernels finds wrong.
#include "tests/engine/train/train_fixture.h"
#include "tests/support/emulated_device.h"

namespace dsw {
namespace {

struct CudaTraining : TrainFixture {
  CudaTraining()
      : TrainFixture([](Catalog& made) {
          made.devices.add({"cuda-tested", "CUDA's kernels, emulated or real", ParamSchema{},
                            [](const Json&) -> Result<std::unique_ptr<Device>> { return test::make_cuda_device_under_test(); }});
        }) {
    setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  }
  Outcome run_on(const char* device, const char* precision) {
    Json document = text_document(10);
    document["device"] = device;
    document["precision"] = precision;
    document["model"]["layers"] = 1;
    document["training"]["sample_tokens"] = 0;
    document["training"]["eval_batches"] = 1;
    on_device = device;
    return run(document, folder / (std::string(device) + "-" + precision));
  }
  void expect_the_same_losses(const char* precision, double share) {
    const Outcome ours = run_on("cuda-tested", precision), beside = run_on("cpu", precision);
    ASSERT_TRUE(ours.result) << ours.result.error().sentence();
    for (std::int64_t step = 1; step <= 10; ++step) {
      const double right = beside.metrics.at({"train/loss", step});
      EXPECT_NEAR(ours.metrics.at({"train/loss", step}), right, share * right) << precision << ", step " << step;
    }
    for (const MarkBody& mark : ours.bodies<MarkBody>()) EXPECT_NE(mark.kind, "device") << mark.text;
  }
};

TEST_F(CudaTraining, AGptInBfloat16) { expect_the_same_losses("bfloat16", 0.01); }
TEST_F(CudaTraining, AGptInFloat32) { expect_the_same_losses("float32", 1e-4); }
TEST_F(CudaTraining, AGptWithEightBitProducts) { expect_the_same_losses("float8", 0.02); }

}  // namespace
}  // namespace dsw
