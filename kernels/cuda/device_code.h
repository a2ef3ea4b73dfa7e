// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// The one door to CUDA for kernels/cuda/*.cu: under nvcc thin wrappers of PTX instructions, elsewhere the same functions from the
// emulation, found by include path (tests/support/cuda_emulation). Kernels reach global memory only through load, store and cp_async16:
// the emulation checks and counts each access there, and a plain pointer to device memory ends its program.
//
//   DSW_DEVICE                          an inline function of device code
//   DSW_DYNAMIC_SHARED(T, name)         T* name, the dynamic shared memory of the block, aligned to 128 bytes
//   DSW_UNROLL                          before a loop: its passes are written out
//   DSW_PLANTED(name)                   0; a test that includes a kernel's header defines it first, to plant the bug of that name
//   load(p), store(p, value)            one element of global memory, of 1 to 16 bytes, aligned to its size
//   shared_load(p), shared_store(p, v)  the same of shared memory, where bank conflicts shall be counted; plain access is allowed too
//   cp_async16(shared, global, present) 16 bytes from global to shared memory, zeros where not present; both multiples of 16
//   cp_async_commit(), cp_async_wait<N>()  closes a group; waits until all but the N last groups of this thread have come
//   ldmatrix_x4(r, row), ldmatrix_x4_trans(r, row)  four 8 x 8 matrices of 16-bit elements; lane l brings row l % 8 of matrix l / 8
//   mma_m16n8k16<T>(c, a, b)            c [16, 8] += a [16, 16] b [16, 8], T Bf16 or F16, float32 sums
//   mma_m16n8k32<A, B>(c, a, b)         the same with k 32 of 8-bit floats, E4m3 or E5m2 each; sm_89 and later: DSW_FP8_MMA is 1 there
// Source of the fragments: PTX ISA, "Matrix Fragments for mma.m16n8k16 / mma.m16n8k32", "ldmatrix".
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/narrow_float.h"

#ifndef DSW_PLANTED
#define DSW_PLANTED(name) 0
#endif

#ifdef __CUDACC__
#include <cuda_runtime.h>

#define DSW_DEVICE __device__ __forceinline__
#define DSW_UNROLL _Pragma("unroll")
#define DSW_DYNAMIC_SHARED(T, name)                                    \
  extern __shared__ __align__(128) unsigned char dsw_dynamic_shared[]; \
  T* name = reinterpret_cast<T*>(dsw_dynamic_shared)
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 890
#define DSW_FP8_MMA 1
#else
#define DSW_FP8_MMA 0
#endif

namespace dsw::cuda {

using kernels::Bf16;
using kernels::E4m3;
using kernels::E5m2;
using kernels::F16;

template <class T>
DSW_DEVICE T load(const T* p) {
  return *p;
}
template <class T>
DSW_DEVICE void store(T* p, std::type_identity_t<T> value) {
  *p = value;
}
template <class T>
DSW_DEVICE T shared_load(const T* p) {
  return *p;
}
template <class T>
DSW_DEVICE void shared_store(T* p, std::type_identity_t<T> value) {
  *p = value;
}

DSW_DEVICE std::uint32_t shared_address(const void* p) { return static_cast<std::uint32_t>(__cvta_generic_to_shared(p)); }
DSW_DEVICE void cp_async16(void* shared, const void* global, bool present = true) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(shared)), "l"(global), "r"(present ? 16 : 0)
               : "memory");
}
DSW_DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }
template <int N>
DSW_DEVICE void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N) : "memory");
}

DSW_DEVICE void ldmatrix_x4(std::uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
DSW_DEVICE void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

#define DSW_MMA(shape_and_types)                                                                              \
  asm volatile("mma.sync.aligned." shape_and_types " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n" \
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                               \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
template <class T>
DSW_DEVICE void mma_m16n8k16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  static_assert(std::is_same_v<T, Bf16> || std::is_same_v<T, F16>);
  if constexpr (std::is_same_v<T, Bf16>)
    DSW_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
  else
    DSW_MMA("m16n8k16.row.col.f32.f16.f16.f32");
}
#if DSW_FP8_MMA
template <class A, class B>
DSW_DEVICE void mma_m16n8k32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  constexpr bool a_is_e4m3 = std::is_same_v<A, E4m3>, b_is_e4m3 = std::is_same_v<B, E4m3>;
  static_assert((a_is_e4m3 || std::is_same_v<A, E5m2>)&&(b_is_e4m3 || std::is_same_v<B, E5m2>));
  if constexpr (a_is_e4m3 && b_is_e4m3)
    DSW_MMA("m16n8k32.row.col.f32.e4m3.e4m3.f32");
  else if constexpr (a_is_e4m3)
    DSW_MMA("m16n8k32.row.col.f32.e4m3.e5m2.f32");
  else if constexpr (b_is_e4m3)
    DSW_MMA("m16n8k32.row.col.f32.e5m2.e4m3.f32");
  else
    DSW_MMA("m16n8k32.row.col.f32.e5m2.e5m2.f32");
}
#endif
#undef DSW_MMA

}  // namespace dsw::cuda

#else
#define DSW_UNROLL
#include <cuda_emulation/cuda_emulation.h>
#endif
