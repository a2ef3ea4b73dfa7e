// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/layer_type.h"

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

/// Mean over the tokens: [B, T, C] → [B, C].
class MeanTokens : public Module {
 public:
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
};

}  // namespace dsw
