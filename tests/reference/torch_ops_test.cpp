// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: reference
// Ops and optimizers against torch_ops.json, which PyTorch computed in float64 (STYLE.md section 7, point 3).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/optim/optimizer.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

const Json& table() {
  static const Json json = [] {
    std::ifstream file("tests/reference/torch_ops.json");
    return file ? Json::parse(file) : Json();
  }();
  return json;
}

/// How far float64 may be from PyTorch's: both round, in different orders.
constexpr double kFloat64Tolerance = 1e-24;

struct Row {
  const char* name;
  std::unique_ptr<Device> (*make)();
  DType dtype;
  double tolerance;
};
std::unique_ptr<Device> reference_device() { return make_reference_device(); }
std::unique_ptr<Device> cpu_device() { return make_cpu_device(2); }

class TorchTest : public testing::TestWithParam<Row> {
 protected:
  void expect_close(const std::vector<double>& truth, const Tensor& value, const char* what) const {
    const Tensor host = to_device_copy(value, *host_);
    EXPECT_LE(relative_square_error(truth, host.to_vector<double>()), GetParam().tolerance) << what;
  }
  Tensor tensor(const std::vector<double>& values, const Shape& shape) const {
    return tensor_in_layout(values, shape, CaseInput::Layout::Contiguous, GetParam().dtype, *device_);
  }
  std::unique_ptr<Device> device_ = GetParam().make(), host_ = make_reference_device();
};

TEST_P(TorchTest, opsAgreeWithPyTorch) {
  ASSERT_GT(table()["ops"].size(), 40u);
  for (const Json& row : table()["ops"]) {
    SCOPED_TRACE(row["op"].get<std::string>() + " " + row["attributes"].dump());
    std::vector<Tensor> inputs;
    for (const Json& input : row["inputs"]) {
      const Shape shape(input["shape"].get<std::vector<std::int64_t>>());
      if (input["dtype"] == "float") {
        inputs.push_back(tensor(input["values"].get<std::vector<double>>(), shape));
        if (input["grad"]) inputs.back().set_requires_grad(true);
      } else if (input["dtype"] == "int32") {
        inputs.push_back(from_host(input["values"].get<std::vector<std::int32_t>>(), shape, *device_));
      } else {
        inputs.push_back(from_host(input["values"].get<std::vector<std::uint8_t>>(), shape, *device_));
      }
    }
    const Tensor y = make_op(OpCase{row["op"], row["attributes"].dump(), {}})->apply(inputs);
    EXPECT_EQ(y.shape(), Shape(row["shape"].get<std::vector<std::int64_t>>()));
    expect_close(row["output"].get<std::vector<double>>(), y, "the result");
    const Gradients gradients = backward(y, tensor(row["seed"].get<std::vector<double>>(), y.shape()));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!row["gradients"][i].is_null())
        expect_close(row["gradients"][i].get<std::vector<double>>(), gradients.of(inputs[i]), "a gradient");
    }
    for (const auto& [input, values] : row["after"].items())
      expect_close(values.get<std::vector<double>>(), inputs[std::stoul(input)], "what the op wrote");
  }
}

TEST_P(TorchTest, optimizersAgreeWithPyTorch) {
  Catalog catalog;
  register_optimizers(catalog);
  ASSERT_GT(table()["optimizers"].size(), 3u);
  for (const Json& row : table()["optimizers"]) {
    SCOPED_TRACE(row["optimizer"].get<std::string>() + " " + row["settings"].dump());
    const auto* entry = catalog.optimizers.find(row["optimizer"].get<std::string>());
    ASSERT_NE(entry, nullptr);
    const std::unique_ptr<Optimizer> optimizer = std::move(*entry->make(with_defaults(entry->schema, row["settings"])));
    Parameter weight{"w", {5}, {}, true, true, tensor(row["start"].get<std::vector<double>>(), {5})};
    weight.value.set_requires_grad(true);
    optimizer->attach({{"w", &weight}});
    for (std::size_t step = 0; step < row["lr"].size(); ++step) {
      Gradients gradients;
      gradients.add(weight.value, tensor(row["gradients"][step].get<std::vector<double>>(), {5}));
      optimizer->step(gradients, row["lr"][step].get<double>());
      expect_close(row["weights"][step].get<std::vector<double>>(), weight.value, "the weights");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, TorchTest,
                         testing::Values(Row{"reference_float64", reference_device, DType::F64, kFloat64Tolerance},
                                         Row{"cpu_float32", cpu_device, DType::F32, 1e-10}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace dsw::test
