// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/numbers.h"

/// What one call of matmul hands to its kernels; see kernel_table.h.
namespace dsw::cuda {

struct Product {
  DswView a, b, bias, c;  // [..., M, K], [..., K, N], [N] or not given, [..., M, N]
  float alpha, beta;
  int M, N, K;
  std::int64_t first_batch;  // of the matrices that blockIdx.z counts
};

/// Writes element (row, column) of the matrix of c that begins at `c`, given its sum over k.
DSW_DEVICE void finish(const Product& product, std::int64_t c, int row, int column, float sum) {
  const int axis = product.c.rank - 2;
  const std::int64_t at = c + row * product.c.stride[axis] + column * product.c.stride[axis + 1];
  float value = product.alpha * sum;
  if (product.bias.data != nullptr) value += read<float>(product.bias, column * product.bias.stride[0]);
  if (product.beta != 0) value += product.beta * read<float>(product.c, at);
  write<float>(product.c, at, value);
}

}  // namespace dsw::cuda
