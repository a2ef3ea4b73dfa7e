// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/cuda_kernels.h"

namespace dsw::cuda {

const DswKernels* kernels() {
  static const DswKernels table = [] {
    DswKernels made{};
    made.size = sizeof(DswKernels);
    made.name = "cuda";
    add_attention(made);
    add_batch_norm(made);
    add_conv(made);
    add_cross_entropy(made);
    add_elementwise(made);
    add_embedding(made);
    add_fp8(made);
    add_matmul(made);
    add_matmul_blocks(made);
    add_memory(made);
    add_norm(made);
    add_optimizer(made);
    add_pool(made);
    add_reduce(made);
    add_rope(made);
    add_softmax(made);
    return made;
  }();
  return &table;
}

const DswKernels* compatible_kernels() {
  static const DswKernels table = [] {
    DswKernels made{};
    made.size = sizeof(DswKernels);
    made.name = "cuda, compatible";
    add_compatible_attention(made);
    add_compatible_matmul(made);
    add_compatible_matmul_blocks(made);
    return made;
  }();
  return &table;
}

}  // namespace dsw::cuda
