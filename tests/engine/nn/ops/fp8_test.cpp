// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// linear_fp8 against linear() on the numbers that its 8-bit factors stand for, and what training loses by it. Devices and dtypes:
// device_test.
#include "engine/nn/ops/fp8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/autograd/node.h"
#include "engine/core/rng.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/tensor/kernel_watch.h"
#include "tests/support/error_of.h"
#include "tests/support/op_cases.h"

namespace dsw::test {
namespace {

std::vector<double> values(const Tensor& x) { return x.to_vector<double>(); }

class Fp8Test : public testing::Test {
 protected:
  Tensor noise(const Shape& shape, std::uint64_t seed, double spread = 1) {
    const Tensor x = empty(shape, DType::F32, *device_);
    check_status(device_->kernels().random_normal(device_->stream(), x.view(), Rng(seed).next_key(), 0, spread), "random_normal", *device_);
    return x;
  }
  std::unique_ptr<Device> device_ = make_cpu_device(2);
};

TEST_F(Fp8Test, QuantizedNumbersAreAsCloseAsTheirMantissa) {
  const Tensor x = noise({2, 70, 300}, 1);
  for (const auto& [format, bar] : {std::pair{DType::E4M3, 0.03}, {DType::E5M2, 0.06}}) {  // half a unit: 1/16, 1/8 of a number at most
    for (const auto& [blocks, scales] :
         {std::pair{kPerTensor, Shape{1, 1}}, {kPerRowBlock, Shape{140, 3}}, {kPerColumnBlock, Shape{2, 300}}, {kPerSquare, Shape{2, 3}}}) {
      for (const bool power_of_two : {false, true}) {
        const Quantized made = quantize(x, format, blocks, power_of_two);
        EXPECT_EQ(made.values.dtype(), format);
        EXPECT_EQ(made.values.shape(), (Shape{140, 300}));
        EXPECT_EQ(made.scale.shape(), scales);
        EXPECT_LT(relative_square_error(values(x), values(dequantize(made))), bar * bar);
      }
    }
  }
}

TEST_F(Fp8Test, RefusalsSayWhatWasWrong) {
  const Tensor x = noise({3, 4}, 1), w = noise({2, 4}, 2);
  EXPECT_EQ(error_of([&] { quantize(x, DType::F16, kPerTensor); }),
            "quantize: the format is float16; it must be float8-e4m3 or float8-e5m2");
  EXPECT_EQ(error_of([&] { quantize(x, DType::E4M3, {1, 64}); }), "quantize: a block is 64 long; it must be 0 (whole), 1 or 128");
  EXPECT_EQ(error_of([&] { dequantize({x, w}); }), "dequantize: the format is float32; it must be float8-e4m3 or float8-e5m2");
  EXPECT_EQ(error_of([&] {
              linear_fp8(x, noise({2, 5}, 1));
            }),
            "linear-fp8: x is [3, 4], weight is [2, 5]; x's last axis must equal weight's second");
  EXPECT_EQ(error_of([&] { linear_fp8(x, w, noise({3}, 1)); }), "linear-fp8: bias is [3]; it must be [2]");
  EXPECT_EQ(error_of([&] { linear_fp8(x, w, {}, {.gradient = DType::F32}); }),
            "linear-fp8: the format is float32; it must be float8-e4m3 or float8-e5m2");
}

TEST_F(Fp8Test, IsLinearOnWhatItsFactorsStandFor) {
  for (const DType format : {DType::E4M3, DType::E5M2}) {
    for (const bool power_of_two : {false, true}) {
      const Fp8Options options{format, power_of_two};
      Tensor x = noise({3, 70, 300}, 1).set_requires_grad(true), w = noise({140, 300}, 2, 0.05).set_requires_grad(true);
      Tensor bias = noise({140}, 3).set_requires_grad(true);
      const Tensor y = linear_fp8(x, w, bias, options), dy = noise({3, 70, 140}, 4, 1e-3);
      const Gradients gradients = backward(y, dy);

      const auto rounded = [&](const Tensor& t, DType to, ScaleBlocks blocks) { return dequantize(quantize(t, to, blocks, power_of_two)); };
      const Tensor x8 = rounded(x, DType::E4M3, kPerRowBlock), w8 = rounded(w, DType::E4M3, kPerSquare);
      EXPECT_LT(relative_square_error(values(linear(x8, w8, bias.detach())), values(y)), 1e-10);
      EXPECT_LT(relative_square_error(values(matmul(rounded(dy, format, kPerRowBlock), w8)), values(gradients.of(x))), 1e-10);
      const Tensor dweight = matmul(transpose(rounded(dy, format, kPerColumnBlock)), rounded(x8, DType::E4M3, kPerColumnBlock));
      EXPECT_LT(relative_square_error(values(dweight), values(gradients.of(w))), 1e-10);

      // Beside float32: two roundings in y, three in dweight (x twice), each of about 2.6 % (E4M3) or 5.2 % (E5M2).
      Tensor fx = x.detach().set_requires_grad(true), fw = w.detach().set_requires_grad(true), fb = bias.detach().set_requires_grad(true);
      const Tensor wanted = linear(fx, fw, fb);
      const Gradients exact = backward(wanted, dy);
      const auto distance = [](const Tensor& truth, const Tensor& got) {
        return std::sqrt(relative_square_error(values(truth), values(got)));
      };
      const double bar = format == DType::E4M3 ? 0.05 : 0.08;
      EXPECT_LT(distance(wanted, y), 0.05);
      EXPECT_LT(distance(exact.of(fx), gradients.of(x)), bar);
      EXPECT_LT(distance(exact.of(fw), gradients.of(w)), bar);
      EXPECT_GT(distance(exact.of(fw), gradients.of(w)), 0.02);  // it is rounded
      EXPECT_LT(distance(exact.of(fb), gradients.of(bias)), 1e-6);
    }
  }
}

TEST_F(Fp8Test, KeepsFloat32MasterWeightsBesideBfloat16) {
  Tensor x = to_dtype_copy(noise({40, 200}, 1), DType::BF16).set_requires_grad(true), w = noise({30, 200}, 2).set_requires_grad(true);
  const Tensor y = linear_fp8(x, w);
  EXPECT_EQ(y.dtype(), DType::BF16);
  const Gradients gradients = backward(y, to_dtype_copy(noise({40, 30}, 3), DType::BF16));
  EXPECT_EQ(gradients.of(x).dtype(), DType::BF16);
  EXPECT_EQ(gradients.of(w).dtype(), DType::F32);
}

TEST_F(Fp8Test, ComputesNoGradientThatNobodyWants) {
  for (const auto& [x_wants, w_wants] : {std::pair{true, true}, {true, false}, {false, true}}) {
    WatchedDevice device(make_cpu_device(1));
    Tensor x = full({5, 6}, 1, DType::F32, device).set_requires_grad(x_wants);
    Tensor w = full({4, 6}, 2, DType::F32, device).set_requires_grad(w_wants);
    KernelProfile profile;
    device.watch(&profile);
    const Gradients gradients = backward(linear_fp8(x, w), full({5, 4}, 3, DType::F32, device));
    device.watch(nullptr);
    EXPECT_EQ(gradients.of(x).defined(), x_wants);
    EXPECT_EQ(gradients.of(w).defined(), w_wants);
    const auto calls = [&](const std::string& kernel) {
      std::int64_t found = 0;
      for (const KernelShare& share : profile.shares()) found += share.kernel == kernel ? static_cast<std::int64_t>(share.calls) : 0;
      return found;
    };
    EXPECT_EQ(calls("matmul_blocks"), 1 + x_wants + w_wants);
    EXPECT_EQ(calls("quantize_blocks"), 2 + x_wants + 2 * w_wants);
  }
}

TEST_F(Fp8Test, AnOverflowShowsInTheGradient) {
  Tensor x = noise({5, 6}, 1).set_requires_grad(true), w = noise({4, 6}, 2).set_requires_grad(true);
  const Tensor dy = noise({5, 4}, 3);
  dy.data<float>()[2] = std::numeric_limits<float>::infinity();
  const Gradients gradients = backward(linear_fp8(x, w), dy);
  EXPECT_TRUE(std::isnan(gradients.of(x).to_vector<float>()[0]));
  EXPECT_TRUE(std::isfinite(gradients.of(x).to_vector<float>()[6]));
  EXPECT_TRUE(std::isnan(gradients.of(w).to_vector<float>()[12]));
}

TEST_F(Fp8Test, TrainsARegressionCloseToFloat32) {
  // Two layers learn what two layers with other weights compute; plain gradient descent on all of 512 rows.
  constexpr std::int64_t kRowsOfData = 512, kInputs = 160, kHidden = 64, kOutputs = 8;
  const Tensor x = noise({kRowsOfData, kInputs}, 1);
  const Tensor target = linear(tanh(linear(x, noise({kHidden, kInputs}, 2, 0.08))), noise({kOutputs, kHidden}, 3, 0.12));
  const double variance = mse_loss(target, zeros_like(target)).item();
  const auto train = [&](bool fp8, DType format) {
    Tensor first = noise({kHidden, kInputs}, 4, 0.08), second = noise({kOutputs, kHidden}, 5, 0.12);
    const auto layer = [&](const Tensor& in, const Tensor& weight) {
      return fp8 ? linear_fp8(in, weight, {}, {.gradient = format}) : linear(in, weight);
    };
    double loss = 0;
    for (int step = 0; step < 400; ++step) {
      Tensor w1 = first.set_requires_grad(true), w2 = second.set_requires_grad(true);
      const Tensor now = mse_loss(layer(tanh(layer(x, w1)), w2), target);
      loss = now.item();
      const Gradients gradients = backward(now);
      first = sub(w1.detach(), affine(gradients.of(w1), 4, 0));
      second = sub(w2.detach(), affine(gradients.of(w2), 4, 0));
    }
    return loss / variance;
  };
  const double exact = train(false, DType::E4M3);
  RecordProperty("float32", std::to_string(exact));
  EXPECT_LT(exact, 0.02);
  for (const DType format : {DType::E4M3, DType::E5M2}) {
    const double rounded = train(true, format);
    RecordProperty(dtype_name(format), std::to_string(rounded));
    EXPECT_LT(rounded, exact + 0.01) << dtype_name(format);
  }
}

}  // namespace
}  // namespace dsw::test
