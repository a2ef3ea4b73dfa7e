// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Matrix products of kernels/cuda on the emulated device against the double reference: the tiled kernel of 16-bit numbers in every way that
// its operands can lie, and the plain one of the others.
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

KernelCase::Call matmul(double alpha, double beta) {
  return [=](const DswKernels& k, DswStream* s, const std::vector<DswView>& v) { return k.matmul(s, v[0], v[1], v[2], v[3], alpha, beta); };
}

class CudaMatmul : public testing::TestWithParam<DswDType> {
 protected:
  static KernelCase product(const char* name) {
    KernelCase one(name);
    if (GetParam() != DSW_F32) one.narrow(GetParam()).tolerance(2e-5);
    return one;
  }
};

TEST_P(CudaMatmul, ShapesLayoutsAndBias) {
  struct Product {
    std::int64_t M, K, N;
  };
  for (const Product& p : {Product{1, 1, 1}, {5, 7, 1}, {16, 16, 16}, {33, 65, 31}, {72, 200, 136}, {0, 8, 8}, {8, 0, 8}, {136, 40, 264}}) {
    for (const Layout a : {Layout::Dense, Layout::Transposed}) {
      for (const Layout b : {Layout::Dense, Layout::Transposed}) {
        product("product").input({p.M, p.K}, a).input({p.K, p.N}, b).missing().output({p.M, p.N}).run_on_cuda(matmul(1, 0));
      }
    }
    product("spread")
        .input({p.M, p.K}, Layout::Spread)
        .input({p.K, p.N}, Layout::Padded)
        .input({p.N})
        .output({p.M, p.N}, Layout::Padded)
        .run_on_cuda(matmul(1, 0));
    product("one column for all")
        .input({p.M, p.K}, Layout::Expanded)
        .input({p.K, p.N})
        .missing()
        .output({p.M, p.N}, Layout::Transposed)
        .run_on_cuda(matmul(1, 0));
    product("alpha, bias, beta").input({p.M, p.K}).input({p.K, p.N}).input({p.N}).changed({p.M, p.N}).run_on_cuda(matmul(0.5, -2));
  }
}

TEST_P(CudaMatmul, Batches) {
  product("three axes").input({3, 7, 16}).input({3, 16, 8}).missing().output({3, 7, 8}).run_on_cuda(matmul(1, 0));
  product("turned")
      .input({3, 24, 16}, Layout::Transposed)
      .input({3, 16, 8}, Layout::Transposed)
      .missing()
      .output({3, 24, 8})
      .run_on_cuda(matmul(1, 0));
  product("one weight").input({4, 6, 16}).input({4, 16, 40}, Layout::Expanded).input({40}).output({4, 6, 40}).run_on_cuda(matmul(1, 0));
  product("four axes")
      .input({2, 3, 8, 5})
      .input({2, 3, 5, 70})
      .missing()
      .output({2, 3, 8, 70}, Layout::Padded)
      .run_on_cuda(matmul(0.25, 0));
  product("no batch").input({0, 7, 9}).input({0, 9, 11}).missing().output({0, 7, 11}).run_on_cuda(matmul(1, 0));
}

TEST_P(CudaMatmul, BetaZeroDoesNotReadTheResultAndNaNIsSeen) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  product("NaN in c").input({4, 8}).input({8, 16}).missing().output({4, 16}).run_on_cuda(matmul(2, 0));
  product("NaN in a").input({4, 8}).put(7, nan).input({8, 16}).missing().output({4, 16}).run_on_cuda(matmul(1, 0));
}

TEST_P(CudaMatmul, OtherDtypesOfTheResult) {
  product("float32 bias and result").input({20, 24}).input({24, 40}).wide().input({40}).output({20, 40}).run_on_cuda(matmul(1, 0));
  product("float32 on the right").input({20, 24}).wide().input({24, 40}).missing().output({20, 40}).run_on_cuda(matmul(1, 0));
}

INSTANTIATE_TEST_SUITE_P(Formats, CudaMatmul, testing::Values(DSW_BF16, DSW_F16, DSW_F32), [](const auto& dtype) {
  return dtype.param == DSW_BF16 ? "bfloat16" : dtype.param == DSW_F16 ? "float16" : "float32";
});

}  // namespace
}  // namespace dsw::test
