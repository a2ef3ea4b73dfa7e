// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/stream.h"
#include "kernels/scale_blocks.h"

/// Quantising to 8-bit floats with a scale a block, and back: the meaning of kernels/reference/fp8.h, bit by bit.
/// Source: DeepSeek-AI 2024, DeepSeek-V3 Technical Report, sec. 3.3.2.
namespace dsw::cuda {
namespace {

/// A matrix and the blocks of its scale; see kernels/scale_blocks.h.
struct Blocks {
  DswView scale;
  std::int64_t row_length, column_length;
  DSW_DEVICE std::int64_t scale_at(std::int64_t r, std::int64_t c) const {
    return r / row_length * scale.stride[0] + c / column_length * scale.stride[1];
  }
};
bool blocks_of(const DswView& x, const DswView& scale, Blocks& blocks) {
  kernels::Scales scales;
  if (!kernels::scales_of(x, scale, scales)) return false;
  blocks = {scale, scales.row_length, scales.column_length};
  return true;
}
DSW_DEVICE std::int64_t matrix_at(const DswView& x, std::int64_t r, std::int64_t c) { return r * x.stride[0] + c * x.stride[1]; }

constexpr std::int64_t kPiece = 4096;  // elements of a block that one thread block looks through

/// Largest magnitudes of the blocks, as the bits of floats that are not negative, which order as the floats do: the order in which thread
/// blocks arrive does not matter. Grid: pieces of a block, columns of blocks, rows of blocks.
__global__ void largest_kernel(DswView x, std::int64_t rows, std::int64_t columns, Blocks blocks, std::uint32_t* largest) {
  for (std::int64_t block = blockIdx.y; block < blocks.scale.shape[0] * blocks.scale.shape[1]; block += gridDim.y) {
    const std::int64_t r0 = block / blocks.scale.shape[1] * blocks.row_length, c0 = block % blocks.scale.shape[1] * blocks.column_length;
    const std::int64_t height = min(blocks.row_length, rows - r0), width = min(blocks.column_length, columns - c0);
    const std::int64_t end = min(height * width, (static_cast<std::int64_t>(blockIdx.x) + 1) * kPiece);
    float amax = 0;
    for (std::int64_t i = blockIdx.x * kPiece + threadIdx.x; i < end; i += blockDim.x) {
      const float value = fabsf(read<float>(x, matrix_at(x, r0 + i / width, c0 + i % width)));
      if (isfinite(value)) amax = fmaxf(amax, value);
    }
    amax = block_maximum(amax);
    if (threadIdx.x == 0) atomicMax(largest + block, __float_as_uint(amax));
  }
}
__global__ void scale_kernel(std::int64_t count, Blocks blocks, const std::uint32_t* largest, float largest_of_format, bool power_of_two) {
  for_each_of_grid(count, [&](std::int64_t block) {
    const float amax = __uint_as_float(load(largest + block));
    float scale = amax == 0 ? 1 : fmaxf(amax / largest_of_format, 0x1p-126f);
    if (amax != 0 && power_of_two) scale = __uint_as_float((__float_as_uint(scale) + 0x7FFFFFu) & 0xFF800000u);
    const std::int64_t rb = block / blocks.scale.shape[1], cb = block % blocks.scale.shape[1];
    store(data<float>(blocks.scale) + rb * blocks.scale.stride[0] + cb * blocks.scale.stride[1], scale);
  });
}
__global__ void quantize_kernel(std::int64_t count, DswView x, DswView y, Blocks blocks) {
  const std::int64_t columns = y.shape[1];
  for_each_of_grid(count, [&](std::int64_t i) {
    const std::int64_t r = i / columns, c = i % columns;
    const float value = read<float>(x, matrix_at(x, r, c));
    const float quotient = isfinite(value) ? value / load(data<const float>(blocks.scale) + blocks.scale_at(r, c)) : 0;
    std::uint8_t bits = 0x7F;  // an overflow must not pass for a number
    if (isfinite(value)) bits = y.dtype == DSW_E4M3 ? narrow<E4m3>(quotient).bits : narrow<E5m2>(quotient).bits;
    store(data<std::uint8_t>(y) + matrix_at(y, r, c), bits);
  });
}
int quantize_blocks(DswStream* stream, DswView x, std::int32_t power_of_two, DswView y, DswView scale) {
  Blocks blocks;
  if (!blocks_of(y, scale, blocks)) return DSW_BAD_ARGUMENT;
  if (!computable({&x})) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(scale), size = blocks.row_length * blocks.column_length;
  if (count == 0) return DSW_OK;
  const Scratch<std::uint32_t> largest(stream, count);
  if (largest.status() != DSW_OK) return largest.status();
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(std::uint32_t);
  int status = status_of(cudaMemsetAsync(largest.data(), 0, bytes, stream_of(stream).stream), "quantize_blocks");
  const dim3 grid(static_cast<unsigned>((size + kPiece - 1) / kPiece), static_cast<unsigned>(count < 65535 ? count : 65535));
  if (status == DSW_OK)
    status = launch(stream, "quantize_blocks", largest_kernel, grid, kRowThreads, 0, x, y.shape[0], y.shape[1], blocks, largest.data());
  if (status == DSW_OK)
    status = launch(stream, "quantize_blocks", scale_kernel, element_grid(count), kElementThreads, 0, count, blocks, largest.data(),
                    kernels::largest_fp8(y.dtype), power_of_two != 0);
  if (status != DSW_OK) return status;
  return launch(stream, "quantize_blocks", quantize_kernel, element_grid(elements(y)), kElementThreads, 0, elements(y), x, y, blocks);
}

__global__ void dequantize_kernel(std::int64_t count, DswView x, DswView y, Blocks blocks) {
  const std::int64_t columns = x.shape[1];
  for_each_of_grid(count, [&](std::int64_t i) {
    const std::int64_t r = i / columns, c = i % columns;
    const std::uint8_t bits = load(data<const std::uint8_t>(x) + matrix_at(x, r, c));
    const float value = x.dtype == DSW_E4M3 ? widen(E4m3{bits}) : widen(E5m2{bits});
    write(y, matrix_at(y, r, c), value * load(data<const float>(blocks.scale) + blocks.scale_at(r, c)));
  });
}
int dequantize_blocks(DswStream* stream, DswView x, DswView scale, DswView y) {
  Blocks blocks;
  if (!blocks_of(x, scale, blocks)) return DSW_BAD_ARGUMENT;
  if (!computable({&y})) return DSW_UNSUPPORTED;
  return launch(stream, "dequantize_blocks", dequantize_kernel, element_grid(elements(x)), kElementThreads, 0, elements(x), x, y, blocks);
}

}  // namespace

void add_fp8(DswKernels& table) {
  table.quantize_blocks = quantize_blocks;
  table.dequantize_blocks = dequantize_blocks;
}

}  // namespace dsw::cuda
