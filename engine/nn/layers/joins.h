// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/layer_type.h"
#include "engine/nn/layers/open_sizes.h"

namespace dsw {

/// Sum or product of two or more inputs of one shape. Cost: one FLOP an element and input after the first.
class Combine : public JoinModule, public KeptMemory {
 public:
  enum class Kind { Sum, Product };
  explicit Combine(Kind kind) : kind_(kind) {}
  Tensor join(const std::vector<Tensor>& inputs, Forward& pass) override;
  Shape join_shape(const std::vector<Shape>& inputs) const override;
  Cost join_cost(const std::vector<Shape>& inputs) const override;
  bool keeps_input() const override { return kind_ == Kind::Product; }

 private:
  Kind kind_;
};

/// Inputs after one another along an axis (1: channels of pictures; -1: the last); their other lengths are equal.
class Concat : public JoinModule {
 public:
  explicit Concat(int axis) : axis_(axis) {}
  Tensor join(const std::vector<Tensor>& inputs, Forward& pass) override;
  Shape join_shape(const std::vector<Shape>& inputs) const override;
  Cost join_cost(const std::vector<Shape>& inputs) const override;

 private:
  int axis_;
};

/// x [B, T, C] + a learned vector for each place, "weight" [T, C] of the longest text.
class Positions : public Module {
 public:
  Positions(std::int64_t context, std::int64_t width);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;

 private:
  std::int64_t context_, width_;
  Parameter& weight_;
};

/// Mean over the tokens: [B, T, C] → [B, C]. A second input, token ids [B, T], says what is padding (id 0), which does not count.
class MeanTokens : public JoinModule {
 public:
  Tensor join(const std::vector<Tensor>& inputs, Forward& pass) override;
  Shape join_shape(const std::vector<Shape>& inputs) const override;
  Cost join_cost(const std::vector<Shape>& inputs) const override;
};

/// Mixes neighbouring tokens: each channel is convolved with a window of its own, then the channels are mixed by a linear layer.
/// x [B, T, C] → [B, T, C]; causal: the window ends at the token, else it is odd and centred. State: weight [C, 1, k, 1], bias [C], out.
/// Cost: 2 k + 1 FLOPs an element, and the linear layer. "width" is a size that may be open.   Source: Wu et al. 2019, "Pay less attention" (without its softmax).
class TokenConv : public Module, public KeptMemory, public OpenSizes {
 public:
  TokenConv(std::int64_t width, std::int64_t kernel, bool causal);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }
  void set_size(const std::string& setting, const Tensor& mask) override;

 private:
  std::int64_t width_, kernel_;
  bool causal_;
  Parameter &weight_, &bias_;
  Module& out_;
  Tensor width_mask_;
};

}  // namespace dsw
