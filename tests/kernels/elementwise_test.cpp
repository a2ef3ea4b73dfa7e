// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

const std::vector<Lengths> kShapes = {{1}, {7}, {0, 3}, {64}, {3, 5}, {2, 3, 17}, {4, 1, 33}, {129, 57}, {2, 3, 4, 5}};
const Lengths kLong = {80100};  // long enough for threads, whatever the op costs
const Layout kLayouts[] = {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded};
const double kNaN = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

struct Unary {
  const char* name;
  DswUnary op;
  double low, high;
};
// The gradients of tanh and sigmoid are made from y, whose rounding limits them where y is near ±1: hence their ranges.
const Unary kUnary[] = {{"neg", DSW_NEG, -2, 2},           {"exp", DSW_EXP, -9, 9},
                        {"log", DSW_LOG, 0.01, 9},         {"sqrt", DSW_SQRT, 0.01, 9},
                        {"rsqrt", DSW_RSQRT, 0.01, 9},     {"square", DSW_SQUARE, -3, 3},
                        {"abs", DSW_ABS, -3, 3},           {"reciprocal", DSW_RECIPROCAL, 0.2, 3},
                        {"relu", DSW_RELU, -2, 2},         {"gelu-tanh", DSW_GELU_TANH, -6, 6},
                        {"gelu-erf", DSW_GELU_ERF, -6, 6}, {"silu", DSW_SILU, -9, 9},
                        {"tanh", DSW_TANH, -2.5, 2.5},     {"sigmoid", DSW_SIGMOID, -4, 4},
                        {"affine", DSW_AFFINE, -2, 2}};

TEST(Elementwise, UnaryForwardAndGradient) {
  for (const Unary& u : kUnary) {
    for (const Lengths& shape : kShapes) {
      for (const Layout layout : kLayouts) {
        KernelCase(u.name).input(shape, layout, u.low, u.high).output(shape).run([&](const DswKernels& k, DswStream* s, const auto& v) {
          return k.unary(s, u.op, 1.5, -0.25, v[0], v[1]);
        });
      }
      // x, y = f(x), dy to dx: y is made by the same table in float32, so the gradient sees what it would see in training.
      KernelCase(std::string(u.name) + " gradient")
          .input(shape, Layout::Padded, u.low, u.high)
          .output(shape, Layout::Transposed)
          .input(shape, Layout::Spread)
          .output(shape)
          .run([&](const DswKernels& k, DswStream* s, const auto& v) {
            if (const int status = k.unary(s, u.op, 1.5, -0.25, v[0], v[1]); status != DSW_OK) return status;
            return k.unary_bwd(s, u.op, 1.5, -0.25, v[0], v[1], v[2], v[3]);
          });
    }
  }
}

TEST(Elementwise, GradientWithTheSumOfItsRows) {
  for (const Unary& u : kUnary) {
    for (const Lengths& shape : {Lengths{1, 1}, Lengths{7, 5}, Lengths{0, 3}, Lengths{3, 70, 33}, Lengths{700, 130}}) {
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
        KernelCase(std::string(u.name) + " gradient and its sum")
            .input(shape, layout, u.low, u.high)
            .output(shape)
            .input(shape, layout, -0.5, 1)
            .output(shape, layout)
            .output({shape.back()})
            .run([&](const DswKernels& k, DswStream* s, const auto& v) {
              if (const int status = k.unary(s, u.op, 1.5, -0.25, v[0], v[1]); status != DSW_OK) return status;
              return k.unary_bias_bwd(s, u.op, 1.5, -0.25, v[0], v[1], v[2], v[3], v[4]);
            });
      }
    }
  }
}

TEST(Elementwise, LongOnesOnSeveralThreads) {
  for (const DswUnary op : {DSW_SQUARE, DSW_GELU_ERF}) {
    KernelCase("unary").input(kLong).output(kLong).run(
        [&](const DswKernels& k, DswStream* s, const auto& v) { return k.unary(s, op, 0, 0, v[0], v[1]); });
    KernelCase("gradient").input(kLong).missing().input(kLong).output(kLong).run([&](const DswKernels& k, DswStream* s, const auto& v) {
      return k.unary_bwd(s, op, 0, 0, v[0], v[1], v[2], v[3]);
    });
  }
  const Lengths rows = {300, 301};
  KernelCase("binary")
      .input(rows, Layout::Transposed)
      .input(rows, Layout::Expanded)
      .output(rows)
      .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.binary(s, DSW_MUL, v[0], v[1], v[2]); });
}

