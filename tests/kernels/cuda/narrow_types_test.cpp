// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// kernels/narrow_float.h gives the bits of CUDA's headers, where those are installed.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/narrow_float.h"

#if __has_include(<cuda_fp8.h>)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

namespace dsw::test {
namespace {

/// Floats near every boundary of a narrow type with `bits` bits: each of its values widened, and the neighbours of their midpoints.
template <class Narrow, class Widen, class Check>
void for_interesting_floats(std::uint32_t count, Widen&& widen, Check&& check) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const float value = widen(Narrow{static_cast<decltype(Narrow::bits)>(i)}),
                next = widen(Narrow{static_cast<decltype(Narrow::bits)>(i + 1)});
    const float middle = value / 2 + next / 2;
    for (const float x : {value, middle, std::nextafter(middle, value), std::nextafter(middle, next), value * 1.0001f, value * 1000})
      check(x);
  }
}
void expect_same(float x, std::uint32_t ours, std::uint32_t theirs, float back) {
  if (std::isnan(x))
    EXPECT_TRUE(std::isnan(back));  // which NaN is free
  else
    EXPECT_EQ(ours, theirs) << "of " << x;
}

TEST(NarrowTypes, Bfloat16) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const float ours = kernels::to_float(kernels::Bf16{static_cast<std::uint16_t>(i)}),
                theirs = __bfloat162float(__ushort_as_bfloat16(static_cast<unsigned short>(i)));
    EXPECT_TRUE(std::bit_cast<std::uint32_t>(ours) == std::bit_cast<std::uint32_t>(theirs) || (std::isnan(ours) && std::isnan(theirs)))
        << i;
  }
  for_interesting_floats<kernels::Bf16>(
      65536, [](kernels::Bf16 x) { return kernels::to_float(x); },
      [](float x) {
        expect_same(x, kernels::to_bf16(x).bits, __bfloat16_as_ushort(__float2bfloat16_rn(x)), kernels::to_float(kernels::to_bf16(x)));
      });
}
TEST(NarrowTypes, Float16) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const float ours = kernels::to_float(kernels::F16{static_cast<std::uint16_t>(i)}),
                theirs = __half2float(__ushort_as_half(static_cast<unsigned short>(i)));
    EXPECT_TRUE(std::bit_cast<std::uint32_t>(ours) == std::bit_cast<std::uint32_t>(theirs) || (std::isnan(ours) && std::isnan(theirs)))
        << i;
  }
  for_interesting_floats<kernels::F16>(
      65536, [](kernels::F16 x) { return kernels::to_float(x); },
      [](float x) {
        expect_same(x, kernels::to_f16(x).bits, __half_as_ushort(__float2half_rn(x)), kernels::to_float(kernels::to_f16(x)));
      });
}
TEST(NarrowTypes, Float8) {
  for (std::uint32_t i = 0; i < 256; ++i) {
    const auto bits = static_cast<std::uint8_t>(i);
    const auto widened = [&](__nv_fp8_interpretation_t kind) { return __half2float(__half(__nv_cvt_fp8_to_halfraw(bits, kind))); };
    const float a = kernels::to_float(kernels::E4m3{bits}), b = kernels::to_float(kernels::E5m2{bits});
    EXPECT_TRUE(a == widened(__NV_E4M3) || (std::isnan(a) && std::isnan(widened(__NV_E4M3)))) << i;
    EXPECT_TRUE(b == widened(__NV_E5M2) || (std::isnan(b) && std::isnan(widened(__NV_E5M2)))) << i;
  }
  for_interesting_floats<kernels::E4m3>(
      256, [](kernels::E4m3 x) { return kernels::to_float(x); },
      [](float x) {
        expect_same(x, kernels::to_e4m3(x).bits, __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3),
                    kernels::to_float(kernels::to_e4m3(x)));
      });
  for_interesting_floats<kernels::E5m2>(
      256, [](kernels::E5m2 x) { return kernels::to_float(x); },
      [](float x) {
        expect_same(x, kernels::to_e5m2(x).bits, __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E5M2),
                    kernels::to_float(kernels::to_e5m2(x)));
      });
}

}  // namespace
}  // namespace dsw::test
#else
TEST(NarrowTypes, AsCuda) { GTEST_SKIP() << "CUDA's headers are not installed"; }
#endif
