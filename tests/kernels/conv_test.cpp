// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Conv {
  std::int64_t B, C, H, W, O, R, S;
  DswConv p;
  Lengths x() const { return {B, C, H, W}; }
  Lengths w() const { return {O, C / p.groups, R, S}; }
  Lengths y() const {
    return {B, O, (H + 2 * p.pad_h - p.dilation_h * (R - 1) - 1) / p.stride_h + 1,
            (W + 2 * p.pad_w - p.dilation_w * (S - 1) - 1) / p.stride_w + 1};
  }
};
//                           B  C  H  W  O  R  S  stride pad   dilation groups
const Conv kConvs[] = {{1, 1, 1, 1, 1, 1, 1, {1, 1, 0, 0, 1, 1, 1}},     {2, 1, 28, 28, 16, 3, 3, {1, 1, 1, 1, 1, 1, 1}},
                       {5, 16, 14, 14, 32, 3, 3, {1, 1, 1, 1, 1, 1, 1}}, {3, 3, 9, 7, 5, 3, 3, {2, 2, 1, 1, 1, 1, 1}},
                       {2, 6, 8, 8, 6, 3, 3, {1, 1, 1, 1, 1, 1, 6}},     {2, 8, 7, 9, 12, 3, 1, {1, 2, 0, 0, 1, 1, 4}},
                       {1, 5, 11, 10, 7, 3, 3, {1, 1, 2, 2, 2, 2, 1}},   {4, 16, 8, 8, 32, 1, 1, {2, 2, 0, 0, 1, 1, 1}},
                       {2, 4, 6, 6, 3, 5, 5, {1, 1, 2, 2, 1, 1, 1}},     {0, 3, 5, 5, 4, 3, 3, {1, 1, 1, 1, 1, 1, 1}},
                       {40, 8, 12, 12, 16, 3, 3, {1, 1, 1, 1, 1, 1, 1}}, {3, 2, 5, 5, 2, 2, 2, {2, 2, 0, 0, 1, 1, 1}},
                       {3, 7, 9, 11, 5, 3, 3, {1, 1, 0, 2, 1, 1, 1}},    {2, 4, 3, 70, 9, 3, 3, {1, 1, 1, 0, 1, 1, 1}},
                       {1, 5, 1, 2, 6, 3, 3, {1, 1, 2, 1, 1, 1, 1}},     {9, 40, 6, 6, 33, 3, 3, {1, 1, 1, 1, 1, 1, 1}}};

TEST(Conv2d, Forward) {
  for (const Conv& c : kConvs) {
    for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Expanded}) {
      KernelCase("forward")
          .input(c.x(), layout)
          .input(c.w())
          .input({c.O})
          .output(c.y(), layout == Layout::Expanded ? Layout::Dense : layout)
          .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_fwd(s, &c.p, v[0], v[1], v[2], v[3]); });
    }
    KernelCase("without bias")
        .input(c.x())
        .input(c.w(), Layout::Transposed)
        .missing()
        .output(c.y())
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_fwd(s, &c.p, v[0], v[1], v[2], v[3]); });
  }
}

TEST(Conv2d, GradientOfTheInput) {
  for (const Conv& c : kConvs) {
    for (const Layout layout : {Layout::Dense, Layout::Padded}) {
      KernelCase("data").input(c.w()).input(c.y(), layout).output(c.x(), layout).run([&](const DswKernels& k, DswStream* s, const auto& v) {
        return k.conv2d_bwd_data(s, &c.p, v[0], v[1], v[2]);
      });
    }
  }
}

TEST(Conv2d, GradientOfTheWeights) {
  for (const Conv& c : kConvs) {
    KernelCase("weights and bias")
        .input(c.x(), Layout::Padded)
        .input(c.y())
        .output(c.w())
        .output({c.O})
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_bwd_weights(s, &c.p, v[0], v[1], v[2], v[3]); });
    KernelCase("weights").input(c.x()).input(c.y()).output(c.w()).missing().run(
        [&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_bwd_weights(s, &c.p, v[0], v[1], v[2], v[3]); });
  }
}

/// And by nobody who does not look at it: fast ways that mix neighbours must not carry it on.
TEST(Conv2d, NaNAndInfinityAreSeen) {
  for (const Conv& c : {kConvs[1], kConvs[2], kConvs[12]}) {
    for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      KernelCase("forward").input(c.x()).put(30, value).input(c.w()).missing().output(c.y()).run(
          [&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_fwd(s, &c.p, v[0], v[1], v[2], v[3]); });
      KernelCase("data").input(c.w()).input(c.y()).put(30, value).output(c.x()).run(
          [&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_bwd_data(s, &c.p, v[0], v[1], v[2]); });
      KernelCase("weights").input(c.x()).input(c.y()).put(30, value).output(c.w()).output({c.O}).run(
          [&](const DswKernels& k, DswStream* s, const auto& v) { return k.conv2d_bwd_weights(s, &c.p, v[0], v[1], v[2], v[3]); });
    }
  }
}

