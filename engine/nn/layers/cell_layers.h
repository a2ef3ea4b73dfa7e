// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/layers/containers.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/module.h"

namespace dsw {

// The candidates of cell searches. Pictures [B, C, H, W] → [B, O, ceil(H / stride), ceil(W / stride)], odd windows, padded.

/// y = x. Costs nothing.
class Identity : public Module, public KeptMemory {
 public:
  Tensor forward(const Tensor& x, Forward&) override { return x; }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape&) const override { return {}; }
  bool gives_view() const override { return true; }
};

/// y = 0, of every stride-th row and column where stride > 1. Costs nothing.
class Zero : public Module {
 public:
  explicit Zero(std::int64_t stride) : stride_(stride) {}
  Tensor forward(const Tensor& x, Forward&) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape&) const override { return {}; }

 private:
  std::int64_t stride_;
};

/// Halves a picture's sides: relu, two 1 × 1 convolutions of stride 2, one of them shifted by a pixel, side by side, batchnorm.
/// Source: DARTS (Liu et al. 2019), FactorizedReduce of its code. Odd sides are rounded up.
class FactorizedReduce : public Module, public FirstChannels {
 public:
  explicit FactorizedReduce(std::int64_t channels);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  void set_channels(std::int64_t in, std::int64_t out) override;  ///< two or more
  void copy_channels(const Channels& inputs, const Channels& outputs) override;

 private:
  std::int64_t channels() const { return first_ > 0 ? first_ : channels_; }

  std::int64_t channels_, first_ = 0;  ///< 0: all
  Conv2d &even_, &odd_;
  BatchNorm2d& norm_;
};

struct CellConv {
  std::int64_t in = 1, out = 1, kernel = 3, stride = 1, dilation = 1;
};
/// relu, convolution without bias, batchnorm.
std::unique_ptr<Sequential> relu_conv_bn(const CellConv& conv);
/// relu, a convolution of each channel alone, one of 1 × 1, batchnorm.   Source: DARTS, DilConv.
std::unique_ptr<Sequential> dilated_conv(const CellConv& conv);
/// dilated_conv twice, the second of stride 1.   Source: DARTS, SepConv.
std::unique_ptr<Sequential> separable_conv(const CellConv& conv);

}  // namespace dsw
