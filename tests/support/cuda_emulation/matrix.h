// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <source_location>

namespace dsw::cuda_emulation {

/// ldmatrix.sync.aligned.m8n8.x4(.trans).shared.b16: lane l brings the 16-byte row l % 8 of matrix l / 8; r[i] are two elements of matrix
/// i: row lane / 4, columns 2 (lane % 4) and the next; transposed: of the matrix's transpose. Source: PTX ISA, ldmatrix.
void load_matrices(std::uint32_t (&r)[4], const void* row, bool transposed, std::source_location where);

/// Element types of a and b in mma.sync.
enum class Element { Bf16, F16, E4m3, E5m2 };
/// c [16, 8] += a [16, K] b [K, 8] with K = 16 for 16-bit elements and 32 for 8-bit ones, in the fragments of PTX ISA, mma.m16n8k16 and
/// mma.m16n8k32. Products are exact; they are added in float32 in order of k to c. The hardware's own order and rounding of the sum of one
/// instruction are not published and not imitated: a result may differ from it by the rounding of K additions.
void multiply_add(Element a_type, Element b_type, float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                  std::source_location where);

}  // namespace dsw::cuda_emulation
