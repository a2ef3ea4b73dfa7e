// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Matrix products through cuBLASLt's interface, behind which a library for tests stands (tests/support/fake_cublas_lt.h): results equal the
// reference in every way that operands can lie, what the library does not take is ours, and a library that fails is not trusted.
#include "kernels/cuda/library_products.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/nn/ops/matmul.h"
#include "engine/tensor/guarded_device.h"
#include "kernels/narrow_float.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"
#include "tests/support/fake_cublas_lt.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WithLibrary : public testing::Test {
 protected:
  WithLibrary() {
    fake_cublas_lt() = {};
    cuda::lt::use(fake_cublas_lt_functions());
  }
  ~WithLibrary() override {
    EXPECT_THAT(fake_cublas_lt().complaints, IsEmpty());
    cuda::lt::use(nullptr);
  }
  static KernelCase::Call matmul(double alpha = 1, double beta = 0) {
    return
        [=](const DswKernels& k, DswStream* s, const std::vector<DswView>& v) { return k.matmul(s, v[0], v[1], v[2], v[3], alpha, beta); };
  }
  /// Whether the library multiplied since the last question.
  static bool multiplied() { return std::exchange(fake_cublas_lt().products, 0) > 0; }
};

class LibraryProducts : public WithLibrary, public testing::WithParamInterface<DswDType> {
 protected:
  static KernelCase product(const char* name) {
    KernelCase one(name);
    if (GetParam() != DSW_F32) one.narrow(GetParam()).tolerance(2e-5);
    return one;
  }
};

TEST_P(LibraryProducts, EveryWayThatMatricesLie) {
  for (const auto& [M, K, N] : {std::tuple{1, 1, 1}, {5, 7, 1}, {1, 7, 9}, {16, 16, 16}, {33, 65, 31}}) {
    for (const Layout a : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
      for (const Layout b : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
        product("product").input({M, K}, a).input({K, N}, b).missing().output({M, N}, Layout::Padded).run_on_cuda(matmul());
        EXPECT_TRUE(multiplied());
        product("bias").input({M, K}, a).input({K, N}, b).input({N}).changed({M, N}).run_on_cuda(matmul(0.5, -2));
        EXPECT_TRUE(multiplied());
      }
    }
  }
}

TEST_P(LibraryProducts, Batches) {
  product("three axes").input({3, 7, 16}).input({3, 16, 8}).missing().output({3, 7, 8}).run_on_cuda(matmul());
  EXPECT_TRUE(multiplied());
  EXPECT_EQ(fake_cublas_lt().last_batches, 3);
  product("four axes").input({2, 3, 8, 5}).input({2, 3, 5, 7}, Layout::Transposed).missing().output({2, 3, 8, 7}).run_on_cuda(matmul());
  EXPECT_TRUE(multiplied());
  EXPECT_EQ(fake_cublas_lt().last_batches, 6);
  product("one weight").input({4, 6, 16}).input({4, 16, 40}, Layout::Expanded).input({40}).output({4, 6, 40}).run_on_cuda(matmul());
  EXPECT_TRUE(multiplied());
  EXPECT_EQ(fake_cublas_lt().last_batches, 1);
  EXPECT_EQ(fake_cublas_lt().last_columns, 24);
  product("one left side").input({4, 6, 16}, Layout::Expanded).input({4, 16, 5}).missing().output({4, 6, 5}).run_on_cuda(matmul());
  EXPECT_TRUE(multiplied());
}

TEST_P(LibraryProducts, OthersAreOurs) {
  product("spread").input({8, 16}, Layout::Spread).input({16, 8}).missing().output({8, 8}).run_on_cuda(matmul());
  product("turned result").input({8, 16}).input({16, 8}).missing().output({8, 8}, Layout::Transposed).run_on_cuda(matmul());
  product("nothing").input({8, 0}).input({0, 8}).input({8}).output({8, 8}).run_on_cuda(matmul());
  product("uneven batches").input({2, 3, 4, 8}, Layout::Padded).input({2, 3, 8, 5}).missing().output({2, 3, 4, 5}).run_on_cuda(matmul());
  if (GetParam() != DSW_F32) {
    EXPECT_TRUE(multiplied());  // of the last: padded rows are evenly apart
    product("two dtypes").input({8, 16}).wide().input({16, 8}).missing().output({8, 8}).run_on_cuda(matmul());
  } else {
    EXPECT_TRUE(multiplied());
  }
  fake_cublas_lt().knows_no_algorithm = true;
  product("no algorithm").input({8, 16}).input({16, 8}).missing().output({8, 8}).run_on_cuda(matmul());
  EXPECT_FALSE(multiplied());
}