TEST(Conv2d, ASteadyLoopPreparesNothingAndRepeatsToTheBit) {
  const Stream stream(2);
  std::vector<float> x(9 * 4 * 100, 0.5f), w(8 * 4 * 9), y(9 * 8 * 100), dw(w.size()), first;
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 13) * 0.1f - 0.5f;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 29) * 0.07f - 1.0f;
  const DswConv p{1, 1, 1, 1, 1, 1, 1};
  const DswView xv = dense_view(x.data(), {9, 4, 10, 10}, DSW_F32), wv = dense_view(w.data(), {8, 4, 3, 3}, DSW_F32),
                yv = dense_view(y.data(), {9, 8, 10, 10}, DSW_F32), dwv = dense_view(dw.data(), {8, 4, 3, 3}, DSW_F32);
  std::uint64_t prepared = 0;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(dsw_cpu_kernels()->conv2d_fwd(stream.get(), &p, xv, wv, DswView{}, yv), DSW_OK);
    ASSERT_EQ(dsw_cpu_kernels()->conv2d_bwd_weights(stream.get(), &p, xv, yv, dwv, DswView{}), DSW_OK);
    if (i == 0) {
      prepared = dsw_cpu_stream_prepared(stream.get());
      first = dw;
    }
    ASSERT_EQ(dw, first);
  }
  EXPECT_EQ(dsw_cpu_stream_prepared(stream.get()), prepared);
}

struct Pool {
  std::int64_t B, C, H, W;
  DswPool p;
  Lengths x() const { return {B, C, H, W}; }
  Lengths y() const { return {B, C, (H + 2 * p.pad_h - p.kernel_h) / p.stride_h + 1, (W + 2 * p.pad_w - p.kernel_w) / p.stride_w + 1}; }
};
const Pool kPools[] = {{2, 3, 28, 28, {2, 2, 2, 2, 0, 0, 0}}, {2, 3, 7, 9, {2, 2, 2, 2, 0, 0, 0}},    {1, 2, 8, 8, {3, 3, 2, 2, 1, 1, 0}},
                       {3, 1, 5, 6, {3, 2, 1, 1, 1, 0, 0}},   {2, 64, 14, 14, {2, 2, 2, 2, 0, 0, 0}}, {1, 5, 7, 7, {7, 7, 7, 7, 0, 0, 0}},
                       {2, 3, 9, 21, {3, 3, 1, 1, 1, 1, 0}},  {1, 2, 7, 7, {3, 3, 1, 1, 1, 1, 0}},    {1, 2, 6, 40, {2, 5, 1, 1, 0, 2, 0}},
                       {0, 2, 4, 4, {2, 2, 2, 2, 0, 0, 0}}};

TEST(Pool2d, ForwardAndGradient) {
  for (const Pool& c : kPools) {
    for (const std::int32_t average : {0, 1}) {
      DswPool p = c.p;
      p.average = average;
      for (const Layout layout : {Layout::Dense, Layout::Padded}) {
        KernelCase pool("pool");
        pool.input(c.x(), layout).output(c.y()).input(c.y()).output(c.x(), layout);
        if (average)
          pool.missing();
        else
          pool.integer_output(c.y());
        pool.run([&](const DswKernels& k, DswStream* s, const auto& v) {
          if (const int status = k.pool2d_fwd(s, &p, v[0], v[1], v[4]); status != DSW_OK) return status;
          return k.pool2d_bwd(s, &p, v[2], v[4], v[3]);
        });
      }
    }
  }
}

TEST(Pool2d, EqualAndNaNElements) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const DswPool p{2, 2, 2, 2, 0, 0, 0};
  const std::vector<double> x = {1, 1,  nan, 2,   -inf, -inf, 5,   3, 1,  1,  3, nan, -inf, -inf, nan, nan,
                                 0, -1, 7,   nan, 2,    2,    nan, 9, -2, -3, 8, 8,   2,    1,    9,   nan};
  KernelCase("ties")
      .values({1, 2, 2, 8}, x)
      .output({1, 2, 1, 4})
      .integer_output({1, 2, 1, 4})
      .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.pool2d_fwd(s, &p, v[0], v[1], v[2]); });
}

}  // namespace
}  // namespace dsw::test
