// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/nn/kept_memory.h"
#include "engine/nn/module.h"

namespace dsw {

/// Elementwise functions by their names in documents: relu, gelu (tanh form), gelu-erf (exact), silu, tanh, sigmoid.
enum class ActivationKind { Relu, Gelu, GeluErf, Silu, Tanh, Sigmoid };
const std::vector<std::string>& activation_names();
ActivationKind activation_from_name(const std::string& name);  ///< throws Error{NotFound}
const char* activation_name(ActivationKind kind);
Tensor activate(ActivationKind kind, const Tensor& x);
double activation_flops(ActivationKind kind);       ///< an element: one for each operation in its formula
bool activation_keeps_output(ActivationKind kind);  ///< its gradient is made from its output; else from its input

/// Any shape.
class Activation : public Module, public KeptMemory {
 public:
  explicit Activation(ActivationKind kind) : kind_(kind) {}
  Tensor forward(const Tensor& x, Forward&) override { return activate(kind_, x); }
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return !activation_keeps_output(kind_); }
  bool keeps_output() const override { return activation_keeps_output(kind_); }

 private:
  ActivationKind kind_;
};

/// While training each element is zero with probability p, else x / (1 - p); otherwise x. The mask is made again from its key in the
/// backward pass. Source: Srivastava et al. 2014.
class Dropout : public Module, public KeptMemory {
 public:
  explicit Dropout(double p) : p_(p) {}
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override { return input; }
  Cost cost(const Shape& input) const override;
  bool gives_view() const override { return p_ <= 0; }

 private:
  double p_;
};

/// Dropout as a function: x itself when not training or p is 0. Throws Error{Internal} without pass.dropout_rng.
Tensor drop(const Tensor& x, double p, Forward& pass);
/// The key of the next dropout; p is above 0 and the pass trains.
std::uint64_t next_dropout_key(Forward& pass);
Cost dropout_cost(const Shape& shape, double p);

}  // namespace dsw
