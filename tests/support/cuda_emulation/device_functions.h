// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <math.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "tests/support/cuda_emulation/banks.h"
#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/device_memory.h"

// CUDA's keywords, its variables of a thread, and the arithmetic of device code that the C library has not. Only for sources that are
// compiled as CUDA where CUDA is.
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static thread_local  // one block at a time on a thread of the system, shared by the fibers on it
#define threadIdx (dsw::cuda_emulation::Block::current().thread().index)
#define blockIdx (dsw::cuda_emulation::Block::current().index())
#define blockDim (dsw::cuda_emulation::Block::current().shape())
#define gridDim (dsw::cuda_emulation::Block::current().grid())

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline std::uint32_t __float_as_uint(float x) { return std::bit_cast<std::uint32_t>(x); }
inline float __uint_as_float(std::uint32_t x) { return std::bit_cast<float>(x); }
inline std::uint32_t __umulhi(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(a) * b >> 32);
}
inline int __ffs(int x) { return __builtin_ffs(x); }
using std::max;
using std::min;

namespace dsw::cuda_emulation {

/// Where an atomic operation takes place, in global or shared memory.
template <class T>
T* atomic_address(T* p, std::source_location where) {
  if (!is_device_address(p)) return p;
  read_address(p, sizeof(T), sizeof(T), where);
  return static_cast<T*>(write_address(p, sizeof(T), sizeof(T), where));
}

}  // namespace dsw::cuda_emulation

// Integers only: sums of floats in the order of arrival would not be deterministic.
template <class T>
requires std::is_integral_v<T> T atomicAdd(T* p, T value, std::source_location where = std::source_location::current()) {
  return __atomic_fetch_add(dsw::cuda_emulation::atomic_address(p, where), value, __ATOMIC_RELAXED);
}
template <class T>
requires std::is_integral_v<T> T atomicMax(T* p, T value, std::source_location where = std::source_location::current()) {
  T* at = dsw::cuda_emulation::atomic_address(p, where);
  T old = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (old < value && !__atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return old;
}
template <class T>
requires std::is_integral_v<T> T atomicOr(T* p, T value, std::source_location where = std::source_location::current()) {
  return __atomic_fetch_or(dsw::cuda_emulation::atomic_address(p, where), value, __ATOMIC_RELAXED);
}
