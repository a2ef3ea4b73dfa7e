// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/narrow_float.h"
#include "tests/support/cuda_emulation/async_copy.h"
#include "tests/support/cuda_emulation/banks.h"
#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/faults.h"
#include "tests/support/cuda_emulation/matrix.h"

// The functions of kernels/cuda/device_code.h, which says what they do.

#define DSW_DEVICE inline
#define DSW_DYNAMIC_SHARED(T, name) T* name = reinterpret_cast<T*>(dsw::cuda_emulation::Block::current().dynamic_shared())
#define DSW_FP8_MMA 1

namespace dsw::cuda {

using kernels::Bf16;
using kernels::E4m3;
using kernels::E5m2;
using kernels::F16;
using Where = std::source_location;

template <class T>
T load(const T* p, Where where = Where::current()) {
  return *static_cast<const T*>(cuda_emulation::read_address(p, sizeof(T), sizeof(T), where));
}
template <class T>
void store(T* p, std::type_identity_t<T> value, Where where = Where::current()) {
  T* at = static_cast<T*>(cuda_emulation::write_address(p, sizeof(T), sizeof(T), where));
  *at = value;
  if (cuda_emulation::spoils_a_store()) reinterpret_cast<unsigned char*>(at)[sizeof(T) - 1] ^= 0x40;  // a bit of the exponent
}
template <class T>
T shared_load(const T* p, Where where = Where::current()) {
  cuda_emulation::note_shared_access(p, sizeof(T), where);
  return *p;
}
template <class T>
void shared_store(T* p, std::type_identity_t<T> value, Where where = Where::current()) {
  cuda_emulation::note_shared_access(p, sizeof(T), where);
  *p = value;
}

inline void cp_async16(void* shared, const void* global, bool present = true, Where where = Where::current()) {
  cuda_emulation::begin_copy(shared, global, present, where);
}
inline void cp_async_commit() { cuda_emulation::close_group(); }
template <int N>
void cp_async_wait() {
  cuda_emulation::wait_for_groups(N);
}

inline void ldmatrix_x4(std::uint32_t (&r)[4], const void* row, Where where = Where::current()) {
  cuda_emulation::load_matrices(r, row, false, where);
}
inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row, Where where = Where::current()) {
  cuda_emulation::load_matrices(r, row, true, where);
}

template <class T>
inline constexpr cuda_emulation::Element kElement = std::is_same_v<T, Bf16>   ? cuda_emulation::Element::Bf16
                                                    : std::is_same_v<T, F16>  ? cuda_emulation::Element::F16
                                                    : std::is_same_v<T, E4m3> ? cuda_emulation::Element::E4m3
                                                                              : cuda_emulation::Element::E5m2;
template <class T>
void mma_m16n8k16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], Where where = Where::current()) {
  static_assert(sizeof(T) == 2);
  cuda_emulation::multiply_add(kElement<T>, kElement<T>, c, a, b, where);
}
template <class A, class B>
void mma_m16n8k32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], Where where = Where::current()) {
  static_assert(sizeof(A) == 1 && sizeof(B) == 1);
  cuda_emulation::multiply_add(kElement<A>, kElement<B>, c, a, b, where);
}

}  // namespace dsw::cuda
