// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
// What is recorded as several ops and computed by one kernel, against the same ops on a device without that kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/autograd/node.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/norm.h"
#include "engine/nn/ops/reduce.h"
#include "engine/tensor/forwarding_device.h"
#include "tests/support/error_of.h"
#include "tests/support/grad_check.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

int calls[5];  // of the fused kernels, in the order of the table

/// A device whose fused kernels are counted, or missing.
class FusedDevice : public ForwardingDevice {
 public:
  FusedDevice(std::unique_ptr<Device> device, bool fused) : ForwardingDevice(std::move(device)), kernels_(inner().kernels()) {
    real() = inner().kernels();
    if (!fused) {
      kernels_.add_layer_norm_fwd = nullptr;
      kernels_.add_rms_norm_fwd = nullptr;
      kernels_.add_layer_norm_bwd = nullptr;
      kernels_.add_rms_norm_bwd = nullptr;
      kernels_.unary_bias_bwd = nullptr;
      kernels_.split_heads_fwd = nullptr;
      kernels_.split_heads_bwd = nullptr;
      return;
    }
    kernels_.add_layer_norm_fwd = [](auto... a) { return ++calls[0], real().add_layer_norm_fwd(a...); };
    kernels_.add_rms_norm_fwd = [](auto... a) { return ++calls[0], real().add_rms_norm_fwd(a...); };
    kernels_.add_layer_norm_bwd = [](auto... a) { return ++calls[1], real().add_layer_norm_bwd(a...); };
    kernels_.add_rms_norm_bwd = [](auto... a) { return ++calls[1], real().add_rms_norm_bwd(a...); };
    kernels_.unary_bias_bwd = [](auto... a) { return ++calls[2], real().unary_bias_bwd(a...); };
    kernels_.split_heads_fwd = [](auto... a) { return ++calls[3], real().split_heads_fwd(a...); };
    kernels_.split_heads_bwd = [](auto... a) { return ++calls[4], real().split_heads_bwd(a...); };
  }
  const DswKernels& kernels() const override { return kernels_; }

 private:
  static DswKernels& real() {
    static DswKernels kernels;
    return kernels;
  }
  DswKernels kernels_;
};

using Network = std::function<Tensor(const std::vector<Tensor>&)>;

std::vector<Tensor> leaves(const std::vector<Shape>& shapes, DType dtype, Device& device) {
  std::vector<Tensor> made;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    std::vector<double> values(static_cast<std::size_t>(shapes[i].elements()));
    for (std::size_t j = 0; j < values.size(); ++j) values[j] = std::sin(1.0 + static_cast<double>(17 * i + j) * 0.7);
    const bool wide = dtype == DType::BF16 && shapes[i].rank() == 1;
    made.push_back(to_dtype_copy(from_host(values, shapes[i], device), wide ? DType::F32 : dtype).set_requires_grad(true));
  }
  return made;
}

/// Values and gradients of a network, one after the other.
std::vector<double> results(const Network& network, const std::vector<Shape>& shapes, DType dtype, Device& device) {
  const std::vector<Tensor> inputs = leaves(shapes, dtype, device);
  const Tensor y = network(inputs);
  const Gradients gradients = backward(y, make_seed(y.shape(), false, dtype, device));
  std::vector<double> all = y.to_vector<double>();
  for (const Tensor& input : inputs)
    for (const double value : gradients.of(input).to_vector<double>()) all.push_back(value);
  return all;
}

/// The fused kernels that a network reaches, by how often: {norm, its gradient, activation's gradient, heads, their gradient}.
void expect_fused(const Network& network, const std::vector<Shape>& shapes, const std::vector<int>& wanted_calls) {
  const auto device = [](bool reference, bool fused) {
    return std::make_unique<FusedDevice>(reference ? make_reference_device() : make_cpu_device(2), fused);
  };
  for (const auto& [dtype, tolerance] : {std::pair{DType::F64, 1e-24}, {DType::F32, 1e-12}, {DType::BF16, 2e-5}}) {
    SCOPED_TRACE(dtype_name(dtype));
    const bool reference = dtype == DType::F64;
    const auto apart = device(reference, false);
    const std::vector<double> truth = results(network, shapes, dtype, *apart);
    const auto joined = device(reference, true);
    std::fill(std::begin(calls), std::end(calls), 0);
    EXPECT_LE(relative_square_error(truth, results(network, shapes, dtype, *joined)), tolerance);
    EXPECT_THAT(calls, testing::ElementsAreArray(wanted_calls));
  }
  const auto reference = device(true, true);
  const std::vector<Tensor> inputs = leaves(shapes, DType::F64, *reference);
  const Tensor seed = make_seed(network(inputs).shape(), false, DType::F64, *reference);
  const GradCheck check = grad_check(network, inputs, seed);
  EXPECT_LE(check.worst, 1e-6) << check.where;
}

