// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// This folder is compiled once an instruction set: with -DDSW_ISA=baseline, v3 (AVX2, FMA) or v4 (AVX-512), each into a namespace
// of that name. Nothing here may be an inline function outside that namespace: the linker would keep one copy for all.
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "kernels/narrow_float.h"

namespace dsw::kernels::DSW_ISA {

#if defined(__AVX512F__)
inline constexpr int kWidth = 16;
#elif defined(__AVX2__)
inline constexpr int kWidth = 8;
#else
inline constexpr int kWidth = 4;
#endif

/// kWidth floats; comparisons give lanes of 0 or -1, and `mask ? a : b` chooses by lane.
typedef float Vec __attribute__((vector_size(kWidth * 4)));
typedef std::int32_t Int __attribute__((vector_size(kWidth * 4)));
typedef float UnalignedVec __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
typedef std::int32_t UnalignedInt __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
inline void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
inline Vec splat(float x) { return x - Vec{}; }
inline Vec as_float(Int x) { return reinterpret_cast<Vec>(x); }
inline Int as_int(Vec x) { return reinterpret_cast<Int>(x); }
inline Vec abs(Vec x) { return as_float(as_int(x) & 0x7FFFFFFF); }
inline Vec select(Int mask, Vec a, Vec b) { return mask ? a : b; }
inline Int lane_numbers() {
  Int lanes{};
  for (int i = 0; i < kWidth; ++i) lanes[i] = i;
  return lanes;
}

// Narrow floats in memory are float32 in lanes: loads are exact, stores round to nearest even, NaN stays NaN.
typedef std::uint32_t Unsigned __attribute__((vector_size(kWidth * 4)));
typedef std::uint16_t Half __attribute__((vector_size(kWidth * 2)));
typedef std::uint16_t UnalignedHalf __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, Bf16> || std::is_same_v<T, F16>;
template <class T>
inline Vec widen(Half bits) {
  if constexpr (std::is_same_v<T, Bf16>) {
    return reinterpret_cast<Vec>(__builtin_convertvector(bits, Unsigned) << 16);
  } else {
#if defined(__AVX512F__)
    return reinterpret_cast<Vec>(_mm512_maskz_cvtph_ps(0xFFFF, reinterpret_cast<__m256i>(bits)));
#elif defined(__AVX2__)
    return reinterpret_cast<Vec>(_mm256_cvtph_ps(reinterpret_cast<__m128i>(bits)));
#else
    Vec v{};
    for (int i = 0; i < kWidth; ++i) v[i] = to_float(F16{bits[i]});
    return v;
#endif
  }
}
inline Int is_nan(Vec x);
template <class T>
inline Half narrow(Vec v) {
  if constexpr (std::is_same_v<T, Bf16>) {
    const Unsigned bits = reinterpret_cast<Unsigned>(v), rounded = bits + 0x7FFF + (bits >> 16 & 1);
    const Unsigned high = (is_nan(v) ? bits | 0x400000 : rounded) >> 16;
#if defined(__AVX2__) && !defined(__AVX512F__)
    const __m256i pair = reinterpret_cast<__m256i>(high);
    return reinterpret_cast<Half>(_mm_packus_epi32(_mm256_castsi256_si128(pair), _mm256_extracti128_si256(pair, 1)));
#else
    return __builtin_convertvector(high, Half);
#endif
  } else {
#if defined(__AVX512F__)
    return reinterpret_cast<Half>(_mm512_maskz_cvtps_ph(0xFFFF, reinterpret_cast<__m512>(v), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
    return reinterpret_cast<Half>(_mm256_cvtps_ph(reinterpret_cast<__m256>(v), _MM_FROUND_TO_NEAREST_INT));
#else
    Half bits{};
    for (int i = 0; i < kWidth; ++i) bits[i] = to_f16(v[i]).bits;
    return bits;
#endif
  }
}
template <class T>
requires kIsHalf<T>
inline Vec load(const T* p) { return widen<T>(*reinterpret_cast<const UnalignedHalf*>(p)); }
template <class T>
requires kIsHalf<T>
inline void store(T* p, Vec v) { *reinterpret_cast<UnalignedHalf*>(p) = narrow<T>(v); }
template <class T>
requires kIsHalf<T>
inline Vec load_first(const T* p, std::int64_t n) {
  if (n >= kWidth) return load(p);
  Half bits{};
  for (int i = 0; i < n; ++i) bits[i] = p[i].bits;
  return widen<T>(bits);
}
template <class T>
requires kIsHalf<T>
inline void store_first(T* p, Vec v, std::int64_t n) {
  if (n >= kWidth) return store(p, v);
  const Half bits = narrow<T>(v);
  for (int i = 0; i < n; ++i) p[i].bits = bits[i];
}
inline float to_float(float x) { return x; }
template <class T>
T from_float(float x) {
  if constexpr (std::is_same_v<T, Bf16>)
    return to_bf16(x);
  else if constexpr (std::is_same_v<T, F16>)
    return to_f16(x);
  else
    return x;
}

/// The first n (0 … kWidth) lanes; the others are 0 or not written.
inline Vec load_first(const float* p, std::int64_t n) {
  if (n >= kWidth) return load(p);
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_maskload_ps(p, reinterpret_cast<__m256i>(lane_numbers() < static_cast<std::int32_t>(n))));
#else
  Vec v{};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
#endif
}
inline void store_first(float* p, Vec v, std::int64_t n) {
  if (n >= kWidth) return store(p, v);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), reinterpret_cast<__m512>(v));
#elif defined(__AVX2__)
  _mm256_maskstore_ps(p, reinterpret_cast<__m256i>(lane_numbers() < static_cast<std::int32_t>(n)), reinterpret_cast<__m256>(v));
#else
  for (int i = 0; i < n; ++i) p[i] = v[i];
#endif
}
/// v in the first n lanes, `otherwise` in the rest.
inline Vec keep_first(Vec v, std::int64_t n, float otherwise) {
  return select(lane_numbers() < static_cast<std::int32_t>(n < kWidth ? n : kWidth), v, splat(otherwise));
}

