// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What op_cases do not reach of the CUDA kernels: fused entries, optimisers, NaN, float16, wrong indices, 8-bit floats to the bit.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using Views = std::vector<DswView>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(CudaFamilies, ConversionsAndRandomNumbersAreTheReferences) {
  KernelCase("copy")
      .input({5, 7}, Layout::Transposed)
      .output({5, 7})
      .exact()
      .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.copy(s, v[0], v[1]); });
  KernelCase("uniform").output({103}).run_on_cuda(
      [](const DswKernels& k, DswStream* s, const Views& v) { return k.random_uniform(s, v[0], 77, -2, 3); });
  KernelCase("normal").output({103}).run_on_cuda(
      [](const DswKernels& k, DswStream* s, const Views& v) { return k.random_normal(s, v[0], 78, 1, 0.5); });
}

TEST(CudaFamilies, NaNGoesThroughReluMaximumAndReductions) {
  KernelCase("relu").input({40}).put(3, kNaN).output({40}).run_on_cuda(
      [](const DswKernels& k, DswStream* s, const Views& v) { return k.unary(s, DSW_RELU, 0, 0, v[0], v[1]); });
  for (const int at : {0, 1})
    KernelCase("maximum")
        .input({40})
        .put(at == 0 ? 5 : 0, at == 0 ? kNaN : 1)
        .input({40})
        .put(at == 1 ? 6 : 0, at == 1 ? kNaN : 1)
        .output({40})
        .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.binary(s, DSW_MAXIMUM, v[0], v[1], v[2]); });
  KernelCase("max over rows")
      .input({3, 200})
      .put(250, kNaN)
      .output({3, 1})
      .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.reduce(s, DSW_MAX, v[0], v[1]); });
  KernelCase("argmax").input({3, 200}).put(250, kNaN).put(270, kNaN).integer_output({3}).run_on_cuda(
      [](const DswKernels& k, DswStream* s, const Views& v) { return k.argmax(s, v[0], v[1]); });
  KernelCase("softmax").input({3, 200}).put(250, kNaN).output({3, 200}).run_on_cuda(
      [](const DswKernels& k, DswStream* s, const Views& v) { return k.softmax_fwd(s, v[0], v[1]); });
}

TEST(CudaFamilies, SumsThatGrow) {
  KernelCase("squares").input({3000}, Layout::Spread).double_output({1}).run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
    return k.square_sum(s, v[0], v[1]);
  });
  KernelCase("not finite")
      .input({700})
      .put(3, kNaN)
      .put(600, std::numeric_limits<double>::infinity())
      .integer_output({1}, DSW_I64)
      .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.count_not_finite(s, v[0], v[1]); });
}

TEST(CudaFamilies, GradientsWithTheirBias) {
  for (const Layout layout : {Layout::Dense, Layout::Padded})
    KernelCase("gelu")
        .input({3, 13, 70}, layout)
        .output({3, 13, 70})
        .input({3, 13, 70}, layout)
        .output({3, 13, 70}, layout)
        .output({70})
        .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
          if (const int status = k.unary(s, DSW_GELU_TANH, 0, 0, v[0], v[1]); status != DSW_OK) return status;
          return k.unary_bias_bwd(s, DSW_GELU_TANH, 0, 0, v[0], v[1], v[2], v[3], v[4]);
        });
}

TEST(CudaFamilies, NormsOfSums) {
  for (const DswDType dtype : {DSW_F32, DSW_BF16, DSW_F16}) {
    KernelCase layer("layer norm of a sum"), rms("rms norm of a sum, in place");
    if (dtype != DSW_F32) layer.narrow(dtype), rms.narrow(dtype);
    layer.input({9, 140}, Layout::Padded, -2, 3)
        .input({9, 140})
        .input({140}, Layout::Dense, 0.5, 1.5)
        .input({140})
        .output({9, 140})
        .output({9, 140});
    layer.wide().output({9}).output({9});
    if (dtype != DSW_F32) layer.narrow(dtype);
    layer.input({9, 140}).input({9, 140}, Layout::Padded).output({9, 140}).output({140}).output({140});
    layer.run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
      const int status = k.add_layer_norm_fwd(s, v[0], v[1], v[2], v[3], 1e-5, v[4], v[5], v[6], v[7]);
      if (status != DSW_OK) return status;
      return k.add_layer_norm_bwd(s, v[4], v[2], v[6], v[7], v[8], v[9], v[10], v[11], v[12]);
    });
    rms.input({9, 140}, Layout::Dense, -2, 3).input({9, 140}).input({140}, Layout::Dense, 0.5, 1.5).output({9, 140}).output({9, 140});
    rms.wide().output({9});
    if (dtype != DSW_F32) rms.narrow(dtype);
    rms.input({9, 140}).changed({9, 140}).output({140}).run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
      if (const int status = k.add_rms_norm_fwd(s, v[0], v[1], v[2], 1e-6, v[3], v[4], v[5]); status != DSW_OK) return status;
      return k.add_rms_norm_bwd(s, v[3], v[2], v[5], v[6], v[7], v[7], v[8]);
    });
  }
}

