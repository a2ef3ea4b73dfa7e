// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Product {
  std::int64_t M, K, N;
};
const Product kProducts[] = {{1, 1, 1}, {1, 17, 5}, {3, 1, 4},     {5, 7, 1},     {16, 16, 16}, {33, 65, 31}, {128, 96, 200},
                             {0, 3, 4}, {3, 0, 4},  {300, 40, 65}, {1, 128, 512}, {2, 70, 33},  {3, 64, 6},   {4, 100, 41}};

KernelCase::Call matmul(double alpha, double beta) {
  return [=](const DswKernels& k, DswStream* s, const std::vector<DswView>& v) { return k.matmul(s, v[0], v[1], v[2], v[3], alpha, beta); };
}

TEST(Gemm, ShapesLayoutsAndBias) {
  for (const Product& p : kProducts) {
    for (const Layout a : {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded, Layout::Expanded}) {
      for (const Layout b : {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Expanded}) {
        KernelCase("product").input({p.M, p.K}, a).input({p.K, p.N}, b).missing().output({p.M, p.N}).run(matmul(1, 0));
      }
      KernelCase("with bias")
          .input({p.M, p.K}, a)
          .input({p.K, p.N}, Layout::Transposed)
          .input({p.N})
          .output({p.M, p.N}, Layout::Padded)
          .run(matmul(1, 0));
      KernelCase("alpha, bias, beta").input({p.M, p.K}, a).input({p.K, p.N}).input({p.N}).changed({p.M, p.N}).run(matmul(0.5, -2));
      KernelCase("transposed result")
          .input({p.M, p.K}, a)
          .input({p.K, p.N})
          .missing()
          .output({p.M, p.N}, Layout::Transposed)
          .run(matmul(1, 0));
    }
  }
}

TEST(Gemm, Batches) {
  for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Expanded}) {
    KernelCase("three axes").input({5, 7, 9}, layout).input({5, 9, 11}, layout).missing().output({5, 7, 11}).run(matmul(1, 0));
    KernelCase("one weight")
        .input({4, 6, 9}, Layout::Dense)
        .input({4, 9, 33}, Layout::Expanded)
        .input({33})
        .output({4, 6, 33})
        .run(matmul(1, 0));
    KernelCase("four axes")
        .input({2, 3, 8, 5}, layout)
        .input({2, 3, 5, 70})
        .missing()
        .output({2, 3, 8, 70}, Layout::Padded)
        .run(matmul(0.25, 0));
  }
  KernelCase("no batch").input({0, 7, 9}).input({0, 9, 11}).missing().output({0, 7, 11}).run(matmul(1, 0));
  KernelCase("wide").input({2, 64, 48}).input({2, 48, 300}).input({300}).output({2, 64, 300}).run(matmul(1, 0));
}

TEST(Gemm, ARowHasTheSameBitsAloneAndAmongAFew) {
  const std::int64_t K = 203, N = 37;
  std::vector<float> a(static_cast<std::size_t>(4 * K)), b(static_cast<std::size_t>(N * K));
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(static_cast<float>(i));
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = std::cos(static_cast<float>(3 * i));
  DswView weights = dense_view(b.data(), {K, N}, DSW_F32);
  weights.stride[0] = 1;
  weights.stride[1] = K;
  for (const int threads : {1, 2}) {
    const Stream stream(threads);
    std::vector<float> alone(static_cast<std::size_t>(N)), together(static_cast<std::size_t>(4 * N));
    const auto product = [&](float* from, std::int64_t rows, std::vector<float>& to) {
      return dsw_cpu_kernels()->matmul(stream.get(), dense_view(from, {rows, K}, DSW_F32), weights, DswView{},
                                       dense_view(to.data(), {rows, N}, DSW_F32), 1, 0);
    };
    ASSERT_EQ(product(a.data(), 4, together), DSW_OK);
    ASSERT_EQ(product(a.data() + 2 * K, 1, alone), DSW_OK);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + 2 * N));
  }
}

TEST(Gemm, BetaZeroDoesNotReadTheResult) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  KernelCase("NaN in c").input({4, 5}).input({5, 6}).missing().output({4, 6}).run(matmul(2, 0));
  KernelCase("NaN in a").input({4, 5}).put(7, nan).input({5, 6}).missing().output({4, 6}).run(matmul(1, 0));
}

TEST(Gemm, ASteadyLoopPreparesNothing) {
  const Stream stream(2);
  std::vector<float> a(256 * 64, 0.5f), b(64 * 96, 0.25f), c(256 * 96);
  const DswView av = dense_view(a.data(), {256, 64}, DSW_F32), bv = dense_view(b.data(), {64, 96}, DSW_F32),
                cv = dense_view(c.data(), {256, 96}, DSW_F32);
  std::uint64_t prepared = 0;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(dsw_cpu_kernels()->matmul(stream.get(), av, bv, DswView{}, cv, 1, 0), DSW_OK);
    if (i == 0) prepared = dsw_cpu_stream_prepared(stream.get());
  }
  EXPECT_GT(prepared, 0u);
  EXPECT_EQ(dsw_cpu_stream_prepared(stream.get()), prepared);
}

}  // namespace
}  // namespace dsw::test
