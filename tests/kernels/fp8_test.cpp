// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// 8-bit floats with scales of blocks: codes and scales equal the reference's to the bit, products within rounding, and the reference
// equals formulas written out here.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/narrow_float.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using Views = std::vector<DswView>;

enum class Along { Elements, Blocks, Whole };
std::int64_t count(std::int64_t length, Along kind) {
  return kind == Along::Whole ? 1 : kind == Along::Elements ? length : (length + DSW_SCALE_BLOCK - 1) / DSW_SCALE_BLOCK;
}
struct Blocks {
  Along rows, columns;
  Lengths scale(const Lengths& shape) const { return {count(shape[0], rows), count(shape[1], columns)}; }
};
constexpr Blocks kTensor{Along::Whole, Along::Whole}, kRows{Along::Elements, Along::Blocks}, kColumns{Along::Blocks, Along::Elements},
    kSquares{Along::Blocks, Along::Blocks}, kLongRows{Along::Elements, Along::Whole}, kMixed{Along::Whole, Along::Blocks};

DswView turned(DswView x) {
  std::swap(x.shape[0], x.shape[1]);
  std::swap(x.stride[0], x.stride[1]);
  return x;
}
float value_of(DswDType format, std::uint8_t code) {
  return format == DSW_E4M3 ? kernels::to_float(kernels::E4m3{code}) : kernels::to_float(kernels::E5m2{code});
}
std::uint8_t code_of(DswDType format, float x) { return format == DSW_E4M3 ? kernels::to_e4m3(x).bits : kernels::to_e5m2(x).bits; }

/// Numbers of any magnitude from 2^-6 to 2^6, so that blocks differ.
std::vector<double> numbers(std::int64_t n, std::uint64_t seed) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto words = kernels::philox(seed, static_cast<std::uint64_t>(i));
    values.push_back((2 * kernels::unit_from_word(words[0]) - 1) * std::exp2(12 * kernels::unit_from_word(words[1]) - 6));
  }
  return values;
}
/// Codes of finite numbers.
std::vector<std::int64_t> codes(std::int64_t n, DswDType format, std::uint64_t seed) {
  std::vector<std::int64_t> values;
  for (const double x : numbers(n, seed)) values.push_back(code_of(format, static_cast<float>(x)));
  return values;
}

class Fp8 : public testing::TestWithParam<DswDType> {
 protected:
  DswDType format() const { return GetParam(); }
  float top() const { return format() == DSW_E4M3 ? 448.0F : 57344.0F; }

  struct Quantized {
    std::vector<std::uint8_t> codes;
    std::vector<float> scale;
  };
  Quantized quantize(std::vector<float> x, const Lengths& shape, const Blocks& blocks, bool power_of_two = false) const {
    const Lengths scales = blocks.scale(shape);
    Quantized made{std::vector<std::uint8_t>(x.size()), std::vector<float>(static_cast<std::size_t>(scales[0] * scales[1]))};
    const Stream stream(1);
    EXPECT_EQ(
        dsw_cpu_kernels()->quantize_blocks(stream.get(), dense_view(x.data(), shape, DSW_F32), power_of_two ? 1 : 0,
                                           dense_view(made.codes.data(), shape, format()), dense_view(made.scale.data(), scales, DSW_F32)),
        DSW_OK);
    return made;
  }
};

TEST_P(Fp8, CopiesOfEveryCodeComeBack) {
  const Stream stream(2);
  std::vector<std::uint8_t> all(256), back(256);
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<std::uint8_t>(i);
  for (const DswKernels* k : {dsw_cpu_kernels(), dsw_reference_kernels()}) {
    for (const DswDType wide : {DSW_F32, DSW_F64, DSW_BF16, DSW_F16}) {
      std::vector<double> memory(256);
      const DswView middle = dense_view(memory.data(), {256}, wide);
      ASSERT_EQ(k->copy(stream.get(), dense_view(all.data(), {256}, format()), middle), DSW_OK);
      ASSERT_EQ(k->copy(stream.get(), middle, dense_view(back.data(), {256}, format())), DSW_OK);
      for (std::size_t i = 0; i < 256; ++i) {
        const float x = value_of(format(), all[i]), y = value_of(format(), back[i]);
        if (std::isnan(x))
          EXPECT_TRUE(std::isnan(y)) << i;
        else if (std::isinf(x))
          EXPECT_EQ(y, std::copysign(top(), x)) << i;  // writing saturates
        else
          ASSERT_EQ(back[i], all[i]) << "through dtype " << wide;
      }
    }
  }
}

