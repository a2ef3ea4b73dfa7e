// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/linear.h"

#include <cmath>

#include "engine/nn/ops/embedding.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/linear.h"

namespace dsw {

Linear::Linear(std::int64_t in, std::int64_t out, bool bias)
    : Linear(in, out, bias, Init::uniform(1 / std::sqrt(static_cast<double>(in))), Init::uniform(1 / std::sqrt(static_cast<double>(in)))) {}

Linear::Linear(std::int64_t in, std::int64_t out, bool bias, Init weight_init, Init bias_init)
    : in_(in), out_(out), weight_(declare("weight", {out, in}, weight_init, true)) {
  if (bias) bias_ = &declare("bias", {out}, bias_init, false);
}

Tensor Linear::forward(const Tensor& x, Forward& pass) {
  const Tensor bias = bias_ ? bias_->value : Tensor();
  if (pass.compute.fp8_products && !precise_) return linear_fp8(pass.activation(x), weight_.value, bias);
  return linear(pass.activation(x), pass.weight(weight_.value), bias);
}

std::unique_ptr<Linear> output_layer(std::unique_ptr<Linear> layer) {
  layer->keep_precise();
  return layer;
}

Shape Linear::output_shape(const Shape& input) const {
  if (input.rank() < 1 || input[-1] != in_) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("linear wants a last axis of {}, but its input is {}", in_, input.text()));
  }
  Shape output = input;
  output[-1] = out_;
  return output;
}

Cost Linear::cost(const Shape& input) const {
  const double elements = static_cast<double>(input.elements());
  const double rows = in_ > 0 ? elements / static_cast<double>(in_) : 0;
  const double out = static_cast<double>(out_);
  return {2 * elements * out + (bias_ ? rows * out : 0), own_parameters(), 0};
}

Embedding::Embedding(std::int64_t vocabulary, std::int64_t width, double sd)
    : vocabulary_(vocabulary), width_(width), weight_(declare("weight", {vocabulary, width}, Init::normal(sd), true)) {}

Tensor Embedding::forward(const Tensor& x, Forward& pass) { return pass.activation(embedding(weight_.value, x)); }

Shape Embedding::output_shape(const Shape& input) const {
  Shape output = input;
  output.push_back(width_);
  return output;
}

Cost Embedding::cost(const Shape&) const { return {0, own_parameters(), 0}; }

}  // namespace dsw
