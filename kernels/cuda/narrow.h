// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"
#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#endif

/// The types of kernels/narrow_float.h in device code: widen(x) is exact, narrow<T>(x) rounds to nearest even and saturates 8-bit floats.
/// The hardware's conversions under nvcc, those of narrow_float.h elsewhere; both give the same bits (of NaN only that it is one).
namespace dsw::cuda {

#ifdef __CUDACC__
DSW_DEVICE float widen(float x) { return x; }
DSW_DEVICE float widen(Bf16 x) { return __uint_as_float(static_cast<std::uint32_t>(x.bits) << 16); }
DSW_DEVICE float widen(F16 x) { return __half2float(__ushort_as_half(x.bits)); }
DSW_DEVICE float widen(E4m3 x) { return __half2float(__half(__nv_cvt_fp8_to_halfraw(x.bits, __NV_E4M3))); }
DSW_DEVICE float widen(E5m2 x) { return widen(F16{static_cast<std::uint16_t>(x.bits << 8)}); }
template <class T>
DSW_DEVICE T narrow(float x) {
  if constexpr (std::is_same_v<T, Bf16>)
    return Bf16{__bfloat16_as_ushort(__float2bfloat16_rn(x))};
  else if constexpr (std::is_same_v<T, F16>)
    return F16{__half_as_ushort(__float2half_rn(x))};
  else if constexpr (std::is_same_v<T, E4m3>)
    return E4m3{__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3)};
  else if constexpr (std::is_same_v<T, E5m2>)
    return E5m2{__nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E5M2)};
  else
    return x;
}
#else
inline float widen(float x) { return x; }
template <class T>
float widen(T x) {
  return kernels::to_float(x);
}
template <class T>
T narrow(float x) {
  if constexpr (std::is_same_v<T, Bf16>)
    return kernels::to_bf16(x);
  else if constexpr (std::is_same_v<T, F16>)
    return kernels::to_f16(x);
  else if constexpr (std::is_same_v<T, E4m3>)
    return kernels::to_e4m3(x);
  else if constexpr (std::is_same_v<T, E5m2>)
    return kernels::to_e5m2(x);
  else
    return x;
}
#endif

/// Two neighbours in one word, the first in the low half, as mma and 4-byte stores want them.
template <class T>
DSW_DEVICE std::uint32_t pack(float low, float high) {
  return static_cast<std::uint32_t>(narrow<T>(low).bits) | static_cast<std::uint32_t>(narrow<T>(high).bits) << 16;
}

}  // namespace dsw::cuda
