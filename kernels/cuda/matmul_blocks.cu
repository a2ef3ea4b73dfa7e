// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/matmul_blocks.h"

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
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

using Kernel = void (*)(ScaledProduct);
template <class A, class B>
Kernel kernel_of(bool convert, bool copied) {
  if (convert) return copied ? matmul_blocks_tiled<A, B, true, true> : matmul_blocks_tiled<A, B, true, false>;
  return copied ? matmul_blocks_tiled<A, B, false, true> : matmul_blocks_tiled<A, B, false, false>;
}
Kernel kernel_of(int a, int b, bool convert, bool copied) {
  if (a == DSW_E4M3) return b == DSW_E4M3 ? kernel_of<E4m3, E4m3>(convert, copied) : kernel_of<E4m3, E5m2>(convert, copied);
  return b == DSW_E4M3 ? kernel_of<E5m2, E4m3>(convert, copied) : kernel_of<E5m2, E5m2>(convert, copied);
}

int matmul_blocks(DswStream* stream, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c) {
  if (!computable({&bias, &c})) return DSW_UNSUPPORTED;
  ScaledProduct product{{}, {}, bias, c, static_cast<int>(a.shape[1])};
  if (!operand_of(a, a_scale, product.a) || !operand_of(b, b_scale, product.b)) return DSW_BAD_ARGUMENT;
  const bool convert = stream_of(stream).capability < 89;
  const auto tiles = [](int length) { return static_cast<unsigned>((length + SliceTiles::kTile - 1) / SliceTiles::kTile); };
  const bool copied = copies(product.a, product.K) && copies(product.b, product.K);
  return launch(stream, "matmul_blocks", kernel_of(a.dtype, b.dtype, convert, copied), dim3(tiles(product.b.rows), tiles(product.a.rows)),
                SliceTiles::kThreads, SliceTiles::kBytes, product);
}

}  // namespace

void add_matmul_blocks(DswKernels& table) { table.matmul_blocks = matmul_blocks; }

}  // namespace dsw::cuda
