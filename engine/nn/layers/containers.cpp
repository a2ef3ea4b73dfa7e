// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/containers.h"

#include "engine/nn/ops/elementwise.h"

namespace dsw {

Module& Sequential::add(std::unique_ptr<Module> layer, std::string name) {
  if (name.empty()) name = std::to_string(children().size());
  return adopt(std::move(name), std::move(layer));
}

Tensor Sequential::forward(const Tensor& x, Forward& pass) {
  Tensor y = x;
  for (const auto& [name, child] : children()) y = call(name, *child, y, pass);
  return y;
}

Shape Sequential::output_shape(const Shape& input) const {
  Shape shape = input;
  for (const auto& [name, child] : children()) shape = child->output_shape(shape);
  return shape;
}

std::vector<Joined> Sequential::joined(const Shape& input) const {
  std::vector<Joined> chain;
  Shape shape = input;
  for (const auto& [name, child] : children()) {
    shape = child->output_shape(shape);
    chain.push_back({child, {chain.empty() ? kNetworkInput : chain.size() - 1}, shape});
  }
  return chain;
}

Cost Sequential::cost(const Shape& input) const {
  Cost sum;
  const std::vector<Joined> chain = joined(input);
  const std::vector<double> outputs = kept_outputs(chain, chain.size() - 1);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    sum += chain[i].module->cost(i == 0 ? input : chain[i - 1].output);
    sum.activation_bytes += outputs[i];
  }
  return sum;
}

Residual::Residual(std::unique_ptr<Module> inner) : inner_(adopt("inner", std::move(inner))) {}

Tensor Residual::forward(const Tensor& x, Forward& pass) { return add(x, call("inner", inner_, x, pass)); }

Shape Residual::output_shape(const Shape& input) const {
  const Shape inner = inner_.output_shape(input);
  if (inner != input) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("a residual adds {} to its input {}; both must be equal", inner.text(), input.text()));
  }
  return input;
}

Cost Residual::cost(const Shape& input) const {
  Cost sum = inner_.cost(input);
  sum += sum_cost(input);
  return sum;
}

}  // namespace dsw