TEST_P(Fp8, EveryRoundingTurnsWhereTheFormatSays) {
  // Rows start with the largest number, so that their scale is 1 and the codes are those of the numbers themselves.
  std::vector<float> x;
  for (int code = 0; value_of(format(), static_cast<std::uint8_t>(code)) < top(); ++code) {
    const float low = value_of(format(), static_cast<std::uint8_t>(code)), high = value_of(format(), static_cast<std::uint8_t>(code + 1));
    const float middle = low + (high - low) / 2;
    for (const float y : {low, std::nextafter(middle, low), middle, std::nextafter(middle, high), high}) {
      for (const float sign : {1.0F, -1.0F}) {
        if (x.size() % DSW_SCALE_BLOCK == 0) x.push_back(top());
        x.push_back(sign * y);
      }
    }
  }
  x.resize((x.size() + DSW_SCALE_BLOCK - 1) / DSW_SCALE_BLOCK * DSW_SCALE_BLOCK);
  const Lengths shape{static_cast<std::int64_t>(x.size()) / DSW_SCALE_BLOCK, DSW_SCALE_BLOCK};
  for (const auto& [name, table] : cpu_tables()) {
    SCOPED_TRACE(name);
    std::vector<std::uint8_t> got(x.size());
    std::vector<float> scale(static_cast<std::size_t>(shape[0]));
    const Stream stream(1);
    ASSERT_EQ(table->quantize_blocks(stream.get(), dense_view(x.data(), shape, DSW_F32), 0, dense_view(got.data(), shape, format()),
                                     dense_view(scale.data(), {shape[0], 1}, DSW_F32)),
              DSW_OK);
    EXPECT_EQ(scale.back(), 1.0F);
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(got[i], code_of(format(), x[i])) << static_cast<double>(x[i]);
  }
}

TEST_P(Fp8, CodesAndScalesEqualTheReference) {
  for (const Lengths& shape : {Lengths{1, 1}, Lengths{3, 5}, Lengths{128, 128}, Lengths{130, 300}, Lengths{257, 129}, Lengths{1, 700},
                               Lengths{0, 128}, Lengths{5, 0}, Lengths{0, 0}}) {
    const auto x = numbers(shape[0] * shape[1], 3);
    for (const Blocks& blocks : {kTensor, kRows, kColumns, kSquares, kLongRows, kMixed}) {
      const auto there_and_back = [](int power_of_two) {
        return [power_of_two](const DswKernels& k, DswStream* s, const Views& v) {
          const int status = k.quantize_blocks(s, v[0], power_of_two, v[1], v[2]);
          return status != DSW_OK ? status : k.dequantize_blocks(s, v[1], v[2], v[3]);
        };
      };
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded}) {
        KernelCase("float32")
            .values(shape, x, layout)
            .integer_output(shape, format())
            .integer_output(blocks.scale(shape), DSW_F32)
            .output(shape, layout)
            .exact()
            .run(there_and_back(0));
      }
      KernelCase("power of two, bfloat16")
          .narrow(DSW_BF16)
          .values(shape, x)
          .integer_output(shape, format())
          .integer_output(blocks.scale(shape), DSW_F32)
          .output(shape, Layout::Spread)
          .exact()
          .run(there_and_back(1));
      KernelCase("columns of codes and scales lie dense")
          .values(shape, x)
          .integer_output({shape[1], shape[0]}, format())
          .integer_output({blocks.scale(shape)[1], blocks.scale(shape)[0]}, DSW_F32)
          .output(shape)
          .exact()
          .run([&](const DswKernels& k, DswStream* s, const Views& v) {
            return there_and_back(0)(k, s, {v[0], turned(v[1]), turned(v[2]), v[3]});
          });
    }
  }
}

