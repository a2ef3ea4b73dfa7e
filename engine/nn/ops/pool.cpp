// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/pool.h"

#include "engine/nn/ops/op_support.h"
#include "engine/nn/ops/reduce.h"

namespace dsw {
namespace {

std::int64_t output_length(const char* axis, std::int64_t length, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  if (kernel < 1 || stride < 1 || pad < 0 || 2 * pad > kernel) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("pool2d: window {}, step {}, padding {}; they are at least 1, 1 and 0, and padding at most half the window",
                            kernel, stride, pad));
  }
  if (length + 2 * pad < kernel) {
    op::shape_error("pool2d", fmt::format("the window is {} pixels, the {} has {} with its padding; it must not be larger", kernel, axis,
                                          length + 2 * pad));
  }
  return (length + 2 * pad - kernel) / stride + 1;
}

Tensor pool2d(const char* name, const Tensor& x, const Pool2dOptions& o, bool average) {
  op::check_float(name, x);
  const DswPool pool = {o.kernel_h, o.kernel_w, o.stride_h, o.stride_w, o.pad_h, o.pad_w, average ? 1 : 0};
  Tensor y = empty(pool2d_shape(x.shape(), o), x.dtype(), x.device());
  const Tensor index = average ? Tensor() : empty(y.shape(), DType::I32, x.device());
  if (y.elements() > 0) op::run(x, "pool2d_fwd", &DswKernels::pool2d_fwd, &pool, x.view(), y.view(), index.view());
  return with_grad(y, {x},
                   [pool, index, shape = x.shape()](const Tensor& dy) {
                     const Tensor dx = empty(shape, dy.dtype(), dy.device());
                     if (dx.elements() > 0) op::run(dy, "pool2d_bwd", &DswKernels::pool2d_bwd, &pool, dy.view(), index.view(), dx.view());
                     return Grads{dx};
                   },
                   name,
                   {{"kernel_h", 1.0 * o.kernel_h},
                    {"kernel_w", 1.0 * o.kernel_w},
                    {"stride_h", 1.0 * o.stride_h},
                    {"stride_w", 1.0 * o.stride_w},
                    {"pad_h", 1.0 * o.pad_h},
                    {"pad_w", 1.0 * o.pad_w}});
}

}  // namespace

Shape pool2d_shape(const Shape& x, const Pool2dOptions& o) {
  if (x.rank() != 4) op::shape_error("pool2d", fmt::format("x is {}; it must be [B, C, H, W]", x.text()));
  return {x[0], x[1], output_length("height", x[2], o.kernel_h, o.stride_h, o.pad_h),
          output_length("width", x[3], o.kernel_w, o.stride_w, o.pad_w)};
}

Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options) { return pool2d("max-pool2d", x, options, false); }
Tensor avg_pool2d(const Tensor& x, const Pool2dOptions& options) { return pool2d("avg-pool2d", x, options, true); }

Tensor global_avg_pool2d(const Tensor& x) {
  op::check_float("global-avg-pool2d", x);
  op::check_rank("global-avg-pool2d", "x", x, 4);
  return mean(x, {2, 3});
}

}  // namespace dsw
