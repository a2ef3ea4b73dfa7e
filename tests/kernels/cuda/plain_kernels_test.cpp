// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// The compatible kernels of kernels/cuda, those without matrix instructions, on the emulated device against the double reference.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/narrow_float.h"
#include "tests/support/emulated_device.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using Views = std::vector<DswView>;

TEST(CudaPlainKernels, AreNotTheFastOnes) {
  const DswKernels &fast = *cuda_module_under_test()->kernels, &plain = *cuda_module_under_test()->compatible;
  EXPECT_NE(plain.matmul, fast.matmul);
  EXPECT_NE(plain.attention_bwd, fast.attention_bwd);
  EXPECT_EQ(plain.softmax_fwd, nullptr);  // one way only
}

TEST(CudaPlainKernels, Matmul) {
  for (const DswDType dtype : {DSW_BF16, DSW_F16}) {
    for (const Layout layout : {Layout::Dense, Layout::Transposed}) {
      KernelCase product("product");
      product.narrow(dtype).tolerance(2e-5).input({72, 200}, layout).input({200, 136}, layout).input({136}).changed({72, 136});
      product.run_on_cuda_plainly(
          [](const DswKernels& k, DswStream* s, const Views& v) { return k.matmul(s, v[0], v[1], v[2], v[3], 0.5, 2); });
    }
  }
}

TEST(CudaPlainKernels, ProductsOf8BitFloats) {
  constexpr std::int64_t M = 20, N = 9, K = 300;
  for (const DswDType a : {DSW_E4M3, DSW_E5M2}) {
    for (const DswDType b : {DSW_E4M3, DSW_E5M2}) {
      const auto codes = [](std::int64_t n, DswDType format) {
        std::vector<std::int64_t> values;
        for (std::int64_t i = 0; i < n; ++i) {
          const auto x = static_cast<float>(std::sin(7.0 * static_cast<double>(i)));
          values.push_back(format == DSW_E4M3 ? kernels::to_e4m3(x).bits : kernels::to_e5m2(x).bits);
        }
        return values;
      };
      KernelCase product("8 bits");
      product.exact().tolerance(1e-10);
      product.integers({M, K}, codes(M * K, a), a).input({M, 3}, Layout::Spread, 0.5, 2);
      product.integers({N, K}, codes(N * K, b), b).input({1, 3}, Layout::Dense, 0.5, 2).input({N}).output({M, N}, Layout::Padded);
      product.run_on_cuda_plainly(
          [](const DswKernels& k, DswStream* s, const Views& v) { return k.matmul_blocks(s, v[0], v[1], v[2], v[3], v[4], v[5]); });
    }
  }
}

TEST(CudaPlainKernels, Attention) {
  constexpr std::int64_t T = 70, S = 130, D = 16;
  const DswAttention p{0.25, 1, 90, 3.0, 0.2, 17};
  for (const bool listed : {false, true}) {
    KernelCase attention("attention");
    attention.narrow(DSW_BF16).tolerance(4e-5).cancels(1e-3);
    attention.input({1, 2, T, D}, Layout::Dense, -2, 2).input({1, 1, S, D}, Layout::Dense, -2, 2).input({1, 1, S, D});
    attention.integers({1, 2, 3}, {0, 2, 4, 4, 5, 7}).integers({7}, {0, 2, 0, 1, 1, 0, 2});
    attention.output({1, 2, T, D}).wide().output({1, 2, T}).narrow(DSW_BF16).input({1, 2, T, D});
    attention.output({1, 2, T, D}).output({1, 1, S, D}).output({1, 1, S, D});
    attention.run_on_cuda_plainly([&](const DswKernels& k, DswStream* s, const Views& v) {
      if (!listed) {
        const int status = k.attention_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[5], v[6], DswView{});
        return status != DSW_OK ? status : k.attention_bwd(s, &p, v[0], v[1], v[2], DswView{}, v[5], v[6], v[7], v[8], v[9], v[10]);
      }
      const int status = k.attention_blocks_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], v[5], v[6]);
      return status != DSW_OK ? status
                              : k.attention_blocks_bwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10]);
    });
  }
}

TEST(CudaPlainKernels, AttentionOfPages) {
  const DswAttention p{0.25, 1, 0, 0, 0, 0};
  KernelCase attention("pages");
  attention.narrow(DSW_BF16).tolerance(4e-5).input({2, 2, 3, 16}).input({4, 1, 64, 16}).input({4, 1, 64, 16});
  attention.integers({2, 2}, {3, 1, 0, 2}).integers({2}, {70, 9}).output({2, 2, 3, 16}).wide().output({2, 2, 3});
  attention.run_on_cuda_plainly([&](const DswKernels& k, DswStream* s, const Views& v) {
    return k.attention_paged_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
  });
}

}  // namespace
}  // namespace dsw::test
