// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: gradient
// Every row of op_cases by finite differences in double on the reference device (STYLE.md section 7, point 1).
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/autograd/node.h"
#include "tests/support/grad_check.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

class GradientTest : public testing::TestWithParam<std::size_t> {};

TEST_P(GradientTest, matchesFiniteDifferences) {
  const OpCase& op_case = op_cases()[GetParam()];
  if (op_case.large || op_case.straight_through) return;  // held against the reference by device_test, what it rounds by its own test
  SCOPED_TRACE(op_case.label());
  const std::unique_ptr<Device> device = make_reference_device();
  const std::unique_ptr<OpInfo> op = make_op(op_case);
  const std::vector<Tensor> inputs = make_inputs(op_case, DType::F64, *device);
  const Tensor y = op->apply(inputs);
  if (!dtype_is_float(y.dtype())) {
    EXPECT_FALSE(y.requires_grad());
    return;
  }
  for (const bool permuted : {false, true}) {
    const GradCheck check = grad_check(op->apply, inputs, make_seed(y.shape(), permuted, DType::F64, *device));
    EXPECT_LE(check.worst, 1e-6) << check.where << (permuted ? ", seed permuted" : "");
  }
}

TEST_P(GradientTest, shapeRuleAndCostsHold) {
  const OpCase& op_case = op_cases()[GetParam()];
  SCOPED_TRACE(op_case.label());
  const std::unique_ptr<Device> device = make_reference_device();
  const std::unique_ptr<OpInfo> op = make_op(op_case);
  const std::vector<Tensor> inputs = make_inputs(op_case, DType::F64, *device);
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  EXPECT_GE(inputs.size(), op->least_inputs);
  EXPECT_LE(inputs.size(), op->most_inputs);
  EXPECT_EQ(op->output_shape(shapes).text(), op->apply(inputs).shape().text());
  EXPECT_GE(op->flops(shapes), 0);
  EXPECT_FALSE(op->onnx.empty());
}

INSTANTIATE_TEST_SUITE_P(OpCases, GradientTest, testing::Range<std::size_t>(0, op_cases().size()),
                         [](const auto& row) { return fmt::format("case{}", row.param); });

TEST(OpCasesTest, everyRegisteredOpHasRows) {
  for (const std::string& name : op_catalog().ops.names()) {
    const auto& cases = op_cases();
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&name](const OpCase& op_case) { return op_case.op == name; })) << name;
  }
}

}  // namespace
}  // namespace dsw::test
