// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

const Layout kLayouts[] = {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded};

TEST(Memory, FillAndCopyAnyStrides) {
  for (const Lengths& shape : {Lengths{}, Lengths{1}, Lengths{0, 3}, Lengths{5, 7}, Lengths{100, 130}, Lengths{3, 40, 50},
                               Lengths{2, 3, 4, 5}, Lengths{300, 400}}) {
    for (const Layout to : kLayouts) {
      KernelCase("fill").output(shape, to).exact().run(
          [](const DswKernels& k, DswStream* s, const auto& v) { return k.fill(s, v[0], -1.25); });
      for (const Layout from : {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded, Layout::Expanded}) {
        KernelCase("copy").input(shape, from).output(shape, to).exact().run([](const DswKernels& k, DswStream* s, const auto& v) {
          return k.copy(s, v[0], v[1]);
        });
      }
    }
  }
  // Heads out of [B, T, H, D], and back.
  KernelCase("permuted")
      .input({3, 20, 4, 8})
      .output({3, 4, 20, 8})
      .exact()
      .run([](const DswKernels& k, DswStream* s, std::vector<DswView> v) {
        std::swap(v[0].shape[1], v[0].shape[2]);
        std::swap(v[0].stride[1], v[0].stride[2]);
        return k.copy(s, v[0], v[1]);
      });
}

TEST(Memory, ConversionsRoundToNearestEven) {
  const std::vector<float> x = {0.0f,
                                -0.0f,
                                1.0f,
                                1.00390625f,
                                1.01171875f,
                                65504.0f,
                                65520.0f,
                                1e-7f,
                                6e-8f,
                                -3.14159f,
                                std::numeric_limits<float>::infinity(),
                                std::nanf("")};
  const std::vector<std::uint16_t> bf16 = {0x0000, 0x8000, 0x3F80, 0x3F80, 0x3F82, 0x4780, 0x4780, 0x33D7, 0x3381, 0xC049, 0x7F80, 0x7FC0};
  const std::vector<std::uint16_t> f16 = {0x0000, 0x8000, 0x3C00, 0x3C04, 0x3C0C, 0x7BFF, 0x7C00, 0x0002, 0x0001, 0xC248, 0x7C00, 0x7E00};
  const Lengths shape{static_cast<std::int64_t>(x.size())};
  std::vector<float> source = x, back(x.size());
  std::vector<std::uint16_t> narrow(x.size());
  const Stream stream(1);
  for (const auto& [dtype, want] : {std::pair{DSW_BF16, bf16}, std::pair{DSW_F16, f16}}) {
    ASSERT_EQ(dsw_cpu_kernels()->copy(stream.get(), dense_view(source.data(), shape, DSW_F32), dense_view(narrow.data(), shape, dtype)),
              DSW_OK);
    EXPECT_EQ(narrow, want);
    ASSERT_EQ(dsw_cpu_kernels()->copy(stream.get(), dense_view(narrow.data(), shape, dtype), dense_view(back.data(), shape, DSW_F32)),
              DSW_OK);
    EXPECT_EQ(back[2], 1.0f);
    EXPECT_NEAR(back[9], -3.14159f, 0.01f);
    EXPECT_TRUE(std::isnan(back[11]));
  }
  std::vector<std::uint8_t> bytes = {0, 1, 200, 255};
  std::vector<float> floats(4);
  ASSERT_EQ(dsw_cpu_kernels()->copy(stream.get(), dense_view(bytes.data(), {4}, DSW_U8), dense_view(floats.data(), {4}, DSW_F32)), DSW_OK);
  EXPECT_EQ(floats, (std::vector<float>{0, 1, 200, 255}));
}

TEST(Random, EqualToTheReferenceToTheBit) {
  for (const Lengths& shape : {Lengths{0}, Lengths{1}, Lengths{5}, Lengths{1023}, Lengths{50, 1003}}) {
    for (const double p : {0.0, 0.1, 0.5, 1.0}) {
      KernelCase("dropout").input(shape).output(shape).exact().run(
          [&](const DswKernels& k, DswStream* s, const auto& v) { return k.dropout(s, v[0], v[1], p, 0x123456789ABCDEFull); });
    }
    KernelCase("uniform").output(shape).exact().run(
        [](const DswKernels& k, DswStream* s, const auto& v) { return k.random_uniform(s, v[0], 42, -0.5, 2.5); });
    KernelCase("normal").output(shape).exact().run(
        [](const DswKernels& k, DswStream* s, const auto& v) { return k.random_normal(s, v[0], 43, 1, 0.02); });
  }
}

TEST(Random, PhiloxMatchesItsPublishedVectors) {
  // Random123 kat_vectors, philox4x32 10 rounds: counter and key all zero.
  const auto zero = kernels::philox(0, 0);
  EXPECT_EQ(zero, (std::array<std::uint32_t, 4>{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
}

TEST(Random, MomentsAndShareKept) {
  constexpr std::int64_t n = 200000;
  std::vector<float> x(n, 1.0f), y(n);
  const Stream stream(2);
  const DswKernels& k = *dsw_cpu_kernels();
  const DswView xv = dense_view(x.data(), {n}, DSW_F32), yv = dense_view(y.data(), {n}, DSW_F32);
  const auto moments = [&] {
    double sum = 0, square = 0;
    for (const float v : y) {
      sum += static_cast<double>(v);
      square += static_cast<double>(v) * static_cast<double>(v);
    }
    return std::pair(sum / n, square / n - sum / n * sum / n);
  };
  ASSERT_EQ(k.random_normal(stream.get(), yv, 7, 2, 3), DSW_OK);
  EXPECT_NEAR(moments().first, 2, 0.03);
  EXPECT_NEAR(moments().second, 9, 0.15);
  ASSERT_EQ(k.random_uniform(stream.get(), yv, 8, -1, 1), DSW_OK);
  EXPECT_NEAR(moments().first, 0, 0.01);
  EXPECT_NEAR(moments().second, 1.0 / 3, 0.01);
  ASSERT_EQ(k.dropout(stream.get(), xv, yv, 0.25, 9), DSW_OK);
  std::int64_t kept = 0;
  for (const float v : y) {
    kept += v != 0;
    ASSERT_TRUE(v == 0 || v == static_cast<float>(1 / 0.75));
  }
  EXPECT_NEAR(static_cast<double>(kept) / n, 0.75, 0.005);
}

}  // namespace
}  // namespace dsw::test
