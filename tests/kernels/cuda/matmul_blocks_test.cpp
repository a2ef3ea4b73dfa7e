// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 300
// Products of 8-bit floats of kernels/cuda on the emulated device against the reference, by instructions for 8-bit floats and, as on
// devices that have none, by conversion to float16.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cuda/stream.h"
#include "kernels/narrow_float.h"
#include "kernels/philox.h"
#include "tests/support/emulated_device.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using Sizes = std::array<std::int64_t, 3>;

std::vector<double> numbers(std::int64_t n, std::uint64_t seed) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto words = kernels::philox(seed, static_cast<std::uint64_t>(i));
    values.push_back((2 * kernels::unit_from_word(words[0]) - 1) * std::exp2(12 * kernels::unit_from_word(words[1]) - 6));
  }
  return values;
}
std::vector<std::int64_t> codes(std::int64_t n, DswDType format, std::uint64_t seed) {
  std::vector<std::int64_t> values;
  for (const double x : numbers(n, seed)) {
    const auto number = static_cast<float>(x);
    values.push_back(format == DSW_E4M3 ? kernels::to_e4m3(number).bits : kernels::to_e5m2(number).bits);
  }
  return values;
}
std::vector<double> scales(const Lengths& shape, std::uint64_t seed) {
  std::vector<double> values = numbers(shape[0] * shape[1], seed);
  for (double& value : values) value = 0.01 + std::fabs(value);
  return values;
}
std::int64_t blocks(std::int64_t length) { return (length + DSW_SCALE_BLOCK - 1) / DSW_SCALE_BLOCK; }

/// The parameter: the compute capability that the stream claims to have.
class CudaMatmulBlocks : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (testing_a_real_cuda_device() && GetParam() != 90) GTEST_SKIP() << "a real device is what it is";
  }
  static KernelCase::Call product(bool turned = false) {
    return [turned](const DswKernels& k, DswStream* s, std::vector<DswView> v) {
      if (s != nullptr && !testing_a_real_cuda_device()) cuda::stream_of(s).capability = GetParam();  // the reference has no stream
      for (std::size_t i = 0; i < 4 && turned; ++i) {
        std::swap(v[i].shape[0], v[i].shape[1]);
        std::swap(v[i].stride[0], v[i].stride[1]);
      }
      return k.matmul_blocks(s, v[0], v[1], v[2], v[3], v[4], v[5]);
    };
  }
};

TEST_P(CudaMatmulBlocks, EqualTheReference) {
  for (const auto& [M, N, K] : {Sizes{1, 1, 1}, {3, 5, 7}, {130, 129, 256}, {40, 200, 400}, {6, 4, 0}, {0, 4, 5}, {4, 0, 5}}) {
    for (const auto& [f, g] : {std::pair{DSW_E4M3, DSW_E4M3}, {DSW_E5M2, DSW_E4M3}, {DSW_E4M3, DSW_E5M2}, {DSW_E5M2, DSW_E5M2}}) {
      struct Scales {
        Lengths a, b;
      };
      for (const Scales& z : {Scales{{M, blocks(K)}, {blocks(N), blocks(K)}}, {{1, 1}, {N, blocks(K)}}, {{M, 1}, {1, blocks(K)}}}) {
        const auto made = [&, f = f, g = g, M = M, N = N, K = K](const char* name) {
          KernelCase one(name);
          one.exact().tolerance(1e-10);  // scales are float32 for both
          one.integers({M, K}, codes(M * K, f, 1), f).values(z.a, scales(z.a, 2));
          one.integers({N, K}, codes(N * K, g, 3), g).values(z.b, scales(z.b, 4), Layout::Spread);
          return one;
        };
        made("plain").missing().output({M, N}).run_on_cuda(product());
        made("bias, bfloat16").narrow(DSW_BF16).input({N}).output({M, N}, Layout::Padded).run_on_cuda(product());
      }
    }
  }
}

TEST_P(CudaMatmulBlocks, ColumnsThatLieDense) {
  constexpr std::int64_t M = 40, N = 50, K = 300;
  KernelCase("turned")
      .integers({K, M}, codes(M * K, DSW_E4M3, 1), DSW_E4M3)
      .values({blocks(K), M}, scales({blocks(K), M}, 2))
      .integers({K, N}, codes(N * K, DSW_E5M2, 3), DSW_E5M2)
      .values({blocks(K), blocks(N)}, scales({blocks(K), blocks(N)}, 4))
      .missing()
      .output({M, N})
      .exact()
      .tolerance(1e-10)
      .run_on_cuda(product(true));
}

TEST_P(CudaMatmulBlocks, NanStaysAndHugeScalesMeetOneByOne) {
  std::vector<std::int64_t> a(2 * 256, kernels::to_e4m3(1).bits), b(3 * 256, kernels::to_e5m2(2).bits);
  std::fill(a.begin() + 128, a.begin() + 256, 0);
  a[256 + 200] = 0x7F;
  KernelCase("huge")
      .exact()
      .tolerance(1e-10)
      .integers({2, 256}, a, DSW_E4M3)
      .values({2, 2}, {1e25, 1e30, 1, 1})  // times the other's 1e30 leaves float32, times the sum 0 does not
      .integers({3, 256}, b, DSW_E5M2)
      .values({1, 2}, {1e-20, 1e30})
      .missing()
      .output({2, 3})
      .run_on_cuda(product());
}

TEST_P(CudaMatmulBlocks, RefuseBlocksShorterThanASlice) {
  for (const Lengths& bad : {Lengths{200, 200}, Lengths{2, 3}}) {
    KernelCase("bad")
        .integers({200, 200}, codes(200 * 200, DSW_E4M3, 1), DSW_E4M3)
        .values(bad, scales(bad, 2))
        .integers({200, 200}, codes(200 * 200, DSW_E4M3, 1), DSW_E4M3)
        .values({200, 2}, scales({200, 2}, 2))
        .missing()
        .output({200, 200})
        .run_on_cuda(product());
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, CudaMatmulBlocks, testing::Values(80, 90),
                         [](const auto& capability) { return "sm_" + std::to_string(capability.param); });

}  // namespace
}  // namespace dsw::test
