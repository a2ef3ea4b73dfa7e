// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/stream.h"
#include "kernels/kernel_table.h"

namespace dsw::kernels {

/// c = a b (+ bias over rows) for matrices of float32, bfloat16 and float16 in any mixture, computed in float32 copies of parts that fit a
/// core's cache. DSW_UNSUPPORTED for shapes where copies of the whole do as well: those that are not long in rows of a and c (rows dense),
/// nor in the summed axis with dense columns of a, dense rows of b and a dense float32 c.
int narrow_product(DswStream* stream, const DswView& a, const DswView& b, const DswView& bias, const DswView& c);

}  // namespace dsw::kernels
