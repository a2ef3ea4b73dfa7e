// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 300
// Every row of op_cases on every row of device_rows against the reference (STYLE.md section 7, point 2).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/autograd/node.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/emulated_device.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

/// The result, then the gradient of each input that wants one; everything as double.
std::vector<std::vector<double>> results(const OpCase& op_case, bool permuted_seed, DType dtype, Device& device) {
  const std::unique_ptr<OpInfo> op = make_op(op_case);
  const std::vector<Tensor> inputs = make_inputs(op_case, dtype, device);
  const Tensor y = op->apply(inputs);
  const auto to_host = [](const Tensor& x) {
    if (x.dtype() == DType::F32) {
      const std::vector<float> values = x.to_vector<float>();
      return std::vector<double>(values.begin(), values.end());
    }
    return x.to_vector<double>();
  };
  std::vector<std::vector<double>> all{to_host(y)};
  for (const Tensor& input : inputs)  // what an op writes beside its result: running statistics
    if (!input.requires_grad() && dtype_is_float(input.dtype())) all.push_back(to_host(input));
  if (!y.requires_grad()) return all;
  const Gradients gradients = backward(y, make_seed(y.shape(), permuted_seed, y.dtype(), device));
  for (const Tensor& input : inputs) {
    if (!input.requires_grad()) continue;
    const Tensor gradient = gradients.of(input);
    EXPECT_TRUE(gradient.defined());
    if (gradient) all.push_back(to_host(gradient));
  }
  return all;
}

class DeviceTest : public testing::TestWithParam<std::size_t> {};

TEST_P(DeviceTest, agreesWithTheReference) {
  const DeviceRow& row = device_rows()[GetParam()];
  const std::unique_ptr<Device> device = row.make(), reference = make_reference_device();
  if (!device) GTEST_SKIP() << row.name << " is not here";
  for (const OpCase& op_case : op_cases()) {
    for (const bool permuted : {false, true}) {
      SCOPED_TRACE(row.name + ", " + op_case.label() + (permuted ? ", seed permuted" : ""));
      const DType exact = dtype_bytes(row.dtype) < 4 ? row.dtype : DType::F64;
      const auto truth = results(op_case, permuted, exact, *reference), value = results(op_case, permuted, row.dtype, *device);
      ASSERT_EQ(truth.size(), value.size());
      // Where products run over pairs of bfloat16, attention's probabilities are rounded as well: in small cases that does not average out.
      const double least = exact != DType::F64 && op_case.op == "attention" ? 4 * row.least_tolerance : row.least_tolerance;
      for (std::size_t i = 0; i < truth.size(); ++i)
        EXPECT_LE(relative_square_error(truth[i], value[i]), std::max(op_case.tolerance, least))
            << (i == 0 ? "the result" : "a gradient or statistic");
    }
  }
}

/// The other end of the chain: in a narrow dtype the reference is the float64 result of the same rounded inputs, rounded.
TEST(NarrowReference, isTheRoundedResult) {
  const std::unique_ptr<Device> reference = make_reference_device();
  for (const DType dtype : {DType::BF16, DType::F16}) {
    for (const OpCase& op_case : op_cases()) {
      if (op_case.large) continue;
      SCOPED_TRACE(std::string(dtype_name(dtype)) + ", " + op_case.label());
      const std::vector<Tensor> inputs = make_inputs(op_case, dtype, *reference);
      std::vector<Tensor> same;
      for (const Tensor& input : inputs)
        same.push_back(dtype_is_float(input.dtype()) ? to_dtype_copy(input, DType::F64) : input.contiguous_copy());
      const std::unique_ptr<OpInfo> op = make_op(op_case);
      const auto truth = op->apply(same).to_vector<double>(), value = op->apply(inputs).to_vector<double>();
      EXPECT_LE(relative_square_error(truth, value), 1e-4);  // of few numbers, some of them rounded more than once on the way
    }
  }
}

TEST_P(DeviceTest, repeatsToTheBit) {
  const DeviceRow& row = device_rows()[GetParam()];
  const std::unique_ptr<Device> device = row.make(), again = row.make();
  if (!device) GTEST_SKIP() << row.name << " is not here";
  for (const OpCase& op_case : op_cases()) {
    SCOPED_TRACE(row.name + ", " + op_case.label());
    const auto first = results(op_case, false, row.dtype, *device);
    for (const auto& second : {results(op_case, false, row.dtype, *device), results(op_case, false, row.dtype, *again)}) {
      ASSERT_EQ(first.size(), second.size());
      for (std::size_t i = 0; i < first.size(); ++i) {
        ASSERT_EQ(first[i].size(), second[i].size());
        EXPECT_TRUE(first[i].empty() || std::memcmp(first[i].data(), second[i].data(), first[i].size() * sizeof(double)) == 0);
      }
    }
  }
}

/// What a CUDA kernel computes must not depend on the order in which its threads and blocks run, nor on when its copies arrive.
TEST(EmulatedCuda, everyOrderGivesTheSameBits) {
  using cuda_emulation::AsyncCopies;
  using cuda_emulation::Order;
  if (testing_a_real_cuda_device()) GTEST_SKIP() << "a real device has one order, its own";
  const std::unique_ptr<Device> device = make_emulated_cuda_device();
  for (const OpCase& op_case : op_cases()) {
    if (op_case.large) continue;
    SCOPED_TRACE(op_case.label());
    std::vector<std::vector<double>> first;
    for (const Order order : {Order::Forward, Order::Reverse, Order::Shuffled}) {
      for (const AsyncCopies copies : {AsyncCopies::Eager, AsyncCopies::Deferred}) {
        cuda_emulation::options() = {order, copies, 11};
        const auto now = results(op_case, false, DType::BF16, *device);
        cuda_emulation::options() = {};
        if (first.empty()) first = now;
        ASSERT_EQ(first.size(), now.size());
        for (std::size_t i = 0; i < first.size(); ++i)
          EXPECT_TRUE(first[i].empty() || std::memcmp(first[i].data(), now[i].data(), first[i].size() * sizeof(double)) == 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(DeviceRows, DeviceTest, testing::Range<std::size_t>(0, device_rows().size()), [](const auto& row) {
  std::string name = device_rows()[row.param].name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace dsw::test
