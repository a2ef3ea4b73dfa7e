// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/kept_memory.h"
#include "engine/nn/module.h"

namespace dsw {

/// One layer after another. Children keep the names they were added under, so state dicts of others load ("0.weight", "conv1.weight").
class Sequential : public Module, public KeptMemory {
 public:
  /// Gives the added layer back. `name` empty: its number.
  Module& add(std::unique_ptr<Module> layer, std::string name = {});
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  /// Counts its output, as the whole network that it usually is.
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return !children().empty() && dsw::keeps_input(*children().front().second); }
  /// What it holds, for an input of this shape.
  std::vector<Joined> joined(const Shape& input) const;
};

/// y = x + f(x), f's output having x's shape. Source: He et al. 2016. Cost: one FLOP an element besides f's.
class Residual : public Module, public KeptMemory {
 public:
  explicit Residual(std::unique_ptr<Module> inner);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return dsw::keeps_input(inner_); }

 private:
  Module& inner_;
};

}  // namespace dsw