/// Lanes are added in pairs, always in the same order.
inline float sum_lanes(Vec v) {
  float part[kWidth];
  store(part, v);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}
/// The greater of each lane; b where a is NaN.
inline Vec greater(Vec a, Vec b) { return select(a > b, a, b); }
inline float maximum_lane(Vec v) {
#if defined(__AVX512F__)
  float part[kWidth];
  store(part, v);
  const __m256 half = _mm256_max_ps(_mm256_loadu_ps(part), _mm256_loadu_ps(part + 8));
  const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
#else
  float part[kWidth];
  store(part, v);
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] = part[i] > part[i + half] ? part[i] : part[i + half];
  }
  return part[0];
#endif
}
inline Int is_nan(Vec x) { return (as_int(x) & 0x7FFFFFFF) > 0x7F800000; }
/// The larger, and NaN where either is.
inline Vec maximum(Vec a, Vec b) { return select((a >= b) | is_nan(a), a, b); }
inline Vec minimum(Vec a, Vec b) { return select((a <= b) | is_nan(a), a, b); }
inline float max_lanes(Vec v) {
  float largest = v[0];
  for (int i = 1; i < kWidth; ++i) {
    const float x = v[i];
    if (x > largest || x != x) largest = x;
    if (largest != largest) break;
  }
  return largest;
}

// The masked forms below: GCC 12 warns of its own header's plain ones.
inline Vec sqrt(Vec x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_sqrt_ps(0xFFFF, reinterpret_cast<__m512>(x)));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec>(_mm256_sqrt_ps(reinterpret_cast<__m256>(x)));
#else
  for (int i = 0; i < kWidth; ++i) x[i] = std::sqrt(x[i]);
  return x;
#endif
}

/// e^x within 2 units in the last place; 0 below -104, infinity above 89. n = round(x / ln 2), polynomial of x - n ln 2
/// (coefficients: Cephes, Moshier 1992), times 2^n.
inline Vec exp(Vec x) {
  x = select(x < -104.0f, splat(-104.0f), x);
  x = select(x > 89.0f, splat(89.0f), x);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it leaves the rounded integer in the low bits
  const Vec shifted = x * 1.44269504088896341f + magic, n = shifted - magic;
  const Vec r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_scalef_ps(0xFFFF, reinterpret_cast<__m512>(p), reinterpret_cast<__m512>(n)));
#else
  // In two steps, because 2^n alone may leave the range of float32 where the product does not.
  const Int k = as_int(shifted) - 0x4B400000, half = k >> 1;
  return p * as_float((half + 127) << 23) * as_float((k - half + 127) << 23);
#endif
}

/// 2^x for x <= 0 (and NaN), relative error below 4e-7: what a softmax needs after its maximum was taken away. Below -126 it is 0 or nearly
/// so, of -infinity it is 0. Source: 2^r interpolated at the Chebyshev points of [-1/2, 1/2], degree 5.
inline Vec exp2_of_negative(Vec x) {
#if defined(__AVX512F__)
  const __m512 bounded = _mm512_maskz_max_ps(0xFFFF, _mm512_set1_ps(-150.0f), reinterpret_cast<__m512>(x));  // in this order a NaN stays
  const Vec n = reinterpret_cast<Vec>(_mm512_maskz_roundscale_ps(0xFFFF, bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  const Vec r = reinterpret_cast<Vec>(bounded) - n;
#else
  const Int too_low = x < -126.0f;
  x = select(too_low, splat(-126.0f), x);
  const float magic = 12582912.0f;
  const Vec shifted = x + magic, n = shifted - magic, r = x - n;
#endif
  Vec p = r * 1.339086336e-03f + 9.676031918e-03f;
  p = p * r + 5.550357114e-02f;
  p = p * r + 2.402210749e-01f;
  p = p * r + 6.931471880e-01f;
  p = p * r + 1.0f;
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_scalef_ps(0xFFFF, reinterpret_cast<__m512>(p), reinterpret_cast<__m512>(n)));
#else
  return select(too_low, Vec{}, p * as_float((as_int(shifted) - 0x4B400000 + 127) << 23));
#endif
}

inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exp(-x)); }

/// Rational approximation within about 4 units in the last place on [-7.9, 7.9], ±1 outside. Coefficients: Eigen, MathFunctionsImpl.h.
inline Vec tanh(Vec x) {
  const float limit = 7.90531110763549805f;
  const Vec given = x;
  x = select(x > limit, splat(limit), x);
  x = select(x < -limit, splat(-limit), x);
  const Vec s = x * x;
  Vec p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  Vec q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  return select(abs(given) < 0.0004f, given, x * p / q);
}

/// The standard normal distribution function, relative error below 1e-6 also far in the lower tail: erfc(z)/2 at z = |x|/sqrt 2,
/// mirrored. Source: Press et al., Numerical Recipes, erfcc (Chebyshev fit of the fractional part).
inline Vec normal_below(Vec x) {
  const Vec z = abs(x) * 0.70710678118654752f, t = 1.0f / (1.0f + 0.5f * z);
  Vec p = t * 0.17087277f + -0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t + -1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t + -0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t + -1.26551223f;
  const Vec tail = 0.5f * t * exp(p - z * z);
  return select(x < 0.0f, tail, 1.0f - tail);
}

}  // namespace dsw::kernels::DSW_ISA
