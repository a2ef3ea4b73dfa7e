// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/view.h"

/// Floats of 16 and 8 bits as storage. Widening is exact; narrowing rounds to nearest, ties to even. NaN stays NaN.
///   Bf16  1 + 8 + 7 bits                         overflow gives infinity
///   F16   1 + 5 + 10 bits (IEEE 754 binary16)    overflow gives infinity
///   E4m3  1 + 4 + 3 bits, largest 448, no infinity; the one NaN is S.1111.111.   Above 448 and infinity give ±448
///   E5m2  1 + 5 + 2 bits, largest 57344, infinity exists.                         Above 57344 and infinity give ±57344
/// The 8-bit ones saturate as cvt.rn.satfinite of PTX does, so that CPU and GPU agree.
/// Source: Micikevicius et al. 2022, table 1; OCP 8-bit Floating Point Specification 1.0; PTX ISA, cvt.
namespace DSW_KERNELS_NAMESPACE {

struct Bf16 {
  std::uint16_t bits;
};
struct F16 {
  std::uint16_t bits;
};
struct E4m3 {
  std::uint8_t bits;
};
struct E5m2 {
  std::uint8_t bits;
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

inline float to_float(E4m3 x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x80) << 24, rest = x.bits & 0x7F;
  if (rest == 0x7F) return std::bit_cast<float>(sign | 0x7FC00000u);
  const float magnitude = rest < 8 ? static_cast<float>(rest) * 0x1p-9f : std::bit_cast<float>((rest << 20) + (120u << 23));
  return sign ? -magnitude : magnitude;
}
inline E4m3 to_e4m3(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), sign = bits >> 24 & 0x80;
  const float magnitude = std::fabs(x);
  if (std::isnan(x)) return {static_cast<std::uint8_t>(sign | 0x7F)};
  if (magnitude >= 448.0f) return {static_cast<std::uint8_t>(sign | 0x7E)};
  if (magnitude < 0x1p-6f) return {static_cast<std::uint8_t>(sign | static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p9f)))};
  const std::uint32_t m = bits & 0x7FFFFFFF;
  return {static_cast<std::uint8_t>(sign | ((m - (120u << 23) + 0x7FFFF + (m >> 20 & 1)) >> 20))};
}

inline float to_float(E5m2 x) { return to_float(F16{static_cast<std::uint16_t>(x.bits << 8)}); }
inline E5m2 to_e5m2(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), sign = bits >> 24 & 0x80;
  const float magnitude = std::fabs(x);
  if (std::isnan(x)) return {static_cast<std::uint8_t>(sign | 0x7F)};
  if (magnitude >= 57344.0f) return {static_cast<std::uint8_t>(sign | 0x7B)};
  if (magnitude < 0x1p-14f) return {static_cast<std::uint8_t>(sign | static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p16f)))};
  const std::uint32_t m = bits & 0x7FFFFFFF;
  return {static_cast<std::uint8_t>(sign | ((m - (112u << 23) + 0xFFFFF + (m >> 21 & 1)) >> 21))};
}

}  // namespace DSW_KERNELS_NAMESPACE
