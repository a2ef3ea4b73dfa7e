// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/vec.h"
#include "kernels/kernel_table.h"

/// Each source of this folder puts its float32 entries into the table; what stays is the reference, which they also call for
/// other dtypes and rare layouts.
namespace dsw::kernels::DSW_ISA {

void add_elementwise(DswKernels& table);
void add_memory(DswKernels& table);
void add_random(DswKernels& table);
void add_reduce(DswKernels& table);
void add_softmax(DswKernels& table);
void add_norm(DswKernels& table);
void add_batch_norm(DswKernels& table);
void add_embedding(DswKernels& table);
void add_attention(DswKernels& table);
void add_attention_paged(DswKernels& table);
void add_conv(DswKernels& table);
void add_pool(DswKernels& table);
void add_optimizer(DswKernels& table);
void add_fp8(DswKernels& table);
void add_fp8_gemm(DswKernels& table);
void add_all(DswKernels& table);

}  // namespace dsw::kernels::DSW_ISA
