// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/conv.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

DswConv to_kernel(const Conv2dOptions& o) { return {o.stride_h, o.stride_w, o.pad_h, o.pad_w, o.dilation_h, o.dilation_w, o.groups}; }

std::int64_t output_length(const char* axis, std::int64_t length, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                           std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1, padded = length + 2 * pad;
  if (padded < reach) {
    op::shape_error("conv2d",
                    fmt::format("the kernel reaches over {} pixels of the {}, which has {} with its padding; it must not be larger", reach,
                                axis, padded));
  }
  return (padded - reach) / stride + 1;
}

}  // namespace

Shape conv2d_shape(const Shape& x, const Shape& weight, const Conv2dOptions& o) {
  if (x.rank() != 4 || weight.rank() != 4) {
    op::shape_error("conv2d",
                    fmt::format("x is {}, weight is {}; they must be [B, C, H, W] and [O, C / groups, R, S]", x.text(), weight.text()));
  }
  if (o.stride_h < 1 || o.stride_w < 1 || o.dilation_h < 1 || o.dilation_w < 1 || o.groups < 1 || o.pad_h < 0 || o.pad_w < 0) {
    throw Error(ErrorCode::InvalidArgument, "conv2d: strides, dilations and groups are 1 or more, padding is 0 or more");
  }
  if (weight[2] < 1 || weight[3] < 1)
    op::shape_error("conv2d", fmt::format("weight is {}; its kernel must be at least 1 × 1", weight.text()));
  if (weight[1] * o.groups != x[1] || weight[0] % o.groups != 0) {
    op::shape_error("conv2d", fmt::format("x is {}, weight is {}, groups {}; x's channels must be weight's second axis times groups, and "
                                          "weight's first a multiple of groups",
                                          x.text(), weight.text(), o.groups));
  }
  return {x[0], weight[0], output_length("height", x[2], weight[2], o.stride_h, o.pad_h, o.dilation_h),
          output_length("width", x[3], weight[3], o.stride_w, o.pad_w, o.dilation_w)};
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options) {
  op::check_together("conv2d", {&x, &weight});
  op::check_same_dtype("conv2d", x, weight);
  op::check_float("conv2d", x);
  const Shape shape = conv2d_shape(x.shape(), weight.shape(), options);
  if (bias) {
    op::check_together("conv2d", {&x, &bias});
    op::check_wide("conv2d", "bias", bias, x);
    op::check_shape("conv2d", "bias", bias, {weight.size(0)});
  }
  const DswConv conv = to_kernel(options);
  Tensor y = empty(shape, x.dtype(), x.device());
  if (y.elements() > 0) op::run(x, "conv2d_fwd", &DswKernels::conv2d_fwd, &conv, x.view(), weight.view(), bias.view(), y.view());
  return with_grad(
      y, {x, weight, bias},
      [conv, x = op::kept_if(weight.requires_grad(), x), weight = op::kept_if(x.requires_grad(), weight), x_shape = x.shape(),
       weight_shape = weight.shape(), bias_wants = bias.requires_grad()](const Tensor& dy) {
        const auto made = [&dy](bool wanted, const Shape& s, DType dtype) { return wanted ? empty(s, dtype, dy.device()) : Tensor(); };
        const DType wide = op::statistics_dtype(dy);
        const Tensor dx = made(weight.defined(), x_shape, dy.dtype()), dweight = made(x.defined(), weight_shape, wide);
        const Tensor dbias = made(dweight && bias_wants, {weight_shape[0]}, wide);
        if (dx && dx.elements() > 0)
          op::run(dy, "conv2d_bwd_data", &DswKernels::conv2d_bwd_data, &conv, weight.view(), dy.view(), dx.view());
        if (dweight)
          op::run(dy, "conv2d_bwd_weights", &DswKernels::conv2d_bwd_weights, &conv, x.view(), dy.view(), dweight.view(), dbias.view());
        if (bias_wants && !dbias) return Grads{dx, dweight, op::sum_to_shape(dy, {1, dy.size(1), 1, 1}, wide).view_reshape({dy.size(1)})};
        return Grads{dx, dweight, dbias};
      },
      "conv2d",
      {{"stride_h", 1.0 * options.stride_h},
       {"stride_w", 1.0 * options.stride_w},
       {"pad_h", 1.0 * options.pad_h},
       {"pad_w", 1.0 * options.pad_w},
       {"dilation_h", 1.0 * options.dilation_h},
       {"dilation_w", 1.0 * options.dilation_w},
       {"groups", 1.0 * options.groups}});
}

}  // namespace dsw