TEST(Fused, ResidualSumAndLayerNorm) {
  // The sum goes on beside its norm; x, which is no leaf, is normed too and summed up.
  expect_fused(
      [](const std::vector<Tensor>& in) {
        const Tensor x = affine(in[0], 1.5);
        const auto [sum, normed] = add_layer_norm(x, layer_norm(x, in[2], in[3]) * in[1], in[2], in[3]);
        return sum + silu(normed);
      },
      {{2, 3, 9}, {2, 3, 9}, {9}, {9}}, {1, 2, 0, 0, 0});
}

TEST(Fused, ResidualSumAndRmsNorm) {
  expect_fused(
      [](const std::vector<Tensor>& in) {
        const auto [sum, normed] = add_rms_norm(in[0], in[1], in[2]);
        return normed + (normed + square(sum));
      },
      {{5, 20}, {5, 20}, {20}}, {1, 1, 0, 0, 0});
}

TEST(Fused, TheNormAloneNeedsNoSum) {
  expect_fused([](const std::vector<Tensor>& in) { return add_rms_norm(in[0], in[1], {}).normed; }, {{5, 20}, {5, 20}}, {1, 0, 0, 0, 0});
}

TEST(Fused, BiasAndActivation) {
  expect_fused([](const std::vector<Tensor>& in) { return gelu_tanh(linear(in[0], in[1], in[2])); }, {{2, 7, 6}, {10, 6}, {10}},
               {0, 0, 1, 0, 0});
  expect_fused([](const std::vector<Tensor>& in) { return tanh(linear(in[0], in[1], in[2])); }, {{7, 6}, {10, 6}, {10}}, {0, 0, 1, 0, 0});
}

TEST(Fused, AProductReadTwiceSumsItsOwnBias) {
  expect_fused(
      [](const std::vector<Tensor>& in) {
        const Tensor product = linear(in[0], in[1], in[2]);
        return silu(product) + square(product);
      },
      {{7, 6}, {10, 6}, {10}}, {0, 0, 2, 0, 0});
}

TEST(Fused, HeadsOfOneProduct) {
  for (const bool interleaved : {false, true}) {
    const auto heads = [interleaved](bool turned) {
      return [=](const std::vector<Tensor>& in) {
        Device& device = in[0].device();
        const Tensor position = turned ? from_host(std::vector<std::int32_t>{0, 1, 5}, device) : Tensor();
        const auto [q, k, v] = split_heads(affine(in[0], 2), 4, 2, position, 100, interleaved);
        return attention(q, k, v, {.causal = true});
      };
    };
    expect_fused(heads(true), {{2, 3, 8, 6}}, {0, 0, 0, 1, 1});
    expect_fused(heads(false), {{2, 3, 8, 6}}, {0, 0, 0, 0, 0});
  }
  // A part that nothing reads has gradient 0.
  expect_fused(
      [](const std::vector<Tensor>& in) {
        const Tensor position = from_host(std::vector<std::int32_t>{0, 1, 5}, in[0].device());
        return square(split_heads(in[0], 2, 1, position, 10, false).k);
      },
      {{1, 3, 4, 6}}, {0, 0, 0, 1, 1});
}

TEST(Fused, RefusalsNameTheOp) {
  const auto device = make_cpu_device(1);
  const Tensor joined = zeros({2, 3, 6, 5}, DType::F32, *device), position = zeros({3}, DType::I32, *device);
  EXPECT_EQ(error_of([&] { split_heads(joined, 3, 2, {}, 1, false); }),
            "split-heads: joined is [2, 3, 6, 5]; with 3 heads and 2 of keys it must be [B, T, 7, D]");
  EXPECT_EQ(error_of([&] { split_heads(joined, 4, 1, position, 1, false); }),
            "rope: x is [2, 3, 6, 5]; its last axis must be even, as it is turned in pairs");
  EXPECT_EQ(error_of([&] { add_rms_norm(joined, position, {}); }), "add: inputs are float32 and int32; one dtype is needed");
}

}  // namespace
}  // namespace dsw::test