TEST(CudaFamilies, HeadsAreSplitAndJoined) {
  const Lengths joined{2, 5, 8, 6}, q{2, 4, 5, 6}, k{2, 2, 5, 6};
  for (const int turned : {0, 1, 2}) {
    const auto with_position = [&](KernelCase& c) -> KernelCase& {
      return turned > 0 ? c.integers({5}, {0, 1, 7, 100, 9000}) : c.missing();
    };
    KernelCase forward("forward");
    with_position(forward.input(joined, Layout::Padded))
        .output(q)
        .output(k)
        .output(k)
        .run_on_cuda([&](const DswKernels& t, DswStream* s, const Views& v) {
          return t.split_heads_fwd(s, v[0], v[1], 500, turned == 2, v[2], v[3], v[4]);
        });
    for (const int left_out : {-1, 0, 1, 2}) {
      KernelCase gradient("gradient");
      for (const int part : {0, 1, 2}) part == left_out ? gradient.missing() : gradient.input(part == 0 ? q : k);
      with_position(gradient).output(joined).run_on_cuda([&](const DswKernels& t, DswStream* s, const Views& v) {
        return t.split_heads_bwd(s, v[0], v[1], v[2], v[3], 500, turned == 2, v[4]);
      });
    }
  }
}

TEST(CudaFamilies, Optimisers) {
  KernelCase many("85 parameters");
  for (int i = 0; i < 85; ++i) {
    const Lengths shape{1 + i * 7 % 60};
    many.changed(shape).input(shape).changed(shape, Layout::Dense, -0.1, 0.1).changed(shape, Layout::Dense, 0, 0.01);
  }
  many.run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
    std::vector<DswAdamWPiece> pieces;
    for (std::size_t i = 0; i < v.size(); i += 4) pieces.push_back({v[i], v[i + 1], v[i + 2], v[i + 3], i % 8 == 0 ? 1 : 0});
    const DswAdamWMany call{{1e-2, 0.9, 0.999, 1e-8, 0.1, 0.1, 0.001, 0.7}, pieces.data(), static_cast<std::int64_t>(pieces.size())};
    return k.adamw_many(s, &call);
  });
  KernelCase("one")
      .changed({300})
      .input({300})
      .changed({300})
      .changed({300}, Layout::Dense, 0, 0.01)
      .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) {
        const DswAdamW p{1e-2, 0.9, 0.999, 1e-8, 0.1, 0.19, 0.002, 1};
        return k.adamw(s, &p, v[0], v[1], v[2], v[3]);
      });
  for (const std::int32_t first : {0, 1})
    KernelCase("momentum").changed({300}).input({300}).changed({300}).run_on_cuda([&](const DswKernels& k, DswStream* s, const Views& v) {
      const DswSgd p{0.1, 0.9, 5e-4, 0.2, 2.0, 1, first};
      return k.sgd(s, &p, v[0], v[1], v[2]);
    });
}

TEST(CudaFamilies, ManyTokensOfATableAreAddedInOrder) {
  std::vector<std::int64_t> tokens(1500);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::int64_t>(i * i % 37);
  for (const std::int32_t accumulate : {0, 1})
    KernelCase("gradient")
        .integers({1500}, tokens)
        .input({1500, 9})
        .changed({40, 9})
        .run_on_cuda([&](const DswKernels& k, DswStream* s, const Views& v) { return k.embedding_bwd(s, v[0], v[1], v[2], accumulate); });
}

/// Found by the kernel, said at the next synchronisation.
TEST(CudaFamilies, WrongTokensAndClassesAreRefused) {
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{4}}) {
    KernelCase("embedding")
        .input({4, 3})
        .integers({2}, {0, bad})
        .output({2, 3})
        .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.embedding_fwd(s, v[0], v[1], v[2]); });
    KernelCase("embedding gradient")
        .integers({2}, {0, bad})
        .input({2, 3})
        .output({4, 3})
        .run_on_cuda([](const DswKernels& k, DswStream* s, const Views& v) { return k.embedding_bwd(s, v[0], v[1], v[2], 0); });
  }
  KernelCase("cross entropy")
      .input({2, 5})
      .integers({2}, {0, 5})
      .output({1})
      .output({2})
      .integer_output({1}, DSW_I64)
      .run_on_cuda(
          [](const DswKernels& k, DswStream* s, const Views& v) { return k.cross_entropy_fwd(s, v[0], v[1], 0.1, v[2], v[3], v[4]); });
}

TEST(CudaFamilies, QuantisedNumbersAreTheReferencesToTheBit) {
  for (const DswDType format : {DSW_E4M3, DSW_E5M2})
    for (const Lengths& scale : std::vector<Lengths>{{1, 1}, {130, 2}, {2, 2}, {130, 1}, {2, 140}})
      for (const std::int32_t power_of_two : {0, 1})
        KernelCase("quantise")
            .input({130, 140}, Layout::Transposed, -30, 30)
            .put(777, kNaN)
            .put(18000, std::numeric_limits<double>::infinity())
            .integer_output({130, 140}, DSW_U8)
            .output(scale)
            .output({130, 140})
            .exact()
            .run_on_cuda([&](const DswKernels& k, DswStream* s, const Views& v) {
              DswView codes = v[1];
              codes.dtype = format;
              if (const int status = k.quantize_blocks(s, v[0], power_of_two, codes, v[2]); status != DSW_OK) return status;
              return k.dequantize_blocks(s, codes, v[2], v[3]);
            });
}

}  // namespace
}  // namespace dsw::test
