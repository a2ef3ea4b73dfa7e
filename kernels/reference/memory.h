// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/view.h"

/// Fill and copy between all dtypes but the 8-bit floats. Narrower floats round to nearest even; integers round towards zero.
namespace dsw::kernels::reference {

struct Bf16 {
  std::uint16_t bits;
};
struct F16 {
  std::uint16_t bits;
};

inline float to_float(Bf16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }
inline Bf16 to_bf16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return {static_cast<std::uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}
inline float to_float(F16 x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000) << 16, rest = x.bits & 0x7FFF;
  if (rest >= 0x7C00) return std::bit_cast<float>(sign | 0x7F800000u | (rest & 0x3FF) << 13);
  const float magnitude = rest < 0x400 ? static_cast<float>(rest) * 0x1p-24f : std::bit_cast<float>((rest << 13) + (112u << 23));
  return sign ? -magnitude : magnitude;
}
inline F16 to_f16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), sign = bits >> 16 & 0x8000;
  const float magnitude = std::fabs(x);
  if (std::isnan(x)) return {static_cast<std::uint16_t>(sign | 0x7E00)};
  if (magnitude >= 65520.0f) return {static_cast<std::uint16_t>(sign | 0x7C00)};
  if (magnitude < 0x1p-14f) return {static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p24f)))};
  const std::uint32_t m = bits & 0x7FFFFFFF;
  return {static_cast<std::uint16_t>(sign | ((m - (112u << 23) + 0xFFF + (m >> 13 & 1)) >> 13))};
}

template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<From, Bf16> || std::is_same_v<From, F16>)
    return convert<To>(to_float(x));
  else if constexpr (std::is_same_v<To, Bf16>)
    return to_bf16(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, F16>)
    return to_f16(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, bool>)
    return x != From{0};
  else
    return static_cast<To>(x);
}

/// Calls f(T{}) with the C++ type of a dtype.
template <class F>
int with_type(int dtype, F&& f) {
  switch (dtype) {
    case DSW_F32:
      return f(float{});
    case DSW_F64:
      return f(double{});
    case DSW_BF16:
      return f(Bf16{});
    case DSW_F16:
      return f(F16{});
    case DSW_I32:
      return f(std::int32_t{});
    case DSW_I64:
      return f(std::int64_t{});
    case DSW_U8:
      return f(std::uint8_t{});
    case DSW_BOOL:
      return f(bool{});
    default:
      return DSW_UNSUPPORTED;
  }
}

inline int fill(const DswView& y, double value) {
  return with_type(y.dtype, [&]<class T>(T) {
    const T converted = convert<T>(value);
    for_each_element(y, {&y}, [&](const std::int64_t* at) { data<T>(y)[at[0]] = converted; });
    return static_cast<int>(DSW_OK);
  });
}

inline int copy(const DswView& x, const DswView& y) {
  return with_type(x.dtype, [&]<class From>(From) {
    return with_type(y.dtype, [&]<class To>(To) {
      for_each_element(y, {&x, &y}, [&](const std::int64_t* at) { data<To>(y)[at[1]] = convert<To>(data<From>(x)[at[0]]); });
      return static_cast<int>(DSW_OK);
    });
  });
}

}  // namespace dsw::kernels::reference
