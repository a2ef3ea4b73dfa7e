// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/kernel_table.h"

/// The kernels of CUDA devices. Each family puts its own into the table (kernels/cuda/FAMILY.cu); what none puts there stays null.
namespace dsw::cuda {

void add_attention(DswKernels& table);
void add_batch_norm(DswKernels& table);
void add_conv(DswKernels& table);
void add_cross_entropy(DswKernels& table);
void add_elementwise(DswKernels& table);
void add_embedding(DswKernels& table);
void add_fp8(DswKernels& table);
void add_matmul(DswKernels& table);
void add_matmul_blocks(DswKernels& table);
void add_memory(DswKernels& table);
void add_norm(DswKernels& table);
void add_optimizer(DswKernels& table);
void add_pool(DswKernels& table);
void add_reduce(DswKernels& table);
void add_rope(DswKernels& table);
void add_softmax(DswKernels& table);

void add_compatible_attention(DswKernels& table);
void add_compatible_matmul(DswKernels& table);
void add_compatible_matmul_blocks(DswKernels& table);

const DswKernels* kernels();
/// Slower ways to the same results: our own kernels where products are a library's, else those without matrix instructions and asynchronous
/// copies. Null where there is only one way.
const DswKernels* compatible_kernels();

}  // namespace dsw::cuda
