// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "engine/tensor/tensor.h"

/// 8-bit floats (DType::E4M3, DType::E5M2) with float32 scales, as quantize_blocks and matmul_blocks in kernels/kernel_table.h define them.
namespace dsw {

/// Lengths of the blocks of a matrix [R, C] that share a scale, along R and C: 1, 128, or 0 for the whole axis.
struct ScaleBlocks {
  std::int64_t rows = 0, columns = 0;
};
inline constexpr ScaleBlocks kPerTensor{0, 0}, kPerRowBlock{1, 128}, kPerColumnBlock{128, 1}, kPerSquare{128, 128};

/// A matrix scale x values. Its scale's shape says the blocks.
struct Quantized {
  Tensor values;  ///< E4M3 or E5M2, [R, C]
  Tensor scale;   ///< float32, [number of blocks along R, along C]
};

/// x in 8 bits: scale = amax of the block / largest number of the format. NaN and infinity become NaN. Outside the graph.
/// @param x  [..., C], any float dtype; R counts the rows of all leading axes   @param format  E4M3 or E5M2
/// @param power_of_two  scales are rounded up to powers of two: quantizing again along the other axis then loses no mantissa bits to them
/// @throws Error{ShapeMismatch} if x has no axis or `format` another dtype; Error{InvalidArgument} if a block has another length
Quantized quantize(const Tensor& x, DType format, ScaleBlocks blocks, bool power_of_two = false);
/// scale x values, [R, C], rounded once to `dtype`. Outside the graph.
Tensor dequantize(const Quantized& x, DType dtype = DType::F32);

struct Fp8Options {
  DType gradient = DType::E4M3;  ///< of dy: E4M3, as DeepSeek-V3 has it, or E5M2 for a wider range and one mantissa bit less
  bool power_of_two = false;     ///< all scales are powers of two
};
/// linear() with 8-bit factors, for training: y = x weightᵀ + bias where x is quantized to E4M3 by blocks of 1 x 128 and weight to E4M3 by
/// blocks of 128 x 128; sums are kept in float32 at least. The quantized x and weight are what stays for the gradient.
/// @param x  [..., I]   @param weight  [O, I], x's dtype or wide_dtype of it   @param bias  [O] or not given, wide_dtype of x's
/// @return   [..., O], x's dtype.   Gradient, straight through the rounding: dx = dy weight with dy by blocks of 1 x 128;
///           dweight = dyᵀ x with dy and the kept x quantized by blocks of 128 along the rows, which it sums over; dbias = sum of dy.
///           dweight and dbias are float32 (float64 beside a float64 x).
/// @throws Error{ShapeMismatch} if I or O differ, or a dtype does not fit.   Source: DeepSeek-AI 2024, DeepSeek-V3 Technical Report,
///         sec. 3.3; straight-through estimator: Bengio et al. 2013, sec. 3
Tensor linear_fp8(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Fp8Options& options = {});

}  // namespace dsw
