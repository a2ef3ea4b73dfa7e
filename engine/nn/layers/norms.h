// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/layers/first_channels.h"
#include "engine/nn/layers/open_sizes.h"
#include "engine/nn/module.h"
#include "engine/nn/ops/norm.h"

namespace dsw {

/// A norm of rows, which also makes the residual sum that it reads: {x + r, forward(x + r)} in one pass. "width" is a size that may be
/// open: statistics are then those of the channels that are there, each counting as much as its mask.
class RowNorm : public Module, public OpenSizes {
 public:
  virtual SumAndNorm forward_sum(const Tensor& x, const Tensor& r) = 0;
  void set_size(const std::string& setting, const Tensor& mask) override;

 protected:
  Tensor width_mask_;  ///< [C], float32; undefined: all
};

/// y = (x - mean) / sqrt(var + eps) * weight + bias over the last axis. x [..., C] → [..., C]. Source: Ba et al. 2016.
/// Cost: 8 FLOPs an element; keeps mean and 1/sd of each row.
class LayerNorm : public RowNorm, public KeptMemory {
 public:
  LayerNorm(std::int64_t width, bool bias, double eps = 1e-5);
  Tensor forward(const Tensor& x, Forward& pass) override;
  SumAndNorm forward_sum(const Tensor& x, const Tensor& r) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }

 private:
  std::int64_t width_;
  double eps_;
  Parameter& weight_;
  Parameter* bias_ = nullptr;
};

/// y = x / sqrt(mean x^2 + eps) * weight over the last axis. Source: Zhang & Sennrich 2019. Cost: 5 FLOPs an element; keeps 1/rms.
class RmsNorm : public RowNorm, public KeptMemory {
 public:
  explicit RmsNorm(std::int64_t width, double eps = 1e-5);
  Tensor forward(const Tensor& x, Forward& pass) override;
  SumAndNorm forward_sum(const Tensor& x, const Tensor& r) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }

 private:
  std::int64_t width_;
  double eps_;
  Parameter& weight_;
};

/// Over all axes but C of [B, C, H, W]: batch statistics while training, the running ones ("running_mean", "running_var", buffers)
/// otherwise. running = (1 - momentum) running + momentum batch, the variance unbiased. Source: Ioffe & Szegedy 2015.
/// Cost: 8 FLOPs an element.
class BatchNorm2d : public Module, public KeptMemory, public FirstChannels {
 public:
  explicit BatchNorm2d(std::int64_t channels, double momentum = 0.1, double eps = 1e-5);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }
  void set_channels(std::int64_t in, std::int64_t out) override;
  void copy_channels(const Channels& inputs, const Channels& outputs) override;

 private:
  std::int64_t channels() const { return first_ > 0 ? first_ : channels_; }

  std::int64_t channels_, first_ = 0;  ///< 0: all
  double momentum_, eps_;
  Parameter &weight_, &bias_, &running_mean_, &running_var_;
};

}  // namespace dsw
