// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/matmul_blocks.h"

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/library_products.h"
#include "kernels/cuda/stream.h"
#include "kernels/scale_blocks.h"

namespace dsw::cuda {
namespace {

/// false: the scales do not fit.
bool operand_of(const DswView& x, const DswView& scale, ScaledOperand& operand) {
  kernels::Scales scales;
  if (!kernels::scales_of(x, scale, scales) || !kernels::slices_fit(x, scales)) return false;
  operand = {static_cast<const std::uint8_t*>(x.data),
             x.stride[0],
             x.stride[1],
             static_cast<int>(x.shape[0]),
             scales.start,
             scales.row_step,
             scales.column_length == DSW_SCALE_BLOCK && scale.shape[1] > 1 ? scales.column_step : 0,
             static_cast<int>(scales.row_length)};
  return true;
}
bool copies(const ScaledOperand& x, int K) {
  return x.k_step == 1 && (x.rows == 1 || x.row_step % 16 == 0) && K % 16 == 0 && reinterpret_cast<std::uintptr_t>(x.data) % 16 == 0;
}

template <class A, class B>
DSW_DEVICE float product_of(const ScaledProduct& product, int row, int column) {
  float sum = 0;
  for (int k = 0, slice = 0; k < product.K; ++slice) {
    float of_slice = 0;
    for (; k < product.K && k < (slice + 1) * DSW_SCALE_BLOCK; ++k)
      of_slice += widen(load(reinterpret_cast<const A*>(product.a.data) + row * product.a.row_step + k * product.a.k_step)) *
                  widen(load(reinterpret_cast<const B*>(product.b.data) + column * product.b.row_step + k * product.b.k_step));
    sum += of_slice * product.a.scale_at(row, slice) * product.b.scale_at(column, slice);
  }
  return sum;
}
/// One thread a result.
template <class A, class B>
__global__ void matmul_blocks_plain(const ScaledProduct product) {
  for_each_of_grid(static_cast<std::int64_t>(product.a.rows) * product.b.rows, [&](std::int64_t i) {
    const int row = static_cast<int>(i / product.b.rows), column = static_cast<int>(i % product.b.rows);
    const float bias = product.bias.data == nullptr ? 0 : read<float>(product.bias, column * product.bias.stride[0]);
    write<float>(product.c, row * product.c.stride[0] + column * product.c.stride[1], product_of<A, B>(product, row, column) + bias);
  });
}

using Kernel = void (*)(ScaledProduct);
Kernel plain_kernel(int a, int b) {
  if (a == DSW_E4M3) return b == DSW_E4M3 ? matmul_blocks_plain<E4m3, E4m3> : matmul_blocks_plain<E4m3, E5m2>;
  return b == DSW_E4M3 ? matmul_blocks_plain<E5m2, E4m3> : matmul_blocks_plain<E5m2, E5m2>;
}
template <class A, class B>
Kernel kernel_of(bool convert, bool copied) {
  if (convert) return copied ? matmul_blocks_tiled<A, B, true, true> : matmul_blocks_tiled<A, B, true, false>;
  return copied ? matmul_blocks_tiled<A, B, false, true> : matmul_blocks_tiled<A, B, false, false>;
}
Kernel kernel_of(int a, int b, bool convert, bool copied) {
  if (a == DSW_E4M3) return b == DSW_E4M3 ? kernel_of<E4m3, E4m3>(convert, copied) : kernel_of<E4m3, E5m2>(convert, copied);
  return b == DSW_E4M3 ? kernel_of<E5m2, E4m3>(convert, copied) : kernel_of<E5m2, E5m2>(convert, copied);
}

template <bool kTiled>
int matmul_blocks(DswStream* stream, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c) {
  if (!computable({&bias, &c})) return DSW_UNSUPPORTED;
  ScaledProduct product{{}, {}, bias, c, static_cast<int>(a.shape[1])};
  if (!operand_of(a, a_scale, product.a) || !operand_of(b, b_scale, product.b)) return DSW_BAD_ARGUMENT;
  if (!kTiled)
    return launch(stream, "matmul_blocks, plain", plain_kernel(a.dtype, b.dtype),
                  element_grid(static_cast<std::int64_t>(product.a.rows) * product.b.rows), kElementThreads, 0, product);
  const bool convert = stream_of(stream).capability < 89;
  const auto tiles = [](int length) { return static_cast<unsigned>((length + SliceTiles::kTile - 1) / SliceTiles::kTile); };
  const bool copied = copies(product.a, product.K) && copies(product.b, product.K);
  return launch(stream, "matmul_blocks", kernel_of(a.dtype, b.dtype, convert, copied), dim3(tiles(product.b.rows), tiles(product.a.rows)),
                SliceTiles::kThreads, SliceTiles::kBytes, product);
}

int matmul_blocks_fastest(DswStream* stream, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c) {
  LibraryProducts* library = stream_of(stream).library.get();
  if (library != nullptr && a_scale.dtype == DSW_F32 && b_scale.dtype == DSW_F32) {
    const int status = library->matmul_blocks(stream, a, a_scale, b, b_scale, bias, c);
    if (status != DSW_UNSUPPORTED) return status;
  }
  return matmul_blocks<true>(stream, a, a_scale, b, b_scale, bias, c);
}
int matmul_blocks_compatible(DswStream* stream, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c) {
  return (stream_of(stream).library != nullptr ? matmul_blocks<true> : matmul_blocks<false>)(stream, a, a_scale, b, b_scale, bias, c);
}

}  // namespace

void add_matmul_blocks(DswKernels& table) { table.matmul_blocks = matmul_blocks_fastest; }
void add_compatible_matmul_blocks(DswKernels& table) { table.matmul_blocks = matmul_blocks_compatible; }

}  // namespace dsw::cuda
