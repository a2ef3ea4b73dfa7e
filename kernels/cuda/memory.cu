// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/device_view.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

__global__ void fill_kernel(DswView y, double value, std::int64_t count) {
  for_each_of_grid(count, [&](std::int64_t i) { write_double(y, element_offset(y, i), value); });
}

int fill(DswStream* stream, DswView y, double value) {
  const std::int64_t count = element_count(y);
  return launch(stream, "fill", fill_kernel, grid_of(count), kElementThreads, 0, y, value, count);
}

}  // namespace

void add_memory(DswKernels& table) { table.fill = fill; }

}  // namespace dsw::cuda