TEST_P(Fp8, ScaleIsTheLargestElementOverTheFormatsLargest) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  const Lengths shape{6, 2};
  const Quantized made = quantize({2, -7, 0, 0, kInf, 3, nan, -kInf, 1e-45F, 0, 1e30F, -5e29F}, shape, kRows);
  const auto value = [&](std::size_t i) { return value_of(format(), made.codes[i]); };
  EXPECT_EQ(made.scale, (std::vector<float>{7 / top(), 1, 3 / top(), 1, 0x1p-126F, 1e30F / top()}));
  EXPECT_EQ(value(1), -top());
  EXPECT_EQ(value(0), value_of(format(), code_of(format(), 2 / (7 / top()))));
  EXPECT_EQ(made.codes[2], 0);
  EXPECT_EQ(made.codes[3], 0);
  for (const std::size_t i : {4U, 6U, 7U}) EXPECT_EQ(made.codes[i], 0x7F) << i;
  EXPECT_EQ(value(5), top());
  EXPECT_EQ(value(8), 0);  // 2^-23 of the smallest scale
  EXPECT_EQ(value(10), top());
  EXPECT_EQ(value(11), -top() / 2);
}

TEST_P(Fp8, PowersOfTwoAreTheNextAbove) {
  std::vector<float> x;
  for (const double number : numbers(300, 5)) x.push_back(static_cast<float>(number));
  x[7] = top() * 0.125F;  // exactly a power of two
  x[8] = std::nextafter(top() * 0.125F, 1e9F);
  const Lengths shape{300, 1};
  const Quantized exact = quantize(x, shape, kRows), powers = quantize(x, shape, kRows, true);
  for (std::size_t i = 0; i < x.size(); ++i) {
    int exponent = 0;
    EXPECT_EQ(std::frexp(powers.scale[i], &exponent), 0.5F);
    EXPECT_GE(powers.scale[i], exact.scale[i]);
    EXPECT_LT(powers.scale[i], 2 * exact.scale[i]);
  }
  EXPECT_EQ(powers.scale[7], 0.125F);
  EXPECT_EQ(powers.scale[8], 0.25F);
}

TEST_P(Fp8, AnOutlierHarmsOnlyItsOwnBlock) {
  const Lengths shape{4, 512};
  std::vector<float> x(4 * 512);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto words = kernels::philox(9, i);
    x[i] = static_cast<float>((words[0] & 1 ? 1 : -1) * (0.5 + kernels::unit_from_word(words[1])));
  }
  x[130] = format() == DSW_E4M3 ? 1e6F : 1e10F;  // row 0, second block
  /// Relative error, root of mean squares, of that block (without the outlier) and of the others.
  const auto errors = [&](const Blocks& blocks) {
    const Quantized made = quantize(x, shape, blocks);
    std::array<double, 2> error{}, square{};
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i == 130) continue;
      const std::size_t scale = blocks.rows == Along::Whole ? 0 : i / DSW_SCALE_BLOCK, other = i / DSW_SCALE_BLOCK != 1;
      const double wanted = static_cast<double>(x[i]), got = static_cast<double>(value_of(format(), made.codes[i]) * made.scale[scale]);
      error[other] += (got - wanted) * (got - wanted);
      square[other] += wanted * wanted;
    }
    return std::array<double, 2>{std::sqrt(error[0] / square[0]), std::sqrt(error[1] / square[1])};
  };
  const auto by_block = errors(kRows), by_tensor = errors(kTensor);
  const double rounding = format() == DSW_E4M3 ? 0.03 : 0.06;  // half a unit is 1/16 and 1/8 of a number at most
  EXPECT_LT(by_block[1], rounding);
  EXPECT_GT(by_block[0], 0.5);
  EXPECT_GT(by_tensor[1], 0.5);
}

TEST_P(Fp8, RefusesScalesThatFitNoBlocks) {
  const auto status = [&](const Lengths& scale) {
    std::vector<float> x(300 * 200), scales(300 * 200);
    std::vector<std::uint8_t> y(x.size());
    const Stream stream(1);
    std::array<int, 2> both{};
    for (std::size_t i = 0; i < 2; ++i) {
      const DswKernels& k = i == 0 ? *dsw_cpu_kernels() : *dsw_reference_kernels();
      both[i] = k.quantize_blocks(stream.get(), dense_view(x.data(), {300, 200}, DSW_F32), 0, dense_view(y.data(), {300, 200}, format()),
                                  dense_view(scales.data(), scale, DSW_F32));
    }
    EXPECT_EQ(both[0], both[1]);
    return both[0];
  };
  EXPECT_EQ(status({3, 2}), DSW_OK);
  EXPECT_EQ(status({300, 200}), DSW_OK);
  EXPECT_EQ(status({2, 2}), DSW_BAD_ARGUMENT);
  EXPECT_EQ(status({3, 3}), DSW_BAD_ARGUMENT);
  EXPECT_EQ(status({3}), DSW_BAD_ARGUMENT);
}

