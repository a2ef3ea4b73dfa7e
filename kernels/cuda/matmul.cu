// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/library_products.h"
#include "kernels/cuda/matmul_tiled.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

constexpr int kTile = 128;
constexpr std::int64_t kMostBatches = 65535;  // blocks along the third axis of a grid

/// Any dtypes and strides: 64 x 64 results a thread block, 4 x 4 a thread.
struct PlainTiles {
  static constexpr int kTile = 64, kDepth = 16, kThreads = 256, kOwn = 4;
};

__global__ void __launch_bounds__(PlainTiles::kThreads) matmul_plain(const Product product) {
  using Tiles = PlainTiles;
  __shared__ float a_part[Tiles::kDepth][Tiles::kTile + 1], b_part[Tiles::kDepth][Tiles::kTile + 1];
  const int thread = static_cast<int>(threadIdx.x), own_row = thread / 16, own_column = thread % 16;
  const int first_row = static_cast<int>(blockIdx.y) * Tiles::kTile, first_column = static_cast<int>(blockIdx.x) * Tiles::kTile;
  const std::int64_t batch = product.first_batch + blockIdx.z;
  const int axis = product.c.rank - 2;
  const std::int64_t a = offset_of(product.a, batch, axis), b = offset_of(product.b, batch, axis), c = offset_of(product.c, batch, axis);

  float sums[Tiles::kOwn][Tiles::kOwn] = {};
  for (int first = 0; first < product.K; first += Tiles::kDepth) {
    for (int i = thread; i < Tiles::kDepth * Tiles::kTile; i += Tiles::kThreads) {
      // Neighbouring threads read neighbours along k of a and along the columns of b, as rows of dense matrices lie.
      const int row = first_row + i / Tiles::kDepth, a_k = i % Tiles::kDepth, column = first_column + i % Tiles::kTile,
                b_k = i / Tiles::kTile;
      a_part[a_k][i / Tiles::kDepth] =
          row < product.M && first + a_k < product.K
              ? read<float>(product.a, a + row * product.a.stride[axis] + (first + a_k) * product.a.stride[axis + 1])
              : 0.0f;
      b_part[b_k][i % Tiles::kTile] =
          column < product.N && first + b_k < product.K
              ? read<float>(product.b, b + (first + b_k) * product.b.stride[axis] + column * product.b.stride[axis + 1])
              : 0.0f;
    }
    __syncthreads();
    for (int k = 0; k < Tiles::kDepth; ++k) {
      DSW_UNROLL
      for (int m = 0; m < Tiles::kOwn; ++m) {
        DSW_UNROLL
        for (int n = 0; n < Tiles::kOwn; ++n) sums[m][n] += a_part[k][own_row + 16 * m] * b_part[k][own_column + 16 * n];
      }
    }
    __syncthreads();
  }
  DSW_UNROLL
  for (int m = 0; m < Tiles::kOwn; ++m) {
    DSW_UNROLL
    for (int n = 0; n < Tiles::kOwn; ++n) {
      const int row = first_row + own_row + 16 * m, column = first_column + own_column + 16 * n;
      if (row < product.M && column < product.N) finish(product, c, row, column, sums[m][n]);
    }
  }
}

/// How the matrices of an operand lie; `along` and `across` are its axes of k and of the other one.
Lies lies(const DswView& x, int along, int across) {
  const auto copies = [&](int inner, int outer) {
    if (x.stride[inner] != 1 || x.shape[inner] % 8 != 0 || reinterpret_cast<std::uintptr_t>(x.data) % 16 != 0) return false;
    for (int axis = 0; axis < x.rank; ++axis)
      if (axis != inner && x.shape[axis] != 1 && x.stride[axis] % 8 != 0) return false;
    return x.shape[outer] == 1 || x.stride[outer] % 8 == 0;
  };
  return copies(along, across) ? Lies::Along : copies(across, along) ? Lies::Across : Lies::Anyhow;
}

template <class T>
auto tiled_kernel(Lies a, Lies b) {
  if (a == Lies::Anyhow || b == Lies::Anyhow) return matmul_tiled<T, kTile, Lies::Anyhow, Lies::Anyhow>;
  if (a == Lies::Along)
    return b == Lies::Along ? matmul_tiled<T, kTile, Lies::Along, Lies::Along> : matmul_tiled<T, kTile, Lies::Along, Lies::Across>;
  return b == Lies::Along ? matmul_tiled<T, kTile, Lies::Across, Lies::Along> : matmul_tiled<T, kTile, Lies::Across, Lies::Across>;
}

dim3 grid_of_tiles(const Product& product, int tile, std::int64_t batches) {
  const auto tiles = [tile](int length) { return static_cast<unsigned>((length + tile - 1) / tile); };
  return {tiles(product.N), tiles(product.M), static_cast<unsigned>(batches)};
}

template <bool kTiled>
int multiply(DswStream* stream, const Product& product, std::int64_t batches) {
  const int axis = product.c.rank - 2, dtype = product.a.dtype;
  if (kTiled && (dtype == DSW_BF16 || dtype == DSW_F16) && product.b.dtype == dtype) {
    using Tiles = ProductTiles<kTile>;
    const Lies a = lies(product.a, axis + 1, axis), b = lies(product.b, axis, axis + 1);
    return launch(stream, "matmul", dtype == DSW_BF16 ? tiled_kernel<Bf16>(a, b) : tiled_kernel<F16>(a, b),
                  grid_of_tiles(product, kTile, batches), Tiles::kThreads, Tiles::kBytes, product);
  }
  return launch(stream, "matmul, plain", matmul_plain, grid_of_tiles(product, PlainTiles::kTile, batches), PlainTiles::kThreads, 0,
                product);
}

/// kTiled: 16-bit numbers by mma; else everything by the plain kernel.
template <bool kTiled>
int matmul(DswStream* stream, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta) {
  if (!computable({&a, &b, &bias, &c})) return DSW_UNSUPPORTED;
  const int axis = c.rank - 2;
  const auto length = [](std::int64_t n) { return static_cast<int>(n); };
  Product product{a,
                  b,
                  bias,
                  c,
                  static_cast<float>(alpha),
                  static_cast<float>(beta),
                  length(c.shape[axis]),
                  length(c.shape[axis + 1]),
                  length(a.shape[axis + 1]),
                  0};
  std::int64_t batches = 1;
  for (int i = 0; i < axis; ++i) batches *= c.shape[i];
  for (; product.first_batch < batches; product.first_batch += kMostBatches) {
    const int status = multiply<kTiled>(stream, product, std::min(kMostBatches, batches - product.first_batch));
    if (status != DSW_OK) return status;
  }
  return DSW_OK;
}

/// By the library, where there is one that takes it, or tiled.
int matmul_fastest(DswStream* stream, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta) {
  if (!computable({&a, &b, &bias, &c})) return DSW_UNSUPPORTED;
  if (LibraryProducts* library = stream_of(stream).library.get()) {
    const int status = library->matmul(stream, a, b, bias, c, alpha, beta);
    if (status != DSW_UNSUPPORTED) return status;
  }
  return matmul<true>(stream, a, b, bias, c, alpha, beta);
}
int matmul_compatible(DswStream* stream, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta) {
  return (stream_of(stream).library != nullptr ? matmul<true> : matmul<false>)(stream, a, b, bias, c, alpha, beta);
}

}  // namespace

void add_matmul(DswKernels& table) { table.matmul = matmul_fastest; }
void add_compatible_matmul(DswKernels& table) { table.matmul = matmul_compatible; }

}  // namespace dsw::cuda
