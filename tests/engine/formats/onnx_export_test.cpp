// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Each file passes the ONNX checker and its strict shape inference inside write_onnx. That the numbers are right is shown by ONNX
// Runtime: tests/engine/formats/onnx_runtime_check.py, which skips where that is not installed, and `./dev prove onnx`.
#include "engine/formats/onnx_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/autograd/node.h"
#include "engine/nn/ops/elementwise.h"
#include "tests/support/onnx_cases.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using testing::HasSubstr;
using testing_support::OnnxCase;

class OnnxFiles : public testing::Test {
 protected:
  OnnxFiles() { register_models(catalog_); }
  Catalog catalog_;
  std::unique_ptr<Device> device_ = make_cpu_device(1);
  TempFolder folder_;
};
class OnnxExport : public OnnxFiles, public testing::WithParamInterface<OnnxCase> {};

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_P(OnnxExport, PassesTheCheckerAndKeepsNamesAndDescription) {
  const ModelFile file = testing_support::onnx_case_file(catalog_, GetParam(), *device_, folder_ / "m.safetensors");
  const auto written = write_onnx(folder_ / "m.onnx", catalog_, file, *device_);
  ASSERT_TRUE(written) << written.error().sentence();
  const std::string bytes = bytes_of(folder_ / "m.onnx");
  for (const StoredTensor& tensor : file.weights.tensors) EXPECT_THAT(bytes, HasSubstr(tensor.name));
  EXPECT_THAT(bytes, HasSubstr("batch"));
  EXPECT_THAT(bytes, HasSubstr(file.description));
  ASSERT_TRUE(write_onnx(folder_ / "again.onnx", catalog_, file, *device_));
  EXPECT_EQ(bytes, bytes_of(folder_ / "again.onnx"));
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxExport, testing::ValuesIn(testing_support::onnx_cases()), [](const auto& one) {
  std::string name = one.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(OpTraces, HearEveryOpInOrderWithItsSettingsWithOrWithoutGradients) {
  const auto device = make_reference_device();
  const Tensor x = from_host(std::vector<float>{1, -2}, *device);
  const auto names = [&] {
    const OpTrace trace;
    const Tensor y = affine(relu(x), 3, 4);
    EXPECT_EQ(trace.calls().size(), 2U);
    EXPECT_EQ(trace.calls().back().output.id(), y.id());
    EXPECT_EQ(trace.calls().back().inputs[0].id(), trace.calls().front().output.id());
    EXPECT_EQ(trace.calls().back().numbers.at("beta"), 4);
    return trace.calls().front().name + " " + trace.calls().back().name;
  };
  EXPECT_EQ(names(), "relu affine");
  const NoGradScope no_grad;
  EXPECT_EQ(names(), "relu affine");
}

/// A network whose host code looks at the data: a trace would freeze what it saw.
class LooksAtItsInput : public Module {
 public:
  Tensor forward(const Tensor& x, Forward&) override { return mul(x, from_host(std::vector<float>{x.to_vector<float>()[0]}, x.device())); }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape&) const override { return {}; }
};
struct LooksAtItsInputType : ModelType {
  std::vector<Problem> validate(const Json&, const InputSpec&) const override { return {}; }
  Result<std::unique_ptr<Module>> build(const Json&, const InputSpec&) const override { return std::make_unique<LooksAtItsInput>(); }
  Result<NetworkPlan> plan(const Json&, const InputSpec&, std::int64_t) const override { return NetworkPlan(); }
};

TEST_F(OnnxFiles, ANetworkWhoseConstantsComeFromItsInputIsRefused) {
  catalog_.models.add(
      {"looks", "", {}, [](const Json&) -> Result<std::unique_ptr<ModelType>> { return std::make_unique<LooksAtItsInputType>(); }});
  ModelFile file;
  file.input = testing_support::image_input(1, 4, 2);
  file.description = R"({"model":{"type":"looks"},"name":"looks"})";
  const auto written = write_onnx(folder_ / "m.onnx", catalog_, file, *device_);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().sentence(), HasSubstr("neither a weight nor made by its ops"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.onnx"));
}

}  // namespace
}  // namespace dsw