TEST(Elementwise, UnusedArgumentOfAGradientMayBeMissing) {
  for (const DswUnary op : {DSW_RELU, DSW_TANH, DSW_SIGMOID, DSW_EXP}) {
    KernelCase("y only")
        .missing()
        .input({5, 7}, Layout::Dense, 0.1, 0.9)
        .input({5, 7})
        .output({5, 7})
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.unary_bwd(s, op, 0, 0, v[0], v[1], v[2], v[3]); });
  }
  for (const DswUnary op : {DSW_GELU_ERF, DSW_SILU, DSW_SQUARE}) {
    KernelCase("x only").input({5, 7}).missing().input({5, 7}).output({5, 7}).run(
        [&](const DswKernels& k, DswStream* s, const auto& v) { return k.unary_bwd(s, op, 0, 0, v[0], v[1], v[2], v[3]); });
  }
}

TEST(Elementwise, SpecialValuesPassAsInTheReference) {
  const std::vector<double> special = {kNaN, kInf, -kInf, 0.0, -0.0, 1, -1, 80, -80, 1e-30, -1e-30, 3, kNaN, 5, 6, 7, 8, -kInf};
  const Lengths shape{static_cast<std::int64_t>(special.size())};
  for (const Unary& u : kUnary) {
    KernelCase(u.name).values(shape, special).output(shape).run([&](const DswKernels& k, DswStream* s, const auto& v) {
      return k.unary(s, u.op, 2, 1, v[0], v[1]);
    });
  }
  for (const DswBinary op : {DSW_ADD, DSW_SUB, DSW_MUL, DSW_DIV, DSW_MAXIMUM, DSW_MINIMUM}) {
    std::vector<double> rotated(special.begin() + 3, special.end());
    rotated.insert(rotated.end(), special.begin(), special.begin() + 3);
    KernelCase("binary")
        .values(shape, special)
        .values(shape, rotated)
        .output(shape)
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.binary(s, op, v[0], v[1], v[2]); });
  }
}

TEST(Elementwise, BinaryWithBroadcastAndStrides) {
  for (const DswBinary op : {DSW_ADD, DSW_SUB, DSW_MUL, DSW_DIV, DSW_MAXIMUM, DSW_MINIMUM}) {
    for (const Lengths& shape : kShapes) {
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Expanded}) {
        KernelCase("binary")
            .input(shape, layout)
            .input(shape, Layout::Dense, 0.5, 2)
            .output(shape, layout == Layout::Spread ? Layout::Padded : Layout::Dense)
            .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.binary(s, op, v[0], v[1], v[2]); });
      }
    }
  }
  // A bias over channels of [B, C, H, W], and a scalar over everything.
  KernelCase("channel bias")
      .input({3, 5, 4, 7})
      .input({5})
      .output({3, 5, 4, 7})
      .run([](const DswKernels& k, DswStream* s, std::vector<DswView> v) {
        DswView wide = v[0];
        wide.data = v[1].data;
        wide.stride[0] = wide.stride[2] = wide.stride[3] = 0;
        wide.stride[1] = 1;
        return k.binary(s, DSW_ADD, v[0], wide, v[2]);
      });
}

TEST(Elementwise, GradientOfMaximumGivesTiesToTheFirst) {
  for (const DswBinary op : {DSW_MAXIMUM, DSW_MINIMUM}) {
    KernelCase("ties")
        .values({6}, {1, 2, 3, kNaN, 5, kNaN})
        .values({6}, {1, 3, 2, 4, kNaN, kNaN})
        .input({6})
        .output({6})
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.compare_select_bwd(s, op, v[0], v[1], v[2], v[3]); });
    KernelCase("strided")
        .input({9, 31}, Layout::Transposed)
        .input({9, 31}, Layout::Expanded)
        .input({9, 31})
        .output({9, 31}, Layout::Spread)
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.compare_select_bwd(s, op, v[0], v[1], v[2], v[3]); });
  }
}

TEST(Elementwise, Swiglu) {
  for (const Lengths& shape : kShapes) {
    KernelCase("swiglu")
        .input(shape, Layout::Dense, -6, 6)
        .input(shape, Layout::Padded)
        .output(shape)
        .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.swiglu_fwd(s, v[0], v[1], v[2]); });
    KernelCase("swiglu gradient")
        .input(shape, Layout::Padded, -6, 6)
        .input(shape)
        .input(shape, Layout::Transposed)
        .output(shape)
        .output(shape, Layout::Padded)
        .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.swiglu_bwd(s, v[0], v[1], v[2], v[3], v[4]); });
  }
}

}  // namespace
}  // namespace dsw::test