INSTANTIATE_TEST_SUITE_P(Formats, Fp8, testing::Values(DSW_E4M3, DSW_E5M2),
                         [](const auto& format) { return format.param == DSW_E4M3 ? "E4M3" : "E5M2"; });

struct Formats {
  DswDType a, b;
};
constexpr Formats kFormats[] = {{DSW_E4M3, DSW_E4M3}, {DSW_E5M2, DSW_E4M3}, {DSW_E4M3, DSW_E5M2}};
using Sizes = std::array<std::int64_t, 3>;

std::vector<double> scale_values(const Lengths& shape, std::uint64_t seed) {
  std::vector<double> values = numbers(shape[0] * shape[1], seed);
  for (double& value : values) value = 0.01 + std::fabs(value);
  return values;
}
int product(const DswKernels& k, DswStream* s, const Views& v) { return k.matmul_blocks(s, v[0], v[1], v[2], v[3], v[4], v[5]); }

TEST(Fp8Products, EqualTheReference) {
  for (const auto& [M, N, K] : {Sizes{1, 1, 1},
                                {3, 5, 7},
                                {1, 200, 300},
                                {130, 129, 256},
                                {200, 40, 390},
                                {40, 600, 129},
                                {400, 300, 128},
                                {6, 4, 0},
                                {0, 4, 5},
                                {4, 0, 5}}) {
    for (const Formats& f : kFormats) {
      if (M * N * K > 3'000'000 && &f != kFormats) continue;  // the reference's time
      for (const auto& [left, right] : {std::pair{kRows, kSquares}, {kRows, kRows}, {kTensor, kTensor}, {kLongRows, kSquares}}) {
        const auto made = [&](const char* name, Layout scales = Layout::Dense) {
          KernelCase one(name);
          one.exact().tolerance(1e-10);  // scales are float32 for both
          one.integers({M, K}, codes(M * K, f.a, 1), f.a).values(left.scale({M, K}), scale_values(left.scale({M, K}), 2), scales);
          one.integers({N, K}, codes(N * K, f.b, 3), f.b).values(right.scale({N, K}), scale_values(right.scale({N, K}), 4), scales);
          return one;
        };
        made("plain").missing().output({M, N}).run(product);
        made("bias, padded", Layout::Spread).input({N}).output({M, N}, Layout::Padded).run(product);
        made("columns of the result lie dense").missing().output({M, N}, Layout::Transposed).run(product);
        made("bfloat16").narrow(DSW_BF16).input({N}).output({M, N}).run(product);
      }
      // Columns of the codes lie dense, as in the gradient of weights.
      KernelCase("turned")
          .integers({K, M}, codes(M * K, f.a, 1), f.a)
          .values(kColumns.scale({K, M}), scale_values(kColumns.scale({K, M}), 2))
          .integers({K, N}, codes(N * K, f.b, 3), f.b)
          .values(kSquares.scale({K, N}), scale_values(kSquares.scale({K, N}), 4))
          .missing()
          .output({M, N})
          .exact()
          .tolerance(1e-10)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            return k.matmul_blocks(s, turned(v[0]), turned(v[1]), turned(v[2]), turned(v[3]), v[4], v[5]);
          });
    }
  }
}

