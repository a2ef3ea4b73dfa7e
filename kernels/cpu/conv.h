// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/kernel_table.h"

/// Convolutions by oneDNN, and by plain loops where it has none: what each instruction set's entries fall back on (isa/conv.cpp).
namespace dsw::kernels::library {

int conv2d_fwd(DswStream* stream, const DswConv* p, DswView x, DswView w, DswView bias, DswView y);
int conv2d_bwd_data(DswStream* stream, const DswConv* p, DswView w, DswView dy, DswView dx);
int conv2d_bwd_weights(DswStream* stream, const DswConv* p, DswView x, DswView dy, DswView dw, DswView dbias);

}  // namespace dsw::kernels::library
