// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/cuda_kernels.h"

namespace dsw::cuda {

const DswKernels* kernels() {
  static const DswKernels table = [] {
    DswKernels made{};
    made.size = sizeof(DswKernels);
    made.name = "cuda";
    add_elementwise(made);
    add_memory(made);
    add_reduce(made);
    return made;
  }();
  return &table;
}

}  // namespace dsw::cuda
