// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/module.h"

namespace dsw {

/// y = x W^T + b over the last axis: x [..., I], W "weight" [O, I], b "bias" [O] → y [..., O].
/// Cost: 2 N I O FLOPs for N rows and N O for the bias.
/// `weight_init` defaults to U(±1/sqrt(I)), the bias to the same bound (He et al. 2015 with a = sqrt 5, as torch.nn.Linear).
class Linear : public Module, public KeptMemory {
 public:
  Linear(std::int64_t in, std::int64_t out, bool bias);
  Linear(std::int64_t in, std::int64_t out, bool bias, Init weight_init, Init bias_init);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }
  /// Of a network's last layer: not in 8 bits, which its results do not bear (DeepSeek-V3 Technical Report 2024, sec. 3.3.1).
  void keep_precise() { precise_ = true; }
  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }
  const Parameter& weight() const { return weight_; }

 private:
  std::int64_t in_, out_;
  Parameter& weight_;
  Parameter* bias_ = nullptr;
  bool precise_ = false;
};

/// `layer` as a network's last.
std::unique_ptr<Linear> output_layer(std::unique_ptr<Linear> layer);

/// y[i] = W[x[i]]: x int32 [...], each 0 … V-1; W "weight" [V, C] → y [..., C]. Init N(0, sd).
class Embedding : public Module {
 public:
  Embedding(std::int64_t vocabulary, std::int64_t width, double sd);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  const Parameter& weight() const { return weight_; }

 private:
  std::int64_t vocabulary_, width_;
  Parameter& weight_;
};

}  // namespace dsw
