// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

struct Catalog;

/// What is known about an op with given attributes (Catalog::ops makes it from their JSON). The functions in nn/ops are what code
/// calls; this is for what works on ops by name: graphs, costs, exporters, tests.
struct OpInfo {
  std::size_t least_inputs = 1, most_inputs = 1;  ///< beyond `least` they may be left out, from the last
  /// From input shapes alone; equal to the shape that `apply` gives. Throws Error{ShapeMismatch} where they do not fit.
  std::function<Shape(const std::vector<Shape>&)> output_shape;
  /// Of the forward pass, for shapes that fit: a multiply and an add are two, another elementary function is one.
  std::function<double(const std::vector<Shape>&)> flops;
  std::function<Tensor(const std::vector<Tensor>&)> apply;
  std::string onnx;                           ///< the ONNX operator that it becomes; "none: " and why where there is none
  std::vector<std::size_t> wide_inputs = {};  ///< biases and norm weights: float32 also where the other inputs are bfloat16
};

/// Every op of engine/nn/ops.
void register_ops(Catalog& catalog);
/// Its two halves: elementwise ops, shapes and reductions; products, norms, pictures, language, losses.
void register_simple_ops(Catalog& catalog);
void register_network_ops(Catalog& catalog);

}  // namespace dsw
