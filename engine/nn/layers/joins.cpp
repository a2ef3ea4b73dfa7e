// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/joins.h"

#include <cmath>

#include "engine/nn/layers/linear.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/padding.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

[[noreturn]] void wrong(std::string sentence) { throw Error(ErrorCode::ShapeMismatch, std::move(sentence)); }

}  // namespace

Tensor Combine::join(const std::vector<Tensor>& inputs, Forward&) {
  Tensor y = inputs.front();
  for (std::size_t i = 1; i < inputs.size(); ++i) y = kind_ == Kind::Sum ? add(y, inputs[i]) : mul(y, inputs[i]);
  return y;
}

Shape Combine::join_shape(const std::vector<Shape>& inputs) const {
  for (const Shape& shape : inputs) {
    if (shape != inputs.front())
      wrong(fmt::format("{} wants inputs of one shape, but they are {} and {}", kind_ == Kind::Sum ? "add" : "multiply",
                        inputs.front().text(), shape.text()));
  }
  return inputs.front();
}

Cost Combine::join_cost(const std::vector<Shape>& inputs) const {
  const double elements = static_cast<double>(inputs.front().elements()), others = static_cast<double>(inputs.size() - 1);
  const double partial_products = kind_ == Kind::Product && others > 1 ? others - 1 : 0;
  return {elements * others, 0, 4 * elements * partial_products};
}

Tensor Concat::join(const std::vector<Tensor>& inputs, Forward&) {
  return concat(inputs, axis_ < 0 ? axis_ + inputs.front().rank() : axis_);
}

Shape Concat::join_shape(const std::vector<Shape>& inputs) const {
  Shape sum = inputs.front();
  const int axis = axis_ < 0 ? axis_ + sum.rank() : axis_;
  if (axis < 1 || axis >= sum.rank())
    wrong(fmt::format("concat along axis {} wants inputs that have it, but one is {}", axis_, sum.text()));
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    Shape other = inputs[i];
    if (other.rank() == sum.rank()) other[axis] = inputs.front()[axis];
    if (other != inputs.front())
      wrong(fmt::format("concat wants inputs that differ in axis {} alone, but they are {} and {}", axis, inputs.front().text(),
                        inputs[i].text()));
    sum[axis] += inputs[i][axis];
  }
  return sum;
}

Cost Concat::join_cost(const std::vector<Shape>&) const { return {}; }

Positions::Positions(std::int64_t context, std::int64_t width)
    : context_(context), width_(width), weight_(declare("weight", {context, width}, Init::normal(0.02), true)) {}

Tensor Positions::forward(const Tensor& x, Forward& pass) { return add(x, pass.activation(slice(weight_.value, 0, 0, x.size(1)))); }

Shape Positions::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[1] > context_ || input[2] != width_) {
    wrong(fmt::format("positions wants [B, T, {}] with at most {} tokens, but its input is {}", width_, context_, input.text()));
  }
  return input;
}

Cost Positions::cost(const Shape& input) const {
  Cost cost = sum_cost(input);
  cost.parameters = own_parameters();
  return cost;
}

Tensor MeanTokens::join(const std::vector<Tensor>& inputs, Forward&) {
  const Tensor& x = inputs.front();
  if (inputs.size() == 1) return mean(x, {1});
  return reshape(matmul(cast(padding_share(inputs[1]), x.dtype()), x), Shape{x.size(0), x.size(2)});
}

Shape MeanTokens::join_shape(const std::vector<Shape>& inputs) const {
  const Shape& input = inputs.front();
  if (input.rank() != 3) wrong(fmt::format("mean-tokens wants [B, T, C], but its input is {}", input.text()));
  return {input[0], input[2]};
}

Cost MeanTokens::join_cost(const std::vector<Shape>& inputs) const {
  return {static_cast<double>(inputs.front().elements()) * (inputs.size() > 1 ? 2 : 1), 0, 0};
}

TokenConv::TokenConv(std::int64_t width, std::int64_t kernel, bool causal)
    : width_(width),
      kernel_(kernel),
      causal_(causal),
      weight_(declare("weight", {width, 1, kernel, 1}, Init::uniform(1 / std::sqrt(static_cast<double>(kernel))), true)),
      bias_(declare("bias", {width}, Init::zeros(), false)),
      out_(adopt("out", std::make_unique<Linear>(width, width, true, Init::normal(0.02), Init::zeros()))) {}

Tensor TokenConv::forward(const Tensor& x, Forward& pass) {
  const std::int64_t batch = x.size(0), tokens = x.size(1);
  Conv2dOptions options;
  options.groups = static_cast<std::int32_t>(width_);
  options.pad_h = static_cast<std::int32_t>(causal_ ? kernel_ - 1 : kernel_ / 2);
  const Tensor columns = reshape(permute(x, {0, 2, 1}), {batch, width_, tokens, 1});
  Tensor y = reshape(conv2d(columns, pass.weight(weight_.value), bias_.value, options), {batch, width_, -1});
  if (causal_ && kernel_ > 1) y = slice(y, 2, 0, tokens);
  y = contiguous(permute(y, {0, 2, 1}));
  return call("out", out_, width_mask_ ? mul(y, cast(width_mask_, y.dtype())) : y, pass);
}

void TokenConv::set_size(const std::string& setting, const Tensor& mask) {
  DSW_CHECK(setting == "width", "token-conv has an open width alone");
  width_mask_ = mask;
}

Shape TokenConv::output_shape(const Shape& input) const {
  if (input.rank() != 3 || input[2] != width_) wrong(fmt::format("token-conv wants [B, T, {}], but its input is {}", width_, input.text()));
  return input;
}

Cost TokenConv::cost(const Shape& input) const {
  Cost sum{static_cast<double>(input.elements()) * (2 * static_cast<double>(kernel_) + 1), own_parameters(), 0};
  sum += out_.cost(input);
  sum += kept(input);  // between the two
  return sum;
}

}  // namespace dsw
