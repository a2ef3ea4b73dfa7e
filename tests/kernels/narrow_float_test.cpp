// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Every code of every format against its definition, and every place between two codes where rounding turns.
#include "kernels/narrow_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using namespace kernels;

template <class T>
struct Format;
template <>
struct Format<Bf16> {
  static constexpr int kExponent = 8, kMantissa = 7;
  static constexpr bool kInfinity = true, kSaturates = false;
  static Bf16 narrow(float x) { return to_bf16(x); }
};
template <>
struct Format<F16> {
  static constexpr int kExponent = 5, kMantissa = 10;
  static constexpr bool kInfinity = true, kSaturates = false;
  static F16 narrow(float x) { return to_f16(x); }
};
template <>
struct Format<E4m3> {
  static constexpr int kExponent = 4, kMantissa = 3;
  static constexpr bool kInfinity = false, kSaturates = true;
  static E4m3 narrow(float x) { return to_e4m3(x); }
};
template <>
struct Format<E5m2> {
  static constexpr int kExponent = 5, kMantissa = 2;
  static constexpr bool kInfinity = true, kSaturates = true;
  static E5m2 narrow(float x) { return to_e5m2(x); }
};

/// (-1)^s 2^(e - bias) (1 + m / 2^M), subnormal for e = 0; the highest exponent is infinity and NaN, in E4M3 only its last code.
template <class T>
double meaning(unsigned code) {
  using F = Format<T>;
  const unsigned mantissa = code & ((1u << F::kMantissa) - 1), highest = (1u << F::kExponent) - 1;
  const unsigned exponent = code >> F::kMantissa & highest, sign = code >> (F::kMantissa + F::kExponent);
  const int bias = (1 << (F::kExponent - 1)) - 1;
  double magnitude = std::ldexp(static_cast<double>(mantissa | (exponent > 0 ? 1u << F::kMantissa : 0)),
                                std::max(1, static_cast<int>(exponent)) - bias - F::kMantissa);
  if (F::kInfinity && exponent == highest)
    magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (!F::kInfinity && exponent == highest && mantissa == (1u << F::kMantissa) - 1) magnitude = std::numeric_limits<double>::quiet_NaN();
  return sign ? -magnitude : magnitude;
}

template <class T>
class NarrowFloat : public testing::Test {
 protected:
  static constexpr unsigned kSign = 1u << (Format<T>::kExponent + Format<T>::kMantissa);
  static T code(unsigned bits) { return {static_cast<decltype(T::bits)>(bits)}; }
};
using Formats = testing::Types<Bf16, F16, E4m3, E5m2>;
TYPED_TEST_SUITE(NarrowFloat, Formats);

TYPED_TEST(NarrowFloat, EveryCodeMeansWhatItsFormatSays) {
  for (unsigned bits = 0; bits < 2 * this->kSign; ++bits) {
    const double want = meaning<TypeParam>(bits), got = static_cast<double>(to_float(this->code(bits)));
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(got)) << bits;
      EXPECT_TRUE(std::isnan(to_float(Format<TypeParam>::narrow(static_cast<float>(got))))) << bits;
      continue;
    }
    ASSERT_EQ(got, want) << bits;
    ASSERT_EQ(std::signbit(got), std::signbit(want)) << bits;
    if (!std::isfinite(want)) continue;
    ASSERT_EQ(Format<TypeParam>::narrow(static_cast<float>(want)).bits, bits);
  }
}

TYPED_TEST(NarrowFloat, RoundsToNearestAndTiesToEven) {
  for (unsigned bits = 0; std::isfinite(meaning<TypeParam>(bits + 1)); ++bits) {
    const float low = to_float(this->code(bits)), high = to_float(this->code(bits + 1));
    const float middle = static_cast<float>((static_cast<double>(low) + static_cast<double>(high)) / 2);
    for (const float sign : {1.0F, -1.0F}) {
      const unsigned s = sign < 0 ? this->kSign : 0;
      ASSERT_EQ(Format<TypeParam>::narrow(sign * middle).bits, (s | (bits % 2 == 0 ? bits : bits + 1)));
      ASSERT_EQ(Format<TypeParam>::narrow(sign * std::nextafter(middle, low)).bits, (s | bits));
      ASSERT_EQ(Format<TypeParam>::narrow(sign * std::nextafter(middle, high)).bits, (s | (bits + 1)));
    }
  }
}

TYPED_TEST(NarrowFloat, BeyondTheLargestSaturatesOrIsInfinite) {
  using F = Format<TypeParam>;
  unsigned largest = 0;
  while (std::isfinite(meaning<TypeParam>(largest + 1))) ++largest;
  const double top = meaning<TypeParam>(largest), step = top - meaning<TypeParam>(largest - 1);
  const float inside = std::nextafter(static_cast<float>(top + step / 2), 0.0F);
  EXPECT_EQ(F::narrow(inside).bits, largest);
  for (const float x : {static_cast<float>(top + step / 2), std::numeric_limits<float>::max(), std::numeric_limits<float>::infinity()}) {
    const float got = to_float(F::narrow(x)), negative = to_float(F::narrow(-x));
    EXPECT_EQ(got, F::kSaturates ? static_cast<float>(top) : std::numeric_limits<float>::infinity());
    EXPECT_EQ(negative, -got);
  }
}

TEST(NarrowFloats, CopyConvertsThem) {
  const std::vector<float> x = {0.0F, 1.0F, -2.5F, 1000.0F, 0.001953125F};
  const Lengths shape{static_cast<std::int64_t>(x.size())};
  std::vector<float> source = x, back(x.size());
  std::vector<std::uint8_t> bytes(x.size());
  const Stream stream(1);
  for (const auto& [dtype, want] : {std::pair{DSW_E4M3, std::vector<float>{0, 1, -2.5F, 448, 0.001953125F}},
                                    std::pair{DSW_E5M2, std::vector<float>{0, 1, -2.5F, 1024, 0.001953125F}}}) {
    const DswKernels& k = *dsw_cpu_kernels();
    ASSERT_EQ(k.copy(stream.get(), dense_view(source.data(), shape, DSW_F32), dense_view(bytes.data(), shape, dtype)), DSW_OK);
    ASSERT_EQ(k.copy(stream.get(), dense_view(bytes.data(), shape, dtype), dense_view(back.data(), shape, DSW_F32)), DSW_OK);
    EXPECT_EQ(back, want);
  }
}

}  // namespace
}  // namespace dsw::test
