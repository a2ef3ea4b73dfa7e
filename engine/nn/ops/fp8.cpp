// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/fp8.h"

#include <algorithm>

#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

void check_format(const char* op, DType format) {
  if (format != DType::E4M3 && format != DType::E5M2)
    op::shape_error(
        op, fmt::format("the format is {}; it must be {} or {}", dtype_name(format), dtype_name(DType::E4M3), dtype_name(DType::E5M2)));
}

std::int64_t blocks_along(std::int64_t length, std::int64_t block) {
  if (block != 0 && block != 1 && block != DSW_SCALE_BLOCK)
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("quantize: a block is {} long; it must be 0 (whole), 1 or {}", block, DSW_SCALE_BLOCK));
  return block == 0 ? 1 : (length + block - 1) / block;
}

Quantized transposed(const Quantized& x) { return {x.values.view_permute({1, 0}), x.scale.view_permute({1, 0})}; }

/// c = a bᵀ + bias.
void product(const Quantized& a, const Quantized& b, const Tensor& bias, const Tensor& c) {
  if (c.elements() == 0) return;
  op::run(c, "matmul_blocks", &DswKernels::matmul_blocks, a.values.view(), a.scale.view(), b.values.view(), b.scale.view(), bias.view(),
          c.view());
}

}  // namespace

Quantized quantize(const Tensor& x, DType format, ScaleBlocks blocks, bool power_of_two) {
  op::check_float("quantize", x);
  op::check_rank_at_least("quantize", x, 1);
  check_format("quantize", format);
  const Tensor rows = op::as_rows(x);
  const Shape scales{blocks_along(rows.size(0), blocks.rows), blocks_along(rows.size(1), blocks.columns)};
  const Quantized y{empty(rows.shape(), format, x.device()), empty(scales, DType::F32, x.device())};
  op::run(x, "quantize_blocks", &DswKernels::quantize_blocks, rows.view(), power_of_two ? 1 : 0, y.values.view(), y.scale.view());
  return y;
}

Tensor dequantize(const Quantized& x, DType dtype) {
  op::check_together("dequantize", {&x.values, &x.scale});
  check_format("dequantize", x.values.dtype());
  op::check_rank("dequantize", "the matrix", x.values, 2);
  const Tensor y = empty(x.values.shape(), dtype, x.values.device());
  op::run(y, "dequantize_blocks", &DswKernels::dequantize_blocks, x.values.view(), x.scale.view(), y.view());
  return y;
}

Tensor linear_fp8(const Tensor& x, const Tensor& weight, const Tensor& bias, const Fp8Options& options) {
  constexpr const char* kName = "linear-fp8";
  op::check_together(kName, {&x, &weight});
  op::check_float(kName, x);
  if (weight.dtype() != x.dtype()) op::check_wide(kName, "weight", weight, x);
  check_format(kName, options.gradient);
  const Shape shape = linear_shape(x.shape(), weight.shape(), kName);
  const std::int64_t outputs = weight.size(0);
  if (bias) {
    op::check_together(kName, {&x, &bias});
    op::check_wide(kName, "bias", bias, x);
    op::check_shape(kName, "bias", bias, {outputs});
  }
  const auto quantized = [power_of_two = options.power_of_two](const Tensor& t, DType format, ScaleBlocks blocks) {
    return quantize(t, format, blocks, power_of_two);
  };
  const Quantized rows = quantized(x, DType::E4M3, kPerRowBlock), factor = quantized(weight, DType::E4M3, kPerSquare);
  const Tensor y = empty({rows.values.size(0), outputs}, x.dtype(), x.device());
  product(rows, factor, bias, y);
  return with_grad(
      y.view_reshape(shape), {x, weight, bias},
      [rows = weight.requires_grad() ? rows : Quantized{}, factor = x.requires_grad() ? factor : Quantized{},
       bias_wants = bias.requires_grad(), x_shape = x.shape(), weight_shape = weight.shape(), format = options.gradient,
       quantized](const Tensor& dy) {
        const Tensor d_rows = op::as_rows(dy);
        Tensor dx, dweight, dbias;
        if (factor.values) {
          const Tensor flat = empty({d_rows.size(0), weight_shape[1]}, dy.dtype(), dy.device());
          product(quantized(d_rows, format, kPerRowBlock), transposed(factor), {}, flat);
          dx = flat.view_reshape(x_shape);
        }
        if (rows.values) {
          dweight = empty(weight_shape, op::statistics_dtype(dy), dy.device());
          const Quantized along_rows = quantized(dequantize(rows), DType::E4M3, kPerColumnBlock);
          product(transposed(quantized(d_rows, format, kPerColumnBlock)), transposed(along_rows), {}, dweight);
        }
        if (bias_wants) dbias = op::sum_to_shape(d_rows, {d_rows.size(1)}, op::statistics_dtype(dy));
        return Grads{dx, dweight, dbias};
      },
      kName);
}

}  // namespace dsw
