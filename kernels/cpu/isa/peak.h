// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace dsw::kernels::DSW_ISA {

/// Runs float32 multiply-adds in registers; returns how many operations (a multiply and an add are two) it made.
double multiply_adds(std::int64_t rounds);
/// Sum of `count` floats, so that none of them can stay unread.
float read_all(const float* memory, std::int64_t count);

}  // namespace dsw::kernels::DSW_ISA
