// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/layers/first_channels.h"
#include "engine/nn/module.h"

namespace dsw {

/// Correlation of x [B, C, H, W] with "weight" [O, C/groups, R, R] and "bias" [O] → [B, O, H', W'],
/// H' = (H + 2 padding - dilation (R - 1) - 1) / stride + 1 rounded down. Cost: 2 R² C/groups FLOPs an output element (and 1 for the bias).
/// Init: U(±1/sqrt(fan in)) as torch.nn.Conv2d, or `weight_init`. First channels alone: with one group, or each channel in its own.
struct Conv2dConfig {
  std::int64_t in = 1, out = 1, kernel = 3, stride = 1, padding = 1, groups = 1, dilation = 1;
  bool bias = true;
};
class Conv2d : public Module, public KeptMemory, public FirstChannels {
 public:
  explicit Conv2d(const Conv2dConfig& config);
  Conv2d(const Conv2dConfig& config, Init weight_init);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }
  void set_channels(std::int64_t in, std::int64_t out) override;
  void copy_channels(const Channels& inputs, const Channels& outputs) override;

 private:
  bool each_alone() const { return config_.groups > 1; }
  std::int64_t in() const { return first_in_ > 0 ? first_in_ : config_.in; }
  std::int64_t out() const { return first_out_ > 0 ? first_out_ : config_.out; }

  Conv2dConfig config_;
  std::int64_t first_in_ = 0, first_out_ = 0;  ///< 0: all
  Parameter& weight_;
  Parameter* bias_ = nullptr;
};

/// Maximum or mean of k × k windows of [B, C, H, W]; pads do not count. Cost: k² FLOPs an output element; the maximum keeps its places.
class Pool2d : public Module {
 public:
  enum class Kind { Max, Average };
  Pool2d(Kind kind, std::int64_t kernel, std::int64_t stride, std::int64_t padding = 0);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;

 private:
  Kind kind_;
  std::int64_t kernel_, stride_, padding_;
};

/// Mean over H and W: [B, C, H, W] → [B, C].
class GlobalAveragePool : public Module {
 public:
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
};

/// [B, ...] → [B, N].
class Flatten : public Module, public KeptMemory {
 public:
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool gives_view() const override { return true; }
};

}  // namespace dsw