INSTANTIATE_TEST_SUITE_P(Formats, LibraryProducts, testing::Values(DSW_BF16, DSW_F16, DSW_F32), [](const auto& dtype) {
  return dtype.param == DSW_BF16 ? "bfloat16" : dtype.param == DSW_F16 ? "float16" : "float32";
});

TEST_F(WithLibrary, ProductsOf8BitFloatsByTheLibrarysRules) {
  struct Scales {
    Lengths a, b;
  };
  const auto run = [&](std::int64_t M, std::int64_t N, std::int64_t K, DswDType f, DswDType g, const Scales& z, DswDType c, bool bias) {
    const auto codes = [](std::int64_t n, DswDType format) {
      std::vector<std::int64_t> values;
      for (std::int64_t i = 0; i < n; ++i) {
        const auto x = static_cast<float>(std::sin(7.0 * static_cast<double>(i)));
        values.push_back(format == DSW_E4M3 ? kernels::to_e4m3(x).bits : kernels::to_e5m2(x).bits);
      }
      return values;
    };
    KernelCase product("8 bits");
    product.exact().tolerance(c == DSW_F32 ? 1e-10 : 1e-5);
    product.integers({M, K}, codes(M * K, f), f).input(z.a, Layout::Dense, 0.5, 2);
    product.integers({N, K}, codes(N * K, g), g).input(z.b, Layout::Dense, 0.5, 2);
    if (c != DSW_F32) product.narrow(c);
    if (bias)
      product.input({N});
    else
      product.missing();
    product.output({M, N}).run_on_cuda([](const DswKernels& k, DswStream* s, const std::vector<DswView>& v) {
      return k.matmul_blocks(s, v[0], v[1], v[2], v[3], v[4], v[5]);
    });
    return multiplied();
  };
  const Scales one{{1, 1}, {1, 1}};
  EXPECT_TRUE(run(32, 16, 48, DSW_E4M3, DSW_E4M3, one, DSW_F32, false));
  EXPECT_TRUE(run(32, 16, 256, DSW_E5M2, DSW_E4M3, one, DSW_BF16, true));
  EXPECT_TRUE(run(32, 16, 48, DSW_E4M3, DSW_E5M2, one, DSW_F16, true));
  EXPECT_FALSE(run(32, 16, 48, DSW_E5M2, DSW_E5M2, one, DSW_F32, false));                 // it has none of them
  EXPECT_FALSE(run(32, 16, 40, DSW_E4M3, DSW_E4M3, one, DSW_F32, false));                 // not a multiple of 16
  EXPECT_FALSE(run(32, 8, 48, DSW_E4M3, DSW_E4M3, one, DSW_F32, false));                  //
  EXPECT_FALSE(run(32, 16, 48, DSW_E4M3, DSW_E4M3, one, DSW_F32, true));                  // a float32 bias
  EXPECT_FALSE(run(32, 16, 256, DSW_E4M3, DSW_E4M3, {{32, 2}, {1, 2}}, DSW_F32, false));  // scales of blocks
}

TEST_F(WithLibrary, AnAlgorithmIsAskedForOnceAShape) {
  const auto device = make_emulated_cuda_device();
  const auto product = [&](std::int64_t M, std::int64_t N) {
    dsw::matmul(full({M, 16}, 3, DType::BF16, *device), full({16, N}, 2, DType::BF16, *device));
    return fake_cublas_lt().heuristics;
  };
  EXPECT_EQ(product(8, 8), 1);
  EXPECT_EQ(product(8, 8), 1);
  EXPECT_EQ(product(8, 24), 2);
  EXPECT_EQ(product(8, 8), 2);
  fake_cublas_lt().knows_no_algorithm = true;
  EXPECT_EQ(product(24, 8), 3);
  EXPECT_EQ(product(24, 8), 3);  // that there is none is known, too
}

TEST_F(WithLibrary, ALibraryThatFailsIsReplacedByOurKernelsAndGivenUp) {
  std::vector<std::string> said;
  GuardedDevice device(make_emulated_cuda_device(), KernelRecords(), [&](const std::string& sentence) { said.push_back(sentence); });
  const auto products = [&] {
    return dsw::matmul(full({16, 32}, 3, DType::BF16, device), full({32, 16}, 2, DType::BF16, device)).to_vector<double>();
  };
  EXPECT_THAT(products(), Each(192));
  fake_cublas_lt().failures = 100;
  for (int i = 0; i < 5; ++i) EXPECT_THAT(products(), Each(192));
  EXPECT_EQ(fake_cublas_lt().failures, 97);
  EXPECT_THAT(said, ElementsAre(HasSubstr("matmul runs in the compatible way instead of cuda-emulated: 3 of 4 launches failed")));
}

}  // namespace
}  // namespace dsw::test
