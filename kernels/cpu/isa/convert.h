// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace dsw::kernels::DSW_ISA {

/// n numbers of dtype float32, bfloat16 or float16 as float32.
void read_numbers(int dtype, const void* from, float* to, std::int64_t n);
/// n numbers from[i] + addend[i] (0 without addend) as dtype, rounded to nearest even.
void write_numbers(int dtype, const float* from, const float* addend, void* to, std::int64_t n);

}  // namespace dsw::kernels::DSW_ISA
