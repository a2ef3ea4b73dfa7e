// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/table.h"

namespace dsw::kernels::DSW_ISA {

void add_all(DswKernels& table) {
  add_elementwise(table);
  add_memory(table);
  add_random(table);
  add_reduce(table);
  add_softmax(table);
  add_norm(table);
  add_batch_norm(table);
  add_embedding(table);
  add_attention(table);
  add_attention_paged(table);
  add_conv(table);
  add_pool(table);
  add_optimizer(table);
  add_fp8(table);
  add_fp8_gemm(table);
}

}  // namespace dsw::kernels::DSW_ISA
