// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/vec.h"

/// 8-bit floats in lanes: reading is exact, writing is to nearest even, as kernels/narrow_float.h says.
namespace dsw::kernels::DSW_ISA {

typedef std::uint8_t Codes __attribute__((vector_size(kWidth)));
typedef std::uint8_t UnalignedCodes __attribute__((vector_size(kWidth), aligned(1), may_alias));

inline constexpr float kLargestFloat = std::numeric_limits<float>::max();
inline Int is_finite(Vec x) { return abs(x) <= kLargestFloat; }

inline Codes load_codes(const std::uint8_t* p) { return *reinterpret_cast<const UnalignedCodes*>(p); }
inline Codes load_first_codes(const std::uint8_t* p, std::int64_t n) {
  if (n >= kWidth) return load_codes(p);
  Codes codes{};
  for (int i = 0; i < n; ++i) codes[i] = p[i];
  return codes;
}
inline void store_first_codes(std::uint8_t* p, Codes codes, std::int64_t n) {
  if (n >= kWidth)
    *reinterpret_cast<UnalignedCodes*>(p) = codes;
  else
    for (int i = 0; i < n; ++i) p[i] = codes[i];
}

/// By way of float16, which holds E5M2 in its upper byte and E4M3 / 256 with a shorter mantissa, subnormal ones too.
template <class T>
inline Vec decode(Codes codes) {
  const Half bits = __builtin_convertvector(codes, Half);
  if constexpr (std::is_same_v<T, E5m2>) {
    return widen<F16>(bits << 8);
  } else {
    const Vec x = widen<F16>((bits & 0x80) << 8 | (bits & 0x7F) << 7) * 256.0f;
    return select(abs(x) == 480.0f, splat(std::numeric_limits<float>::quiet_NaN()), x);  // what the code of NaN would be
  }
}

/// For |x| of at most the format's largest number and a rounding, as quotients by a block's scale are, and NaN.
template <class T>
inline Codes encode(Vec x) {
  constexpr bool kE4m3 = std::is_same_v<T, E4m3>;
  constexpr int kShift = kE4m3 ? 20 : 21;  // mantissa bits that go
  constexpr std::int32_t kBias = (kE4m3 ? 120 : 112) << 23, kBelowHalf = (1 << (kShift - 1)) - 1;
  constexpr float kLeastNormal = kE4m3 ? 0x1p-6f : 0x1p-14f;
  constexpr float kMagic = kE4m3 ? 0x1p14f : 0x1p7f;  // its unit in the last place is the smallest subnormal: adding it rounds to those
  const Int bits = as_int(x), sign = bits >> 24 & 0x80, magnitude = bits & 0x7FFFFFFF;
  const Int normal = (magnitude - kBias + kBelowHalf + (magnitude >> kShift & 1)) >> kShift;
  const Int subnormal = as_int(abs(x) + kMagic) - as_int(splat(kMagic));
  Int code = abs(x) < kLeastNormal ? subnormal : normal;
  code = is_nan(x) ? Int{} + 0x7F : code;
  return __builtin_convertvector(code | sign, Codes);
}

/// f(E4m3{}) or f(E5m2{}).
template <class F>
auto with_fp8(int dtype, F&& f) {
  return dtype == DSW_E4M3 ? f(E4m3{}) : f(E5m2{});
}

}  // namespace dsw::kernels::DSW_ISA