TEST(Fp8Products, TheReferenceIsTheProductOfWhatTheNumbersStandFor) {
  constexpr std::int64_t M = 5, N = 140, K = 300;
  for (const Formats& f : kFormats) {
    std::vector<std::uint8_t> a, b;
    for (const std::int64_t code : codes(M * K, f.a, 11)) a.push_back(static_cast<std::uint8_t>(code));
    for (const std::int64_t code : codes(N * K, f.b, 12)) b.push_back(static_cast<std::uint8_t>(code));
    std::vector<float> a_scale, b_scale;
    for (const double scale : scale_values({M, 3}, 13)) a_scale.push_back(static_cast<float>(scale));
    for (const double scale : scale_values({2, 3}, 14)) b_scale.push_back(static_cast<float>(scale));
    std::vector<double> bias = numbers(N, 15), c(M * N);
    ASSERT_EQ(
        dsw_reference_kernels()->matmul_blocks(nullptr, dense_view(a.data(), {M, K}, f.a), dense_view(a_scale.data(), {M, 3}, DSW_F32),
                                               dense_view(b.data(), {N, K}, f.b), dense_view(b_scale.data(), {2, 3}, DSW_F32),
                                               dense_view(bias.data(), {N}, DSW_F64), dense_view(c.data(), {M, N}, DSW_F64)),
        DSW_OK);
    for (std::size_t m = 0; m < M; ++m) {
      for (std::size_t n = 0; n < N; ++n) {
        double want = bias[n], size = std::fabs(want);
        for (std::size_t k = 0; k < K; ++k) {
          const double left = static_cast<double>(value_of(f.a, a[m * K + k])) * static_cast<double>(a_scale[m * 3 + k / 128]);
          const double right = static_cast<double>(value_of(f.b, b[n * K + k])) * static_cast<double>(b_scale[n / 128 * 3 + k / 128]);
          want += left * right;
          size += std::fabs(left * right);
        }
        ASSERT_NEAR(c[m * N + n], want, 1e-13 * size);
      }
    }
  }
}

TEST(Fp8Products, NanStaysAndHugeScalesMeetOneByOne) {
  for (const std::int64_t M : {2, 7}) {  // a few rows and blocks of rows go different ways
    const auto rows = static_cast<std::size_t>(M);
    std::vector<std::uint8_t> a(rows * 256, code_of(DSW_E4M3, 1)), b(3 * 256, code_of(DSW_E5M2, 2));
    std::fill(a.begin() + 128, a.begin() + 256, std::uint8_t{0});
    a[256 + 200] = 0x7F;
    std::vector<float> a_scale(rows * 2, 1), b_scale = {1e-20F, 1e30F}, c(rows * 3);
    a_scale[0] = 1e25F;
    a_scale[1] = 1e30F;  // times b_scale[1] leaves float32, times the sum 0 does not
    const Stream stream(1);
    ASSERT_EQ(dsw_cpu_kernels()->matmul_blocks(stream.get(), dense_view(a.data(), {M, 256}, DSW_E4M3),
                                               dense_view(a_scale.data(), {M, 2}, DSW_F32), dense_view(b.data(), {3, 256}, DSW_E5M2),
                                               dense_view(b_scale.data(), {1, 2}, DSW_F32), {}, dense_view(c.data(), {M, 3}, DSW_F32)),
              DSW_OK);
    for (std::size_t n = 0; n < 3; ++n) {
      EXPECT_FLOAT_EQ(c[n], 256e5F);
      EXPECT_TRUE(std::isnan(c[3 + n]));
    }
  }
}

TEST(Fp8Products, RefuseBlocksShorterThanASlice) {
  std::vector<std::uint8_t> codes_of_both(200 * 200);
  std::vector<float> scale(200 * 200, 1), c(200 * 200);
  const Stream stream(1);
  const DswView matrix = dense_view(codes_of_both.data(), {200, 200}, DSW_E4M3), good = dense_view(scale.data(), {200, 2}, DSW_F32);
  const DswView result = dense_view(c.data(), {200, 200}, DSW_F32);
  for (const DswKernels* k : {dsw_cpu_kernels(), dsw_reference_kernels()}) {
    EXPECT_EQ(k->matmul_blocks(stream.get(), matrix, good, matrix, good, {}, result), DSW_OK);
    for (const DswView& bad : {dense_view(scale.data(), {200, 200}, DSW_F32), dense_view(scale.data(), {2, 3}, DSW_F32)}) {
      EXPECT_EQ(k->matmul_blocks(stream.get(), matrix, bad, matrix, good, {}, result), DSW_BAD_ARGUMENT);
      EXPECT_EQ(k->matmul_blocks(stream.get(), matrix, good, matrix, bad, {}, result), DSW_BAD_ARGUMENT);
    }
    EXPECT_EQ(k->matmul_blocks(stream.get(), result, good, matrix, good, {}, result), DSW_BAD_ARGUMENT);  // not 8-bit
  }
}

}  // namespace
}  // namespace dsw::test
